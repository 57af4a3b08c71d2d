"""Text that reaches a mail is one harmless line."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from webapp import text_validation
from webapp.books.book import BookIn

ANYTHING = st.text(st.characters(exclude_categories=()))


@given(ANYTHING)
def test_a_cleaned_line_is_always_a_line(dirty: str) -> None:
    clean = text_validation.clean_line(dirty, 100)
    assert len(clean) <= 100
    assert clean == "" or text_validation.is_line(clean)
    assert not {unicodedata.category(character) for character in clean} & {"Cc", "Cs", "Zl", "Zp"}


@given(ANYTHING)
def test_what_passes_as_a_title_stays_as_it_is(title: str) -> None:
    try:
        kept = BookIn(title=title, author="A").title
    except ValidationError:
        return
    assert kept == title.strip()
    assert text_validation.is_line(kept)


@pytest.mark.parametrize(
    "bad",
    [
        "",
        " ",
        "a\nb",
        "a\rb",
        "a\x00",
        "a\x7f",
        "a\x85b",
        "a\u2028b",
        "\u202eabc",
        "\ud800",
        "\ufffe",
        "\u2066a",
        "a\u200fb",
    ],
)
def test_what_is_no_line(bad: str) -> None:
    assert not text_validation.is_line(bad)


@pytest.mark.parametrize("good", ["a", "ألف ليلة", "👩‍🚀 in space", "Ünïcödé", "می‌خواهم", "<b>", "{{ x }}", "a" * 500])
def test_what_is_a_line(good: str) -> None:
    assert text_validation.is_line(good)


@pytest.mark.parametrize("thing", [None, 7, ["Ada"], {"a": 1}, True])
def test_what_is_no_text_is_no_line(thing: object) -> None:
    assert text_validation.clean_line(thing, 10) == ""
    assert not text_validation.is_address(thing)
    assert text_validation.read_language_tag(thing) == "en"


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("en", "en"),
        ("de_AT", "de-AT"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("", "en"),
        ("en\n", "en"),
        ("e", "en"),
        ("../x", "en"),
    ],
)
def test_locales(said: str, taken: str) -> None:
    assert text_validation.read_language_tag(said) == taken


@pytest.mark.parametrize(
    "good", ["ada@example.com", "a.b+c@sub.example.co.uk", "o'hara@example.ie", "x@xn--bcher-kva.example"]
)
def test_addresses(good: str) -> None:
    assert text_validation.is_address(good)


@pytest.mark.parametrize(
    "bad",
    [
        "ada",
        "@example.com",
        "ada@",
        "ada@localhost",
        "ada@example..com",
        ".ada@example.com",
        "a b@example.com",
        "ada@example.com\n",
        "ada@example.com,eve@example.com",
        "Ada <ada@example.com>",
        '"a b"@example.com',
        "ada@[127.0.0.1]",
        "ada@exämple.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 250 + ".com",
    ],
)
def test_what_is_no_address(bad: str) -> None:
    assert not text_validation.is_address(bad)


INVISIBLE = [
    "\u200b",
    "\u2060",
    "\u00ad",
    "\ufeff",
    "\u200d\u200c",
    "\u3164",
    "\u2800",
    "\u2800 \u2800",
    "\U0001d159",
    "\U00013441\U00013442",
    "\ufffc",
    "\U000e0041",
    "\u0301",
    "\u034f",
    "\u17b5",
    "\u20dd",
    "\ufe0f",
    "\U000e0100",
    "\U00016fe4",
    " \u115f ",
    "\u1160\uffa0",
    "\u00a0\u3000\u2003",
    "\ue000",
    "\U000f0000",
    "\u2065",
    "\U000e0fff",
]


@pytest.mark.parametrize("blank", INVISIBLE)
def test_what_nobody_can_see_is_no_title(blank: str) -> None:
    assert not text_validation.is_line(blank)
    assert text_validation.clean_line(blank, 10) == ""
    with pytest.raises(ValidationError):
        BookIn(title=blank, author="A")


def test_every_formatting_character_of_unicode_is_refused_and_cut_out_of_names() -> None:
    formatting = {chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Cf"}
    for character in formatting - {"\u200c", "\u200d"}:
        assert not text_validation.is_line(f"a{character}b"), hex(ord(character))
        assert text_validation.clean_line(f"a{character}b", 10) == "ab", hex(ord(character))


@pytest.mark.parametrize("hidden", ["\u2065", "\ufff0", "\U000e0000", "\U000e0fff", "\ufdd0", "\U0001ffff"])
def test_what_unicode_ignores_and_has_not_assigned_is_refused_in_a_line(hidden: str) -> None:
    assert not text_validation.is_line(f"a{hidden}b")


@pytest.mark.parametrize("part", ["\u034f", "\u180b", "\ufe0f", "\U000e0100", "\u1160", "\u200d", "\u0301", "\ue000"])
def test_what_is_part_of_letters_stays_in_a_line(part: str) -> None:
    assert text_validation.is_line(f"a{part}b")


def test_no_character_that_is_seen_is_refused() -> None:
    seen = {"L", "N", "P", "S"}
    blank = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0", "\ufffc", "\U0001d159", "\U00013441", "\U00013442"}
    refused = {
        chr(code)
        for code in range(0x110000)
        if unicodedata.category(chr(code))[0] in seen and not text_validation.is_line(chr(code))
    }
    assert refused <= blank


@given(ANYTHING)
def test_the_pattern_of_the_document_lets_pass_what_is_a_line(title: str) -> None:
    assert not text_validation.is_line(title) or re.fullmatch(text_validation.LINE_PATTERN, title)
