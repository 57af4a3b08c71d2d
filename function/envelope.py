"""The envelopes that a delivery comes in, told apart by shape.

- an SNS event, as Lambda hands it over: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
- in SQS, an on-failure record of a Lambda destination around such an event:
  https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
- in SQS, an SNS notification: what SNS's own redrive leaves, what Herald parks in `retry` and writes to `dead`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from function.packing import deflated

__all__ = ["Delivery", "QueueItem", "Unreadable", "deliveries", "from_queue", "is_queue_event"]

#: SNS's ids have 36 characters; SES takes tags of 256.
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class QueueItem:
    """Where a delivery that came over SQS lies: what is needed to leave it there for later."""

    message_id: str
    receipt_handle: str
    receives: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One SNS message on its way to becoming a mail.

    `letter` is the attempt that a redriven dead letter names, `confirmed` a person's *yes* to a possible second mail.
    `in_ledger`: the body was too long even for a letter and lies in the message's record.
    """

    message_id: str
    body: str
    topic: str = ""
    timestamp: str = ""
    item: QueueItem | None = None
    letter: str | None = None
    confirmed: bool = False
    in_ledger: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is none of the envelopes; kept as it came."""

    raw: str
    item: QueueItem | None = None


def is_queue_event(event: object) -> bool:
    """Whether Lambda hands over a batch from SQS."""
    records = event.get("Records") if isinstance(event, dict) else None
    return bool(records) and isinstance(records, list) and _text(records[0], "eventSource") == "aws:sqs"


def deliveries(event: object) -> Iterator[Delivery | Unreadable]:
    """The messages of an SNS event; whatever else it is comes back as Unreadable."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        yield Unreadable(_as_text(event))
        return
    for record in records:
        yield _notification(record.get("Sns") if isinstance(record, dict) else None) or Unreadable(_as_text(record))


def from_queue(record: Mapping[str, Any]) -> Iterator[Delivery | Unreadable]:
    """The messages in one SQS record: of an on-failure record as many as the SNS event in it had."""
    item = QueueItem(
        record["messageId"], record["receiptHandle"], int(record["attributes"].get("ApproximateReceiveCount", 1))
    )
    attributes = record.get("messageAttributes", {})
    try:
        body = json.loads(record["body"])
    except (ValueError, RecursionError):
        body = None
    inside = deliveries(body["requestPayload"]) if isinstance(body, dict) and "requestPayload" in body else None
    for found in inside or (_notification(body) or Unreadable(record["body"]),):
        if isinstance(found, Unreadable):
            yield Unreadable(found.raw, item)
            continue
        letter, confirmed = _attribute(attributes, "attempt"), _attribute(attributes, "confirmed") == "yes"
        yield replace(found, item=item, letter=letter, confirmed=confirmed)


def _notification(value: object) -> Delivery | None:
    """The delivery in an SNS notification, its body unpacked if a letter had to compress it, or None."""
    message_id, body = _text(value, "MessageId"), _text(value, "Message")
    if packed := _text(value, "MessageDeflated"):
        body = deflated(packed)
    if not message_id or body is None or len(message_id) > _LONGEST_ID:
        return None
    in_ledger = isinstance(value, dict) and value.get("MessageInLedger") is True
    topic, timestamp = _text(value, "TopicArn") or "", _text(value, "Timestamp") or ""
    return Delivery(message_id, body, topic, timestamp, in_ledger=in_ledger)


def _text(value: object, name: str) -> str | None:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _attribute(attributes: Mapping[str, Any], name: str) -> str | None:
    return _text(attributes.get(name), "stringValue") or None


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
