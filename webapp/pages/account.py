"""The pages for the reader's own account: language and time zone, and its deletion after a confirmation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from webapp import log
from webapp.accounts.deletion import FRESH_SECONDS, has_signed_in_recently
from webapp.api.dependencies import ServicesOf
from webapp.errors import Unavailable
from webapp.pages.books import FormText
from webapp.pages.drafts import DraftsOf
from webapp.pages.preferences import READING_FORM, SettingsPageOf
from webapp.pages.rendering import render_page
from webapp.pages.sessions import (
    CookiesOf,
    Session,
    SessionOf,
    SignedIn,
    SignedOut,
    is_own_form,
    require_own_form,
    require_same_origin,
)
from webapp.pages.sign_in import end_session, redirect_by_header
from webapp.settings import WebSettings
from webapp.user_locale import LANGUAGES, find_zone_name

__all__ = ["ask_before_deleting", "choose_reading", "delete_account", "router"]

router = APIRouter(prefix="/settings")


@router.post("/reading", dependencies=[Depends(require_same_origin)])
def choose_reading(
    request: Request,
    session: SessionOf,
    cookies: CookiesOf,
    drafts: DraftsOf,
    choices: SettingsPageOf,
    services: ServicesOf,
    language: FormText = "",
    zone: FormText = "",
    csrf: FormText = "",
) -> Response:
    """Save language and time zone for pages, dates and mails; an empty field leaves the choice to the browser."""
    typed = {"language": language, "zone": zone}
    if session is None:
        drafts.keep(request, READING_FORM, typed)
        raise SignedOut("/settings")
    if not is_own_form(session, csrf):
        return choices.show(request, session, filled=typed, notice="old", status=403)
    found = find_zone_name(zone) if zone.strip() else ""
    wrong = {}
    if language and language not in LANGUAGES:
        wrong["language"] = "The pages do not know this language."
    if found is None:
        wrong["zone"] = "There is no time zone of this name: choose one such as Europe/Berlin."
    if wrong or found is None:
        return choices.show(request, session, filled=typed, wrong=wrong, status=422)
    services.accounts.choose(session.reader, language, found)
    cookies.set_session(request, replace(session, language=language or None, zone=found or None))
    return RedirectResponse("/settings?saved=yes", 303)


@router.get("/delete")
def ask_before_deleting(request: Request, session: SignedIn, services: ServicesOf) -> Response:
    """Show what is deleted and what stays, and ask for confirmation; changes nothing."""
    return _show_question(request, session, services.settings, services.clock())


@router.post("/delete", dependencies=[Depends(require_own_form)])
def delete_account(request: Request, session: SessionOf, cookies: CookiesOf, services: ServicesOf) -> Response:
    """Delete the account and sign out; if the deletion is interrupted, ask the reader to repeat it."""
    if session is None:
        raise SignedOut("/settings/delete")
    if not has_signed_in_recently(session.reader, services.clock()):
        return _show_question(request, session, services.settings, services.clock())
    try:
        deleted = services.deletion.delete(session.reader)
    except (Unavailable, BotoCoreError, ClientError) as error:
        log.failure("account not deleted to its end", error, sub=session.reader.sub)
        answer = _show_question(request, session, services.settings, services.clock(), interrupted=True)
        answer.headers["Retry-After"] = "5"
        return answer
    end = end_session(request, cookies, services.issuer, session)
    context = {"deleted": deleted, "issuer": None if deleted.identity else _find_issuer(services.settings), "end": end}
    answer = render_page(request, "account-deleted.html", context)
    return answer if end is None or not deleted.identity else redirect_by_header(answer, end, seconds=15)


def _show_question(
    request: Request, session: Session, settings: WebSettings, now: int, *, interrupted: bool = False
) -> Response:
    context: dict[str, Any] = {
        "fresh": has_signed_in_recently(session.reader, now),
        "minutes": FRESH_SECONDS // 60,
        "interrupted": interrupted,
        "issuer": None if settings.user_pool else _find_issuer(settings),
        "here": "settings",
    }
    return render_page(request, "account-delete.html", context, 503 if interrupted else 200)


def _find_issuer(settings: WebSettings) -> str:
    """Return the host of the issuer, where the users' identities are."""
    return urlsplit(settings.oidc_issuer).netloc
