"""A copy of the notifications that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from package.notifications.catalogue import SOURCE


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A bundle with the notifications and contracts of the checkout; compile it with `source=`."""
    bundle = tmp_path / "function"
    for name in ("notifications", "contracts"):
        shutil.copytree(SOURCE / name, bundle / name)
    return bundle


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a test compiles to."""
    return tmp_path / "compiled"
