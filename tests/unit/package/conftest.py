"""A copy of the notifications that a test may spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from package.notifications.catalogue import NOTIFICATIONS


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The notifications of the checkout, copied; compile them with `notifications=`."""
    return Path(shutil.copytree(NOTIFICATIONS, tmp_path / "notifications"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a test compiles to."""
    return tmp_path / "compiled"
