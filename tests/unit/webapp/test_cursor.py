"""Cursors go out and come back; nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ulid import ULID

from webapp.books import cursor


@given(st.binary(min_size=16, max_size=16))
def test_a_cursor_comes_back(raw: bytes) -> None:
    book_id = str(ULID.from_bytes(raw))
    assert cursor.decode(cursor.encode(book_id)) == book_id


@given(st.text(max_size=40))
def test_nothing_else_is_a_cursor(text: str) -> None:
    try:
        book_id = cursor.decode(text)
    except ValueError:
        return
    assert cursor.encode(book_id) == text


def test_a_changed_last_bit_is_noticed() -> None:
    good = cursor.encode("01KAJ8V3Q0S5T2M9Z6E1B4C7D8")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    with pytest.raises(ValueError, match="not a cursor"):
        cursor.decode(good[:-1] + alphabet[alphabet.index(good[-1]) + 1])
