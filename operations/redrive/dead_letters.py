"""One message in the queue `dead`, read as far as an operator needs it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from function.event.envelope import Delivery, from_queue
from function.providers.ses.events import WEBHOOK, FeedbackEvent, parse
from function.reason_codes import MEANING, ReasonCode

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

__all__ = ["DeadLetter", "describe_reason", "group_by_reason"]

#: The reason of a message that SQS itself moved to `dead`, which has none.
_BY_SQS = "SQS moved it here: it was received too often and never deleted"
#: Groups of letters without a ReasonCode: moved by SQS or Lambda, or without a reason.
_MOVED_BY_SQS = "moved_by_sqs"
_GIVEN_UP_BY_LAMBDA = "given_up_by_lambda"
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message in `dead`. `id` is SQS's own, `message_id` that of the mail's SNS message; `since` is in epoch
    milliseconds.

    `attributes` are its message attributes in SQS's format; `attempts` is None if unknown. `reason` is for people;
    `reason_code` groups letters: a `ReasonCode`, or one of this module.
    """

    id: str
    handle: str
    body: str
    attributes: Mapping[str, Any]
    message_id: str
    reason: str
    reason_code: str
    attempt: str | None
    attempts: int | None
    release: str
    since: int
    is_feedback: bool
    #: The event's own names and type, and its extension `tenant`, as far as known.
    source: str | None = None
    event_id: str | None = None
    subject: str | None = None
    type: str = ""
    tenant: str | None = None
    #: Whether its event was too long for a letter and for the ledger: nothing is left to send.
    is_empty: bool = False

    @classmethod
    def from_message(cls, message: MessageTypeDef) -> DeadLetter:
        """Read a message as SQS returns it; any body is accepted."""
        body = message.get("Body", "")
        attributes = {name: _select_sendable(value) for name, value in message.get("MessageAttributes", {}).items()}
        feedback_id = _read_feedback_id(body)
        attempts = _read_text(attributes, "attempts")
        condition = None if feedback_id else _read_condition(body)
        event = {} if feedback_id else _read_event(body)
        return cls(
            id=message["MessageId"],
            handle=message["ReceiptHandle"],
            body=body,
            attributes=attributes,
            message_id=feedback_id or _read_message_id(message["MessageId"], body, attributes),
            reason=_read_text(attributes, "reason") or condition or _BY_SQS,
            reason_code=_read_reason_code(attributes, condition),
            attempt=_read_text(attributes, "attempt"),
            attempts=int(attempts) if attempts and attempts.isdecimal() else None,
            release=_read_text(attributes, "release") or "?",
            since=int(message.get("Attributes", {}).get("SentTimestamp", "0")),
            is_feedback=feedback_id is not None,
            source=event.get("source") or _read_text(attributes, "source"),
            event_id=event.get("id") or _read_text(attributes, "id"),
            subject=event.get("subject"),
            type=event.get("type", ""),
            tenant=event.get("tenant"),
            is_empty=_is_empty(body),
        )

    def list_events(self) -> Iterator[str]:
        """Yield the text of each event or report in it, however the letter is encoded."""
        for found in from_queue({"messageId": self.id, "receiptHandle": "", "attributes": {}, "body": self.body}):
            yield found.body if isinstance(found, Delivery) else found.raw


def group_by_reason(letters: Iterable[DeadLetter]) -> dict[str, list[DeadLetter]]:
    """Group the letters by reason code, the most frequent first; within each group the oldest first."""
    groups: dict[str, list[DeadLetter]] = {}
    for letter in sorted(letters, key=lambda one: one.since):
        groups.setdefault(letter.reason_code, []).append(letter)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def describe_reason(code: str, letters: Sequence[DeadLetter]) -> str:
    """Describe a group of letters in one line for people."""
    if code in set(ReasonCode):
        return MEANING[ReasonCode(code)]
    return letters[0].reason if len({letter.reason for letter in letters}) == 1 else "Several reasons without a code."


def _read_reason_code(attributes: Mapping[str, Any], condition: str | None) -> str:
    if _read_text(attributes, "reason"):
        return (_read_text(attributes, "reason_code") or "?").replace("?", _UNKNOWN)
    return _GIVEN_UP_BY_LAMBDA if condition else _MOVED_BY_SQS


def _read_feedback_id(body: str) -> str | None:
    """Return the MessageId of the mail that a provider's report concerns; None if the body is not a report."""
    if body.startswith(WEBHOOK):
        try:
            return str(json.loads(body)["message_id"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
    feedback = parse(body)
    return feedback.message_id if isinstance(feedback, FeedbackEvent) else None


def _read_event(body: str) -> dict[str, str]:
    """Return the event's attributes that are text; none for a letter that refers to the ledger."""
    found = next(from_queue({"messageId": "", "receiptHandle": "", "attributes": {}, "body": body}))
    try:
        event = json.loads(found.body if isinstance(found, Delivery) else found.raw)
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in event.items() if isinstance(value, str)} if isinstance(event, dict) else {}


def _read_message_id(sqs_id: str, body: str, attributes: Mapping[str, Any]) -> str:
    if named := _read_text(attributes, "message_id"):
        return named
    found = next(from_queue({"messageId": sqs_id, "receiptHandle": "", "attributes": {}, "body": body}))
    return found.message_id if isinstance(found, Delivery) else sqs_id


def _read_condition(body: str) -> str | None:
    """Return why Lambda gave up, from an on-failure record: `RetriesExhausted`, `EventAgeExceeded` or
    `ZeroReservedConcurrency`.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
    """
    try:
        return f"Lambda gave up: {json.loads(body)['requestContext']['condition']}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_empty(body: str) -> bool:
    try:
        return json.loads(body)["MessageTooLong"] is True
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _select_sendable(value: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("DataType", "StringValue", "BinaryValue")
    return {name: value[name] for name in wanted if value.get(name) is not None}


def _read_text(attributes: Mapping[str, Any], name: str) -> str | None:
    return cast("str | None", attributes.get(name, {}).get("StringValue")) or None
