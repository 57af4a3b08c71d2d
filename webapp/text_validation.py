"""Validates text that people enter: which characters the one line of a title, a name or a subject may contain."""

from __future__ import annotations

import re
import unicodedata

from pydantic_core import SchemaValidator, ValidationError, core_schema

__all__ = ["LINE_PATTERN", "clean_line", "is_address", "is_line", "read_language_tag"]

#: Control characters, line and paragraph separators, noncharacters.
_CONTROLS = "\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufdd0-\\ufdef\\ufffe\\uffff"
#: Invisible characters for which Unicode has no such property: blank signs of Braille, of music and of hieroglyphs, and
#: the object replacement character.
_BLANK_SIGNS = "\u2800\ufffc\U0001d159\U00013441\U00013442"
#: A valid line by Unicode properties: no control or invisible formatting characters, except joiners and variation
#: selectors, and at least one visible letter, number, symbol or punctuation mark. The expressions are those of Rust's
#: crate `regex`, which pydantic uses, because Python's `re` has no Unicode properties.
#: https://docs.rs/regex/latest/regex/#syntax
_ACTING = (
    r"[\p{Cc}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\p{Cf}[\p{Default_Ignorable_Code_Point}&&\p{Cn}]--\u{200c}\u{200d}]"
)
_SEEN = rf"[\p{{L}}\p{{N}}\p{{P}}\p{{S}}--\p{{Default_Ignorable_Code_Point}}{_BLANK_SIGNS}]"
_LINE = SchemaValidator(core_schema.str_schema(pattern=rf"^[^{_ACTING}]*{_SEEN}[^{_ACTING}]*$"))
_JOINERS = frozenset("\u200c\u200d")
_UNWANTED = re.compile(f"[{_CONTROLS}\\ud800-\\udfff]+")
#: The same for the OpenAPI document, as far as a pattern can express it that means the same in JavaScript with and
#: without the flag `u`.
LINE_PATTERN = "^[^{0}]*[^{0}{1}][^{0}]*$".format(
    _CONTROLS + "\\u00ad\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2"
    "\\u180e\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u206f"
    "\\ufeff\\ufff0-\\ufffb",
    "\\s\\u200c\\u200d\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2800\\u3164\\ufe00-\\ufe0f\\uffa0\\ufffc",
)
_ADDRESS = re.compile(
    r"(?=.{3,254}\Z)(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def is_line(text: str) -> bool:
    """Whether `text` is one line with a visible character, and without control or invisible formatting characters."""
    try:
        _LINE.validate_python(text)
    except ValidationError:
        return False
    return True


def clean_line(text: object, most: int) -> str:
    """Return `text` as one clean line of at most `most` characters; "" if it is not text, or nothing visible is
    left."""
    if not isinstance(text, str):
        return ""
    plain = "".join(each for each in text if each in _JOINERS or unicodedata.category(each) != "Cf")
    spaced = " ".join(_UNWANTED.sub(" ", plain).split())
    shown = unicodedata.normalize("NFC", spaced)[:most].rstrip()
    return shown if is_line(shown) else ""


def is_address(text: object) -> bool:
    """Whether `text` is exactly one plain ASCII mail address that SES accepts."""
    return isinstance(text, str) and _ADDRESS.fullmatch(text) is not None


def read_language_tag(text: object, default: str = "en") -> str:
    """Return a BCP 47 language tag; an underscore counts as a hyphen, and anything invalid gives `default`."""
    tag = text.replace("_", "-") if isinstance(text, str) else ""
    return tag if _LOCALE.fullmatch(tag) else default
