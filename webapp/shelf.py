"""What a signed-in reader can do; the API and the pages both do it through here."""

from webapp.books import Book, BookIn
from webapp.composition import Parts
from webapp.event import Event, book_created
from webapp.identity import Identity
from webapp.problems import Problem
from webapp.timeline import Notification, notification
from webapp.trace import continued


def add_book(parts: Parts, reader: Identity, wish: BookIn, traceparent: str | None) -> tuple[Book, Event]:
    """Commit a book together with the event that mails its owner: the reader, and nobody else."""
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
    parts.books.add(reader.sub, book, event)
    return book, event


def find_book(parts: Parts, reader: Identity, book_id: str) -> Book:
    """The reader's own book; raises `Problem` 404 for any other."""
    book = parts.books.get(reader.sub, book_id)
    if book is None:
        raise _no_such_book()
    return book


def remove_book(parts: Parts, reader: Identity, book_id: str) -> None:
    """Delete the reader's own book; raises `Problem` 404 for any other."""
    if not parts.books.remove(reader.sub, book_id):
        raise _no_such_book()


def notifications(parts: Parts, reader: Identity, book_id: str) -> list[Notification]:
    """What happened to the mails about one of the reader's books, oldest event first.

    Also of a book that is deleted; raises `Problem` 404 if it never was the reader's.
    """
    source = parts.settings.event_source
    told = [
        notification(event, parts.ledger.message_of(source, event.id, event.message_id))
        for event in parts.outbox.of_subject(f"books/{book_id}")
        if event.owner == reader.sub
    ]
    if not told:
        raise _no_such_book()
    return told


def _no_such_book() -> Problem:
    return Problem("not-found", "You have no book of this id.")
