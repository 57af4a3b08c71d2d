"""`ETag`, `If-Match` and `If-None-Match`: a client cannot overwrite a version that it has not seen.

https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

from __future__ import annotations

from fastapi import Request

from webapp.api.problems import Problem
from webapp.books.book import Book

__all__ = ["check", "compute_etag", "is_not_modified", "make_version_conflict", "names_one_state"]


def compute_etag(book: Book) -> str:
    """Return the entity tag of this version of the book."""
    return f'"{book.version}"'


def is_not_modified(request: Request, book: Book) -> bool:
    """Whether the caller already has this version of the book."""
    tags = _read_tags(request, "if-none-match")
    return "*" in tags or compute_etag(book) in {tag.removeprefix("W/") for tag in tags}


def names_one_state(request: Request) -> bool:
    """Whether `If-Match` names particular versions, rather than any (`*`) or none."""
    tags = _read_tags(request, "if-match")
    return bool(tags) and "*" not in tags


def check(request: Request, book: Book) -> None:
    """Raise `Problem` 412 if the caller has another version, 428 if the caller does not say which."""
    tags = _read_tags(request, "if-match")
    if not tags:
        raise Problem("precondition-required", "Say in If-Match which state of the book you change; its ETag names it.")
    if "*" not in tags and compute_etag(book) not in tags:
        raise make_version_conflict()


def make_version_conflict() -> Problem:
    """Return the problem for a book that has changed."""
    return Problem("precondition-failed", "The book was changed since; get it again.")


def _read_tags(request: Request, header: str) -> list[str]:
    return [tag.strip() for value in request.headers.getlist(header) for tag in value.split(",") if tag.strip()]
