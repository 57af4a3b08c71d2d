"""A copy of the notifications that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ops.package.catalogue import SOURCE


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A room with the notifications and contracts of the checkout; compile it with `source=`."""
    room = tmp_path / "function"
    for name in ("notifications", "contracts"):
        shutil.copytree(SOURCE / name, room / name)
    return room


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a test compiles to."""
    return tmp_path / "compiled"
