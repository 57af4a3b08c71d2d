"""Whatever the web app reads of the ledger is named, and within what its role may read: no event, so no recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key, event_key
from tests.integration.operations.ses_lists import Region
from tests.integration.webapp.admin.conftest import bury, record, suppress
from tests.integration.webapp.conftest import Browser, Clock, Cloud
from tests.integration.webapp.outbox.test_publisher import Lambda
from tests.integration.webapp.pages.test_pages import add
from webapp.composition import Services
from webapp.functions import reconcile
from webapp.outbox.publisher import Publisher
from webapp.settings import ReconcileSettings

_POLICIES = Path(__file__).parents[4] / "infra" / "modules" / "webapp" / "permissions.tf"
_WITHOUT_EVENT_BODIES = re.compile(r"without_event_bodies = \{.*?\"dynamodb:Attributes\" = \[(.*?)\]", re.DOTALL)


def readable() -> set[str]:
    """The attributes that the roles may read, as Terraform gives them."""
    found = _WITHOUT_EVENT_BODIES.search(_POLICIES.read_text("utf-8"))
    assert found
    return set(re.findall(r'"([^"]+)"', found[1]))


@pytest.fixture
def reads(cloud: Cloud) -> Iterator[list[dict[str, Any]]]:
    """What is asked of the ledger from now on."""
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        if params.get("TableName") == "herald-ledger" and model.name in {"GetItem", "Scan", "Query", "BatchGetItem"}:
            asked.append(params)

    cloud.dynamodb.meta.events.register("provide-client-params.dynamodb", note)
    yield asked
    cloud.dynamodb.meta.events.unregister("provide-client-params.dynamodb", note)


def read_attributes(request: dict[str, Any]) -> set[str]:
    """The attributes that a read names; fails where it names none."""
    names = request.get("ExpressionAttributeNames", {})
    projected = request["ProjectionExpression"].split(", ")
    return {names.get(name, name).partition("[")[0] for name in projected}


def test_no_page_and_no_run_reads_more_than_it_may(
    operator: Browser, services: Services, cloud: Cloud, clock: Clock, publisher: Publisher, ses: Region,
    reads: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    key = address_key(services.secrets.address()[0], "ada@example.com")
    book_id = add(operator)
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": "m-1", "body": b"x"}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(owner))
    record(cloud, "m-1", state="suppressed", address=key)
    bury(cloud, "m-2", state="rejected")
    suppress(cloud, key)
    ses.suppress("ada@example.com")
    reads.clear()
    for path in ("/", "/why", "/settings", f"/books/{book_id}", "/operations", "/operations/dead"):
        assert operator.get(path).status_code == 200, path
    assert operator.get("/operations/suppressions").status_code == 200
    for wanted in ("ada@example.com", book_id, event.id, "m-1"):
        assert "m-1" in operator.submit("/operations/search", wanted=wanted).text
    operator.submit("/operations/suppressions/remove", wanted="ada@example.com")
    for message in ("m-1", "m-2"):
        operator.submit("/operations/redrive", message=message)
    assert operator.submit("/settings").status_code == 200
    publisher.publish([event])
    settings = ReconcileSettings(ledger_table="herald-ledger", event_source="urn:herald:webapp")
    monkeypatch.setattr(reconcile, "compose", lambda: (settings, services.outbox, services.ledger, publisher))
    monkeypatch.setattr(reconcile, "read_clock", clock)
    clock.forward(3601)
    assert reconcile.handler(None, Lambda())["settled"] == 1
    asked = {name for request in reads for name in read_attributes(request)}
    assert {"GetItem", "Scan"} <= {"Scan" if "Key" not in request else "GetItem" for request in reads}
    assert {re.sub("stopped:.*", "stopped:*", name) for name in asked} <= readable()
    assert readable() & {"body", "digest", "event", "*"} == set()
