"""An operator, what mails leave by, and what lies in the queues and the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from function.ledger.attributes import serialize_item
from function.reason_codes import ReasonCode
from tests.integration.operations.ses_lists import Region, simulate_regions
from tests.integration.operations.test_pause import Lambda
from tests.integration.webapp.conftest import Browser, Cloud
from webapp.admin.notifier_access import NotifierAccess

_EVENT = json.dumps({"specversion": "1.0", "type": "book.created"})


@pytest.fixture
def switch(cloud: Cloud) -> Lambda:
    """The function that sends, with a concurrency of 16 reserved; the keys are those that moto has set."""
    switch = Lambda(16)
    switch.client.update_function_configuration(
        FunctionName="herald-notify", Environment={"Variables": {"HERALD_PROVIDERS": "ses://us-east-1"}}
    )
    return switch


@pytest.fixture
def ses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Region]:
    """SES in the one region that mails leave from."""
    with simulate_regions("us-east-1") as regions:
        monkeypatch.setattr(
            NotifierAccess, "_list_ses_clients", lambda _: {name: each.client for name, each in regions.items()}
        )
        yield regions["us-east-1"]


@pytest.fixture
def operator(stranger: Browser, switch: Lambda, ses: Region) -> Browser:
    groups: dict[str, Any] = {"cognito:groups": ["operators"]}
    stranger.sign_in(sub="grace-1906", email="grace@example.com", **groups)
    return stranger


def bury(
    cloud: Cloud,
    message_id: str,
    reason: str = "bad address",
    state: str | None = None,
    code: str = ReasonCode.PROVIDER_REFUSED,
) -> None:
    """A letter in `dead`; with a `state`, a record of its mail too."""
    notification = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": "t",
        "Timestamp": "",
        "Message": _EVENT,
    }
    marks = {"attempt": "a/1", "reason": reason, "message_id": message_id, "attempts": "3", "release": "r1"}
    marks |= {"reason_code": code}
    cloud.sqs.send_message(
        QueueUrl=queue_url(cloud, "dead"),
        MessageBody=json.dumps(notification),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in marks.items()},
    )
    if state:
        record(cloud, message_id, state=state, reason=reason)


def record(cloud: Cloud, message_id: str, **values: object) -> None:
    rows = [{"state": values["state"], "at": 1_795_248_000_500, "release": "r1"}]
    item = {"pk": f"message#{message_id}", "owner": "a/1", "timeline": rows, **values}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(item))


def suppress(cloud: Cloud, key: str) -> None:
    item = {"pk": key, "reason": "bounced", "since": 1_795_248_000_000, "message_id": "m-0"}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(item))


def letters(cloud: Cloud, part: str) -> list[dict[str, Any]]:
    """What lies in a queue, taken out of it."""
    answer = cloud.sqs.receive_message(
        QueueUrl=queue_url(cloud, part), MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    return [dict(message) for message in answer.get("Messages", [])]


def queue_url(cloud: Cloud, part: str) -> str:
    return cloud.sqs.get_queue_url(QueueName=f"herald-{part}")["QueueUrl"]
