"""*Why did I not get mail?* Asked without typing anything: the reader's own address and their books' mails."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from operations.suppressions import Suppression, find_suppression
from webapp.auth.identity import Identity
from webapp.books import service
from webapp.books.book import Book
from webapp.composition import Parts, PartsOf
from webapp.pages.rendering import page
from webapp.pages.sessions import SignedIn
from webapp.timeline.timeline import Notification

#: The newest books that are looked through.
_BOOKS: Final = 25
_lookups: Final = ThreadPoolExecutor(8, thread_name_prefix="why")

router: Final = APIRouter()


@dataclass(frozen=True, slots=True)
class Missing:
    """A mail that did not reach its reader, or not yet."""

    book: Book
    mail: Notification


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the address is on the list of those that get no mail, and which mails are missing, newest book first."""

    listed: Suppression | None
    failed: tuple[Missing, ...]
    waiting: tuple[Missing, ...]
    arrived: int
    looked_at: int


@router.get("/why")
def why(request: Request, session: SignedIn, parts: PartsOf) -> Response:
    """The answer, in plain words, with what to do."""
    return page(request, "why.html", {"answer": answer(parts, session.reader)})


def answer(parts: Parts, reader: Identity) -> Answer:
    """What keeps mail from this reader, as far as Herald can know it."""
    books, _ = parts.books.page(reader.sub, _BOOKS)
    told = zip(books, _lookups.map(lambda book: service.notifications(parts, reader, book.id), books), strict=True)
    mails = [Missing(book, mail) for book, found in told for mail in found]
    return Answer(
        listed=find_suppression(parts.admin.installation, reader.email),
        failed=tuple(each for each in mails if each.mail.final and each.mail.state != "delivered"),
        waiting=tuple(each for each in mails if not each.mail.final),
        arrived=sum(each.mail.state == "delivered" for each in mails),
        looked_at=len(books),
    )
