"""Dead letters and deliveries waiting in `retry`: an SNS notification as an SQS message within SQS's size limit.

The body has the format that SNS itself would have queued, so that a dead letter that was redriven in the AWS console is
read like any other delivery. Anything else that Herald knows is in message attributes.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Protocol

from function.event.compression import compress
from function.event.envelope import Delivery
from function.reason_codes import Reason
from function.runtime.lean_dataclass import dataclass

__all__ = ["LARGEST_BODY", "DeadLetters", "Letter", "write_letter", "write_retry"]

#: In bytes. SQS's limit of 256 KiB includes the attributes:
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
LARGEST_BODY = 250_000
_NOT_ATTRIBUTE_TEXT = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Letter:
    """An SQS message: ASCII JSON and string attributes."""

    body: str
    attributes: dict[str, str]


class DeadLetters(Protocol):
    """The queue of dead letters."""

    def put(self, letter: Letter) -> None:
        """Store the dead letter; raises if that is not certain."""


def write_retry(delivery: Delivery, not_sent: str | None = None) -> Letter:
    """Build the message for `retry`, with the attributes of the dead letter that the delivery came from, if any.
    `not_sent` is the message and attempt that the ledger could not record. It refers to the ledger for the event only
    if the delivery already did."""
    marks = {"attempt": delivery.letter, "confirmed": "yes" if delivery.confirmed else None}
    marks |= {"instead_of": delivery.instead_of, "avoid": delivery.avoid, "never_tried": delivery.never_tried}
    marks |= {"not_sent": not_sent}
    return Letter(_build_body(delivery, False), _drop_empty(marks))


def write_letter(
    delivery: Delivery,
    attempt: str,
    reason: Reason,
    release: str,
    attempts: int = 0,
    kept: bool = True,
    event: tuple[str | None, str | None] = (None, None),
) -> Letter:
    """Build the dead letter of one attempt: the original and the reason. `kept` says that the ledger keeps the event,
    or will: only then can the dead letter refer to it. `event` is its source and id, if known."""
    source, id_ = (_NOT_ATTRIBUTE_TEXT.sub("?", name) if name else None for name in event)
    return Letter(
        _build_body(delivery, kept),
        {
            "attempt": attempt,
            "attempts": str(attempts),
            "message_id": delivery.message_id,
            "reason": _NOT_ATTRIBUTE_TEXT.sub("?", reason.text)[:500],
            "reason_code": reason.code or "?",
            "release": release or "?",
            **_drop_empty({"source": source, "id": id_, "instead_of": delivery.instead_of, "avoid": delivery.avoid}),
        },
    )


def _drop_empty(marks: dict[str, str | None]) -> dict[str, str]:
    """Drop empty attributes, which SQS does not accept."""
    return {name: value for name, value in marks.items() if value}


def _build_body(delivery: Delivery, kept: bool) -> str:
    notification: dict[str, object] = {
        "Type": "Notification",
        "MessageId": delivery.message_id,
        "TopicArn": delivery.topic,
        "Timestamp": delivery.timestamp,
    }
    if delivery.traceparent:
        notification["MessageAttributes"] = {"traceparent": {"Type": "String", "Value": delivery.traceparent}}
    if delivery.in_ledger:
        return json.dumps(notification | {"Message": "", "MessageInLedger": True})
    plain = json.dumps(notification | {"Message": delivery.body})
    if len(plain) <= LARGEST_BODY:
        return plain
    packed = base64.b64encode(compress(delivery.body)).decode()
    short = json.dumps(notification | {"Message": "", "MessageDeflated": packed})
    if len(short) <= LARGEST_BODY:
        return short
    return json.dumps(notification | {"Message": "", "MessageInLedger" if kept else "MessageTooLong": True})
