"""`webhook` behind its route, with the queue and the `feedback` that reads it, and requests as providers make them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import EndpointConnectionError

from fakes.clock import NOW
from fakes.dynamodb.table import MemoryTable
from function.ledger.keys import message_key
from function.providers.secret import Secret
from function.providers.urls import build_webhook_path
from function.providers.webhook_registry import open_webhook
from function.runtime.metrics import Telemetry
from function.webhook import WebhookHandler, WebhookSource
from laptop.model_validation import hold_to_model
from laptop.providers.webhooks import REPORTERS, Webhook, derive_signing_key
from laptop.ses.mailbox import Mail
from laptop.ses.outcomes import SendingEvent
from tests.unit.function.conftest import Feedback

URLS = ("sendgrid://", "mailgun://herald.example", "mailgun+eu://herald.example", "resend://")
SEED, OTHER = "seed of tests", "seed of somebody else"
SECONDS = NOW // 1000
BOUNCE = {"bounceType": "Permanent", "bouncedRecipients": [{"diagnosticCode": "550 5.1.1 user unknown"}]}


@dataclass
class Queue:
    """The queue `feedback`, with memory; `failing` of the next entries are refused, `down` raises."""

    bodies: list[str] = field(default_factory=list)
    failing: int = 0
    down: bool = False

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://sqs")
        assert len(Entries) <= 10, "as SQS allows"
        assert sum(len(entry["MessageBody"]) for entry in Entries) <= 1_048_576, "as SQS allows"
        refused, taken = Entries[: self.failing], Entries[self.failing :]
        self.failing = 0
        self.bodies += [entry["MessageBody"] for entry in taken]
        done = [{"Id": one["Id"], "MessageId": "m", "MD5OfMessageBody": "0" * 32} for one in taken]
        failed = [{"Id": one["Id"], "SenderFault": False, "Code": "InternalError"} for one in refused]
        return hold_to_model("sqs", "SendMessageBatch", {"Successful": done, "Failed": failed})


class Gateway:
    """`webhook` behind its route, and the `feedback` that reads its queue."""

    def __init__(self, feedback: Feedback) -> None:
        self.feedback = feedback
        self.queue = Queue()
        self.log = io.StringIO()
        self.keys = {url: [derive_signing_key(url.partition("://")[0], SEED)] for url in URLS}
        self.seconds = 0.0
        sources = {build_webhook_path(url): WebhookSource(url, open_webhook(url), self._secret(url)) for url in URLS}
        telemetry = Telemetry("herald-webhook", "r1", feedback.clock, self.log)
        table: MemoryTable = feedback.table
        self.handler = WebhookHandler(
            sources, self.queue, table, "https://sqs/feedback", "herald-ledger", telemetry, feedback.clock
        )

    def _secret(self, url: str) -> Secret:
        return Secret(lambda: "\n".join(self.keys[url]), lambda: self.seconds)

    def post(self, url: str, webhook: Webhook, **changes: Any) -> int:
        """The status of the answer."""
        event = {
            "version": "2.0",
            "rawPath": build_webhook_path(url),
            "headers": {name.lower(): value for name, value in webhook.headers.items()},
            "body": webhook.body.decode("utf-8", "surrogateescape"),
            "isBase64Encoded": False,
        }
        status: int = self.handler(event | changes, None)["statusCode"]
        return status

    def deliver(self, order: Callable[[list[str]], list[str]] = list) -> None:
        """Let `feedback` read what lies in the queue."""
        bodies = order(self.queue.bodies)
        assert self.feedback.handle(*bodies) == []

    def timeline(self, message_id: str) -> list[Any]:
        """The rows of a record, as the table has them."""
        key = {"pk": {"S": message_key(message_id)}}
        item = self.feedback.table.get_item(TableName="herald-ledger", Key=key)["Item"]
        return [row["M"] for row in item["timeline"]["L"]]

    @property
    def stored(self) -> bool:
        """Whether anything is written anywhere."""
        return bool(self.queue.bodies or self.feedback.table.scan(TableName="herald-ledger")["Items"])


def mail(scheme: str, message_id: str = "m1") -> Mail:
    tags = {"message_id": message_id, "attempt": "a1"}
    if scheme == "sendgrid":
        tags = {f"herald_{name}": value for name, value in tags.items()}
    at = datetime.fromtimestamp(SECONDS, UTC)
    return Mail("v1", at, "books@herald.example", ("ada@example.com",), "Hi", "Hi", None, (), tags, "provider", b"")


def webhook(
    url: str, type_: str, details: dict[str, Any] | None = None, seed: str = SEED, at: int = SECONDS, **named: str
) -> Webhook:
    """A request as the provider makes it."""
    reporter = REPORTERS[url.partition("://")[0]]
    one = mail(url.partition("://")[0], **named)
    return reporter.sign(reporter.report(one, SendingEvent(type_, "", 0, details or {}), one.at), seed, at)
