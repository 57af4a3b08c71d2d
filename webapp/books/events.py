"""The events about a book."""

from __future__ import annotations

from webapp.auth.identity import Identity
from webapp.books.book import Book
from webapp.outbox.event import CommittedEvent, write_event

__all__ = ["write_book_created", "write_book_deleted"]


def write_book_created(
    book: Book, reader: Identity, *, event_id: str, source: str, public_url: str, traceparent: str
) -> CommittedEvent:
    """Build the event that tells the owner by mail that the book was added."""
    data = {"book": _describe(book) | {"url": f"{public_url}/books/{book.id}"}}
    return write_event("book.created", f"books/{book.id}", reader, data, event_id, source, book.created_at, traceparent)


def write_book_deleted(
    book: Book, reader: Identity, *, at: int, event_id: str, source: str, public_url: str, traceparent: str
) -> CommittedEvent:
    """Build the event that tells the owner by mail that the book was deleted."""
    data = {"book": _describe(book), "shelf": {"url": f"{public_url}/"}}
    return write_event("book.deleted", f"books/{book.id}", reader, data, event_id, source, at, traceparent)


def _describe(book: Book) -> dict[str, str]:
    description = {"id": book.id, "title": book.title, "author": book.author}
    return description | ({"isbn": book.isbn} if book.isbn else {})
