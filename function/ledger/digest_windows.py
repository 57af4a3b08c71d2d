"""Digests: collects events by window, and closes each window into one mail.

A reader's digest of one type is one record, named by its type, its reader and the end of its window. It is `collecting`
and in the index of due records (`schedule.py`) from its first event until the window ends; then it is a scheduled mail
like any other, with an event of its own.

- Collecting an event is one transaction: message (`collected`, with the name of its digest), event (with its body), the
  address, and the digest, which the first event creates and which accepts no event once it is closed. An event that
  arrives during the closing goes into the next window. After a crash, the next delivery finds the event collected.
- The digest holds the keys of its events, and a counter that is raised by each change of its events or of their
  content.
- Closing is one transaction: digest (`scheduled`, if its counter is unchanged) and an event in the digest's own name,
  made from its events. A second process finds it closed. After a crash, the digest is still in the index and is queued
  again.
- From then on, claim, send, report, dead letter and redrive work as for every other mail, so the digest is sent once.
- A cancellation or a correction takes a collected event out of its digest in its own transaction, while the digest is
  open.
- A digest whose events were all cancelled or erased is `cancelled` when its window ends.

None of this depends on exact clocks: with a slow clock an event goes into the next window, and with a fast clock a
digest is closed earlier.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from function.ledger.attempt import Attempt, Duplicate, Held, KeptForLater, Verdict
from function.ledger.attributes import Item
from function.ledger.keys import DIGEST_SOURCE, EVENT_PREFIX, event_key, window_id
from function.ledger.ledger import CONTENDED_PAUSE, Ledger, Writes
from function.ledger.record import EventItem, Record, TimelineRow
from function.ledger.schedule import find_shard
from function.ledger.states import Action, State
from function.ledger.table import Contended, Refusal
from function.ledger.writes.requests import APPEND, UNSCHEDULE, WriteRequest, build_source_condition
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["LARGEST", "Digest", "DigestWindows", "close_window", "collect_event"]

#: Most events of one digest; further events go into the next window.
LARGEST = 500
#: How many windows are tried in turn, and how often closing is tried while the events change.
_WINDOWS, _TRIES = 8, 3


@dataclass(frozen=True, slots=True)
class Digest:
    """The event of a closed digest: its content hash, and its compressed text."""

    content_hash: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class DigestWindows:
    """Collects events in `ledger`, and closes their digests."""

    ledger: Ledger

    def collect(self, attempt: Attempt, ends: Iterable[int]) -> Verdict:
        """Keep the event of `attempt` for the first window that accepts it, or return why not. `ends` are the ends of
        the coming windows, in epoch milliseconds."""
        now = self.ledger.clock()
        try:
            for end in itertools.islice(ends, _WINDOWS):
                window = window_id(attempt.type, attempt.address, end, attempt.tenant)
                verdict = self._join(replace(attempt, window=window, due=end), now)
                if verdict is not None:
                    return verdict
        except Contended:
            pass
        return Held(now + CONTENDED_PAUSE)

    def close(self, window: str, owner: str, compose: Callable[[Record, list[str]], Digest | None]) -> bool | Held:
        """Close a digest if its window is over by this clock; return whether there is anything to mail. `compose` makes
        the digest's event from the collected ones, or returns None if none are left.

        Raises Contended.
        """
        now = self.ledger.clock()
        for _ in range(_TRIES):
            record = self.ledger.read(window)
            if record is None or record.state is not State.COLLECTING:  # another process was faster
                return record is not None and record.state is not State.CANCELLED
            if (record.scheduled_for or 0) > now:
                return Held(record.scheduled_for or 0)
            digest = compose(record, list(self._read_events(record)))
            if self.ledger.table.write(self._request_close(record, owner, digest, now)) is None:
                return digest is not None
        return Held(now + CONTENDED_PAUSE)

    def _join(self, attempt: Attempt, now: int) -> Verdict | None:
        """Add the event to its window; None if the window accepts no more events."""
        refusal = self.ledger.table.write(self._request_join(attempt, now))
        kept = KeptForLater(attempt.due or 0, attempt.window or "")
        if refusal is None:
            return kept
        *others, _ = refusal.items
        if all(item is None for item in others):
            return None
        verdict = self.ledger.explain_refusal(Refusal(tuple(others)), attempt, now)
        own = isinstance(verdict, Duplicate) and verdict.state is State.COLLECTED and verdict.owner == attempt.owner
        return kept if own else verdict

    def _request_join(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        return collect_event(self.ledger.writes, attempt, now)

    def _request_close(self, record: Record, owner: str, digest: Digest | None, now: int) -> list[WriteRequest]:
        return close_window(self.ledger.writes, record, owner, digest, now)

    def _read_events(self, record: Record) -> Iterator[str]:
        """Return the events of a digest that are still kept, in no particular order."""
        now = self.ledger.clock()
        for key in sorted(record.items):
            item: Item | None = self.ledger.table.get(EVENT_PREFIX + key)
            event = EventItem.from_item(item) if item else None
            if event and event.text is not None and not event.is_expired(now):
                yield event.text


def collect_event(writes: Writes, attempt: Attempt, now: int) -> list[WriteRequest]:
    """The requests that collect an event: message, event and address as for a claim, any predecessor, and last the
    attempt's digest `window`."""
    when = f"{datetime.fromtimestamp((attempt.due or 0) / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    reason = Reason(ReasonCode.COLLECTED, f"collected for the digest of {when}, {attempt.window}")
    row = TimelineRow.from_reason(reason, State.COLLECTED, now, writes.release)
    message, event, *predecessor = writes.settle(attempt, row, Action.COLLECT)
    return [
        message,
        event,
        *writes.check_recipient(attempt),
        *predecessor,
        {"Update": _join(writes, attempt, when, now)},
    ]


