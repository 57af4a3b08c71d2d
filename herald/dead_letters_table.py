"""The contents of the queue `dead`: as a table for 80 columns, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from operations.redrive.dead_letters import DeadLetter, describe_reason, group_by_reason
from operations.redrive.plan import RedriveDecision, RedrivePlan

__all__ = ["as_json", "show_letters", "show_plan"]

#: Letters of one reason that are shown, unless all are asked for.
_SHOWN = 10

_DECISIONS = {
    RedriveDecision.SEND: "to send",
    RedriveDecision.ASK: "may have been sent already",
    RedriveDecision.DISCARD: "to throw away: the mail has gone since, or another message has its event",
    RedriveDecision.AGAIN: "to send once more: a provider accepted it before",
}


def show_letters(console: Console, letters: Sequence[DeadLetter], now: int, everything: bool) -> None:
    """Every reason with its letters, the commonest first. `now` is epoch milliseconds."""
    if not letters:
        console.print("No dead letters.")
        return
    kinds = group_by_reason(letters)
    console.print(f"{_count(len(letters), 'dead letter')} for {_count(len(kinds), 'reason')}")
    for code, those in kinds.items():
        console.print()
        console.print(Text.assemble((describe_reason(code, those), "bold"), (f"  {code}", "dim")), soft_wrap=False)
        shown = those if everything else those[:_SHOWN]
        console.print(Padding(_table(shown, now), (0, 0, 0, 2)), soft_wrap=False)
        if len(those) > len(shown):
            console.print(f"    and {len(those) - len(shown)} more: --all shows them", style="dim")
    console.print("\nSend them again: make redrive (FLAGS=--dry-run shows what it would do)", style="dim")


def _table(letters: Sequence[DeadLetter], now: int) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("MessageId", no_wrap=True, overflow="ellipsis")
    table.add_column("since", no_wrap=True, justify="right")
    table.add_column("attempts", no_wrap=True, justify="right")
    table.add_column("release", no_wrap=True, overflow="ellipsis", max_width=14)
    for letter in letters:
        attempts = "?" if letter.attempts is None else str(letter.attempts)
        table.add_row(Text(letter.message_id), _age(now - letter.since), attempts, Text(letter.release))
    return table


def show_plan(console: Console, plan: RedrivePlan) -> None:
    """How many letters are planned for what, and the MessageIds of those that need a confirmation."""
    for decision, label in _DECISIONS.items():
        if letters := plan.letters_to(decision):
            console.print(f"{len(letters):6}  {label}")
    for letter in plan.letters_to(RedriveDecision.ASK)[:_SHOWN]:
        console.print(Text(f"          {letter.message_id}"))


def as_json(letters: Sequence[DeadLetter]) -> str:
    """The same for machines; times in ISO 8601."""
    kinds = [
        {
            "reason_code": code,
            "reason": describe_reason(code, those),
            "count": len(those),
            "oldest": _iso(those[0].since),
            "letters": [_value(one) for one in those],
        }
        for code, those in group_by_reason(letters).items()
    ]
    return json.dumps({"count": len(letters), "reasons": kinds}, indent=2)


def _value(letter: DeadLetter) -> dict[str, Any]:
    return {
        "message_id": letter.message_id,
        "reason": letter.reason,
        "reason_code": letter.reason_code,
        "since": _iso(letter.since),
        "attempts": letter.attempts,
        "attempt": letter.attempt,
        "release": letter.release,
    }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")


def _age(ms: int) -> str:
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= size:
            return f"{ms // size} {unit}"
    return f"{max(0, ms) // 1000} s"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
