"""The envelopes that a delivery comes in, told apart by shape.

- an SNS event, as Lambda hands it over: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
- in SQS, an on-failure record of a Lambda destination around such an event:
  https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
- in SQS, an SNS notification: what SNS's own redrive leaves, what Herald parks in `retry` and writes to `dead`.
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

__all__ = ["Delivery", "QueueItem", "Unreadable", "from_queue", "is_queue_event", "read_deliveries"]

#: SNS's ids are UUIDs; this is what a key, an SES tag and an attribute of SQS all take.
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
#: Topics' names have 256 characters, and ARNs a little more.
_LONGEST_NAME = 500


@dataclass(frozen=True, slots=True)
class QueueItem:
    """Where a delivery that came over SQS lies: what is needed to leave it there for later.

    `sent_at` is when it came into the queue, in epoch milliseconds; 0: not known.
    """

    message_id: str
    receipt_handle: str
    receives: int
    sent_at: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One SNS message on its way to becoming a mail.

    `letter` is the attempt that a redriven dead letter names, `confirmed` a person's *yes* to a possible second mail.
    `instead_of` is the message whose mail a person wants sent again as this one, although a provider accepted it.
    `avoid` is the provider that refused that mail after it had accepted it: the next one is to send this.
    `never_tried` is the attempt of which that provider says that it never tried: nobody was asked for a yes then.
    `in_ledger`: the body was too long even for a letter, and lies in the event's item if it lies anywhere.
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
    #: Message and attempt that certainly sent nothing, and could not write that down.
    not_sent: str | None = None
    #: The trace that its publisher handed it over in, besides the one that the event may name.
    traceparent: str | None = None

    @property
    def redriven(self) -> bool:
        """Whether a person wants it sent, however old it is."""
        return self.letter is not None or (self.instead_of is not None and self.never_tried is None)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is none of the envelopes; kept as it came."""

    raw: str
    item: QueueItem | None = None


def is_queue_event(event: object) -> bool:
    """Whether Lambda hands over a batch from SQS."""
    records = event.get("Records") if isinstance(event, dict) else None
    return bool(records) and isinstance(records, list) and all(_is_queue_record(record) for record in records)


def read_deliveries(event: object) -> Iterator[Delivery | Unreadable]:
    """The messages of an SNS event; whatever else it is comes back as Unreadable."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        yield Unreadable(_to_text(event))
        return
    for record in records:
        yield _read_notification(record.get("Sns") if isinstance(record, dict) else None) or Unreadable(
            _to_text(record)
        )


def from_queue(record: Mapping[str, Any]) -> Iterator[Delivery | Unreadable]:
    """The messages in one SQS record: of an on-failure record as many as the SNS event in it had."""
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
    """Whether it is a message as Lambda hands it over from SQS."""
    texts = (_read_text(record, name) for name in ("messageId", "receiptHandle", "body"))
    return (
        isinstance(record, dict)
        and record.get("eventSource") == "aws:sqs"
        and None not in texts
        and isinstance(record.get("attributes"), dict)
    )


def _read_body(text: str) -> list[Delivery | Unreadable]:
    """What a message from SQS holds: the event of an on-failure record, or one notification."""
    try:
        body = json.loads(text)
        if isinstance(body, dict) and "requestPayload" in body:
            return list(read_deliveries(body["requestPayload"]))
    except (ValueError, RecursionError):
        return [Unreadable(text)]
    return [_read_notification(body) or Unreadable(text)]


def _read_notification(value: object) -> Delivery | None:
    """The delivery in an SNS notification, its body unpacked if a letter had to compress it, or None."""
    message_id, body = _read_text(value, "MessageId"), _read_text(value, "Message")
    if packed := _read_text(value, "MessageDeflated"):
        body = decompress_base64(packed)
    if not message_id or body is None or not _ID.fullmatch(message_id):
        return None
    in_ledger = isinstance(value, dict) and True in (value.get("MessageInLedger"), value.get("MessageTooLong"))
    topic, timestamp = ((_read_text(value, name) or "")[:_LONGEST_NAME] for name in ("TopicArn", "Timestamp"))
    return Delivery(message_id, body, topic, timestamp, in_ledger=in_ledger, traceparent=_trace(value))


def _trace(value: object) -> str | None:
    """The message attribute `traceparent`; what is no trace context is as none."""
    attributes = value.get("MessageAttributes") if isinstance(value, dict) else None
    attribute = attributes.get("traceparent") if isinstance(attributes, dict) else None
    text = _read_text(attribute, "Value")
    return text if text and read_traceparent(text) else None


def _read_text(value: object, name: str) -> str | None:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _read_number(value: object, name: str, digits: int) -> int:
    """A count or a time that SQS writes as text of at most so many digits; 0 for anything else."""
    text = _read_text(value, name) or ""
    return int(text) if re.fullmatch("[0-9]+", text) and len(text) <= digits else 0


def _mark(attributes: object, name: str) -> str | None:
    """A letter's mark; Herald's own are short, and what is not goes into no other letter."""
    mark = _read_text(attributes.get(name), "stringValue") if isinstance(attributes, dict) else None
    return mark if mark and len(mark) <= _LONGEST_NAME else None


def _to_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)
