"""The envelopes that a delivery can arrive in, distinguished by their shape.

- an SNS event, as Lambda passes it: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
- in SQS, an on-failure record of a Lambda destination around such an event:
  https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
- in SQS, an SNS notification: from SNS's own redrive, or written by Herald to `retry` and `dead`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from function.event.compression import decompress_base64
from function.runtime.lean_dataclass import dataclass
from function.runtime.trace_context import read_traceparent

__all__ = ["MESSAGE_ID", "Delivery", "QueueItem", "Unreadable", "from_queue", "is_queue_event", "read_deliveries"]

#: SNS's ids are UUIDs; this pattern is valid in a key, an SES tag and an SQS attribute.
MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
#: Topic names have up to 256 characters, and ARNs a few more.
_LONGEST_NAME = 500


@dataclass(frozen=True, slots=True)
class QueueItem:
    """The SQS message that a delivery came in, as needed to leave it in the queue for later.

    `sent_at` is when it was sent to the queue, in epoch milliseconds (0: not known).
    """

    message_id: str
    receipt_handle: str
    receives: int
    sent_at: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One SNS message to be turned into a mail.

    - `letter` is the attempt that a redriven dead letter names; `confirmed` says that an operator accepted a possible
      second mail.
    - `instead_of` is the message whose mail this one sends again although a provider accepted it; `avoid` is the
      provider that accepted and then refused that mail, so that the next provider sends this one.
    - `never_tried` is the attempt that this provider reports as never tried; no operator had to confirm then.
    - `in_ledger` says that the body is only in the ledger's event item, if it is kept at all.
    """

    message_id: str
    body: str
    topic: str = ""
    timestamp: str = ""
    item: QueueItem | None = None
    letter: str | None = None
    confirmed: bool = False
    in_ledger: bool = False
    instead_of: str | None = None
    avoid: str | None = None
    never_tried: str | None = None
    #: Message and attempt that certainly sent nothing, but could not record that.
    not_sent: str | None = None
    #: The trace in the message attribute, besides the one that the event may name.
    traceparent: str | None = None

    @property
    def redriven(self) -> bool:
        """Whether an operator wants it sent, however old it is."""
        return self.letter is not None or (self.instead_of is not None and self.never_tried is None)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An input that matches none of the envelopes; kept unchanged."""

    raw: str
    item: QueueItem | None = None


def is_queue_event(event: object) -> bool:
    """Whether Lambda was invoked with a batch from SQS."""
    records = event.get("Records") if isinstance(event, dict) else None
    return bool(records) and isinstance(records, list) and all(_is_queue_record(record) for record in records)


def read_deliveries(event: object) -> Iterator[Delivery | Unreadable]:
    """Return the messages of an SNS event; any other input is returned as Unreadable."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        yield Unreadable(_to_text(event))
        return
    for record in records:
        yield _read_notification(record.get("Sns") if isinstance(record, dict) else None) or Unreadable(
            _to_text(record)
        )


def from_queue(record: Mapping[str, Any]) -> Iterator[Delivery | Unreadable]:
    """Return the messages in one SQS record: for an on-failure record, all those of its SNS event."""
    given = record["attributes"]
    receives, sent_at = _read_number(given, "ApproximateReceiveCount", 9) or 1, _read_number(given, "SentTimestamp", 13)
    item = QueueItem(record["messageId"], record["receiptHandle"], receives, sent_at)
    attributes = record.get("messageAttributes")
    for found in _read_body(record["body"]):
        if isinstance(found, Unreadable):
            yield Unreadable(found.raw, item)
            continue
        yield replace(
            found,
            item=item,
            letter=_mark(attributes, "attempt"),
            confirmed=_mark(attributes, "confirmed") == "yes",
            instead_of=_mark(attributes, "instead_of"),
            avoid=_mark(attributes, "avoid"),
            never_tried=_mark(attributes, "never_tried"),
            not_sent=_mark(attributes, "not_sent"),
        )


def _is_queue_record(record: object) -> bool:
    """Whether this is an SQS message as Lambda passes it."""
    texts = (_read_text(record, name) for name in ("messageId", "receiptHandle", "body"))
    return (
        isinstance(record, dict)
        and record.get("eventSource") == "aws:sqs"
        and None not in texts
        and isinstance(record.get("attributes"), dict)
    )


def _read_body(text: str) -> list[Delivery | Unreadable]:
    """Read an SQS message's body: the event of an on-failure record, or one notification."""
    try:
        body = json.loads(text)
        if isinstance(body, dict) and "requestPayload" in body:
            return list(read_deliveries(body["requestPayload"]))
    except (ValueError, RecursionError):
        return [Unreadable(text)]
    return [_read_notification(body) or Unreadable(text)]


def _read_notification(value: object) -> Delivery | None:
    """Return the delivery in an SNS notification, with a compressed body unpacked; None if it is not one."""
    message_id, body = _read_text(value, "MessageId"), _read_text(value, "Message")
    if packed := _read_text(value, "MessageDeflated"):
        body = decompress_base64(packed)
    if not message_id or body is None or not MESSAGE_ID.fullmatch(message_id):
        return None
    in_ledger = isinstance(value, dict) and True in (value.get("MessageInLedger"), value.get("MessageTooLong"))
    topic, timestamp = ((_read_text(value, name) or "")[:_LONGEST_NAME] for name in ("TopicArn", "Timestamp"))
    return Delivery(message_id, body, topic, timestamp, in_ledger=in_ledger, traceparent=_trace(value))


def _trace(value: object) -> str | None:
    """Return the message attribute `traceparent`; None if it is not a valid trace context."""
    attributes = value.get("MessageAttributes") if isinstance(value, dict) else None
    attribute = attributes.get("traceparent") if isinstance(attributes, dict) else None
    text = _read_text(attribute, "Value")
    return text if text and read_traceparent(text) else None


def _read_text(value: object, name: str) -> str | None:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _read_number(value: object, name: str, digits: int) -> int:
    """Return a count or a time that SQS writes as text of at most `digits` digits; 0 for anything else."""
    text = _read_text(value, name) or ""
    return int(text) if re.fullmatch("[0-9]+", text) and len(text) <= digits else 0


def _mark(attributes: object, name: str) -> str | None:
    """Return a string attribute of a dead letter; None if it is longer than any that Herald writes, so that it is not
    copied."""
    mark = _read_text(attributes.get(name), "stringValue") if isinstance(attributes, dict) else None
    return mark if mark and len(mark) <= _LONGEST_NAME else None


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