def _join(writes: Writes, attempt: Attempt, when: str, now: int) -> WriteRequest:
    """Create the digest or add to it, with the attributes of a scheduled record."""
    window = attempt.window or ""
    named: dict[str, object] = {
        "type": attempt.type,
        "address": attempt.address,
        "source": DIGEST_SOURCE,
        "id": window,
        "event_key": event_key(DIGEST_SOURCE, window),
        "due": find_shard(window),
        "scheduled_for": attempt.due,
    }
    if attempt.tenant:
        named["tenant"] = attempt.tenant
    sets = [
        "#state = :collecting, #due_at = if_not_exists(#due_at, :scheduled_for), #expires_at = :expires_at",
        "#timeline = if_not_exists(#timeline, :rows)",
        *(f"#{name} = :{name}" for name in named),
    ]
    row = TimelineRow.from_reason(
        Reason(ReasonCode.COLLECTED, f"collects until {when}"), State.COLLECTING, now, writes.release
    )
    values = named | {"items": {(attempt.event_key or "").removeprefix(EVENT_PREFIX)}, "most": LARGEST}
    return writes.update_message(
        Attempt(window, attempt.owner, due=attempt.due),
        now,
        f"SET {', '.join(sets)} ADD #items :items, #changes :one",
        f"attribute_not_exists(#pk) OR ({build_source_condition(Action.CLOSE)}"
        " AND (attribute_not_exists(#items) OR size(#items) < :most))",
        row,
        values,
    )


def close_window(writes: Writes, record: Record, owner: str, digest: Digest | None, now: int) -> list[WriteRequest]:
    """The requests that close a digest as it was read and write its event, or cancel it if there is none."""
    attempt = Attempt(record.message_id, owner, event_key=record.event_key, due=max(record.scheduled_for or 0, now))
    action, state, text, forget = Action.CLOSE, State.SCHEDULED, f"closed with {len(record.items)} events", ""
    if digest is None:
        action, state = Action.CLOSE_EMPTY, State.CANCELLED
        text, forget = "all its events were cancelled or erased", f" REMOVE {UNSCHEDULE.removeprefix(', ')}"
    reason = Reason(ReasonCode.DIGEST_CLOSED, text)
    values: dict[str, object] = {"seen": record.changes, "reason": reason.text, "reason_code": reason.code}
    message = writes.update_message(
        attempt,
        now,
        f"SET #state = :{state}, #owner = :owner, #reason = :reason, #reason_code = :reason_code,"
        f" #expires_at = :expires_at, {APPEND}{forget}",
        f"{build_source_condition(action)} AND #changes = :seen",
        TimelineRow.from_reason(reason, state, now, writes.release),
        values,
    )
    if digest is None:
        return [{"Update": message}]
    written: Any = replace(attempt, content_hash=digest.content_hash, body=digest.body)
    return [{"Update": message}, {"Put": writes.put_event(written, now)}]
