"""The one place that prints for people and asks them; plain text where there is no terminal."""

from __future__ import annotations

import os

import typer
from rich.console import Console

from operations.errors import UserError

__all__ = ["confirm", "console", "problem"]

console = Console(soft_wrap=True, highlight=False)
_errors = Console(stderr=True, soft_wrap=True, highlight=False)


def problem(message: str) -> None:
    """Say what went wrong, on standard error."""
    _errors.print("[bold red]error:[/]", end=" ")
    _errors.print(message, markup=False)


def confirm(question: str, flag: str = "--yes") -> bool:
    """Yes or no, no by default. Raises `UserError` where nobody can answer, naming the flag that answers yes."""
    if not os.isatty(0):
        raise UserError(f"{question} There is nobody to answer: say {flag}", code=2)
    return typer.confirm(question, default=False)
