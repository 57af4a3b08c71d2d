"""The words of DynamoDB's expression language, and the parts that all its expressions share.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from fakes.dynamodb.documents import Path
from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.values import FrozenItem

__all__ = ["Check", "Reader", "Token", "Uses", "Values"]

Values = FrozenItem
#: What is judged of the values of a request before any item is looked at; raises `Invalid`.
Check = Callable[[Values], None]

_TOKEN = re.compile(
    r"\s*(?:(?P<symbol><>|<=|>=|[=<>(),.\[\]+-])|(?P<name>\#\w+)|(?P<value>:\w+)"
    r"|(?P<number>\d+)|(?P<word>[A-Za-z]\w*)|(?P<end>$)|(?P<wrong>.))",
    re.ASCII | re.DOTALL,
)
_LONGEST = 4096


class Token(NamedTuple):
    """One word of an expression."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Uses:
    """The names and values that an expression uses, and what is asked of the values."""

    names: frozenset[str]
    values: frozenset[str]
    checks: tuple[Check, ...]


class Reader:
    """Reads one expression from left to right, and remembers the names and values that it uses.

    `slot` is the parameter that the expression came in; messages begin with it.
    """

    def __init__(self, slot: str, expression: str, names: Mapping[str, str]) -> None:
        self.slot = slot
        self.names = names
        self.used_names: set[str] = set()
        self.used_values: set[str] = set()
        self.checks: list[Check] = []
        if not expression.strip():
            raise self.wrong("The expression can not be empty;")
        if len(expression.encode()) > _LONGEST:
            raise self.wrong("Expression size has exceeded the maximum allowed size;")
        self.tokens = list(_tokens(expression))
        self.at = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.next
        self.at += token.kind != "end"
        return token

    def accept(self, text: str) -> bool:
        """Take the next token if it is this symbol, or this word in any case."""
        found = self.next.kind in ("symbol", "word") and self.next.text.upper() == text
        self.at += found
        return found

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise self.syntax()

    def done(self) -> bool:
        return self.next.kind == "end"

    def function(self) -> str | None:
        """The name of a function that is called here (names are case-sensitive)."""
        is_call = self.next.kind == "word" and self.tokens[self.at + 1] == ("symbol", "(")
        return self.next.text if is_call else None

    def path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while self.next.text in (".", "["):
            if self.take().text == ".":
                parts.append(self._name())
                continue
            if self.next.kind != "number":
                raise self.syntax()
            parts.append(int(self.take().text))
            self.expect("]")
        return tuple(parts)

    def value(self) -> str:
        """A reference such as `:now`; that it is defined is judged with the request."""
        if self.next.kind != "value":
            raise self.syntax()
        self.used_values.add(self.next.text)
        return self.take().text

    def uses(self) -> Uses:
        """What was used so far."""
        return Uses(frozenset(self.used_names), frozenset(self.used_values), tuple(self.checks))

    def wrong(self, message: str) -> Invalid:
        return Invalid(f"Invalid {self.slot}: {message}")

    def syntax(self) -> Invalid:
        near = " ".join(token.text for token in self.tokens[max(self.at - 1, 0) : self.at + 2])
        return self.wrong(f'Syntax error; token: "{self.next.text or "<EOF>"}", near: "{near}"')

    def _name(self) -> str:
        kind, text = self.next
        if kind == "name":
            if text not in self.names:
                raise self.wrong(
                    f"An expression attribute name used in the document path is not defined; attribute name: {text}"
                )
            self.used_names.add(text)
            text = self.names[text]
        elif kind != "word":
            raise self.syntax()
        elif text.upper() in _load_reserved_words():
            raise self.wrong(f"Attribute name is a reserved keyword; reserved keyword: {text}")
        self.take()
        return text


def _tokens(expression: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(expression):
        kind = str(match.lastgroup)
        yield Token(kind, match[kind])
    yield Token("end", "")


@cache
def _load_reserved_words() -> frozenset[str]:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ReservedWords.html
    return frozenset(ReservedKeywords.get_reserved_keywords())
