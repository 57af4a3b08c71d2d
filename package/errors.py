"""Errors that stop a package from being built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from operations.errors import UserError

__all__ = ["Faults", "PackageError"]


class PackageError(UserError):
    """The package cannot be built; `str()` has a line for each fault: where, what is wrong, what to do."""


class Faults:
    """Collects all faults of a build, so that one run reports all of them."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}

    @property
    def lines(self) -> list[str]:
        """Each fault once, in the order in which they were found."""
        return list(self._lines)

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Collect the faults of a `PackageError` raised inside, which ends there."""
        try:
            yield
        except PackageError as error:
            self._lines |= dict.fromkeys(str(error).splitlines())

    def add(self, line: str) -> None:
        """Add one fault."""
        self._lines[line] = None

    def raise_all(self) -> None:
        """Raise `PackageError` with all faults, if there are any."""
        if self._lines:
            raise PackageError("\n".join(self._lines))
