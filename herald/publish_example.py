"""Publishes an example of a notification to a real topic as an event, for somebody who wants to see the mail.

It is marked as a test: its source is `urn:herald:test`, which the ledger, the timeline and a dead letter show.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations.errors import UsageError, UserError
from package.notifications.catalogue import list_types, read_examples
from package.notifications.formats import LONGEST, PATTERNS

__all__ = ["choose_example", "format_question", "make_event", "publish_event", "require_address"]

SOURCE = "urn:herald:test"


def choose_example(notifications: Path, type_: str, name: str) -> Any:
    """The data of one example. Raises `UserError`, which lists the known ones, if there is no such example."""
    for wanted, known, what in (
        (type_, list_types(notifications), "notification"),
        (name, read_examples(type_, notifications), f"example of {type_}"),
    ):
        if wanted not in known:
            raise UserError(f"there is no {what} {wanted!r}; there are: {', '.join(sorted(known))}")
    return read_examples(type_, notifications)[name]


def require_address(to: object) -> str:
    """Return `to` if it is an address that every schema accepts; the example's own recipient gets no mail.

    Raises `UserError` if it is not.
    """
    if not isinstance(to, str) or len(to) > LONGEST["email"] or not re.search(PATTERNS["email"], to):
        raise UsageError(f"nothing was sent: {to!r} is no address: name one like you@example.com")
    return to


def make_event(type_: str, data: Mapping[str, Any], to: str, tenant: str | None = None) -> dict[str, Any]:
    """A new event with this data, the current time and a `tenant`, if any; `to` replaces the recipient's address.

    Raises `UserError` if `to` is not an address.
    """
    recipient = {**data["recipient"], "email": require_address(to)}
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": SOURCE,
        "type": type_,
        "time": datetime.now(UTC).isoformat(),
        **({"tenant": tenant} if tenant else {}),
        "datacontenttype": "application/json",
        "data": {**data, "recipient": recipient},
    }


def format_question(type_: str, to: str, prefix: str, where: str) -> str:
    """The question to ask before a real mail is sent."""
    return f"Send {type_} to {to} by {prefix} in {where}?"


def publish_event(sns: Any, topic: str, event: Mapping[str, Any]) -> str:
    """Publish the event and return the MessageId from SNS."""
    attributes = {"type": {"DataType": "String", "StringValue": event["type"]}}
    answer = sns.publish(TopicArn=topic, Message=json.dumps(event), MessageAttributes=attributes)
    return str(answer["MessageId"])
