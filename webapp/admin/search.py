"""Finds mails for an operator and explains what became of each, with the code of `herald why`.

A book, an event of this app and a MessageId are read by their keys. An address, or another publisher's event, is
searched for in the ledger, a few seconds at a time, and among the dead letters.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from function.ledger.keys import message_key
from operations.installation import Installation
from operations.outbox import OutboxEntry
from operations.redrive.queue import peek
from operations.why.explanation import MailExplanation, explain_mail, summarize
from operations.why.ledger_scan import STORY_ATTRIBUTES, ScanPart, scan_from
from operations.why.mail import MailStory, read_mail_story
from operations.why.mail_search import MailQuery, find, mentions
from operations.why.recipient import RecipientLists, find_recipient
from webapp import text_validation
from webapp.books import cursor
from webapp.clock import Clock
from webapp.outbox.outbox import Outbox, OutboxEvent
from webapp.timeline.ledger_reader import LedgerReader, read_message_id
from webapp.timeline.timeline import EventTimeline, build_record_timeline, build_timeline

__all__ = ["FoundMail", "MailSearch", "SearchResult"]

_ULID = re.compile(cursor.ULID_PATTERN)
#: The ledger has no index by address; one request scans it for at most this many seconds.
_SCAN_SECONDS = 3.0
_MOST = 20


@dataclass(frozen=True, slots=True)
class FoundMail:
    """A mail: its MessageId if there is one, its event's source, id and subject, and what became of it and why.

    `story` is None for a dead letter without a record. `given_up` is the subject of an event that the outbox gave up.
    `dead` says that `dead` contains a letter of this mail.
    """

    message_id: str
    story: EventTimeline | None
    answer: MailExplanation
    source: str = ""
    event_id: str = ""
    subject: str = ""
    given_up: str = ""
    dead: bool = False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of a search: a summary and the mails; for an address also its key and what keeps mail from it. `rest`
    is where to continue the search, None at the end; `letters` is how many dead letters were searched (None: not
    searched)."""

    summary: str = ""
    mails: tuple[FoundMail, ...] = ()
    key: str | None = None
    recipient: RecipientLists | None = None
    rest: str | None = None
    letters: int | None = None


@dataclass(frozen=True, slots=True)
class MailSearch:
    """Searches outbox, ledger and dead letters; `source` is the source of this app's events."""

    outbox: Outbox
    ledger: LedgerReader
    installation: Installation
    source: str
    clock: Clock

    def find(self, wanted: str, start: str = "") -> SearchResult:
        """Find what `wanted` names: an address, else a book, an event, a message or a subject. `start` continues an
        earlier search."""
        if not start and not text_validation.is_address(wanted) and (known := tuple(self._find_by_key(wanted))):
            stories = [story for _, story in known]
            return SearchResult(summarize(stories), tuple(mail for mail, _ in known))
        return self._look_through(wanted, start)

    def _find_by_key(self, wanted: str) -> Iterator[tuple[FoundMail, MailStory]]:
        events = self.outbox.list_by_subject(f"books/{wanted}") if _ULID.fullmatch(wanted) else []
        for event in events:
            record = self.ledger.message_of(self.source, event.id, event.message_id)
            message_id = read_message_id(record) if record else event.message_id or ""
            given_up = event.subject if event.state == "rejected" and event.body else ""
            story = self._read_story(message_id, _build_entry(event, self.source))
            yield self._tell(story, build_timeline(event, record), given_up), story
        if not events and (record := self.ledger.message_of(self.source, wanted, wanted)):
            story = self._read_story(read_message_id(record))
            yield self._tell(story, build_record_timeline(read_message_id(record), record)), story

    def _look_through(self, wanted: str, start: str) -> SearchResult:
        """Search by scanning, for an address or a name without a key: part of the ledger, all dead letters, and the
        unpublished events in the outbox."""
        installation, until = self.installation, time.monotonic() + _SCAN_SECONDS
        question = MailQuery.build(installation, wanted)
        letters = peek(installation.sqs, installation.dead)
        waiting = self.outbox.find_overdue(self.clock() + 1)
        entries = [_build_entry(event, self.source) for event in waiting if mentions(event.body, question)]

        def scan(condition: str, values: Mapping[str, object]) -> ScanPart:
            return scan_from(
                installation, condition, values, start, lambda count: count >= _MOST or time.monotonic() > until
            )

        found = find(installation, question, letters, entries, scan, self.clock())
        mails = tuple(self._tell(story, self._read_timeline(story)) for story in found.mails)
        recipient = find_recipient(installation, question.keys) if question.keys else None
        key = question.keys[0] if question.keys else None
        return SearchResult(summarize(found.mails), mails, key, recipient, found.rest, len(letters))

    def _read_story(self, message_id: str, entry: OutboxEntry | None = None) -> MailStory:
        item = self.installation.read(message_key(message_id), STORY_ATTRIBUTES) if message_id else None
        story = read_mail_story(item) if item else MailStory()
        return MailStory(story.record, story.rows, (), entry)

    def _tell(self, story: MailStory, timeline: EventTimeline | None, given_up: str = "") -> FoundMail:
        return FoundMail(
            story.message_id,
            timeline,
            explain_mail(story, self.clock()),
            story.source or "",
            story.event_id or "",
            story.subject or "",
            given_up,
            bool(story.letters),
        )

    @staticmethod
    def _read_timeline(story: MailStory) -> EventTimeline | None:
        record = story.record
        if record is None:
            return None
        names = ("type", "state", "reason", "reason_code", "held_until", "successor", "instead_of", "id", "parked")
        known = {name: value for name in (*names, "tenant", "trace") if (value := getattr(record, name))}
        rows = [row.as_dict() | {"state": str(row.state)} for row in story.rows]
        return build_record_timeline(record.message_id, {**known, "timeline": rows})


def _build_entry(event: OutboxEvent, source: str) -> OutboxEntry:
    return OutboxEntry(
        event.id,
        event.subject,
        event.type,
        event.state,
        event.committed_at,
        event.reason or "",
        event.message_id or "",
        source,
    )
