"""Requests by which a delivery claims a mail: the first time, over an expired record, or to send it once more."""

from __future__ import annotations

from function.ledger.attempt import Attempt
from function.ledger.record import Record, TimelineRow
from function.ledger.states import Action, State
from function.ledger.writes.requests import (
    APPEND,
    CLEAR,
    FORGET,
    LIVE,
    UNSCHEDULE,
    WriteRequest,
    build_source_condition,
)
from function.ledger.writes.supersession import SupersessionRequests, describe_mail
from function.reason_codes import Reason, ReasonCode

__all__ = ["ClaimRequests"]

_TRIED = (
    "#attempts = if_not_exists(#attempts, :zero) + :one, #at_risk = if_not_exists(#at_risk, :zero) + :one, "
    "#first_at = if_not_exists(#first_at, :now)"
)
_COUNTED = f"{_TRIED}, #timeline = if_not_exists(#timeline, :rows)"
_AFRESH = "#attempts = :one, #at_risk = :one, #first_at = :now, #timeline = :rows"
_RESENT = Reason(
    ReasonCode.RESENT, "no answer and no report came, although later mails were reported on: sent once more"
)


class ClaimRequests(SupersessionRequests):
    """Claims the mail, its event and, if another message had the event, that message's record, in one transaction."""

    __slots__ = ()

    def claim(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        """Claim the mail if the record is free for this attempt; the count of attempts is kept."""
        condition = f"attribute_not_exists(#pk) OR ({LIVE} AND ({_build_claim_condition(attempt)}))"
        return self._claim(attempt, now, _COUNTED, condition, UNSCHEDULE if attempt.due is not None else "")

    def claim_expired(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        """Claim the mail over an expired record that TTL has not deleted yet, as if it did not exist."""
        return self._claim(attempt, now, _AFRESH, "#expires_at <= :now_s", f", {FORGET}{UNSCHEDULE}")

    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[WriteRequest]:
        """Claim the mail once more although the attempt in the record, past its hold, may have sent it."""
        row = TimelineRow.from_reason(_RESENT, State.SENDING, now, self.release)
        condition = (
            f"{build_source_condition(Action.RESEND)} AND #owner = :seen "
            "AND #held_until <= :now AND #at_risk <= :resends"
            f" AND attribute_not_exists(#parked) AND attribute_not_exists(#cancelled_by) AND {LIVE}"
        )
        named = {name: value for name, value in describe_mail(attempt).items() if name != "providers"}
        also = " ADD #providers :providers" if attempt.providers else ""
        values: dict[str, object] = {"seen": doubtful.owner, "providers": set(attempt.providers)}
        expression = f"SET {_assign_claim(named)}, {_TRIED}, {APPEND}{also}"
        message = self.update_message(attempt, now, expression, condition, row, named | values)
        return [{"Update": message}, *self._add_items(attempt, now)]

    def _claim(self, attempt: Attempt, now: int, counters: str, condition: str, forget: str = "") -> list[WriteRequest]:
        ready = max(now - attempt.received, 0) if attempt.received else None
        row = TimelineRow(State.SENDING, now, self.release, ms=ready)
        named = describe_mail(attempt)
        message = self.update_message(
            attempt, now, f"SET {_assign_claim(named)}, {counters} {CLEAR}{forget}", condition, row, named
        )
        return [{"Update": message}, *self._add_items(attempt, now)]

    def _add_items(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        """The other items of a claim: the event item, the address checks, the predecessor."""
        return [
            # A delivery of a scheduled mail has no other copy of the event.
            {"Put": self.put_event(attempt, now, small=attempt.due is None)},
            *self.check_recipient(attempt),
            *self.supersede(attempt, now),
        ]


def _build_claim_condition(attempt: Attempt) -> str:
    """The condition that the record is in a state that this attempt may claim."""
    free = [build_source_condition(Action.CLAIM)]
    if attempt.letter:
        free.append(f"({build_source_condition(Action.REDRIVE)} AND #owner = :letter)")
    if attempt.letter and attempt.confirmed:
        free.append(
            f"({build_source_condition(Action.REDRIVE_CONFIRMED)} AND #held_until <= :now AND #owner = :letter)"
        )
    return " OR ".join(free)


def _assign_claim(named: dict[str, object]) -> str:
    """Return the assignments of a claim, with the attributes from `describe_mail`."""
    fixed = "#state = :sending, #owner = :owner, #held_until = :held_until, #expires_at = :expires_at"
    return ", ".join([fixed, *(f"#{name} = :{name}" for name in named)])
