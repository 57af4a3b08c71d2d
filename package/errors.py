"""What stops a package from being built."""

from __future__ import annotations

from operations.errors import UserError

__all__ = ["PackageError"]


class PackageError(UserError):
    """The package cannot be built; `str()` is one line that says what is wrong, where, and what to do."""
