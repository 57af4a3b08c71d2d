"""One line of text: what may stand in a title, a name or a subject, and what never may."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["LINE_PATTERN", "is_address", "is_line", "line", "locale"]

#: Control characters, line and paragraph separators, noncharacters.
_CONTROLS: Final = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufdd0-\\ufdef\\ufffe\\uffff"
#: Unicode's general category Cf, such as bidirectional overrides and zero-width spaces, without the two joiners. A test
#: holds these ranges to Python's `unicodedata`; looking through it at every start would take too long.
_FORMATTING_BELOW_64K: Final = (
    "\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2064"
    "\\u2066-\\u206f\\ufeff\\ufff9-\\ufffb"
)
_FORMATTING: Final = _FORMATTING_BELOW_64K + "".join(
    f"{chr(first)}-{chr(last)}"
    for first, last in (
        (0x110BD, 0x110BD),
        (0x110CD, 0x110CD),
        (0x13430, 0x1343F),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0001, 0xE0001),
        (0xE0020, 0xE007F),
    )
)
_FORBIDDEN: Final = _CONTROLS + _FORMATTING
#: Joiners have a meaning between two characters only; and what looks like a letter or a sign may be blank.
_BLANK: Final = "\\s\\u200c\\u200d\\u115f\\u1160\\u2800\\u3164\\uffa0"
_VISIBLE: Final = "^[^{0}]*[^{0}{1}][^{0}]*$"
#: One line with something to be seen on it, for the OpenAPI document: as far as a pattern can say that means the same
#: with JavaScript's flag `u` and without it.
LINE_PATTERN: Final = _VISIBLE.format(_CONTROLS + _FORMATTING_BELOW_64K, _BLANK)
_UNWANTED: Final = re.compile(f"[{_CONTROLS}\\ud800-\\udfff]+")
_INVISIBLE: Final = re.compile(f"[{_FORMATTING}]+")
_LINE: Final = re.compile(_VISIBLE.removesuffix("$").format(_FORBIDDEN, _BLANK))
_SURROGATE: Final = re.compile("[\\ud800-\\udfff]")
_ADDRESS: Final = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def is_line(text: str) -> bool:
    """Whether `text` is one line with something to be seen, and no character that could act instead of being read."""
    return _LINE.fullmatch(text) is not None and not _SURROGATE.search(text) and not _is_only_marks(text)


def _is_only_marks(text: str) -> bool:
    """Whether there is nothing that a combining mark could stand on."""
    return all(unicodedata.category(character)[0] in "MZC" for character in text)


def line(text: object, most: int) -> str:
    """`text` as one clean line of at most `most` characters; "" for what is no text."""
    if not isinstance(text, str):
        return ""
    spaced = " ".join(_UNWANTED.sub(" ", _INVISIBLE.sub("", text)).split())
    shown = unicodedata.normalize("NFC", spaced)[:most].rstrip()
    return shown if is_line(shown) else ""


def is_address(text: object) -> bool:
    """Whether `text` is exactly one plain ASCII mail address, as SES takes it."""
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None


def locale(text: object, default: str = "en") -> str:
    """A BCP 47 language tag; an underscore is taken for a hyphen, anything else gives `default`."""
    tag = text.replace("_", "-") if isinstance(text, str) else ""
    return tag if _LOCALE.fullmatch(tag) else default
