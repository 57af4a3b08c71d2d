"""The use cases of a signed-in reader; the API and the pages both call them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import asdict, dataclass, replace

from webapp.auth.identity import Identity
from webapp.books import idempotency
from webapp.books.book import Book, BookChange, BookIn
from webapp.books.repository import BookRepository, read_book
from webapp.clock import Clock
from webapp.errors import IdempotencyKeyReused, NotFound, Unavailable
from webapp.outbox.event import CommittedEvent, continue_trace, write_event
from webapp.outbox.outbox import Outbox, OutboxEvent
from webapp.preferences.account import AccountRepository
from webapp.timeline.ledger_reader import LedgerReader
from webapp.timeline.timeline import EventTimeline, build_timeline

__all__ = ["AddedBook", "BookService", "write_book_created", "write_book_deleted"]

#: How often a change or deletion is tried again because the book was changed at the same time.
_TRIES = 3
_lookups = ThreadPoolExecutor(8, thread_name_prefix="timeline")


@dataclass(frozen=True, slots=True)
class AddedBook:
    """A book that was added, and its event; `replayed` says that an earlier request with the same key added it."""

    book: Book
    event_id: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class BookService:
    """The use cases of books. Events have the source `source` and link to `public_url`."""

    repository: BookRepository
    outbox: Outbox
    ledger: LedgerReader
    accounts: AccountRepository
    source: str
    public_url: str
    clock: Clock
    new_id: Callable[[], str]
    #: Returns the trace of an event for that of the request.
    trace: Callable[[str | None], str] = continue_trace

    def add(self, reader: Identity, wish: BookIn, traceparent: str | None, key: str | None = None) -> AddedBook:
        """Commit a book together with the event that mails its owner, the reader.

        With an idempotency key this is done at most once; raises `IdempotencyKeyReused` if the key was used for another
        request, `IdempotencyKeyInFlight` if the first request is not answered yet.
        """
        book, event = self._make_book(self._choose_recipient(reader), wish, traceparent)
        claim = None if key is None else _claim(key, wish, book, event)
        try:
            self.repository.add(reader, book, event, claim)
        except idempotency.KeyTaken as taken:
            if claim is None or taken.fingerprint != claim.fingerprint:
                raise IdempotencyKeyReused("This Idempotency-Key was sent before, with another body.") from taken
            return AddedBook(read_book(taken.answer["book"]), taken.answer["event_id"], replayed=True)
        return AddedBook(book, event.id)

    def find(self, reader: Identity, book_id: str) -> Book:
        """Return the reader's own book; raises `NotFound` for any other."""
        book = self.repository.get(reader.sub, book_id)
        if book is None:
            raise NotFound("You have no book of this id.")
        return book

    def change(self, reader: Identity, book: Book, change: BookChange) -> Book | None:
        """Change the reader's book; None if another change came first, or the book was deleted. No mail is sent."""
        changed = change.apply_to(book, self.clock())
        return changed if changed is book or self.repository.change(reader.sub, changed) else None

    def change_any_version(self, reader: Identity, book_id: str, change: BookChange) -> Book:
        """Change the reader's book whatever its version; raises `NotFound` if there is none."""
        for _ in range(_TRIES):
            if changed := self.change(reader, self.find(reader, book_id), change):
                return changed
        raise Unavailable("The book is being changed all the time.", retry_after=1)

    def remove(self, reader: Identity, book: Book, traceparent: str | None) -> bool:
        """Delete this version of the reader's book and tell the reader by mail; False if it was changed or deleted."""
        at = self.clock()
        event = write_book_deleted(
            book,
            self._choose_recipient(reader),
            at=at,
            event_id=self.new_id(),
            source=self.source,
            public_url=self.public_url,
            traceparent=self.trace(traceparent),
        )
        return self.repository.remove(reader, book, event, at)

    def remove_any_version(self, reader: Identity, book_id: str, traceparent: str | None) -> None:
        """Delete the reader's book whatever its version; raises `NotFound` if there is none."""
        for _ in range(_TRIES):
            if self.remove(reader, self.find(reader, book_id), traceparent):
                return
        raise Unavailable("The book is being changed all the time.", retry_after=1)

    def notifications(self, reader: Identity, book_id: str) -> list[EventTimeline]:
        """Return what happened to the mails about one of the reader's books, oldest event first.

        Also for a deleted book; raises `NotFound` if it never was the reader's.
        """
        return [
            build_timeline(event, self.ledger.message_of(self.source, event.id, event.message_id), for_reader=True)
            for event in self.events(reader, book_id)
        ]

    def notifications_of_all(self, reader: Identity, book_ids: Sequence[str]) -> list[list[EventTimeline]]:
        """Return what happened to the mails about each of these books, looked up in parallel; raises as `notifications`
        does."""
        contexts = [copy_context() for _ in book_ids]  # with the request's deadline
        return list(_lookups.map(lambda own, book: own.run(self.notifications, reader, book), contexts, book_ids))

    def describe_deleted(self, reader: Identity, book_id: str) -> tuple[str, str]:
        """Return title and author of a book that the reader deleted; "" if they are not kept."""
        book = self.repository.get_deleted(reader.sub, book_id)
        return (book.title, book.author) if book else ("", "")

    def events(self, reader: Identity, book_id: str) -> list[OutboxEvent]:
        """Return the events about one of the reader's books, existing or deleted, oldest first; none if they have
        expired.

        Raises `NotFound` if the book never was the reader's, or nothing is kept of it.
        """
        found = [event for event in self.outbox.list_by_subject(f"books/{book_id}") if event.owner == reader.sub]
        if not found and self.repository.get_deleted(reader.sub, book_id) is None:
            self.find(reader, book_id)
        return found

    def _choose_recipient(self, reader: Identity) -> Identity:
        """Return the reader with their chosen language; raises `AccountDeleted` if the account was deleted."""
        chosen = self.accounts.get(reader).language
        return replace(reader, locale=chosen) if chosen else reader

    def _make_book(self, reader: Identity, wish: BookIn, traceparent: str | None) -> tuple[Book, CommittedEvent]:
        at = self.clock()
        book = Book(self.new_id(), wish.title, wish.author, wish.isbn, created_at=at, updated_at=at)
        event = write_book_created(
            book,
            reader,
            event_id=self.new_id(),
            source=self.source,
            public_url=self.public_url,
            traceparent=self.trace(traceparent),
        )
        return book, event


