"""One transaction: the book and its event, or neither."""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from tests.integration.webapp.conftest import Cloud
from webapp.auth.identity import Identity
from webapp.books.book import Book
from webapp.composition import Services
from webapp.outbox.event import CommittedEvent

ADA = Identity("ada", "ada@example.com", "Ada", "en")
BOOK = Book("01KAJ8V3Q0S5T2M9Z6E1B4C7D8", "T", "A", None, created_at=1, updated_at=1)
EVENT = CommittedEvent("01KAJ8V3Q0S5T2M9Z6E1B4C7D9", "book.created", f"books/{BOOK.id}", "ada", "{}")


def test_neither_stands_if_the_event_is_already_there(services: Services, cloud: Cloud) -> None:
    services.books.add(ADA, BOOK, EVENT)
    other = Book("01KAJ8V3Q0S5T2M9Z6E1B4C7DA", "U", "A", None, created_at=2, updated_at=2)
    with pytest.raises(ClientError, match="TransactionCanceled"):
        services.books.add(ADA, other, EVENT)
    assert services.books.get(ADA.sub, other.id) is None
    assert len(cloud.rows("outbox")) == 1


def test_neither_stands_if_the_book_is_already_there(services: Services, cloud: Cloud) -> None:
    services.books.add(ADA, BOOK, EVENT)
    other = CommittedEvent("01KAJ8V3Q0S5T2M9Z6E1B4C7DB", "book.created", EVENT.subject, "ada", "{}")
    with pytest.raises(ClientError, match="TransactionCanceled"):
        services.books.add(ADA, BOOK, other)
    assert len(cloud.rows("outbox")) == 1


def test_what_went_in_comes_out(services: Services) -> None:
    full = Book("01KAJ8V3Q0S5T2M9Z6E1B4C7DC", "كتاب 📚", "Ü", "9780441007318", created_at=7, updated_at=8, version=3)
    services.books.add(ADA, full, EVENT)
    assert services.books.get(ADA.sub, full.id) == full


def test_no_key_reaches_another_shelf(services: Services) -> None:
    services.books.add(ADA, BOOK, EVENT)
    assert services.books.get("ad", BOOK.id) is None
    assert services.books.page("ad", 10) == ([], False)
    gone = CommittedEvent("01KAJ8V3Q0S5T2M9Z6E1B4C7DE", "book.deleted", EVENT.subject, "bob", "{}")
    assert not services.books.remove(replace(ADA, sub="bob"), BOOK, gone, 2)
    assert not services.books.change("bob", replace(BOOK, title="Mine", version=2))
    assert services.books.get(ADA.sub, BOOK.id) == BOOK


def test_a_deletion_and_its_event_are_one_transaction(services: Services, cloud: Cloud) -> None:
    services.books.add(ADA, BOOK, EVENT)
    gone = CommittedEvent("01KAJ8V3Q0S5T2M9Z6E1B4C7DE", "book.deleted", EVENT.subject, "ada", "{}")
    assert not services.books.remove(ADA, replace(BOOK, version=7), gone, 2)
    assert len(cloud.rows("outbox")) == 1
    assert services.books.remove(ADA, BOOK, gone, 2)
    assert [event.type for event in services.outbox.list_by_subject(EVENT.subject)] == ["book.created", "book.deleted"]
    assert services.books.get(ADA.sub, BOOK.id) is None
