"""A book, and the input that describes or changes one."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError
from stdnum import isbn
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidLength, ValidationError
from stdnum.util import clean

from webapp.text_validation import LINE_PATTERN, is_line

__all__ = ["Author", "Book", "BookChange", "BookIn", "DeletedBook", "Isbn", "Title"]

#: The words before the number on many books, and in a URN (RFC 8254).
_ISBN_WORD = re.compile(
    r"^(?:urn:)?(?:e?isbn|ean)(?:n[or](?=[:=#\d]))?(?:\(1[03]\)|1[03](?=[:=#]|97[89]\d{10}$|\d{9}[\dX]$))?[:=#]*",
    re.IGNORECASE,
)
#: Separators between the digits; other Unicode hyphens and spaces are first converted to these.
_SEPARATORS = " -._"
_PATTERN: dict[str, JsonValue] = {"pattern": LINE_PATTERN, "format": "line"}


def _normalize_isbn(text: str) -> str:
    seen = "".join(character for character in text if unicodedata.category(character) not in {"Cf", "Cc"})
    digits = _ISBN_WORD.sub("", clean(seen, _SEPARATORS))
    try:
        if len(digits) not in {10, 13}:
            raise InvalidLength
        return str(isbn.to_isbn13(isbn.validate(digits)))
    except InvalidChecksum:
        raise PydanticCustomError(
            "isbn_check_digit", "the ISBN's check digit does not fit: is there a typing error?"
        ) from None
    except InvalidComponent:
        raise PydanticCustomError(
            "isbn_prefix", "this is another number: an ISBN of 13 digits begins with 978 or 979"
        ) from None
    except ValidationError:
        raise PydanticCustomError("isbn", "an ISBN has 10 or 13 digits") from None


def _join_lines(text: str) -> str:
    if not is_line(text):
        raise PydanticCustomError("line", "must be one line of text, not blank, without control characters")
    return text.strip()


Title = Annotated[
    str,
    Field(min_length=1, max_length=500, examples=["The Left Hand of Darkness"], json_schema_extra=_PATTERN),
    AfterValidator(_join_lines),
]
Author = Annotated[
    str,
    Field(min_length=1, max_length=300, examples=["Ursula K. Le Guin"], json_schema_extra=_PATTERN),
    AfterValidator(_join_lines),
]
Isbn = Annotated[
    str,
    Field(
        max_length=40,
        examples=["978-0-441-00731-8"],
        description="ISBN-10 or ISBN-13 with a right check digit, with or without hyphens, spaces and the word ISBN "
        "before it; kept as ISBN-13",
        json_schema_extra={"format": "isbn", "minLength": 10},
    ),
    AfterValidator(_normalize_isbn),
]


class BookIn(BaseModel):
    """A book as the caller describes it; any other field is rejected, above all a recipient."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    author: Author
    isbn: Isbn | None = None


def _drop_defaults(schema: dict[str, Any]) -> None:
    for described in schema["properties"].values():
        described.pop("default", None)


class BookChange(BaseModel):
    """Changes to a book, as a JSON merge patch (RFC 7396): omitted fields stay; `null` removes `isbn`."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_drop_defaults)

    title: Title = ""
    author: Author = ""
    isbn: Isbn | None = None

    def apply_to(self, book: Book, at: int) -> Book:
        """Return the book after the change; the same object if nothing changes."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        changed = replace(book, **changes)
        return book if changed == book else replace(changed, updated_at=at, version=book.version + 1)


@dataclass(frozen=True, slots=True)
class Book:
    """A book of a reader. Times are epoch milliseconds."""

    id: str
    title: str
    author: str
    isbn: str | None
    created_at: int
    updated_at: int
    version: int = 1


@dataclass(frozen=True, slots=True)
class DeletedBook:
    """What is kept of a deleted book. `deleted_at` is in epoch milliseconds."""

    id: str
    title: str
    author: str
    deleted_at: int
