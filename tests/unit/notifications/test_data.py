"""What a book.created event may say, and what would end in a wrong mail."""

from __future__ import annotations

import time

import pytest

from function.errors import InvalidEvent, UnknownNotification
from function.message.catalogue import Catalogue
from tests.unit.notifications.events import book_created, with_value

LINE_BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
CONTROLS = ["\x00", "\x1b", "\x7f", "\x9f", "\ud800"]
LINES = ["/recipient/name", "/book/id", "/book/title", "/book/author"]


def refusal(catalogue: Catalogue, pointer: str, value: object) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as refused:
        catalogue.get("book.created").validate(with_value(book_created(), pointer, value))
    return refused.value


def test_an_unknown_type_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(UnknownNotification, match=r"book\.burned"):
        catalogue.get("book.burned")


@pytest.mark.parametrize("pointer", ["/extra", "/recipient/phone", "/book/pages"])
def test_unknown_fields_are_tolerated(catalogue: Catalogue, pointer: str) -> None:
    catalogue.get("book.created").validate(with_value(book_created(), pointer, {"any": ["thing"]}))


@pytest.mark.parametrize("data", [None, [], "", {}, {"recipient": {}, "book": {}}])
def test_data_without_recipient_and_book_is_refused(catalogue: Catalogue, data: object) -> None:
    with pytest.raises(InvalidEvent):
        catalogue.get("book.created").validate(data)


@pytest.mark.parametrize("pointer", LINES)
@pytest.mark.parametrize("character", [*LINE_BREAKS, *CONTROLS])
@pytest.mark.parametrize("text", ["{}a", "a{}b", "a{}"])
def test_a_line_holds_no_line_break_and_no_control(
    catalogue: Catalogue, pointer: str, character: str, text: str
) -> None:
    assert refusal(catalogue, pointer, text.format(character)).pointer == f"/data{pointer}"


@pytest.mark.parametrize("pointer", LINES)
@pytest.mark.parametrize("value", ["", None, 7, ["a"], "x" * 501])
def test_a_line_is_text_of_bounded_length(catalogue: Catalogue, pointer: str, value: object) -> None:
    assert refusal(catalogue, pointer, value).pointer == f"/data{pointer}"


@pytest.mark.parametrize(
    "email",
    [
        "ada@example.com",
        "a@b.co",
        "o'brien+books/x@sub.example.com",
        "ada@xn--bcher-kva.example",
        "x" * 64 + "@example.com",
        "1@1.museum",
    ],
)
def test_an_address_is_taken(catalogue: Catalogue, email: str) -> None:
    catalogue.get("book.created").validate(with_value(book_created(), "/recipient/email", email))


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@example",
        "ada@example.com\n",
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com,eve@example.com",
        "ada@example.com;eve@example.com",
        "ada@example.com eve@example.com",
        "ada@eve@example.com",
        "Ada <ada@example.com>",
        "<ada@example.com>",
        '"ada lovelace"@example.com',
        "(comment)ada@example.com",
        "ada@[127.0.0.1]",
        "ada@127.0.0.1",
        ".ada@example.com",
        "ada.@example.com",
        "ada..l@example.com",
        "ada@-example.com",
        "ada@example-.com",
        "ada@.example.com",
        "ada@example..com",
        "ada@example.com.",
        "ädä@example.com",
        "ada@exämple.com",
        "ada@example.com\u2028",
        "x" * 65 + "@example.com",
        "ada@" + "x." * 126 + "com",
        None,
        ["ada@example.com", "eve@example.com"],
    ],
)
def test_what_is_not_one_plain_address_is_refused(catalogue: Catalogue, email: object) -> None:
    assert refusal(catalogue, "/recipient/email", email).pointer == "/data/recipient/email"


@pytest.mark.parametrize(
    "url",
    [
        "https://books.example.com",
        "https://books.example.com:8443/a/b?c=d&e=%20#f",
        "https://localhost/a",
        "http://localhost:8080/books/1",
        "http://127.0.0.1:8080/books/1",
        "http://[::1]:8080/books/1",
    ],
)
def test_a_link_is_taken(catalogue: Catalogue, url: str) -> None:
    catalogue.get("book.created").validate(with_value(book_created(), "/book/url", url))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://books.example.com/",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.2/",
        "http://localhost@example.com/",
        "https://ada@example.com/",
        "https://example.com@evil.example/",
        "https:///path",
        "https://",
        "https://-a.example/",
        "//example.com/",
        "javascript:alert(1)",
        "data:text/html,x",
        "HTTPS://example.com/",
        "https://example.com/\n",
        "https://example.com/ a",
        'https://example.com/"onclick="x',
        "https://example.com/<b>",
        "https://example.com/\\",
        "https://example.com/%zz",
        "https://example.com/ä",
        "https://exämple.com/",
        "https://example.com:99999999/",
        "https://example.com/" + "x" * 2048,
        None,
    ],
)
def test_what_is_not_a_safe_link_is_refused(catalogue: Catalogue, url: object) -> None:
    assert refusal(catalogue, "/book/url", url).pointer == "/data/book/url"


@pytest.mark.parametrize("locale", ["", "e", "en_US", "en-", "../en", "en\n", "english", "e1", None])
def test_what_is_not_a_language_tag_is_refused(catalogue: Catalogue, locale: object) -> None:
    assert refusal(catalogue, "/recipient/locale", locale).pointer == "/data/recipient/locale"


@pytest.mark.parametrize("isbn", ["", "978044147812", "978-0441478125", "97804414781255", "x441478125", 9780441478125])
def test_what_is_not_an_isbn_is_refused(catalogue: Catalogue, isbn: object) -> None:
    assert refusal(catalogue, "/book/isbn", isbn).pointer == "/data/book/isbn"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/recipient/email", "a." * 120 + "@" + "b-" * 5),
        ("/recipient/email", "a" * 63 + "@" + "a" * 190),
        ("/book/url", "https://" + "a-" * 1000 + "!"),
        ("/book/url", "https://" + "a." * 1010 + "!"),
        ("/book/title", "x" * 64_000),
    ],
)
def test_no_value_takes_long_to_refuse(catalogue: Catalogue, pointer: str, value: str) -> None:
    started = time.process_time()
    refusal(catalogue, pointer, value)
    assert time.process_time() - started < 0.1
