"""Creates what keeps state: tables, keys, and, with `messaging`, topics and queues."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

from laptop.clients import LaptopClients
from laptop.provision.messaging import Provisioned, make_messaging
from laptop.resources import ADDRESS_KEY, LEDGER_TABLE, LINK_KEY, PREFIX, PROVIDER_KEY, SESSION_KEY
from laptop.time_scale import TimeScale
from webapp.aws import table as books

__all__ = ["make_stores"]


def make_stores(clients: LaptopClients, time_scale: TimeScale) -> Provisioned:
    """Create tables, topics, queues and keys."""
    made = Provisioned()
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(_create_tables, clients, made),
            pool.submit(make_messaging, clients, made, str(time_scale.visibility)),
            pool.submit(_create_parameters, clients),
        ]
        for job in jobs:
            job.result()
    return made


def _create_tables(clients: LaptopClients, made: Provisioned) -> None:
    definitions = {"books": (books.DEFINITION, books.EXPIRES_AT), "ledger": (LEDGER_TABLE, "expires_at")}
    for part, (definition, expiry) in definitions.items():
        name = f"{PREFIX}-{part}"
        clients.dynamodb.create_table(TableName=name, **cast("Any", definition))
        clients.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"AttributeName": expiry, "Enabled": True}
        )
        made.tables[part] = name


def _create_parameters(clients: LaptopClients) -> None:
    for name in (ADDRESS_KEY, LINK_KEY, SESSION_KEY):
        clients.make_client("ssm").put_parameter(Name=name, Value=secrets.token_hex(32), Type="SecureString")
    name, key = PROVIDER_KEY
    clients.make_client("ssm").put_parameter(Name=name, Value=key, Type="SecureString")
