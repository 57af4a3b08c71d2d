"""SES in two regions as Terraform made them: with one out, mails go by the other, and its feedback arrives."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import boto3
import httpx
import pytest

from function.ledger.keys import message_key
from laptop.environment import ACCOUNT, REGION
from tests.infra.laptop.applied import Applied
from tests.infra.laptop.conftest import SECOND_REGION
from tests.stack.events import new_address, new_event, notification
from tests.waiting import eventually

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:herald-events"


@pytest.fixture
def faults(inbox: httpx.Client) -> Iterator[httpx.Client]:
    yield inbox
    inbox.delete("/faults").raise_for_status()


def send(applied: Applied, to: str) -> str:
    """Hand an event to notify, as SNS does; the state of its record, once the mail has come to rest."""
    message_id = str(uuid.uuid4())
    payload = json.dumps(notification(json.dumps(new_event(to)), message_id, TOPIC))
    applied.clients.functions.invoke(
        FunctionName="herald-notify", Qualifier="live", InvocationType="Event", Payload=payload
    )
    key = {"pk": {"S": message_key(message_id)}}

    def state() -> str:
        item = applied.clients.dynamodb.get_item(TableName="herald-ledger", Key=key, ConsistentRead=True).get("Item")
        return item["state"]["S"] if item else ""

    return eventually(state, lambda seen: seen in ("delivered", "bounced", "complained", "rejected"))


@pytest.mark.parametrize(("out", "serves"), [(None, REGION), (REGION, SECOND_REGION)])
def test_mails_go_by_the_region_that_serves_and_its_feedback_comes_home(
    applied: Applied, faults: httpx.Client, out: str | None, serves: str
) -> None:
    to = new_address()
    if out:
        faults.post("/faults", json={"fault": "throttle", "times": None, "provider": f"ses://{out}"}).raise_for_status()
    assert send(applied, to) == "delivered"
    assert [mail["region"] for mail in faults.get("/messages", params={"to": to}).json()] == [serves]


def test_each_region_has_its_own_suppression_list(applied: Applied, faults: httpx.Client) -> None:
    to = new_address()
    endpoint = applied.endpoints["ses"]
    second = boto3.client(
        "sesv2", SECOND_REGION, endpoint_url=endpoint, aws_access_key_id="a", aws_secret_access_key="b"
    )
    second.put_suppressed_destination(EmailAddress=to, Reason="BOUNCE")
    assert send(applied, to) == "delivered"
    faults.post("/faults", json={"fault": "exhaust-quota", "times": None}).raise_for_status()
    assert send(applied, new_address()) == "delivered"
    assert send(applied, to) == "bounced"
