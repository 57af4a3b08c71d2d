"""Herald in one process on the in-memory table that the model runs on, or on moto's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

from fakes.dynamodb.table import MemoryTable
from fakes.in_memory_herald import InMemoryHerald
from function.message.catalogue import Catalogue
from laptop.resources import LEDGER_TABLE
from package.notifications.catalogue import compile_catalogue


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


@pytest.fixture(scope="session")
def moto() -> Any:
    """A client that moto answers, made once: to make one takes longer than most tests."""
    session = botocore.session.get_session()
    session.set_credentials("test", "test")
    return session.create_client("dynamodb", "us-east-1")


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Whatever plays DynamoDB: the table with memory, which tests/unit/dynamodb holds beside moto, or moto itself."""
    if getattr(request, "param", "memory") == "memory":
        yield MemoryTable("herald-ledger")
        return
    client = request.getfixturevalue("moto")
    with mock_aws():
        client.create_table(
            TableName="herald-ledger",
            **LEDGER_TABLE,
        )
        yield client


@pytest.fixture
def world(table: Any, catalogue: Catalogue) -> InMemoryHerald:
    return InMemoryHerald(table, catalogue)


@pytest.fixture
def schedules(world: InMemoryHerald) -> None:
    """Events may be kept for later here."""
    world.schedules = True
