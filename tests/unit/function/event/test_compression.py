"""A long event is made short without losing a character."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.event.compression import compress, decompress, decompress_base64

_LARGEST = 2 * 1024 * 1024


@given(st.text(st.characters(categories=None)))
def test_any_text_comes_back_half_characters_included(text: str) -> None:
    assert decompress(compress(text)) == text
    assert decompress_base64(base64.b64encode(compress(text)).decode()) == text


def test_a_bomb_is_not_unpacked() -> None:
    assert len(decompress(compress("x" * _LARGEST))) == _LARGEST
    with pytest.raises(ValueError, match="larger than any event"):
        decompress(compress("x" * (_LARGEST + 1)))
    assert decompress_base64(base64.b64encode(compress("x" * 50 * _LARGEST)).decode()) is None


@pytest.mark.parametrize("missing", [1, 5, 10])
def test_half_an_event_is_none(missing: int) -> None:
    with pytest.raises(ValueError, match="cut short"):
        decompress(compress("the whole event")[:-missing])


@pytest.mark.parametrize("data", [b"", b"text", b"x\x9c\xff\xff"])
def test_what_was_never_compressed_is_none(data: bytes) -> None:
    with pytest.raises(ValueError, match="a compressed event"):
        decompress(data)
    assert decompress_base64(base64.b64encode(data).decode()) is None


@pytest.mark.parametrize("packed", ["%", "ünicode", "YWJj=", "YW Jj"])
def test_what_is_no_base64_is_none(packed: str) -> None:
    assert decompress_base64(packed) is None