def _claim(key: str, wish: BookIn, book: Book, event: CommittedEvent) -> idempotency.Claim:
    return idempotency.Claim(
        key=key,
        fingerprint=idempotency.compute_digest("add book", wish.model_dump_json()),
        answer={"book": asdict(book), "event_id": event.id},
        expires_at=book.created_at // 1000 + idempotency.KEPT_SECONDS,
    )


def write_book_created(
    book: Book, reader: Identity, *, event_id: str, source: str, public_url: str, traceparent: str
) -> CommittedEvent:
    """Build the event that tells the owner by mail that the book was added."""
    data = {"book": _build_data(book) | {"url": f"{public_url}/books/{book.id}"}}
    return write_event("book.created", f"books/{book.id}", reader, data, event_id, source, book.created_at, traceparent)


def write_book_deleted(
    book: Book, reader: Identity, *, at: int, event_id: str, source: str, public_url: str, traceparent: str
) -> CommittedEvent:
    """Build the event that tells the owner by mail that the book was deleted."""
    data = {"book": _build_data(book), "shelf": {"url": f"{public_url}/"}}
    return write_event("book.deleted", f"books/{book.id}", reader, data, event_id, source, at, traceparent)


def _build_data(book: Book) -> dict[str, str]:
    description = {"id": book.id, "title": book.title, "author": book.author}
    return description | ({"isbn": book.isbn} if book.isbn else {})
