"""Requests that record the result of a claim, or settle a mail without a claim."""

from __future__ import annotations

from collections.abc import Sequence

from function.ledger.attempt import Attempt, Suppressed
from function.ledger.record import Record, TimelineRow
from function.ledger.states import IN_DOUBT, SETTLED_UNSENT, Action, State
from function.ledger.writes.requests import (
    APPEND,
    CLEAR,
    FORGET,
    REPEAT,
    SENT_BY,
    UNSCHEDULE,
    WriteRequest,
    build_source_condition,
    build_state_condition,
)
from function.ledger.writes.supersession import SupersessionRequests, describe_mail
from function.reason_codes import Reason, ReasonCode

__all__ = ["SettlementRequests"]

_BY_OWNER = f"#owner = :owner AND {build_source_condition(Action.RECORD)}"
_LEAVE = "#at_risk = #at_risk - :one"
#: Why a settled or parked record waits, and the expiry that it shares with its event item, which is written with it.
_WAITS = "#reason = :reason, #reason_code = :reason_code, #expires_at = :expires_at"


class SettlementRequests(SupersessionRequests):
    """Writes the result of a claim, and settlements without a claim: rejecting, suppressing, parking, keeping for
    later."""

    __slots__ = ()

    # -- the owner's writes -------------------------------------------------------------------------------------

    def record(self, attempt: Attempt, rows: Sequence[TimelineRow], provider_message_id: str) -> WriteRequest:
        """Record that a provider accepted the owner's mail; `rows` are the providers tried, the accepting one last."""
        return self._update_as_owner(
            attempt,
            rows[-1],
            f"SET #state = :sent, #provider_message_id = :provider_message_id, {APPEND} {CLEAR} {SENT_BY}",
            extra={"provider_message_id": provider_message_id, "rows": [row.as_dict() for row in rows]},
        )

    def annotate(self, attempt: Attempt, rows: Sequence[TimelineRow]) -> WriteRequest:
        """Add the owner's rows and its acceptance to a record that feedback moved first."""
        extra: dict[str, object] = {"rows": [row.as_dict() for row in rows]}
        return self.update_message(attempt, rows[-1].at, f"SET {APPEND} {SENT_BY}", "#owner = :owner", rows[-1], extra)

    def release_claim(self, attempt: Attempt, row: TimelineRow) -> WriteRequest:
        """Free the mail again: neither the owner nor an earlier attempt sent it, and it was not cancelled."""
        return self._update_as_owner(
            attempt,
            row,
            f"SET #state = :released, {_LEAVE}, {REPEAT} {CLEAR}",
            also=" AND #at_risk <= :one AND attribute_not_exists(#cancelled_by)",
        )

    def withdraw(self, attempt: Attempt, row: TimelineRow, record: Record) -> list[WriteRequest]:
        """Cancel the mail: neither the owner nor an earlier attempt sent it, and it was cancelled meanwhile."""
        reason = Reason(ReasonCode.CANCELLED, f"cancelled by {record.cancelled_by}, and nothing was sent")
        last = TimelineRow.from_reason(reason, State.CANCELLED, row.at, self.release)
        expires_at = max(self.expire_at(row.at), record.expires_at or 0)
        message = self._update_as_owner(
            attempt,
            row,
            f"SET #state = :cancelled, {_LEAVE}, {_WAITS}, {APPEND} REMOVE #first_at, #parked, #cancelled_by",
            also=" AND #at_risk <= :one AND attribute_exists(#cancelled_by)",
            extra=_explain(last) | {"rows": [row.as_dict(), last.as_dict()], "expires_at": expires_at},
        )
        return [{"Update": message}, {"Update": self.drop_body(record, record.event_key or "", expires_at)}]

    def give_back(self, attempt: Attempt, row: TimelineRow, owner: str) -> WriteRequest:
        """Return the mail to doubt, owned by the attempt `owner`: this attempt sent nothing, but an earlier one may
        have."""
        return self._update_as_owner(
            attempt,
            row,
            f"SET #state = :unknown, #owner = :before, #held_until = :now, {_LEAVE}, {REPEAT}",
            extra={"before": owner},
        )

    def lose(self, attempt: Attempt, row: TimelineRow) -> WriteRequest:
        """Record that the provider's answer was lost: the mail stays held for the rest of the claim's hold."""
        return self._update_as_owner(attempt, row, f"SET #state = :unknown, {REPEAT}")

    def refuse(self, attempt: Attempt, row: TimelineRow) -> list[WriteRequest]:
        """Record that the provider refused the owner's mail permanently; the record waits for an operator."""
        message = self._update_as_owner(
            attempt,
            row,
            f"SET #state = :rejected, {_LEAVE}, {_WAITS}, {APPEND} REMOVE #first_at, #parked",
            also=" AND #at_risk <= :one",
            extra=_explain(row),
        )
        return [{"Update": message}, {"Put": self.put_event(attempt, row.at)}]

    # -- without a claim ----------------------------------------------------------------------------------------

    def reject(self, attempt: Attempt, row: TimelineRow) -> list[WriteRequest]:
        """Reject the mail: nothing was sent and nothing will be. The record must be missing, released, or of the
        attempt that a dead letter names."""
        return self.settle(attempt, row, Action.REJECT)

    def suppress(self, attempt: Attempt, row: TimelineRow, by: Suppressed | None = None) -> list[WriteRequest]:
        """Suppress the mail, if what stops it (`by`) still does; None: this deployment may not send it."""
        message, event, *predecessor = self.settle(attempt, row, Action.SUPPRESS)
        if by is None:
            return [message, event, *predecessor]
        still = f"attribute_exists({'#choice' if by.choice else '#since'})"
        return [message, event, {"ConditionCheck": self.check_address(attempt, still, by.address)}, *predecessor]

    def settle(
        self, attempt: Attempt, row: TimelineRow, action: Action, also: dict[str, object] | None = None
    ) -> list[WriteRequest]:
        """Write a record without a claim, if there is none or an expired one, if `action` changes its state, or if a
        dead letter names its attempt. `also` are further attributes, such as those for the index of due records."""
        over = f"attribute_not_exists(#pk) OR #expires_at <= :now_s OR {build_source_condition(action)}"
        if attempt.letter:
            over += f" OR ({build_state_condition(sorted(SETTLED_UNSENT))} AND #owner = :letter)"
        named = describe_mail(attempt) | (also or {})
        sets = [
            f"#state = :{row.state}, #owner = :owner, #at_risk = :zero, #attempts = if_not_exists(#attempts, :zero)",
            *(f"#{name} = :{name}" for name in named),
            _WAITS,
            APPEND,
        ]
        forget = FORGET if also else f"{FORGET}{UNSCHEDULE}"
        expression = f"SET {', '.join(sets)} REMOVE #first_at, #parked, {forget}"
        message = self.update_message(attempt, row.at, expression, over, row, named | _explain(row))
        return [{"Update": message}, {"Put": self.put_event(attempt, row.at)}, *self.supersede(attempt, row.at)]

    def park(self, attempt: Attempt, doubtful: str, row: TimelineRow) -> list[WriteRequest]:
        """Park the mail: a dead letter about the `doubtful` attempt was written for an operator; the state does not
        change."""
        message = self.update_message(
            attempt,
            row.at,
            f"SET #parked = :doubtful, {_WAITS}, {REPEAT} REMOVE #first_at",
            f"{build_state_condition(sorted(IN_DOUBT))} AND #owner = :doubtful AND #held_until <= :now",
            row,
            {**_explain(row), "doubtful": doubtful},
        )
        return [{"Update": message}, {"Put": self.put_event(attempt, row.at)}]

    def _update_as_owner(
        self,
        attempt: Attempt,
        row: TimelineRow,
        expression: str,
        also: str = "",
        extra: dict[str, object] | None = None,
    ) -> WriteRequest:
        return self.update_message(attempt, row.at, expression, _BY_OWNER + also, row, extra)


def _explain(row: TimelineRow) -> dict[str, object]:
    """Return the attributes for why the record waits, from its last timeline row."""
    return {"reason": row.detail or "", "reason_code": row.reason_code or ""}
