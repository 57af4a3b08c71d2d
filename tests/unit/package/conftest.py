"""A copy of the notifications that a test may spoil, and the packages for Lambda as they are really built."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from package import Package, build
from package.catalogue import SOURCE
from package.target import Architecture
from tests.building import with_dependencies

__all__ = ["Packages"]

Packages = Callable[[Architecture], Package]


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


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """The package for Lambda on either processor."""

    @cache
    def built(architecture: Architecture) -> Package:
        return build("cloud", architecture, out=with_dependencies(tmp_path_factory.mktemp(architecture)))

    return built
