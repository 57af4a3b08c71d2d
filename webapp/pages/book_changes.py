"""The pages on which a reader changes a book, or deletes it after a confirmation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from webapp.api.dependencies import ServicesOf
from webapp.books.book import Book, BookChange
from webapp.pages.books import BookId, FormText, read_book, say_what_is_wrong
from webapp.pages.drafts import DraftsOf
from webapp.pages.rendering import render_page
from webapp.pages.sessions import SessionOf, SignedIn, SignedOut, is_own_form, require_own_form, require_same_origin

__all__ = ["ask_before_deleting", "change_book", "edit_book", "remove_book", "router"]

router = APIRouter(prefix="/books/{book_id}")


@router.get("/edit")
def edit_book(request: Request, book_id: BookId, session: SignedIn, drafts: DraftsOf, services: ServicesOf) -> Response:
    """Show the form, filled with the book, or with what was typed before the session ended."""
    book = services.book_service.find(session.reader, book_id)
    draft = drafts.take(request, session.reader, request.url.path)
    return _show_form(request, book, draft or _list_fields(book), notice="draft" if draft else "")


@router.post("/edit", dependencies=[Depends(require_same_origin)])
def change_book(
    request: Request,
    book_id: BookId,
    session: SessionOf,
    drafts: DraftsOf,
    services: ServicesOf,
    title: FormText = "",
    author: FormText = "",
    isbn: FormText = "",
    version: Annotated[int, Form(ge=0, le=10**9)] = 0,
    csrf: FormText = "",
) -> Response:
    """Change the book, if it has not changed since the form was filled; no mail is sent."""
    typed = {"title": title, "author": author, "isbn": isbn}
    if session is None:
        drafts.keep(request, request.url.path, typed)
        raise SignedOut(request.url.path)
    book = services.book_service.find(session.reader, book_id)
    if not is_own_form(session, csrf):
        return _show_form(request, book, typed, notice="old", status=403)
    try:
        wish = read_book(typed)
    except ValidationError as error:
        return _show_form(request, book, typed, wrong=say_what_is_wrong(error), status=422)
    change = BookChange(title=wish.title, author=wish.author, isbn=wish.isbn)
    if version != book.version or not services.book_service.change(session.reader, book, change):
        return _show_form(
            request, services.book_service.find(session.reader, book_id), typed, notice="changed", status=409
        )
    return RedirectResponse(f"/books/{book_id}", 303)


@router.get("/delete")
def ask_before_deleting(request: Request, book_id: BookId, session: SignedIn, services: ServicesOf) -> Response:
    """Show the book and ask for confirmation; changes nothing."""
    return render_page(request, "book-delete.html", {"book": services.book_service.find(session.reader, book_id)})


@router.post("/delete", dependencies=[Depends(require_own_form)])
def remove_book(request: Request, book_id: BookId, session: SessionOf, services: ServicesOf) -> Response:
    """Delete the book, then show what happens to the mail about the deletion."""
    if session is None:
        raise SignedOut(request.url.path)
    services.book_service.remove_any_version(session.reader, book_id, request.headers.get("traceparent"))
    return RedirectResponse(f"/books/{book_id}", 303)


def _list_fields(book: Book) -> Mapping[str, str]:
    return {"title": book.title, "author": book.author, "isbn": book.isbn or ""}


def _show_form(
    request: Request,
    book: Book,
    filled: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Response:
    context: dict[str, Any] = {"book": book, "filled": filled, "wrong": wrong or {}, "notice": notice}
    return render_page(request, "book-edit.html", context, status)
