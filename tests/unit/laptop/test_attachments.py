"""The buckets that the laptop cloud makes for files that go with mails, and that `notify` is told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from function.environment import parse_buckets
from laptop.clients import LaptopClients
from laptop.provision.functions import allow_attachments
from laptop.state import ROOT
from package.notifications.catalogue import compile_catalogue

_SHOP = ROOT / "examples" / "shop" / "notifications"


@pytest.fixture
def clients() -> Iterator[LaptopClients]:
    with mock_aws():
        yield LaptopClients({"aws": "https://s3.amazonaws.com"})


def _buckets(clients: LaptopClients) -> list[str]:
    return sorted(bucket["Name"] for bucket in clients.make_client("s3").list_buckets()["Buckets"])


def test_the_bucket_that_an_example_names_is_made_and_allowed_beside_the_laptops_own(
    clients: LaptopClients, tmp_path: Path
) -> None:
    compile_catalogue(tmp_path, _SHOP)
    told = allow_attachments(clients, tmp_path)
    assert told.keys() == {"HERALD_ATTACHMENT_BUCKETS"}
    assert parse_buckets(told["HERALD_ATTACHMENT_BUCKETS"]) == {"herald-attachments", "shop-invoices"}
    assert _buckets(clients) == ["herald-attachments", "shop-invoices"]


def test_without_attachments_there_is_neither_bucket_nor_setting(clients: LaptopClients, compiled: Path) -> None:
    assert allow_attachments(clients, compiled) == {}
    assert _buckets(clients) == []
