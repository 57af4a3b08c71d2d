"""Reads hand-written JSON strictly: a name may not occur twice in an object, and each fault names its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from package.errors import PackageError

__all__ = ["escape_unprintable", "locate_member", "read_json"]

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
#: A placeholder for the name of a member, unequal to any index of an array.
_NAME = object()


def read_json(path: Path) -> Any:
    """Read the document in `path`. Raises `PackageError`: no file, not UTF-8, not JSON, or a name that occurs twice."""
    try:
        return json.loads(path.read_text("utf-8"), object_pairs_hook=_read_members)
    except json.JSONDecodeError as error:
        raise PackageError(f"{path}:{error.lineno} is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise PackageError(f"{path} is not JSON that can be read: it is nested too deeply") from error
    except (OSError, ValueError) as error:
        raise PackageError(f"{path} is not JSON: {escape_unprintable(str(error))}") from error


def locate_member(path: Path, members: Sequence[str | int]) -> str:
    """`path:line` of a member, by names and indices, or of the innermost existing one around it."""
    text, wanted = path.read_text("utf-8"), tuple(members)
    found, line = 0, 1
    for at, place in _locate_members(text):
        depth = len(place)
        if depth > found and wanted[:depth] == place:
            found, line = depth, text.count("\n", 0, at) + 1
    return f"{path}:{line}"


def escape_unprintable(text: str) -> str:
    """The text on one line, in ASCII escapes if it has unprintable characters."""
    return text if text.isprintable() else ascii(text)[1:-1]


def _read_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} stands twice in one object: leave one out")
    return found


def _locate_members(text: str) -> Iterator[tuple[int, tuple[str | int, ...]]]:
    """The offset at which each member of a JSON text begins, with its place."""
    place: list[Any] = []
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == "{":
            place.append(_NAME)
        elif mark == "[":
            place.append(0)
            yield token.start(), tuple(place)
        elif mark in "}]":
            place.pop()
        elif mark == ",":
            if isinstance(place[-1], int):
                place[-1] += 1
                yield token.end(), tuple(place)
            else:
                place[-1] = _NAME
        elif mark != ":" and place and place[-1] is _NAME:
            place[-1] = json.loads(mark)
            yield token.start(), tuple(place)
