"""Templates and data to one mail's content."""

from __future__ import annotations

import html
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import InvalidEvent
from function.message.catalogue import Catalogue
from function.message.rendering import _UNPRINTABLE, Renderer, link, shorten
from tests.unit.notifications.events import book_created, with_value


def renderer(subject: str = "s", text: str = "t", markup: str = "h") -> Renderer:
    return Renderer({"x/subject.txt": subject, "x/body.txt": text, "x/body.html": markup})


def test_text_and_subject_are_literal_and_html_is_escaped() -> None:
    content = renderer("{{ t }}", "{{ t }}", '<p title="{{ t }}">{{ t }}</p>').render("x", {"t": "<b>\"'&"})
    assert content.subject == content.text == "<b>\"'&"
    assert content.html == '<p title="&lt;b&gt;&quot;&#x27;&amp;">&lt;b&gt;&quot;&#x27;&amp;</p>'


def test_data_is_never_a_template() -> None:
    assert renderer("{{ t }}").render("x", {"t": "{{ 1 + 1 }}{% include 'x' %}"}).subject.startswith("{{ 1 + 1 }}")


@pytest.mark.parametrize("template", ["{{ a }}", "{{ book.a }}", "{% if book.a %}x{% endif %}", "{{ book.a.b }}"])
def test_an_undefined_name_is_an_error(template: str) -> None:
    for part in ("subject", "text", "markup"):
        with pytest.raises(InvalidEvent, match="undefined"):
            renderer(**{part: template}).render("x", {"book": {}})


@pytest.mark.parametrize("character", list("\n\r\x0b\x0c\x1c\x85\u2028\u2029\x00\x7f"))
def test_a_subject_is_one_line_of_printable_text(character: str) -> None:
    with pytest.raises(InvalidEvent, match="subject"):
        renderer("a {{ t }} b").render("x", {"t": f"c{character}d"})


def test_a_subject_is_not_empty() -> None:
    with pytest.raises(InvalidEvent, match="empty"):
        renderer("{{ t }}").render("x", {"t": " "})


def test_a_link_keeps_its_slashes_and_escapes_the_rest() -> None:
    content = renderer(markup='<a href="{{ u | link }}">').render("x", {"u": "https://a.example/b?c='\"&d"})
    assert content.html == '<a href="https://a.example/b?c=&#x27;&quot;&amp;d">'


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//a.example", "", "HTTP://a.example"])
def test_a_link_is_http_or_https(url: str) -> None:
    with pytest.raises(InvalidEvent):
        renderer(markup='<a href="{{ u | link }}">').render("x", {"u": url})


@given(st.text())
def test_a_link_cannot_end_its_attribute(rest: str) -> None:
    escaped = link(f"https://{rest}")
    assert not {'"', "'", "<", ">"}.intersection(escaped)
    assert html.unescape(escaped) == html.unescape(html.escape(f"https://{rest}"))


@given(st.text(), st.integers(2, 40))
def test_a_shortened_text_fits_and_begins_like_the_whole(text: str, most: int) -> None:
    short = shorten(text, most)
    assert len(short) <= most
    assert text.startswith(short.removesuffix("…"))


def test_a_text_is_shortened_between_words() -> None:
    assert shorten("The Left Hand of Darkness", 20) == "The Left Hand of…"
    assert shorten("Donaudampfschifffahrt", 10) == "Donaudamp…"
    assert shorten("short", 5) == "short"


@pytest.mark.parametrize(
    ("locale", "subject"),
    [
        ("en", "Added to your books: "),
        ("en-GB", "Added to your books: "),
        ("de", "Neu in Ihren Büchern: "),
        ("DE-at", "Neu in Ihren Büchern: "),
        ("de-Latn-AT-1996", "Neu in Ihren Büchern: "),
        ("ar", "Added to your books: "),
        ("", "Added to your books: "),
        ("../de", "Added to your books: "),
    ],
)
def test_the_nearest_language_is_written(catalogue: Catalogue, locale: str, subject: str) -> None:
    content = catalogue.get("book.created").render(book_created(), locale)
    assert content.subject == f"{subject}The Left Hand of Darkness"


@pytest.mark.parametrize("pointer", ["/book/title", "/book/author", "/recipient/name"])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_markup_in_an_event_is_text_in_the_mail(catalogue: Catalogue, pointer: str, locale: str) -> None:
    data = with_value(book_created(), pointer, "<script>alert(1)</script>")
    content = catalogue.get("book.created").render(data, locale)
    assert "<script" not in content.html
    assert "&lt;script&gt;alert(1)" in content.html
    assert "<script>alert(1)</script>" in content.text


def test_a_line_break_in_a_title_never_reaches_the_subject(catalogue: Catalogue) -> None:
    data = with_value(book_created(), "/book/title", "a\r\nBcc: eve@example.com")
    with pytest.raises(InvalidEvent):
        catalogue.get("book.created").render(data, "en")


def test_what_no_subject_may_hold_is_what_unicode_calls_so() -> None:
    every = "".join(map(chr, range(0x110000)))
    named = {character for character in every if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}}
    assert set(_UNPRINTABLE.findall(every)) == named


def test_an_optional_field_may_be_missing(catalogue: Catalogue) -> None:
    data = book_created()
    del data["book"]["isbn"]
    content = catalogue.get("book.created").render(data, "en")
    assert "ISBN" not in content.text + content.html


def test_data_that_was_never_validated_still_makes_no_mail(catalogue: Catalogue) -> None:
    with pytest.raises(InvalidEvent):
        catalogue.get("book.created").render({"recipient": {"name": "Ada"}}, "en")
