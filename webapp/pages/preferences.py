"""The pages on which readers choose their mails: through the link in a mail, and when signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from function.ledger.keys import ADDRESS_PREFIX
from operations.installation import Installation
from webapp import log
from webapp.api.dependencies import ServicesOf, name_stranger
from webapp.api.problems import Problem
from webapp.clock import Clock
from webapp.errors import NotFound
from webapp.pages.drafts import DraftsOf
from webapp.pages.rendering import render_page
from webapp.pages.sessions import Session, SignedIn, require_own_form
from webapp.preferences import unsubscribe_links
from webapp.preferences.preferences import CATEGORIES, Preferences, describe_category
from webapp.preferences.unsubscribe_links import UnsubscribeLink
from webapp.user_locale import LANGUAGES, list_zone_names

__all__ = [
    "READING_FORM",
    "LinkOf",
    "SettingsPage",
    "SettingsPageOf",
    "ask",
    "choose",
    "router",
    "show_settings_page",
    "unsubscribe",
]

#: The only field of a one-click request. https://datatracker.ietf.org/doc/html/rfc8058#section-3.1
_FIELD = "List-Unsubscribe"
_ONE_CLICK = "One-Click"

#: The path that the form for language and time zone posts to.
READING_FORM = "/settings/reading"

router = APIRouter()


def _read_link(request: Request, token: str, services: ServicesOf) -> UnsubscribeLink:
    services.limiter.admit(name_stranger(request))
    link = services.secrets.find(services.secrets.link, lambda keys: unsubscribe_links.verify(token, keys))
    if link is None:
        raise NotFound("This link is not one that Herald wrote, or it was cut short on its way.")
    return link


LinkOf = Annotated[UnsubscribeLink, Depends(_read_link)]


@router.get("/unsubscribe/{token}")
def ask(request: Request, link: LinkOf) -> Response:
    """Ask for confirmation. Mail scanners follow links too, so this changes nothing."""
    return render_page(request, "unsubscribe.html", {"category": describe_category(link.category), "done": False})


@router.post("/unsubscribe/{token}")
def unsubscribe(
    request: Request, link: LinkOf, services: ServicesOf, sent: Annotated[str, Form(alias=_FIELD)] = ""
) -> Response:
    """Stop the category: from the page's button, or from a mail program, which has neither cookie nor session.

    The signed link is the authorization, so the form may come from any site; a repetition changes nothing.
    """
    if sent != _ONE_CLICK:
        raise Problem("bad-request", f"Send {_FIELD}={_ONE_CLICK}, as RFC 8058 has it.")
    is_new = services.preferences.unsubscribe(link.category, link.hashed, services.clock(), "link")
    log.info("unsubscribed", category=link.category, by="link", again=not is_new)
    return render_page(request, "unsubscribe.html", {"category": describe_category(link.category), "done": True})


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The page of a reader's choices, and the data that it shows."""

    preferences: Preferences
    installation: Installation
    clock: Clock

    def show(
        self,
        request: Request,
        session: Session,
        *,
        saved: bool = False,
        filled: Mapping[str, str] | None = None,
        wrong: Mapping[str, str] | None = None,
        notice: str = "",
        status: int = 200,
    ) -> Response:
        """Show the page with the saved choices, or with what was typed and its errors."""
        stopped = {
            category
            for hashed in _hash_address(self.installation, session)
            for category in self.preferences.find_stopped(CATEGORIES, hashed)
        }
        context: dict[str, Any] = {
            "categories": CATEGORIES.values(),
            "stopped": stopped,
            "saved": saved,
            "languages": LANGUAGES,
            "zones": list_zone_names(),
            "filled": filled or {"language": session.language or "", "zone": session.zone or ""},
            "wrong": wrong or {},
            "notice": notice,
            "now": self.clock(),
            "here": "settings",
        }
        return render_page(request, "settings.html", context, status)


async def _get_settings_page(services: ServicesOf) -> SettingsPage:
    return SettingsPage(services.preferences, services.notifier.installation, services.clock)


SettingsPageOf = Annotated[SettingsPage, Depends(_get_settings_page)]


@router.get("/settings")
def show_settings_page(
    request: Request,
    session: SignedIn,
    drafts: DraftsOf,
    choices: SettingsPageOf,
    saved: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """Show the signed-in reader's choices: mails, language and time zone."""
    draft = drafts.take(request, session.reader, READING_FORM)
    return choices.show(request, session, saved=saved == "yes", filled=draft, notice="draft" if draft else "")


@router.post("/settings", dependencies=[Depends(require_own_form)])
def choose(
    session: SignedIn, services: ServicesOf, wanted: Annotated[list[str], Form(default_factory=list)]
) -> Response:
    """Save which categories of mail the reader wants: those that are checked."""
    newest, *older = _hash_address(services.notifier.installation, session)
    for category in CATEGORIES:
        if category in wanted:
            for hashed in (newest, *older):
                services.preferences.subscribe(category, hashed)
        else:
            services.preferences.unsubscribe(category, newest, services.clock(), "settings")
    return RedirectResponse("/settings?saved=yes", 303)


def _hash_address(installation: Installation, session: Session) -> list[str]:
    """Return the hashes under which the ledger may know the reader's address, newest first."""
    keys = installation.address_keys(session.reader.email)
    return [key.removeprefix(ADDRESS_PREFIX) for key in keys]
