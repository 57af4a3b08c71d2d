"""Real queues (moto's) around the function's own road: what Lambda's queue mapping and a person do between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from fakes.example_events import SECRET
from fakes.in_memory_herald import InMemoryHerald
from function.delivery.outcome import Outcome
from function.event.envelope import Delivery, from_queue
from function.message.catalogue import Catalogue
from function.queues.sqs import Queue
from operations.aws_retries import retry_contention
from operations.installation import Installation
from package.notifications.catalogue import compile_catalogue


@dataclass(frozen=True, slots=True)
class Office:
    """One Herald whose letters lie in queues."""

    installation: Installation
    world: InMemoryHerald

    def deliver(self, delivery: Delivery) -> Outcome:
        """One invocation; its letters go to the queue `dead`."""
        courier = replace(self.world.courier(), dead=Queue(self.installation.sqs, self.installation.dead))
        return courier.deliver(delivery, self.world.clock() + 60_000)

    def work_off(self) -> list[Outcome]:
        """What Lambda's mapping does with `retry`: every message in it becomes an invocation."""
        outcomes = []
        while messages := self.messages(self.installation.retry):
            for message in messages:
                outcomes += [
                    self.deliver(found) for found in from_queue(_record(message)) if isinstance(found, Delivery)
                ]
                self.installation.sqs.delete_message(
                    QueueUrl=self.installation.retry, ReceiptHandle=message["ReceiptHandle"]
                )
        return outcomes

    def console_redrive(self) -> int:
        """What the AWS console's button does: every message moves as it is, body and attributes unchanged."""
        moved = 0
        while messages := self.messages(self.installation.dead):
            for message in messages:
                self.installation.sqs.send_message(
                    QueueUrl=self.installation.retry,
                    MessageBody=message["Body"],
                    MessageAttributes=message.get("MessageAttributes", {}),
                )
                self.installation.sqs.delete_message(
                    QueueUrl=self.installation.dead, ReceiptHandle=message["ReceiptHandle"]
                )
                moved += 1
        return moved

    def messages(self, queue: str) -> list[Any]:
        answer = self.installation.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        return list(answer.get("Messages", []))

    def count(self, queue: str) -> int:
        """How many messages can be seen in a queue now."""
        attributes = self.installation.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        return int(attributes["ApproximateNumberOfMessages"])


def _record(message: Any) -> dict[str, Any]:
    """A message as Lambda hands it over."""
    marks = message.get("MessageAttributes", {})
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {
            name: {"stringValue": mark["StringValue"], "dataType": mark["DataType"]} for name, mark in marks.items()
        },
        "eventSource": "aws:sqs",
    }


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


@pytest.fixture
def office(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setattr("operations.redrive.queue._LONG_POLL_SECONDS", 0)
    with mock_aws():
        sqs, dynamodb = boto3.client("sqs"), boto3.client("dynamodb")
        dynamodb.create_table(
            TableName="herald-ledger",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dead, retry, feedback = (
            sqs.create_queue(QueueName=f"herald-{name}")["QueueUrl"] for name in ("dead", "retry", "feedback")
        )
        installation = Installation(
            sqs, retry_contention(dynamodb), dead, retry, feedback, "herald-ledger", lambda: (SECRET,)
        )
        yield Office(installation, InMemoryHerald(dynamodb, catalogue))
