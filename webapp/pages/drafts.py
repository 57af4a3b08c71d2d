"""Drafts: a form that was sent after its session had ended is kept in the browser until its reader has signed in."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from webapp.auth.identity import Identity
from webapp.composition import Parts
from webapp.pages.sessions import build_cookie_name, read_session, set_cookie

__all__ = ["keep_draft", "take_draft"]

#: How long a reader may take to sign in.
_KEPT_SECONDS = 15 * 60
#: Longer than any field of a form may be; all of them together fit into one cookie then.
_LONGEST_FIELDS = {"title": 500, "author": 300, "isbn": 40, "language": 8, "zone": 64, "wanted": 500}


def keep_draft(request: Request, parts: Parts, path: str, fields: Mapping[str, str]) -> None:
    """Keep the fields of the form that posts to `path` in the browser, encrypted, for the reader who was signed in."""
    kept = {name: text[: _LONGEST_FIELDS[name]] for name, text in fields.items()}
    before = read_session(request, parts)
    draft = {"path": path, "owner": before.reader.sub if before else "", "fields": kept}
    set_cookie(request, parts, build_cookie_name(parts, "-draft"), parts.draft_cipher.encrypt(draft), _KEPT_SECONDS)


def take_draft(request: Request, parts: Parts, reader: Identity, path: str) -> Mapping[str, str] | None:
    """The fields that the browser kept of this reader for this form, once; None if there are none."""
    cookie = request.cookies.get(build_cookie_name(parts, "-draft"))
    draft = parts.draft_cipher.decrypt(cookie, _KEPT_SECONDS) if cookie else None
    if draft is None or draft.get("path") != path:
        return None
    set_cookie(request, parts, build_cookie_name(parts, "-draft"), "", 0)
    return draft["fields"] if draft["owner"] in {"", reader.sub} else None
