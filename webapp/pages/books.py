"""The pages: my books, a form, and what happened to the mail about each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from webapp.api.problems import KINDS, Problem
from webapp.auth.identity import Identity
from webapp.books import cursor
from webapp.books.book import BookIn
from webapp.composition import Parts, PartsOf
from webapp.pages.rendering import page
from webapp.pages.sessions import Reader, own_form

__all__ = [
    "BookId",
    "FormText",
    "add_book",
    "home",
    "problem",
    "problems",
    "remove_book",
    "router",
    "show_book",
    "show_mail",
]

_BOOKS_A_PAGE: Final = 10

BookId = Annotated[str, Path(pattern=cursor.ULID_PATTERN)]
FormText = Annotated[str, Form()]

router: Final = APIRouter()


@router.get("/")
def home(request: Request, reader: Reader, parts: PartsOf, after: str | None = None, then: str = "/") -> Response:
    """The reader's books; a word of welcome to whoever is not signed in."""
    if reader is None:
        return page(request, "welcome.html", {"then": then, "sign_up_url": parts.settings.sign_up_url})
    return _shelf(request, reader, parts, after=after)


@router.post("/books", dependencies=[Depends(own_form)])
def add_book(
    request: Request,
    reader: Reader,
    parts: PartsOf,
    title: FormText = "",
    author: FormText = "",
    isbn: FormText = "",
    key: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Add a book from the form; what is wrong with a field is said beside it."""
    if reader is None:
        return RedirectResponse("/", 303)
    filled = {"title": title, "author": author, "isbn": isbn}
    try:
        wish = BookIn.model_validate(filled | {"isbn": isbn.strip() or None})
    except ValidationError as error:
        wrong = {str(each["loc"][0]): _field_message(each["type"], each["msg"]) for each in error.errors()}
        return _shelf(request, reader, parts, filled=filled, wrong=wrong)
    added = parts.service.add(reader, wish, request.headers.get("traceparent"), key or None)
    return RedirectResponse(f"/#book-{added.book.id}", 303)


@router.get("/books/{book_id}")
def show_book(request: Request, book_id: BookId, reader: Reader, parts: PartsOf) -> Response:
    """One book: the page that the mail links to."""
    if reader is None:
        return RedirectResponse(f"/?then=/books/{book_id}", 303)
    book = parts.service.find(reader, book_id)
    return page(
        request, "book.html", {"book": book, "book_id": book_id, "mails": parts.service.notifications(reader, book_id)}
    )


@router.get("/books/{book_id}/mail")
def show_mail(request: Request, book_id: BookId, reader: Reader, parts: PartsOf) -> Response:
    """Only what happened to the mail, for the script that keeps a page up to date."""
    if reader is None:
        raise Problem("unauthorized", "You are signed out.")
    return page(request, "_mail.html", {"book_id": book_id, "mails": parts.service.notifications(reader, book_id)})


@router.post("/books/{book_id}/delete", dependencies=[Depends(own_form)])
def remove_book(request: Request, book_id: BookId, reader: Reader, parts: PartsOf) -> Response:
    """Delete a book."""
    if reader is not None:
        parts.service.remove_any_version(reader, book_id, request.headers.get("traceparent"))
    return RedirectResponse("/", 303)


@router.get("/problems")
def problems(request: Request) -> Response:
    """Every kind of problem that the API knows."""
    return page(request, "problems.html", {"kinds": KINDS.values()})


@router.get("/problems/{slug}")
def problem(request: Request, slug: str) -> Response:
    """One kind of problem: where the `type` of a problem document leads."""
    if slug not in KINDS:
        raise Problem("not-found", "There is no such kind of problem.")
    return page(request, "problems.html", {"kinds": [KINDS[slug]]})


def _shelf(
    request: Request,
    reader: Identity,
    parts: Parts,
    *,
    after: str | None = None,
    filled: Mapping[str, str] | None = None,
    wrong: Mapping[str, str] | None = None,
) -> Response:
    books, more = parts.books.page(reader.sub, _BOOKS_A_PAGE, _decode_cursor(after))
    mails = parts.service.notifications_of_all(reader, books)
    context: dict[str, Any] = {
        "books": list(zip(books, mails, strict=True)),
        "next": cursor.encode(books[-1].id) if more else None,
        "first": after is None,
        "filled": filled or {"title": "", "author": "", "isbn": ""},
        "wrong": wrong or {},
        "key": parts.new_id(),
    }
    return page(request, "shelf.html", context, 422 if wrong else 200)


def _decode_cursor(after: str | None) -> str | None:
    try:
        return cursor.decode(after) if after else None
    except ValueError as error:
        raise Problem("not-found", "There is no such page of books.") from error


def _field_message(kind: str, message: str) -> str:
    return "Please fill this in." if kind == "string_too_short" else f"{message[:1].upper()}{message[1:]}."
