"""What a signed-in reader can do; the API and the pages both do it through here."""

from dataclasses import asdict, dataclass
from typing import Final

from webapp.api.problems import Problem
from webapp.auth.identity import Identity
from webapp.books import idempotency
from webapp.books.book import Book, BookIn
from webapp.books.repository import book_of
from webapp.composition import Parts
from webapp.outbox.event import Event, book_created, book_deleted
from webapp.outbox.outbox import OutboxEvent
from webapp.outbox.trace import continued
from webapp.timeline.timeline import Notification, notification

#: How often a deletion is tried again because somebody changed the book just then.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Added:
    """A book that was added, and by which event; `replayed` if an earlier request with the same key did it."""

    book: Book
    event_id: str
    replayed: bool = False


def add_book(parts: Parts, reader: Identity, wish: BookIn, traceparent: str | None, key: str | None = None) -> Added:
    """Commit a book together with the event that mails its owner: the reader, and nobody else.

    With an idempotency key it is done at most once; raises `Problem` 422 or 409 if the key stands for something else,
    or for a request that is not answered yet.
    """
    book, event = _new_book(parts, reader, wish, traceparent)
    claim = None if key is None else _claim(key, wish, book, event)
    try:
        parts.books.add(reader.sub, book, event, claim)
    except idempotency.KeyInFlight as error:
        raise idempotency.in_flight() from error
    except idempotency.KeyTaken as taken:
        if claim is None or taken.fingerprint != claim.fingerprint:
            raise idempotency.reused() from taken
        return Added(book_of(taken.answer["book"]), taken.answer["event_id"], replayed=True)
    return Added(book, event.id)


def find_book(parts: Parts, reader: Identity, book_id: str) -> Book:
    """The reader's own book; raises `Problem` 404 for any other."""
    book = parts.books.get(reader.sub, book_id)
    if book is None:
        raise _no_such_book()
    return book


def remove_book(parts: Parts, reader: Identity, book: Book, traceparent: str | None) -> bool:
    """Delete this version of the reader's book and tell the reader by mail; False if it was changed or is gone."""
    at = parts.clock()
    event = book_deleted(
        book,
        reader,
        at=at,
        event_id=parts.new_id(),
        source=parts.settings.event_source,
        public_url=parts.settings.public_url,
        traceparent=continued(traceparent),
    )
    return parts.books.remove(reader.sub, book, event, at)


def remove_whatever(parts: Parts, reader: Identity, book_id: str, traceparent: str | None) -> None:
    """Delete the reader's book in whatever version; raises `Problem` 404 if there is none."""
    for _ in range(_TRIES):
        if remove_book(parts, reader, find_book(parts, reader, book_id), traceparent):
            return
    raise Problem("unavailable", "The book is being changed all the time.", {"Retry-After": "1"})


def notifications(parts: Parts, reader: Identity, book_id: str) -> list[Notification]:
    """What happened to the mails about one of the reader's books, oldest event first.

    Also of a book that is deleted; raises `Problem` 404 if it never was the reader's.
    """
    source = parts.settings.event_source
    return [
        notification(event, parts.ledger.message_of(source, event.id, event.message_id))
        for event in events(parts, reader, book_id)
    ]


def events(parts: Parts, reader: Identity, book_id: str) -> list[OutboxEvent]:
    """The events about one of the reader's books, oldest first; raises `Problem` 404 if it never was the reader's."""
    found = [event for event in parts.outbox.of_subject(f"books/{book_id}") if event.owner == reader.sub]
    if not found:
        raise _no_such_book()
    return found


def _new_book(parts: Parts, reader: Identity, wish: BookIn, traceparent: str | None) -> tuple[Book, Event]:
    at = parts.clock()
    book = Book(parts.new_id(), wish.title, wish.author, wish.isbn, created_at=at, updated_at=at)
    event = book_created(
        book,
        reader,
        event_id=parts.new_id(),
        source=parts.settings.event_source,
        public_url=parts.settings.public_url,
        traceparent=continued(traceparent),
    )
    return book, event


def _claim(key: str, wish: BookIn, book: Book, event: Event) -> idempotency.Claim:
    return idempotency.Claim(
        key=key,
        fingerprint=idempotency.digest("add book", wish.model_dump_json()),
        answer={"book": asdict(book), "event_id": event.id},
        expires_at=book.created_at // 1000 + idempotency.KEPT_SECONDS,
    )


def _no_such_book() -> Problem:
    return Problem("not-found", "You have no book of this id.")
