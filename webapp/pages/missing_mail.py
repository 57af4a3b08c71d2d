"""The page *Why did I not get mail?*, which needs no input: it checks the reader's own address and their books'
mails."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from operations.installation import Installation
from operations.suppressions import Suppression, find_suppression
from webapp.api.dependencies import ServicesOf
from webapp.auth.identity import Identity
from webapp.books.book import Book, DeletedBook
from webapp.books.service import BookService
from webapp.pages.rendering import render_page
from webapp.pages.sessions import SignedIn
from webapp.timeline.timeline import ARRIVED, EXPIRED, EventTimeline

__all__ = ["MissingMail", "MissingMails", "find_missing_mails", "router", "show_explanation"]

#: How many of the newest books are checked.
_BOOKS = 25
#: How many deleted books are checked besides.
_DELETED = 10

router = APIRouter()


@dataclass(frozen=True, slots=True)
class MissingMail:
    """A mail that did not reach its reader, or not yet."""

    book: Book | DeletedBook
    mail: EventTimeline


@dataclass(frozen=True, slots=True)
class MissingMails:
    """The suppression of the reader's address, if there is one, and the missing mails, newest book first.

    `doubtful` are the mails that may have been sent: no answer and no report came.
    """

    listed: Suppression | None
    failed: tuple[MissingMail, ...]
    doubtful: tuple[MissingMail, ...]
    waiting: tuple[MissingMail, ...]
    arrived: int
    looked_at: int


@router.get("/why")
def show_explanation(request: Request, session: SignedIn, services: ServicesOf) -> Response:
    """Show the answer in plain words, with what to do."""
    return render_page(
        request,
        "why.html",
        {"answer": find_missing_mails(services.book_service, services.notifier.installation, session.reader)},
    )


def find_missing_mails(service: BookService, installation: Installation, reader: Identity) -> MissingMails:
    """Find what keeps mail from this reader, as far as Herald can know it."""
    kept, _ = service.repository.page(reader.sub, _BOOKS)
    deleted, _ = service.repository.list_deleted(reader.sub, _DELETED)
    books: list[Book | DeletedBook] = [*kept, *deleted]
    stories = service.notifications_of_all(reader, [book.id for book in books])
    mails = [MissingMail(book, mail) for book, found in zip(books, stories, strict=True) for mail in found]
    return MissingMails(
        listed=find_suppression(installation, reader.email),
        failed=tuple(each for each in mails if _has_failed(each.mail)),
        doubtful=tuple(each for each in mails if each.mail.parked),
        waiting=tuple(each for each in mails if not each.mail.final),
        arrived=sum(each.mail.state in ARRIVED for each in mails),
        looked_at=len(kept),
    )


def _has_failed(mail: EventTimeline) -> bool:
    return mail.final and not mail.parked and mail.state not in {*ARRIVED, EXPIRED}
