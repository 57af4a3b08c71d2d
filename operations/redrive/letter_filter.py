"""Selects dead letters by message, reason, age, type or tenant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from function.ledger.record import EventItem
from operations.errors import UsageError
from operations.installation import Installation
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.queue import peek

__all__ = ["LetterFilter", "read_age", "select_letters"]

_AGE = re.compile(r"([0-9]{1,6})\s*(s|min|h|d)")
_UNITS = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Selects letters by MessageId, reason code, time of writing (epoch milliseconds, both ends excluded), event type
    and tenant; empty selects all."""

    messages: frozenset[str] = frozenset()
    reason_code: str = ""
    before: int | None = None
    after: int | None = None
    type: str = ""
    tenant: str = ""

    def matches(self, letter: DeadLetter) -> bool:
        """Whether the filter selects this letter."""
        return (
            (not self.messages or letter.message_id in self.messages)
            and self.reason_code in ("", letter.reason_code)
            and (self.before is None or letter.since < self.before)
            and (self.after is None or letter.since > self.after)
            and self.type in ("", letter.type)
            and self.tenant in ("", letter.tenant)
        )

    def __bool__(self) -> bool:
        return self != LetterFilter()

    def describe(self) -> str:
        """Describe the filter for the audit log, within the length that it keeps."""
        terms = [*sorted(self.messages)]
        terms += [f"reason {self.reason_code}"] * bool(self.reason_code) + [f"type {self.type}"] * bool(self.type)
        terms += [f"tenant {self.tenant}"] * bool(self.tenant)
        terms += [f"before {self.before}"] * (self.before is not None) + [f"after {self.after}"] * (
            self.after is not None
        )
        return ", ".join(terms)[:500] or "all letters"


def select_letters(installation: Installation, letter_filter: LetterFilter) -> list[DeadLetter]:
    """Return the selected letters; they stay in `dead`."""
    letters: Iterable[DeadLetter] = peek(installation.sqs, installation.dead)
    if letter_filter.type or letter_filter.tenant:  # a letter that was too long refers to the ledger for its event
        letters = (
            letter if letter.type or letter.is_feedback else _complete(installation, letter) for letter in letters
        )
    return [letter for letter in letters if letter_filter.matches(letter)]


def read_age(text: str, option: str) -> int | None:
    """Return the milliseconds of an age such as `90min`, `6h` or `2d`; None for an empty text. Raises `UsageError` for
    anything else."""
    if not text:
        return None
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{option} is an age such as 90min, 6h or 2d, and {text!r} is none")
    return int(found[1]) * _UNITS[found[2]]


def _complete(installation: Installation, letter: DeadLetter) -> DeadLetter:
    """Return the letter with its event's type and tenant, as far as the ledger knows them."""
    record = installation.record(letter.message_id)
    if record is None or not record.event_key or not installation.reads_events:
        return replace(letter, type=record.type) if record else letter
    item = installation.read(record.event_key, ("message_id", "body"))
    try:
        event = json.loads(EventItem.from_item(item).text or "{}") if item else {}
    except ValueError:
        event = {}
    tenant = event.get("tenant") if isinstance(event, dict) else None
    return replace(letter, type=record.type, tenant=tenant if isinstance(tenant, str) else None)
