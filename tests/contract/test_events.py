"""What the web app publishes is what the notifier takes: its real events against the notifier's schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from package.notifications.schemas import read_data_schema
from webapp.auth.identity import Identity, OperatorClaim
from webapp.books.book import Book, BookIn
from webapp.books.service import write_book_created, write_book_deleted
from webapp.errors import RequestError
from webapp.outbox.event import MOST_BYTES, CommittedEvent, continue_trace, write_user_welcome

FUNCTION = Path(__file__).parents[2] / "function"
ENVELOPE = Draft202012Validator(json.loads((FUNCTION / "contracts/event.schema.json").read_text()))

ANYTHING = st.text(st.characters(exclude_categories=()))
CLAIMS = st.fixed_dictionaries(
    {
        "sub": st.just("ada"),
        "token_use": st.just("id"),
        "email_verified": st.just(True),
        "email": st.just("ada@example.com") | st.emails() | ANYTHING,
        "name": ANYTHING | st.none() | st.integers(),
        "locale": ANYTHING | st.none() | st.sampled_from(["en", "de_AT", "zh-Hant-TW"]),
    }
)
BOOKS = st.fixed_dictionaries(
    {
        "title": ANYTHING,
        "author": ANYTHING,
        "isbn": st.none() | st.sampled_from(["0-441-00731-7", "080442957X", "9791032305690"]),
    }
)


def data_schema(type_: str) -> Draft202012Validator:
    return Draft202012Validator(read_data_schema(FUNCTION / f"notifications/{type_}/schema.json"))


def events_of(reader: Identity, wish: BookIn) -> list[dict[str, Any]]:
    """Every event that the life of a book causes, as a consumer parses it from the published bytes."""
    at = 1_795_248_000_123
    book = Book("01KAJ8V3Q0S5T2M9Z6E1B4C7D8", wish.title, wish.author, wish.isbn, created_at=at, updated_at=at)
    common = {
        "event_id": "01KAJ8V3Q0S5T2M9Z6E1B4C7D9",
        "source": "urn:herald:webapp",
        "public_url": "https://herald.example",
        "traceparent": continue_trace(None),
    }
    created, deleted = write_book_created(book, reader, **common), write_book_deleted(book, reader, at=at, **common)
    common.pop("event_id")
    return [parse_event(created), parse_event(deleted), parse_event(write_user_welcome(reader, at=at, **common))]


def parse_event(event: CommittedEvent) -> dict[str, Any]:
    """The event as it arrives, if its bytes are what they must be."""
    assert len(event.body.encode()) <= MOST_BYTES
    assert event.body.isascii()
    assert "\n" not in event.body
    body: dict[str, Any] = json.loads(event.body)
    assert (body["id"], body["type"], body["subject"]) == (event.id, event.type, event.subject)
    return body


@given(CLAIMS, BOOKS)
def test_whatever_the_token_and_the_caller_say_the_event_is_valid(
    claims: dict[str, Any], described: dict[str, Any]
) -> None:
    try:
        reader, wish = (
            Identity.from_claims(claims, OperatorClaim("cognito:groups", "operators")),
            BookIn.model_validate(described),
        )
    except (RequestError, ValidationError):
        return
    for event in events_of(reader, wish):
        ENVELOPE.validate(event)
        data_schema(event["type"]).validate(event["data"])


@pytest.mark.parametrize("length", [1, 500])
@pytest.mark.parametrize("character", ["a", "é", "漢", "😀", "<", '"', "\\"])
def test_the_longest_book_still_fits(length: int, character: str) -> None:
    wish = BookIn(title=character * length, author=character * min(length, 300), isbn="9780441007318")
    for event in events_of(Identity("s" * 255, "ada@example.com", character * 100, "en"), wish):
        ENVELOPE.validate(event)
        data_schema(event["type"]).validate(event["data"])
        assert event["data"].get("book", {"title": wish.title})["title"] == wish.title


def test_the_envelope_is_what_cloudevents_asks_for() -> None:
    event, deleted, _ = events_of(Identity("s", "ada@example.com", "Ada", "en"), BookIn(title="T", author="A"))
    assert event["specversion"] == "1.0"
    assert event["time"] == "2026-11-21T08:00:00.123Z"
    assert event["datacontenttype"] == "application/json"
    assert event["subject"] == "books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"
    assert event["data"]["book"]["url"] == "https://herald.example/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"
    assert deleted["data"]["shelf"] == {"url": "https://herald.example/"}
    assert "isbn" not in event["data"]["book"]
    extensions = set(event) - {"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data"}
    assert extensions == {"traceparent"}
    assert all(name.isascii() and name.isalnum() and name.islower() for name in event)
