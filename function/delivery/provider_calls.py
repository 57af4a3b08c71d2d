"""What a mail's timeline says of the calls of providers. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from function.errors import NotificationError
from function.ledger.record import TimelineRow
from function.ledger.states import State
from function.providers.failover import ProviderCall, SendResult
from function.reason_codes import Reason

__all__ = ["note_calls"]

#: Characters of a row's detail: the words of two providers.
_LONGEST_DETAIL = 400


def note_calls(
    result: SendResult, release: str, clock: Callable[[], int], last: State, aside: Reason | None = None
) -> list[TimelineRow]:
    """The calls as timeline rows: the last has the state that the mail is in now, and what all of them said, or what
    is said `aside` of one that was accepted; those before sent nothing."""
    rows = [_row(call, State.RELEASED, release) for call in result.tries]
    if isinstance(result.outcome, NotificationError):
        reason = result.outcome.reason
        rows = rows or [TimelineRow.of(reason, last, clock(), release)]
        rows[-1] = replace(rows[-1], detail=reason.text[:_LONGEST_DETAIL], reason_code=reason.code)
    elif aside:
        rows[-1] = replace(rows[-1], detail=aside.text, reason_code=aside.code)
    return [*rows[:-1], replace(rows[-1], state=last)]


def _row(call: ProviderCall, state: State, release: str) -> TimelineRow:
    row = TimelineRow(state, call.at + call.ms, release, call.provider, call.ms)
    if call.error is None:
        return row
    return replace(row, detail=str(call.error)[:_LONGEST_DETAIL], reason_code=call.error.reason.code)
