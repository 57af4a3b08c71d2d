"""The JSON API: `/v1/books`.

Routes that call AWS run in a thread; the rest stays on the event loop, because each switch of threads costs as much as
reading the request.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic.json_schema import SkipJsonSchema

from webapp.api import preconditions
from webapp.api.dependencies import (
    AuthenticatedRoute,
    BookId,
    Caller,
    IdempotencyKey,
    IfMatch,
    IfNoneMatch,
    ServicesOf,
    Traceparent,
    read_caller,
    require_json,
)
from webapp.api.models import BookCreated, BookOut, BookPage, NotificationOut, Timeline
from webapp.api.openapi import BOOK_LINKS, document_failures, document_success
from webapp.api.problems import Problem
from webapp.books import cursor
from webapp.books.book import Book, BookChange, BookIn

__all__ = [
    "MergePatch",
    "add_book",
    "change_book",
    "get_book",
    "get_notifications",
    "list_books",
    "remove_book",
    "router",
]

MergePatch = Annotated[BookChange, Body(media_type="application/merge-patch+json")]

router = APIRouter(
    prefix="/v1/books",
    tags=["books"],
    route_class=AuthenticatedRoute,
    dependencies=[Depends(read_caller), Depends(require_json)],
    responses=document_failures(400, 401, 403, 422, 429, 500, 503),
)


@router.post(
    "",
    status_code=201,
    responses=document_failures(409, 413, 415)
    | document_success(201, "Location", "ETag", "Idempotency-Replayed", links=BOOK_LINKS),
)
async def add_book(
    wish: BookIn,
    response: Response,
    reader: Caller,
    services: ServicesOf,
    key: IdempotencyKey,
    traceparent: Traceparent = None,
) -> BookCreated:
    """Add a book; its owner, the caller, gets one mail about it."""
    added = await run_in_threadpool(services.book_service.add, reader, wish, traceparent, key)
    response.headers["Location"] = f"/v1/books/{added.book.id}"
    response.headers["ETag"] = preconditions.compute_etag(added.book)
    if added.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return BookCreated.from_book(added.book, event_id=added.event_id)


@router.get("", responses=document_success(200, "Link"))
async def list_books(
    response: Response,
    reader: Caller,
    services: ServicesOf,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: Annotated[
        str | SkipJsonSchema[None],
        Query(
            alias="cursor",
            description="`next_cursor` of the page before",
            json_schema_extra={"pattern": cursor.CURSOR_PATTERN},
        ),
    ] = None,
) -> BookPage:
    """The caller's books, newest first."""
    books, more = await run_in_threadpool(services.books.page, reader.sub, limit, _decode_cursor(after))
    next_cursor = cursor.encode(books[-1].id) if more else None
    links = [f'</v1/books?{urlencode({"limit": limit})}>; rel="first"']
    if next_cursor:
        links.append(f'</v1/books?{urlencode({"limit": limit, "cursor": next_cursor})}>; rel="next"')
    response.headers["Link"] = ", ".join(links)
    return BookPage(books=[BookOut.from_book(book) for book in books], next_cursor=next_cursor)


@router.get(
    "/{book_id}",
    response_model=BookOut,
    responses=document_failures(404) | document_success(200, "ETag") | {304: {"description": "As you have it"}},
)
async def get_book(
    book_id: BookId,
    request: Request,
    response: Response,
    reader: Caller,
    services: ServicesOf,
    _if_none_match: IfNoneMatch = None,
) -> Any:
    """One of the caller's books."""
    book = await run_in_threadpool(services.book_service.find, reader, book_id)
    if preconditions.is_not_modified(request, book):
        return Response(status_code=304, headers={"ETag": preconditions.compute_etag(book)})
    return _answer_with_book(book, response)


@router.patch("/{book_id}", responses=document_failures(404, 412, 413, 415, 428) | document_success(200, "ETag"))
def change_book(
    book_id: BookId,
    change: MergePatch,
    request: Request,
    response: Response,
    reader: Caller,
    services: ServicesOf,
    _if_match: IfMatch = None,
) -> BookOut:
    """Change one of the caller's books; `If-Match` names the version to change. No mail is sent."""
    book = services.book_service.find(reader, book_id)
    preconditions.check(request, book)
    if not preconditions.names_one_state(request):
        return _answer_with_book(services.book_service.change_any_version(reader, book_id, change), response)
    changed = services.book_service.change(reader, book, change)
    if changed is None:
        raise preconditions.make_version_conflict()
    return _answer_with_book(changed, response)


@router.delete("/{book_id}", status_code=204, responses=document_failures(404, 412) | document_success(204, "Link"))
def remove_book(
    book_id: BookId,
    request: Request,
    response: Response,
    reader: Caller,
    services: ServicesOf,
    _if_match: IfMatch = None,
    traceparent: Traceparent = None,
) -> None:
    """Delete one of the caller's books; one mail reports it. What happened to its mails can still be read."""
    if not preconditions.names_one_state(request):
        services.book_service.remove_any_version(reader, book_id, traceparent)
    else:
        book = services.book_service.find(reader, book_id)
        preconditions.check(request, book)
        if not services.book_service.remove(reader, book, traceparent):
            raise preconditions.make_version_conflict()
    response.headers["Link"] = f'</v1/books/{book_id}/notifications>; rel="related"'


@router.get("/{book_id}/notifications", responses=document_failures(404))
async def get_notifications(book_id: BookId, reader: Caller, services: ServicesOf) -> Timeline:
    """What happened to the mails about a book, up to a final state; also for a deleted book."""
    found = await run_in_threadpool(services.book_service.notifications, reader, book_id)
    notifications = [NotificationOut.from_timeline(each) for each in found]
    return Timeline(book_id=book_id, final=all(each.final for each in notifications), notifications=notifications)


def _answer_with_book(book: Book, response: Response) -> BookOut:
    response.headers["ETag"] = preconditions.compute_etag(book)
    return BookOut.from_book(book)


def _decode_cursor(after: str | None) -> str | None:
    try:
        return None if after is None else cursor.decode(after)
    except ValueError as error:
        wrong = {"detail": "is not a cursor of this list", "parameter": "cursor"}
        raise Problem("invalid", "One field is not right.", errors=[wrong]) from error
