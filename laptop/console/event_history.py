"""The history of each event that SNS has delivered: its mails, its ledger record, and the runs of the function."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from laptop.ses.mailbox import Mail, Mailbox
from webapp.timeline.ledger_reader import LedgerReader
from webapp.timeline.timeline import EventTimeline, build_record_timeline

__all__ = ["MOST", "EventHistory", "FunctionRun", "Totals", "build_histories", "count_totals"]

#: The maximum number of events shown at a time.
MOST = 12

#: The deliveries of one event, newest first, each with its parsed event.
_Found = list[tuple[Mapping[str, Any], Any]]


@dataclass(frozen=True, slots=True)
class FunctionRun:
    """One invocation of the function: what invoked it (`sns`, `sqs`, `event`), how it ended, and which version ran."""

    source: str
    outcome: str
    version: str


@dataclass(frozen=True, slots=True)
class EventHistory:
    """The history of one event.

    `messages` are the ids of the SNS messages that carried it, oldest first; `delivery` is the latest delivery, as
    received; `done` lists the labels of the buttons pressed for it.
    """

    event_id: str
    recipient: str
    done: tuple[str, ...]
    messages: tuple[str, ...]
    delivery: Mapping[str, Any]
    mails: tuple[Mail, ...]
    record: EventTimeline | None
    runs: tuple[FunctionRun, ...]

    @property
    def verdict(self) -> tuple[str, str]:
        """Return a one-line summary, such as "exactly one mail", and its tone: `good`, `bad`, `warn` or `wait`."""
        if len(self.mails) > 1:
            return f"{len(self.mails)} mails", "bad"
        if self.mails:
            return "exactly one mail", "good"
        if self.record and self.record.final:
            return "no mail, and it says why", "warn"
        return "no mail yet", "wait"

    def as_json(self) -> dict[str, object]:
        """Return the history as a JSON-serializable dictionary."""
        return {
            "event": self.event_id,
            "messages": list(self.messages),
            "to": self.recipient,
            "done": list(self.done),
            "mails": [mail.id for mail in self.mails],
            "state": self.record.state if self.record else None,
            "rows": [asdict(row) for row in self.record.rows] if self.record else [],
            "runs": [asdict(run) for run in self.runs],
        }


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of events: all, those with exactly one mail, those without a mail so far, and those with more than one."""

    events: int
    one: int
    waiting: int
    twice: int


def build_histories(
    deliveries: Iterable[Mapping[str, Any]],
    invocations: Sequence[Mapping[str, Any]],
    mailbox: Mailbox,
    ledger: LedgerReader,
    labels: Mapping[str, Sequence[str]],
) -> list[EventHistory]:
    """Return the histories of the last `MOST` events, newest first.

    The emulator reports deliveries and invocations newest first, too.
    """
    found = list(_group_by_event(deliveries).values())[:MOST]
    return [_tell_history(one, invocations, mailbox, ledger, labels) for one in found]


def count_totals(deliveries: Iterable[Mapping[str, Any]], mailbox: Mailbox) -> Totals:
    """Count mails per event over all delivered events that the emulator still remembers."""
    counts = [len(_list_mails(_list_messages(found), mailbox)) for found in _group_by_event(deliveries).values()]
    return Totals(len(counts), counts.count(1), counts.count(0), sum(count > 1 for count in counts))


def _group_by_event(deliveries: Iterable[Mapping[str, Any]]) -> dict[str, _Found]:
    """Group deliveries by event id, keeping their order."""
    grouped: dict[str, _Found] = {}
    for delivery in deliveries:
        event = _read_event(delivery)
        if event is not None:
            grouped.setdefault(event["id"], []).append((delivery, event))
    return grouped


def _list_messages(found: _Found) -> tuple[str, ...]:
    """Return the ids of the SNS messages that carried an event, oldest first."""
    return tuple(dict.fromkeys(one["message_id"] for one, _ in reversed(found)))


def _list_mails(messages: tuple[str, ...], mailbox: Mailbox) -> tuple[Mail, ...]:
    return tuple(mail for message in messages for mail in mailbox.find(tags={"message_id": message}))


def _tell_history(
    found: _Found,
    invocations: Sequence[Mapping[str, Any]],
    mailbox: Mailbox,
    ledger: LedgerReader,
    labels: Mapping[str, Sequence[str]],
) -> EventHistory:
    delivery, event = found[0]
    messages = _list_messages(found)
    record = ledger.message_of(event["source"], event["id"], messages[0])
    runs = [
        FunctionRun(one["source"], one["outcome"], str(one.get("version", "")))
        for one in reversed(invocations)
        if one.get("message_id") in messages
    ]
    return EventHistory(
        event["id"],
        event["data"]["recipient"]["email"],
        tuple(labels.get(event["id"], ())),
        messages,
        delivery,
        _list_mails(messages, mailbox),
        build_record_timeline(messages[0], record) if record else None,
        tuple(runs),
    )


def _read_event(delivery: Mapping[str, Any]) -> Any:
    """Return the CloudEvent of a delivery, or None if it is invalid or has no recipient."""
    try:
        event = json.loads(delivery["event"]["Records"][0]["Sns"]["Message"])
        return event if isinstance(event["data"]["recipient"]["email"], str) and event["source"] else None
    except (ValueError, LookupError, TypeError):
        return None
