"""Notifications that take several recipients, on either table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fakes.in_memory_herald import InMemoryHerald
from function.message.catalogue import Catalogue
from package.notifications.catalogue import EXAMPLES, compile_catalogue


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "table" in metafunc.fixturenames:
        metafunc.parametrize("table", ["moto", "memory"], indirect=True)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("mails")
    shutil.copytree(EXAMPLES, folder / "mails")
    for type_ in ("account", "comments"):
        settings = folder / "mails" / type_ / "notification.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {"recipients": True}))
    return compile_catalogue(folder / "compiled", folder / "mails")


@pytest.fixture
def world(table: Any, catalogue: Catalogue) -> InMemoryHerald:
    return InMemoryHerald(table, catalogue)
