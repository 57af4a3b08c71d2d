"""Opaque cursors for the next page of a list.

A cursor names a position in the caller's own list and grants nothing, so it needs no signature.
"""

from __future__ import annotations

import base64
import binascii

from ulid import ULID

__all__ = ["CURSOR_PATTERN", "ULID_PATTERN", "decode", "encode"]

#: 16 bytes in URL-safe Base64 without padding.
CURSOR_PATTERN = "^[A-Za-z0-9_-]{21}[AQgw]$"
ULID_PATTERN = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"


def encode(book_id: str) -> str:
    """Return the cursor of the page that begins after this book."""
    return base64.urlsafe_b64encode(ULID.from_str(book_id).bytes).rstrip(b"=").decode()


def decode(cursor: str) -> str:
    """Return the book that the page begins after; raises `ValueError` for anything that `encode` did not return."""
    try:
        book_id = str(ULID.from_bytes(base64.b64decode(cursor.encode("ascii") + b"==", b"-_", validate=True)))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not a cursor of this list") from error
    if encode(book_id) != cursor:
        raise ValueError("not a cursor of this list")
    return book_id
