"""What somebody typed into a form after their session had ended: kept in their browser until they have signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import Request

from webapp.composition import Parts
from webapp.pages.sessions import cookie_name, set_cookie

__all__ = ["keep_draft", "take_draft"]

#: As long as somebody may take to sign in.
_KEPT_SECONDS: Final = 15 * 60
#: Longer than any field of a form may be; all of them together fit into one cookie then.
_LONGEST_FIELDS: Final = {"title": 500, "author": 300, "isbn": 40}


def keep_draft(request: Request, parts: Parts, path: str, fields: Mapping[str, str]) -> None:
    """Have the browser keep these fields of the form that posts to `path`, encrypted."""
    kept = {name: fields.get(name, "")[:most] for name, most in _LONGEST_FIELDS.items()}
    set_cookie(
        request, parts, cookie_name(parts, "-draft"), parts.draft_cipher.encrypt({"path": path, **kept}), _KEPT_SECONDS
    )


def take_draft(request: Request, parts: Parts, path: str) -> Mapping[str, str] | None:
    """The fields that the browser kept for this form, once; None if there are none."""
    cookie = request.cookies.get(cookie_name(parts, "-draft"))
    draft = parts.draft_cipher.decrypt(cookie, _KEPT_SECONDS) if cookie else None
    if draft is None or draft.get("path") != path:
        return None
    set_cookie(request, parts, cookie_name(parts, "-draft"), "", 0)
    return {name: str(draft.get(name, "")) for name in _LONGEST_FIELDS}
