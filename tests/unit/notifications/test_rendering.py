"""Templates and data to one mail's content."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.errors import InvalidEvent, TemplateNotFilled
from function.message.catalogue import Catalogue
from function.message.rendering import _UNPRINTABLE, LARGEST_HTML, Content, Renderer, link, shorten
from package.notifications.localization import compile_localization
from tests.unit.notifications.events import book_created, with_value


def renderer(subject: str = "s", text: str = "t", markup: str = "h") -> Renderer:
    return Renderer({"x/subject.txt": subject, "x/body.txt": text, "x/body.html": markup})


def test_text_and_subject_are_literal_and_html_is_escaped() -> None:
    content = renderer("{{ t }}", "{{ t }}", '<p title="{{ t }}">{{ t }}</p>').render("x", {"t": "<b>\"'&"})
    assert content.subject == content.text == "<b>\"'&"
    assert content.html == '<p title="&lt;b&gt;&quot;&#x27;&amp;">&lt;b&gt;&quot;&#x27;&amp;</p>'


@pytest.mark.parametrize("text", ["é" * (LARGEST_HTML // 2), "<" * (LARGEST_HTML // 4)])
def test_a_mail_that_would_be_clipped_is_refused_when_its_event_comes(text: str) -> None:
    with pytest.raises(InvalidEvent, match="mail programs clip it") as refused:
        renderer(markup="{{ t }}").render("x", {"t": text})
    assert refused.value.reason.code == "event_too_large"
    assert renderer(markup="{{ t }}").render("x", {"t": text[:-1]}).html


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\u2028"])
def test_a_text_of_several_lines_keeps_them_where_a_template_says_so(line_break: str) -> None:
    data = {"t": f"<b>{line_break}{line_break}c"}
    assert renderer(markup="{{ t | lines }}").render("x", data).html == "&lt;b&gt;<br><br>c"
    with pytest.raises(InvalidEvent, match="line break"):
        renderer(subject="{{ t }}").render("x", data)


def test_data_is_never_a_template() -> None:
    assert renderer("{{ t }}").render("x", {"t": "{{ 1 + 1 }}{% include 'x' %}"}).subject.startswith("{{ 1 + 1 }}")


@pytest.mark.parametrize("template", ["{{ a }}", "{{ book.a }}", "{% if book.a %}x{% endif %}", "{{ book.a.b }}"])
def test_an_undefined_name_is_an_error(template: str) -> None:
    for part in ("subject", "text", "markup"):
        with pytest.raises(TemplateNotFilled, match="undefined") as refused:
            renderer(**{part: template}).render("x", {"book": {}})
        assert str(refused.value) == f"the data does not fill the template: {refused.value.detail}"


@pytest.mark.parametrize("character", list("\n\r\x0b\x0c\x1c\x85\u2028\u2029\x00\x7f"))
def test_a_subject_is_one_line_of_printable_text(character: str) -> None:
    with pytest.raises(InvalidEvent, match="subject"):
        renderer("a {{ t }} b").render("x", {"t": f"c{character}d"})


def test_a_subject_is_not_empty() -> None:
    with pytest.raises(InvalidEvent, match="empty"):
        renderer("{{ t }}").render("x", {"t": ""})


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


# -- what strangers write -------------------------------------------------------------------------------------------


def write(name: str) -> Content:
    return renderer("{{ name }}", "{{ name }} {{ url }}", '{{ name }} <a href="{{ url | link }}">').render(
        "x", {"name": name, "url": "https://example.com/a.b"}
    )


@pytest.mark.parametrize(
    "char",
    [char for char in map(chr, range(0x110000)) if unicodedata.category(char) == "Cf"],
    ids=lambda char: f"{ord(char):x}",
)
def test_no_formatting_character_hides_or_turns_what_is_written(char: str) -> None:
    content = write(f"Mo{char}mo")
    shown = char in "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    for part in (content.subject, content.text, content.html):
        assert (char in part) is shown


@pytest.mark.parametrize(
    "char",
    "\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufff0\ufff8\ufffc\U0001d159\U00013441\U000e0000\U000e0080\U000e0fff",
)
def test_no_filler_is_left_either(char: str) -> None:
    assert write(f"Mo{char}mo").subject == "Momo"


@pytest.mark.parametrize(
    "title",
    [
        " ",
        "\u200b",
        "\u2060\u00ad",
        "\u202e",
        "\U0001d159",
        "\u2800 \u2800",
        "\u3164",
        "\u00a0\u3000",
        "\u0301",
        "\ue000",
    ],
)
def test_what_the_subject_names_can_be_seen(title: str) -> None:
    mails = renderer("About {{ book.title | shorten(9) }}", "{{ book.title }}", "h")
    with pytest.raises(InvalidEvent, match=r"book\.title, which the subject names, has no visible text"):
        mails.render("x", {"book": {"title": title}})


@pytest.mark.parametrize("title", ["", "!", "\u4e00", "\U0001f600", "\u0622\u200c"])
def test_what_is_left_empty_or_can_be_seen_is_no_fault(title: str) -> None:
    mails = renderer("About {{ book.title }}", "{{ book.title }} {{ note }}", "h")
    assert mails.render("x", {"book": {"title": title}, "note": " "}).subject.startswith("About")


@pytest.mark.parametrize(
    "char", ["\ufe00", "\ufe0e", "\ufe0f", "\u180b", "\U000e0100", "\U000e01ef", "\ufe0f\U000e0110"]
)
def test_no_selector_hides_in_a_word_that_has_no_other_form(char: str) -> None:
    assert write(f"Mo{char}mo").subject == "Momo"


def test_no_message_hides_behind_an_emoji() -> None:
    hidden = "".join(chr(0xE0100 + byte) for byte in b"click here")
    assert write(f"❤{hidden} Momo").subject == f"❤{hidden[0]} Momo"


@pytest.mark.parametrize("text", ["1️⃣ ©️ ❤️ ☎︎ 葛󠄀", "👩‍👩‍👧‍👦", "می‌خواهم", "क्‍ष", "❤️‍🔥", "Größe №5", "日本語"])
def test_what_a_script_or_an_emoji_needs_is_kept(text: str) -> None:
    assert write(text).subject == text


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example/win",
        "http://localhost/x",
        "www.evil.example",
        "click evil.example now",
        "evil.example/path",
        "ada@evil.example",
        "bücher.example",
        "a.b.c.example",
        "ev\u200bil.example",
        "evil\u3002example",
        "evil\uff0eexample",
        "evil\uff61example",
        "https:/\u2060/evil.example",
        "evil.\ufe0fexample",
    ],
)
def test_a_name_that_is_a_link_is_none_in_the_mail(name: str) -> None:
    content = write(name)
    for part in (content.subject, content.text.replace("https://example.com/a.b", ""), content.html.partition("<a")[0]):
        assert "://" not in part
        assert not re.search(r"\w[.\u3002\uff0e\uff61][^\W\d_]{2}", part)


@pytest.mark.parametrize(
    "name",
    ["cafe\u0301.com", "evil.\u092d\u093e\u0930\u0924", "evil.\u0cad\u0cbe\u0cb0\u0ca4/x", "a.cafe\u0301.com"],
    ids=["a mark before the dot", "Hindi's India", "Kannada's India", "a mark in between"],
)
def test_marks_are_letters_of_a_domain(name: str) -> None:
    """Letters of many scripts are written with marks, which are none for `\\w`."""
    assert "." not in write(name).subject


def test_what_the_template_links_stays_an_address_and_reads_as_one() -> None:
    content = write("Momo")
    assert content.text == "Momo https://example.com/a.b"
    assert 'href="https://example.com/a.b"' in content.html


@pytest.mark.parametrize(
    "name", ["J. R. R. Tolkien", "J.R.R. Tolkien", "Vol. 2", "3.14", "Wait... what?", "St. Ives", "来た。そして"]
)
def test_an_ordinary_dot_is_left_alone(name: str) -> None:
    assert write(name).subject == name


def test_only_the_recipient_s_own_address_stays_one() -> None:
    data = {"recipient": {"email": "ada@example.com"}, "friend": {"email": "eve@evil.example"}}
    found = renderer("s", "{{ recipient.email }} {{ friend.email }}", "h").render("x", data)
    assert found.text == "ada@example.com eve@evil\u2024example"


def test_texts_deep_in_the_data_are_made_harmless_too() -> None:
    found = renderer("s", "{{ list[0].name }}", "h").render("x", {"list": [{"name": "ev\u202eil.example"}]})
    assert found.text == "evil\u2024example"


# -- filters -----------------------------------------------------------------------------------------------------------

_FILTERS = ("lines", "link", "shorten", "number", "money", "date", "datetime", "plural")
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([10**500, "2026-11-21", "EUR"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
_NAMES = st.sampled_from(["", "style=", "currency=", "zone=", "most=", "other=", "one="])


@pytest.fixture(scope="session")
def filtered() -> Callable[[str, dict[str, object]], str]:
    """What an expression comes to in English."""
    tables = compile_localization(["en"])

    def write(expression: str, data: dict[str, object]) -> str:
        mails = Renderer({"x/subject.txt": "s", "x/body.txt": f"{{{{ {expression} }}}}", "x/body.html": ""}, tables)
        return mails.render("x", data, {"_locale": "en", "_timezone": None}).text

    return write


@pytest.mark.parametrize("name", _FILTERS)
def test_no_filter_ends_in_a_traceback(name: str, filtered: Callable[[str, dict[str, object]], str]) -> None:
    @given(
        values=st.lists(_VALUES, min_size=1, max_size=3), named=st.lists(_NAMES, min_size=2, max_size=2, unique=True)
    )
    def hold(values: list[object], named: list[str]) -> None:
        data = {f"v{number}": value for number, value in enumerate(values)}
        arguments = ", ".join(f"{how}v{number}" for number, how in enumerate(sorted(named)[: len(values) - 1], 1))
        try:
            filtered(f"v0 | {name}({arguments})", data)
        except InvalidEvent as error:
            assert len(str(error).splitlines()) == 1

    hold()


@pytest.mark.parametrize("name", _FILTERS)
@pytest.mark.parametrize("value", ["none", "a.missing"])
def test_what_is_missing_is_refused_by_every_filter(
    name: str, value: str, filtered: Callable[[str, dict[str, object]], str]
) -> None:
    arguments = {"shorten": "(9)", "money": '("EUR")', "plural": '(other="#")'}.get(name, "")
    with pytest.raises(InvalidEvent) as refused:
        filtered(f"{value} | {name}{arguments}", {"a": {}})
    assert refused.value.__notes__ == [name, "x/body.txt"]
