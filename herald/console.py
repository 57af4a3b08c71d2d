"""The one place that prints for people; plain text where there is no terminal."""

from __future__ import annotations

from rich.console import Console

__all__ = ["console", "problem"]

console = Console(soft_wrap=True, highlight=False)
_errors = Console(stderr=True, soft_wrap=True, highlight=False)


def problem(message: str) -> None:
    """Say what went wrong, on standard error."""
    _errors.print("[bold red]error:[/]", end=" ")
    _errors.print(message, markup=False)
