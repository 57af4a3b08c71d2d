"""The function's road on two tables: moto's, and the one with memory that the model runs on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

from function.message.catalogue import Catalogue
from package.notifications.catalogue import compile_catalogue
from tests.model.table import MemoryTable
from tests.world import World


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


@pytest.fixture(params=["moto", "memory"])
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Whatever plays DynamoDB."""
    if request.param == "memory":
        yield MemoryTable("herald-ledger")
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client: Any = botocore.session.get_session().create_client("dynamodb", region_name="us-east-1")
        client.create_table(
            TableName="herald-ledger",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


@pytest.fixture
def world(table: Any, catalogue: Catalogue) -> World:
    return World(table, catalogue)
