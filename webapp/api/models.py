"""The answers of the API, as its OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, Field, WithJsonSchema

from function.reason_codes import ReasonCode
from webapp.books.book import Book
from webapp.clock import format_rfc3339
from webapp.timeline.timeline import STATES, EventTimeline, TimelineEntry

__all__ = [
    "BookCreated",
    "BookLinks",
    "BookOut",
    "BookPage",
    "DeletedAccountOut",
    "FieldError",
    "NotificationOut",
    "ProblemOut",
    "RowOut",
    "Timeline",
]


#: RFC 3339, in UTC.
Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
#: The last state. A later release may add one: treat an unknown state as *under way*.
State = Annotated[str, WithJsonSchema({"type": "string", "enum": [*STATES]})]
Code = Annotated[str, WithJsonSchema({"type": "string", "enum": [*map(str, ReasonCode)]})]


class BookLinks(BaseModel):
    """Links from a book."""

    self: str = Field(examples=["/v1/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"])
    notifications: str = Field(
        description="what happened to the mail about the book",
        examples=["/v1/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8/notifications"],
    )
    page: str = Field(description="the book's page for people", examples=["/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"])


class BookOut(BaseModel):
    """A book."""

    id: str = Field(examples=["01KAJ8V3Q0S5T2M9Z6E1B4C7D8"])
    title: str = Field(examples=["The Left Hand of Darkness"])
    author: str = Field(examples=["Ursula K. Le Guin"])
    isbn: str | None = Field(description="ISBN-13 without hyphens", examples=["9780441007318"])
    created_at: Moment = Field(examples=["2026-11-21T08:00:00.000Z"])
    updated_at: Moment = Field(examples=["2026-11-21T08:00:00.000Z"])
    links: BookLinks

    @classmethod
    def from_book(cls, book: Book, **more: str) -> Self:
        path = f"/v1/books/{book.id}"
        return cls(
            id=book.id,
            title=book.title,
            author=book.author,
            isbn=book.isbn,
            created_at=format_rfc3339(book.created_at),
            updated_at=format_rfc3339(book.updated_at),
            links=BookLinks(self=path, notifications=f"{path}/notifications", page=f"/books/{book.id}"),
            **more,
        )


class BookCreated(BookOut):
    """A book that was added, and the event that was committed with it."""

    event_id: str = Field(
        description="names the event for ever; its mail is in the timeline", examples=["01KAJ8V3Q0S5T2M9Z6E1B4C7D9"]
    )


class BookPage(BaseModel):
    """Some of the caller's books, newest first."""

    books: list[BookOut]
    next_cursor: str | None = Field(description="send it as `cursor` to get what follows; null on the last page")


class RowOut(BaseModel):
    """One thing that happened to a mail."""

    state: State = Field(examples=["sent"])
    at: Moment = Field(examples=["2026-11-21T08:00:00.560Z"])
    release: str | None = Field(description="release of the notifier that wrote the row", examples=["1744b91478db"])
    provider: str | None = Field(examples=["ses://us-east-1"])
    detail: str | None = Field(description="one line about what happened, if there is more to say", examples=[None])
    reason_code: Code | None = Field(description="the code of the reason, where there is one", examples=["bounced"])
    ms: int | None = Field(description="how long it took, in milliseconds", examples=[118])

    @classmethod
    def from_entry(cls, row: TimelineEntry) -> Self:
        return cls(
            state=row.state,
            at=format_rfc3339(row.at),
            release=row.release,
            provider=row.provider,
            detail=row.detail,
            reason_code=row.reason_code,
            ms=row.ms,
        )


class NotificationOut(BaseModel):
    """One event and what became of its mail."""

    event_id: str = Field(examples=["01KAJ8V3Q0S5T2M9Z6E1B4C7D9"])
    type: str = Field(examples=["book.created"])
    state: State = Field(examples=["delivered"])
    final: bool = Field(description="nothing more will happen by itself")
    mailed: bool = Field(description="a mail has left")
    reason: str | None = Field(description="why no mail went out, where none did: one line for people")
    reason_code: Code | None = Field(description="the same for programs", examples=["recipient_unsubscribed"])
    held_until: Moment | None = Field(description="until when an unclear attempt is given time")
    trace: str | None = Field(
        description="the W3C trace that the mail was followed in last, in hex, where mails are traced",
        examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
    )
    rows: list[RowOut]

    @classmethod
    def from_timeline(cls, notification: EventTimeline) -> Self:
        held = notification.held_until
        return cls(
            event_id=notification.event_id,
            type=notification.type,
            state=notification.state,
            final=notification.final,
            mailed=notification.mailed,
            reason=notification.reason,
            reason_code=notification.reason_code,
            held_until=None if held is None else format_rfc3339(held),
            trace=notification.trace,
            rows=[RowOut.from_entry(row) for row in notification.rows],
        )


class DeletedAccountOut(BaseModel):
    """What was deleted with an account."""

    books: int = Field(description="books, those that were deleted before included")
    mails_under_way: int = Field(description="mails that were on their way and may still arrive")
    identity_deleted: bool = Field(description="whether the person was deleted at the identity provider too")


class Timeline(BaseModel):
    """What happened to the mails about one book."""

    book_id: str
    final: bool = Field(description="nothing more will happen to any of them by itself")
    notifications: list[NotificationOut]


class FieldError(BaseModel):
    """An error in one field."""

    detail: str
    pointer: str | None = Field(default=None, description="JSON pointer into the body", examples=["#/title"])
    parameter: str | None = Field(default=None, description="name of the query parameter or header")


class ProblemOut(BaseModel):
    """An RFC 9457 problem document."""

    type: str = Field(description="names the kind of problem and leads to a page about it")
    title: str
    status: int
    detail: str
    instance: str = Field(description="names this one request, as the header `X-Request-Id` does")
    errors: list[FieldError] | None = None
