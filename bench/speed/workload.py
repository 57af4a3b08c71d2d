"""The events for all handlers: `book.created` as delivered by SNS, SES's feedback, and records of a stream."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

__all__ = ["FakeContext", "make_feedback_batch", "make_sns_event", "make_stream_batch"]

_DATA = {
    "book": {
        "id": "01JD5V8X3K4M6N7P8Q9R0S1T2V",
        "title": "The Left Hand of Darkness",
        "author": "Ursula K. Le Guin",
        "url": "https://herald.example/books/01JD5V8X3K4M6N7P8Q9R0S1T2V",
    }
}


class FakeContext:
    """A Lambda context."""

    function_name = "herald-notify"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:herald-notify:live"

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 30_000


def make_sns_event(kind: str) -> dict[str, Any]:
    """Return an SNS event with a new `book.created`; with `suppressed` or `refused` it goes to such an address."""
    name = kind if kind in {"suppressed", "refused"} else "ada"
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": _make_notification(name)}]}


def _make_event(name: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "urn:herald:webapp",
        "type": "book.created",
        "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "subject": "books/01JD5V8X3K4M6N7P8Q9R0S1T2V",
        "datacontenttype": "application/json",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": {"recipient": {"email": f"{name}@example.com", "name": "Ada", "locale": "en"}, **_DATA},
    }


def _make_notification(name: str) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": str(uuid.uuid4()),
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:herald-events",
        "Subject": None,
        "Message": json.dumps(_make_event(name)),
        "Timestamp": "2026-11-21T08:00:00.000Z",
        "SignatureVersion": "1",
        "MessageAttributes": {"type": {"Type": "String", "Value": "book.created"}},
    }


def make_feedback_batch(size: int, type_: str = "Delivery") -> dict[str, Any]:
    """Return SES events from the queue, each about another mail; `pairs` are a Send and a Delivery of each mail."""
    mails = [str(uuid.uuid4()) for _ in range(size)]
    if type_ == "pairs":
        return {"Records": [_make_feedback(kind, mail) for mail in mails[: size // 2] for kind in ("Send", "Delivery")]}
    return {"Records": [_make_feedback(type_, mail) for mail in mails]}


def _make_feedback(type_: str, message_id: str) -> dict[str, Any]:
    message = {
        "eventType": type_,
        "mail": {
            "timestamp": "2026-11-21T08:00:00.000Z",
            "messageId": "0100018f-0000-0000-0000-000000000000-000000",
            "source": "Herald <books@herald.example>",
            "destination": ["ada@example.com"],
            "headers": [
                {"name": name, "value": "as it was sent"} for name in ("From", "To", "Subject", "MIME-Version")
            ],
            "commonHeaders": {"from": ["books@herald.example"], "to": ["ada@example.com"], "subject": "New book"},
            "tags": {"message_id": [message_id], "ses:configuration-set": ["herald"]},
        },
        type_.lower(): {"timestamp": "2026-11-21T08:00:01.000Z", "recipients": ["ada@example.com"]},
    }
    return {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": "handle",
        "body": json.dumps(message),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
    }


def make_stream_batch(size: int) -> dict[str, Any]:
    """Return new outbox rows as records of the table's stream."""
    return {"Records": [_make_row() for _ in range(size)]}


def _make_row() -> dict[str, Any]:
    name = uuid.uuid4().hex
    image = {
        "pk": {"S": "outbox#books/01JD5V8X3K4M6N7P8Q9R0S1T2V"},
        "sk": {"S": name},
        "kind": {"S": "outbox"},
        "type": {"S": "book.created"},
        "owner": {"S": "ada"},
        "body": {"S": json.dumps(_make_event("ada"))},
        "state": {"S": "committed"},
        "committed_at": {"N": "1795507200000"},
    }
    return {"eventName": "INSERT", "dynamodb": {"NewImage": image, "StreamViewType": "NEW_IMAGE"}}
