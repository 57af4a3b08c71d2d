"""The JSON API: `/v1/books`."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from webapp import cursor, shelf
from webapp.books import BookIn
from webapp.composition import PartsOf
from webapp.identity import Identity, unauthorized
from webapp.models import BookCreated, BookOut, BookPage, NotificationOut, Timeline
from webapp.openapi import fails
from webapp.problems import Problem

_bearer = HTTPBearer(
    auto_error=False, bearerFormat="JWT", scheme_name="idToken", description="an OIDC **id token** of this app's client"
)


def _caller(parts: PartsOf, bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Identity:
    if bearer is None:
        raise unauthorized("there is no bearer token")
    return parts.verifier.verify(bearer.credentials)


def _json_only(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method in {"POST", "PUT", "PATCH"} and media_type != "application/json":
        raise Problem("unsupported-media-type", "Send the body as application/json.")


Caller = Annotated[Identity, Depends(_caller)]
BookId = Annotated[str, Path(pattern=cursor.ULID_PATTERN, examples=["01KAJ8V3Q0S5T2M9Z6E1B4C7D8"])]


router: Final = APIRouter(
    prefix="/v1/books",
    tags=["books"],
    dependencies=[Depends(_caller), Depends(_json_only)],
    responses=fails(400, 401, 403, 422, 500, 503),
)


@router.post("", status_code=201, responses=fails(413, 415))
def add_book(wish: BookIn, request: Request, response: Response, caller: Caller, parts: PartsOf) -> BookCreated:
    """Add a book; its owner, the caller, gets one mail about it."""
    book, event = shelf.add_book(parts, caller, wish, request.headers.get("traceparent"))
    response.headers["Location"] = f"/v1/books/{book.id}"
    return BookCreated.of(book, event_id=event.id)


@router.get("")
def list_books(
    caller: Caller,
    parts: PartsOf,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[str | None, Query(alias="cursor", description="`next_cursor` of the page before")] = None,
) -> BookPage:
    """The caller's books, newest first."""
    books, more = parts.books.page(caller.sub, limit, _place(after))
    next_cursor = cursor.encode(books[-1].id) if more else None
    return BookPage(books=[BookOut.of(book) for book in books], next_cursor=next_cursor)


@router.get("/{book_id}", responses=fails(404))
def get_book(book_id: BookId, caller: Caller, parts: PartsOf) -> BookOut:
    """One of the caller's books."""
    return BookOut.of(shelf.find_book(parts, caller, book_id))


@router.get("/{book_id}/notifications", responses=fails(404))
def get_notifications(book_id: BookId, caller: Caller, parts: PartsOf) -> Timeline:
    """What happened to the mail about a book, up to a final state; also of a book that is deleted."""
    told = [NotificationOut.of(each) for each in shelf.notifications(parts, caller, book_id)]
    return Timeline(book_id=book_id, final=all(each.final for each in told), notifications=told)


@router.delete("/{book_id}", status_code=204, responses=fails(404))
def remove_book(book_id: BookId, caller: Caller, parts: PartsOf) -> None:
    """Delete one of the caller's books. Its mail is not called back."""
    shelf.remove_book(parts, caller, book_id)


def _place(after: str | None) -> str | None:
    try:
        return None if after is None else cursor.decode(after)
    except ValueError as error:
        told = {"detail": "is not a cursor of this list", "parameter": "cursor"}
        raise Problem("invalid", "One field is not right.", errors=[told]) from error
