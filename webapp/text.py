"""One line of text: what may stand in a title, a name or a subject, and what never may."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["LINE_PATTERN", "is_address", "is_line", "line", "locale"]

#: Control characters, line and paragraph separators, bidirectional overrides, lone surrogates, noncharacters.
_FORBIDDEN: Final = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ufdd0-\\ufdef\\ufffe\\uffff"
#: One line with something on it, for the OpenAPI document.
LINE_PATTERN: Final = f"^[^{_FORBIDDEN}]*[^{_FORBIDDEN}\\s][^{_FORBIDDEN}]*$"
_UNWANTED: Final = re.compile(f"[{_FORBIDDEN}\\ud800-\\udfff]+")
_ADDRESS: Final = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def is_line(text: str) -> bool:
    """Whether `text` is one line, with something on it and no character that could act instead of being read."""
    return bool(text.strip()) and _UNWANTED.search(text) is None


def line(text: object, most: int) -> str:
    """`text` as one clean line of at most `most` characters; "" for what is no text."""
    if not isinstance(text, str):
        return ""
    spaced = " ".join(_UNWANTED.sub(" ", text).split())
    return unicodedata.normalize("NFC", spaced)[:most].rstrip()


def is_address(text: object) -> bool:
    """Whether `text` is exactly one plain ASCII mail address, as SES takes it."""
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None


def locale(text: object, default: str = "en") -> str:
    """A BCP 47 language tag; an underscore is taken for a hyphen, anything else gives `default`."""
    tag = text.replace("_", "-") if isinstance(text, str) else ""
    return tag if _LOCALE.fullmatch(tag) else default
