"""One mail: its record in the ledger, its dead letters and its row in the outbox. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from function.ledger.attributes import read_value
from function.ledger.record import Record, TimelineRow
from function.ledger.states import ACCEPTED, State
from operations.outbox import OutboxEntry
from operations.redrive.dead_letters import DeadLetter

__all__ = ["MailStory", "read_mail_story", "read_timeline"]


@dataclass(frozen=True, slots=True)
class MailStory:
    """The mail of one message: its record and timeline, its dead letters, and its outbox row.

    Without a record nothing was ever claimed or settled; at least one of the three exists.
    """

    record: Record | None = None
    rows: tuple[TimelineRow, ...] = ()
    letters: tuple[DeadLetter, ...] = ()
    outbox: OutboxEntry | None = None

    @property
    def message_id(self) -> str:
        """SNS's MessageId; empty if SNS has not accepted the event."""
        if self.record:
            return self.record.message_id
        return self.letters[0].message_id if self.letters else (self.outbox.message_id if self.outbox else "")

    @property
    def source(self) -> str | None:
        """The event's source."""
        letter = self.letters[0].source if self.letters else None
        return (self.record.source if self.record else None) or letter or (self.outbox.source if self.outbox else None)

    @property
    def event_id(self) -> str | None:
        """The event's id."""
        letter = self.letters[0].event_id if self.letters else None
        return (self.record.id if self.record else None) or letter or (self.outbox.event_id if self.outbox else None)

    @property
    def subject(self) -> str | None:
        """The event's subject."""
        letter = self.letters[0].subject if self.letters else None
        return (self.record.subject if self.record else None) or letter or (self.outbox.about if self.outbox else None)

    @property
    def type(self) -> str:
        """The event's type; empty if it is not known."""
        known = self.record.type if self.record else ""
        return known or (self.letters[0].type if self.letters else "") or (self.outbox.type if self.outbox else "")

    @property
    def state(self) -> str:
        """The record's state, `dead` for a letter without a record, else the state of the outbox row."""
        if self.record:
            return str(self.record.state)
        return "dead" if self.letters else (self.outbox.state if self.outbox else "unknown")

    @property
    def count(self) -> int:
        """How many mails a provider is known to have accepted."""
        if self.record is None or self.record.state not in ACCEPTED:
            return len(self.record.sent_by) if self.record else 0
        return max(1, len(self.record.sent_by))

    @property
    def began(self) -> int:
        """When the first step happened, in epoch milliseconds (0: not known)."""
        known = [row.at for row in self.rows] + [letter.since for letter in self.letters]
        return min(known, default=self.outbox.committed_at if self.outbox else 0)


def read_mail_story(item: Mapping[str, Any], letters: Sequence[DeadLetter] = ()) -> MailStory:
    """Read a mail from its record's item in DynamoDB's typed JSON, and its letters."""
    return MailStory(Record.from_item(item), read_timeline(item), tuple(letters))


def read_timeline(item: Mapping[str, Any]) -> tuple[TimelineRow, ...]:
    """Return the timeline in chronological order; the ledger writes rows in the order in which it learns of them."""
    rows = (
        TimelineRow(
            State(row["state"]),
            row["at"],
            **{name: row.get(name) for name in TimelineRow.__slots__[3:]},
            release=row["release"],
        )
        for row in read_value(item, "timeline", ())
    )
    return tuple(sorted(rows, key=lambda row: row.at))
