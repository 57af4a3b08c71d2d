"""Formats the contents of the queue `dead`: in lines that are never cut, and as plain values for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from herald.console import format_age, print_rows
from operations.redrive.dead_letters import DeadLetter, describe_reason, group_by_reason
from operations.redrive.plan import RedriveDecision, RedrivePlan

__all__ = ["describe_letters", "describe_plan", "show_letters", "show_plan"]

#: The most letters shown for one reason, unless all are asked for.
_SHOWN = 10

_DECISIONS = {
    RedriveDecision.SEND: "to send",
    RedriveDecision.ASK: "may have been sent already",
    RedriveDecision.DISCARD: "to discard: the mail has gone since, or another message has its event",
    RedriveDecision.AGAIN: "to send once more: a provider accepted it before",
    RedriveDecision.REFUSED: "stopped by something that can be changed: left in dead",
}


def show_letters(
    console: Console, letters: Sequence[DeadLetter], now: int, everything: bool, options: str = "", offer: bool = True
) -> None:
    """Print every reason with its letters, the commonest first. `now` is in epoch milliseconds; `options` make another
    command work on the same Herald, and `offer` is whether to suggest such commands."""
    if not letters:
        console.print("No dead letters.")
        return
    kinds = group_by_reason(letters)
    console.print(f"{_count(len(letters), 'dead letter')} for {_count(len(kinds), 'reason')}")
    for code, those in kinds.items():
        console.print()
        console.print(describe_reason(code, those), style="bold", markup=False)
        console.print(f"  {code}", style="dim", markup=False)
        shown = those if everything else those[:_SHOWN]
        print_rows(
            ("MessageId", "since", "attempts", "release"), [_list_cells(letter, now) for letter in shown], indent=2
        )
        if len(those) > len(shown):
            console.print(f"    and {len(those) - len(shown)} more: --all shows them", style="dim")
    if offer:
        console.print(f"\nWhy this one:    herald why MESSAGE_ID{options}", style="dim")
        console.print(f"Send them again: herald redrive{options} (--dry-run shows what it would do)", style="dim")
        console.print(f"Discard them:    herald discard --reason CODE{options}", style="dim")


def show_plan(console: Console, plan: RedrivePlan) -> None:
    """Print how many letters there are for each decision, and the MessageIds of those that need a confirmation."""
    for decision, label in _DECISIONS.items():
        if letters := plan.letters_to(decision):
            console.print(f"{len(letters):6}  {label}")
    for letter in plan.letters_to(RedriveDecision.ASK)[:_SHOWN]:
        console.print(f"          {letter.message_id}", markup=False)


def describe_plan(plan: RedrivePlan) -> list[dict[str, Any]]:
    """The decision on each letter."""
    return [
        {
            "message_id": letter.message_id,
            "decision": str(plan.decisions[letter.id]),
            "refusal": plan.refusals.get(letter.id),
        }
        for letter in plan.letters
    ]


def describe_letters(letters: Sequence[DeadLetter]) -> dict[str, Any]:
    """The letters by reason; times in ISO 8601."""
    kinds = [
        {
            "reason_code": code,
            "reason": describe_reason(code, those),
            "count": len(those),
            "oldest": _format_iso(those[0].since),
            "letters": [_to_json(one) for one in those],
        }
        for code, those in group_by_reason(letters).items()
    ]
    return {"count": len(letters), "reasons": kinds}


def _list_cells(letter: DeadLetter, now: int) -> tuple[str, str, str, str]:
    attempts = "?" if letter.attempts is None else str(letter.attempts)
    return letter.message_id, format_age(now - letter.since), attempts, letter.release


def _to_json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "message_id": letter.message_id,
        "source": letter.source,
        "event_id": letter.event_id,
        "type": letter.type or None,
        "reason": letter.reason,
        "reason_code": letter.reason_code,
        "since": _format_iso(letter.since),
        "attempts": letter.attempts,
        "attempt": letter.attempt,
        "release": letter.release,
    }


def _format_iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
