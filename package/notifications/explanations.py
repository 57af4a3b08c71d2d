"""Explains in one line why an example cannot be rendered: the template's file and line, what is wrong, what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minijinja import TemplateError

from function.errors import NotificationError, TemplateNotFilled
from package.notifications.mail_templates import find_line, locate_name

__all__ = ["UNKNOWN", "explain", "find_missing_name"]

UNKNOWN = "is not in the schema: write it as there, or add it there"


def explain(error: NotificationError, folder: Path, roots: Sequence[Path], schema: Any, case: str) -> str:
    """Explain why the templates of one language, in `folder`, could not be rendered. `schema` is of the data that they
    see; `case` names the data: a file, or how they were made."""
    cause = error.__cause__
    match getattr(error, "__notes__", []):
        case [filter_, template]:  # the notes that Renderer adds
            part = folder / template.rpartition("/")[2].replace(".html", ".mjml")
            where = find_line(part, re.compile(rf"\|\s*{filter_}\b"), roots)
            text = error.detail if isinstance(error, TemplateNotFilled) else str(error)
            return (
                f"{where}: {text} in {case}: guard what may be missing, {{% if … %}}, or give {filter_} what it takes"
            )
    if not isinstance(cause, TemplateError):
        return f"{folder}, with {case}: {str(error).splitlines()[0]}"
    part = (cause.name or "").rpartition("/")[2].replace(".html", ".mjml")
    detail = cause.detail or str(cause).splitlines()[0]
    named = re.search(r"`([^`]+)`|filter (\w+)", detail)
    where = locate_name(folder / part, (named[1] or named[2]) if named else "", roots)
    missing = find_missing_name(schema, named[1].split(".")) if named and named[1] else None
    remedy = ": guard what is optional with 'is defined'" if named and named[1] else ""
    remedy = f": {missing} {UNKNOWN}" if missing else remedy
    return f"{where}: {detail} in {case}{remedy}"


def find_missing_name(schema: Any, steps: list[str]) -> str | None:
    """The part of a name up to the first step that the schema lacks: `order` of `order.total`; None if it has all."""
    for number, step in enumerate(steps, 1):
        if schema.get("type") == "array":
            return None  # a template uses a list's length, or an item by its number
        schema = schema.get("properties", {}).get(step)
        if schema is None:
            return ".".join(steps[:number])
    return None
