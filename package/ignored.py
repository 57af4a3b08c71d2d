"""What may lie in a checkout and is no source: caches, and what editors and file browsers leave behind."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

__all__ = ["is_ignored"]

_LEFT_BEHIND: Final = re.compile(r"^\.|~$|\.(?:pyc|swp|orig|rej|bak)$")


def is_ignored(inside: PurePath) -> bool:
    """Whether this file, by its path inside the checkout, is none of the source."""
    return "__pycache__" in inside.parts or any(map(_LEFT_BEHIND.search, inside.parts))
