"""The pages for a reader's books: the list, a form, and what happened to the mail about each book."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import StringConstraints, ValidationError

from webapp.api.dependencies import BookId, ServicesOf
from webapp.api.problems import KINDS, Problem
from webapp.auth.identity import Identity
from webapp.books import cursor
from webapp.books.book import BookIn
from webapp.books.service import BookService
from webapp.errors import TooManyRequests
from webapp.pages.drafts import DraftsOf
from webapp.pages.rendering import render_page
from webapp.pages.sessions import Reader, SessionOf, SignedIn, SignedOut, is_own_form, require_same_origin

__all__ = [
    "BookId",
    "BookName",
    "FormText",
    "add_book",
    "read_book",
    "router",
    "say_what_is_wrong",
    "show_book",
    "show_deleted",
    "show_home",
    "show_mails",
    "show_problem",
    "show_problems",
]

_BOOKS_A_PAGE = 10

FormText = Annotated[str, Form()]
BookName = Annotated[str, StringConstraints(pattern=cursor.ULID_PATTERN)]

router = APIRouter()


@router.get("/")
def show_home(
    request: Request, reader: Reader, drafts: DraftsOf, services: ServicesOf, after: str | None = None, then: str = "/"
) -> Response:
    """Show the reader's books; without a session, explain the app and how to sign in."""
    if reader is None:
        return render_page(request, "welcome.html", {"then": then, "sign_up_url": services.settings.sign_up_url})
    draft = drafts.take(request, reader, "/books")
    return _show_books(
        request, reader, services.book_service, after=after, filled=draft, notice="draft" if draft else ""
    )


@router.post("/books", dependencies=[Depends(require_same_origin)])
def add_book(
    request: Request,
    session: SessionOf,
    drafts: DraftsOf,
    services: ServicesOf,
    title: FormText = "",
    author: FormText = "",
    isbn: FormText = "",
    key: Annotated[str, Form(max_length=64)] = "",
    csrf: FormText = "",
) -> Response:
    """Add a book from the form; errors are shown beside their fields, and nothing that was typed is lost."""
    filled = {"title": title, "author": author, "isbn": isbn}
    if session is None:
        drafts.keep(request, request.url.path, filled)
        raise SignedOut("/")
    if not is_own_form(session, csrf):
        return _show_books(request, session.reader, services.book_service, filled=filled, notice="old", status=403)
    try:
        wish = read_book(filled)
    except ValidationError as error:
        wrong = say_what_is_wrong(error)
        return _show_books(request, session.reader, services.book_service, filled=filled, wrong=wrong, status=422)
    try:
        added = services.book_service.add(session.reader, wish, request.headers.get("traceparent"), key or None)
    except TooManyRequests as error:
        answer = _show_books(
            request, session.reader, services.book_service, filled=filled, notice=error.detail, status=429
        )
        answer.headers["Retry-After"] = str(error.retry_after)
        return answer
    return RedirectResponse(f"/#book-{added.book.id}", 303)


@router.get("/deleted-books")
def show_deleted(request: Request, session: SignedIn, services: ServicesOf, after: str | None = None) -> Response:
    """Show the books that the reader deleted, with links to what happened to the mails about each."""
    books, more = services.books.list_deleted(session.reader.sub, _BOOKS_A_PAGE, _decode_cursor(after))
    context = {"books": books, "next": cursor.encode(books[-1].id) if more else None, "first": after is None}
    return render_page(request, "deleted-books.html", context | {"here": "books"})


@router.get("/books/{book_id}")
def show_book(request: Request, book_id: BookId, reader: Reader, services: ServicesOf) -> Response:
    """Show one book, on the page that its mail links to; for a deleted book, what is still known about its mails."""
    if reader is None:
        return RedirectResponse(f"/?then=/books/{book_id}", 303)
    mails = services.book_service.notifications(reader, book_id)
    book = services.books.get(reader.sub, book_id)
    if book is not None:
        return render_page(request, "book.html", {"book": book, "book_id": book_id, "mails": mails})
    title, author = services.book_service.describe_deleted(reader, book_id)
    return render_page(
        request, "book-deleted.html", {"title": title, "author": author, "book_id": book_id, "mails": mails}
    )


@router.get("/mails")
def show_mails(
    request: Request, reader: Reader, services: ServicesOf, books: Annotated[list[BookName], Query(alias="book")]
) -> Response:
    """Show only what happened to the mails about these books, for the script that updates an open page."""
    if reader is None:
        raise Problem("unauthorized", "You are signed out.")
    wanted = books[:_BOOKS_A_PAGE]
    found = zip(wanted, services.book_service.notifications_of_all(reader, wanted), strict=True)
    return render_page(request, "_mails.html", {"found": list(found)})


def read_book(typed: Mapping[str, str]) -> BookIn:
    """Return the book typed into a form; raises `ValidationError`. A field with only spaces counts as empty."""
    stripped = {name: text.strip() for name, text in typed.items()}
    return BookIn.model_validate(stripped | {"isbn": stripped["isbn"] or None})


def say_what_is_wrong(error: ValidationError) -> dict[str, str]:
    """Return a sentence for each invalid field."""
    return {str(each["loc"][0]): _describe_field(each["type"], each["msg"]) for each in error.errors()}


@router.get("/problems")
def show_problems(request: Request) -> Response:
    """Show every problem type of the API."""
    return render_page(request, "problems.html", {"kinds": KINDS.values()})


@router.get("/problems/{slug}")
def show_problem(request: Request, slug: str) -> Response:
    """Show one problem type: the page that the `type` of a problem document links to."""
    if slug not in KINDS:
        raise Problem("not-found", "There is no such kind of problem.")
    return render_page(request, "problems.html", {"kinds": [KINDS[slug]]})


def _show_books(
    request: Request,
    reader: Identity,
    service: BookService,
    *,
    after: str | None = None,
    filled: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response:
    books, more = service.repository.page(reader.sub, _BOOKS_A_PAGE, _decode_cursor(after))
    mails = service.notifications_of_all(reader, [book.id for book in books])
    context: dict[str, Any] = {
        "books": list(zip(books, mails, strict=True)),
        "next": cursor.encode(books[-1].id) if more else None,
        "first": after is None,
        "filled": filled or {"title": "", "author": "", "isbn": ""},
        "wrong": wrong or {},
        "notice": notice,
        "key": service.new_id(),
    }
    return render_page(request, "books.html", context, status)


def _decode_cursor(after: str | None) -> str | None:
    try:
        return cursor.decode(after) if after else None
    except ValueError as error:
        raise Problem("not-found", "There is no such page of books.") from error


def _describe_field(kind: str, message: str) -> str:
    if kind == "string_too_short":
        return "Please fill this in."
    return f"{message[:1].upper()}{message[1:]}{'' if message.endswith(('.', '?', '!')) else '.'}"
