"""Drafts: a form sent after its session ended is kept in the browser until the reader has signed in again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from webapp.api.dependencies import ServicesOf
from webapp.auth.cookie_cipher import CookieCipher
from webapp.auth.identity import Identity
from webapp.pages.sessions import CookiesOf, SessionCookies

__all__ = ["Drafts", "DraftsOf"]

#: How long a draft is kept while the reader signs in, in seconds.
_KEPT_SECONDS = 15 * 60
#: Longest fields, at least as long as the forms allow; all of them together fit into one cookie.
_LONGEST_FIELDS = {"title": 500, "author": 300, "isbn": 40, "language": 8, "zone": 64, "wanted": 500}


@dataclass(frozen=True, slots=True)
class Drafts:
    """Keeps a browser's draft in a cookie; `cipher` encrypts it."""

    cookies: SessionCookies
    cipher: CookieCipher

    def keep(self, request: Request, path: str, fields: Mapping[str, str]) -> None:
        """Keep the fields of the form that posts to `path`, for the reader whose session it was."""
        kept = {name: text[: _LONGEST_FIELDS[name]] for name, text in fields.items()}
        before = self.cookies.read_session(request)
        draft = {"path": path, "owner": before.reader.sub if before else "", "fields": kept}
        self.cookies.send(request, self.cookies.build_name("-draft"), self.cipher.encrypt(draft), _KEPT_SECONDS)

    def take(self, request: Request, reader: Identity, path: str) -> Mapping[str, str] | None:
        """Return the fields kept for this reader and form, and delete them; None if there are none."""
        cookie = request.cookies.get(self.cookies.build_name("-draft"))
        draft = self.cipher.decrypt(cookie, _KEPT_SECONDS) if cookie else None
        if draft is None or draft.get("path") != path:
            return None
        self.cookies.send(request, self.cookies.build_name("-draft"), "", 0)
        return draft["fields"] if draft["owner"] in {"", reader.sub} else None


async def _get_drafts(cookies: CookiesOf, services: ServicesOf) -> Drafts:
    return Drafts(cookies, services.draft_cipher)


DraftsOf = Annotated[Drafts, Depends(_get_drafts)]
