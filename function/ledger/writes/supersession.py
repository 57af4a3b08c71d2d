"""Requests by which one message takes an event over from another: it was corrected, or its mail is sent again."""

from __future__ import annotations

from function.ledger.attempt import Attempt
from function.ledger.keys import EVENT_PREFIX, message_key
from function.ledger.record import Record, TimelineRow
from function.ledger.states import ACCEPTED, PRECEDENCE, Action, State
from function.ledger.writes.requests import (
    APPEND,
    CLEAR,
    LIVE,
    UNSCHEDULE,
    Requests,
    WriteRequest,
    build_source_condition,
    build_state_condition,
    update,
)
from function.reason_codes import Reason, ReasonCode

__all__ = ["SupersessionRequests", "describe_mail"]

#: The states in which a mail may be sent again, strongest first.
_SENT_AGAIN = [state for state in PRECEDENCE if state in ACCEPTED and state is not State.COMPLAINED]
_PAST_HOLD = "(attribute_not_exists(#held_until) OR #held_until <= :now)"


class SupersessionRequests(Requests):
    """Writes the previous owner of the event, in the transaction that claims or settles the new one."""

    __slots__ = ()

    def supersede(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        """The updates of the message that the event is taken over from, if there is one."""
        if attempt.predecessor is None:
            return []
        before, take = attempt.predecessor, self._replace
        if before.state in ACCEPTED:
            take = self._link_next_provider if attempt.never_tried else self._link_resent
        request = {"Update": take(attempt, before, now)}
        if before.state is not State.COLLECTED or before.window == attempt.window:
            return [request]
        return [request, {"Update": self.leave_window(before)}]

    def leave_window(self, collected: Record) -> WriteRequest:
        """Take a collected event out of its digest, if the digest is still open."""
        values: dict[str, object] = {"items": {(collected.event_key or "").removeprefix(EVENT_PREFIX)}, "one": 1}
        window = message_key(collected.window or "")
        expression = "ADD #changes :one DELETE #items :items"
        return update(self.table, window, expression, build_source_condition(Action.CLOSE), values)

    def _replace(self, attempt: Attempt, before: Record, now: int) -> WriteRequest:
        """Replace the other message: nothing was sent, or an operator accepts a second mail."""
        # If the event was collected when it was read, the same transaction takes it out of its digest; otherwise it
        # must not be collected now.
        action = Action.REPLACE_COLLECTED if before.state is State.COLLECTED else Action.REPLACE
        free = f"attribute_not_exists(#pk) OR #expires_at <= :now_s OR {build_source_condition(action)}"
        doubt = f" OR ({build_source_condition(Action.REPLACE_CONFIRMED)} AND #owner = :seen AND #held_until <= :now)"
        reason = Reason(ReasonCode.REPLACED, f"replaced by {attempt.message_id}")
        return self.update_message(
            Attempt(before.message_id, owner=""),
            now,
            "SET #state = :replaced, #successor = :message_id, #expires_at = if_not_exists(#expires_at, :expires_at), "
            f"{APPEND} {CLEAR}, #first_at{UNSCHEDULE}",
            free + (doubt if attempt.confirmed else ""),
            TimelineRow.from_reason(reason, State.REPLACED, now, self.release),
            {"message_id": attempt.message_id, "seen": before.owner},
        )

    def _link_resent(self, attempt: Attempt, before: Record, now: int) -> WriteRequest:
        """Link a message whose accepted mail is sent again to its successor; its state does not change."""
        reason = Reason(ReasonCode.SENT_AGAIN, f"sent again as {attempt.message_id}")
        return self.update_message(
            Attempt(before.message_id, owner=""),
            now,
            f"SET #successor = :message_id, {APPEND}",
            f"{build_state_condition(_SENT_AGAIN)} AND attribute_not_exists(#successor) AND {_PAST_HOLD} AND {LIVE}",
            TimelineRow.from_reason(reason, before.state, now, self.release),
            {"message_id": attempt.message_id},
        )

    def _link_next_provider(self, attempt: Attempt, before: Record, now: int) -> WriteRequest:
        """Link a message that its provider never tried to its successor, which the next provider sends."""
        reason = Reason(ReasonCode.SENT_ELSEWHERE, f"given to the next provider as {attempt.message_id}")
        return self.update_message(
            Attempt(before.message_id, owner=""),
            now,
            f"SET #successor = :message_id, #never_tried = :never_tried, {APPEND}",
            f"#state = :{State.REFUSED} AND #owner = :never_tried AND #at_risk = :one AND #sent_by = :senders"
            f" AND attribute_not_exists(#successor) AND attribute_not_exists(#cancelled_by) AND {LIVE}",
            TimelineRow.from_reason(reason, before.state, now, self.release),
            {
                "message_id": attempt.message_id,
                "never_tried": attempt.never_tried,
                "senders": {attempt.never_tried},
            },
        )

    def tell_corrected_too_late(self, attempt: Attempt, owner: Record, row: TimelineRow) -> WriteRequest:
        """Note on the timeline of `owner`, once, that other content came after its mail was sent."""
        return self.update_message(
            Attempt(owner.message_id, attempt.owner),
            row.at,
            f"SET #corrected_by = :message_id, {APPEND}",
            f"{build_state_condition(sorted(ACCEPTED | {State.COLLECTED}))} AND attribute_not_exists(#corrected_by)",
            row,
            {"message_id": attempt.message_id},
        )


def describe_mail(attempt: Attempt) -> dict[str, object]:
    """Return the attributes of the mail: whatever is known about the event, the recipient and the providers."""
    known: dict[str, object] = {
        "type": attempt.type,
        "event_key": attempt.event_key,
        "source": attempt.source,
        "id": attempt.id,
        "subject": attempt.subject,
        "tenant": attempt.tenant,
        "address": attempt.address,
        "trace": attempt.trace,
        "providers": set(attempt.providers),
        "window": attempt.window,
        "instead_of": attempt.predecessor.message_id if attempt.predecessor else None,
    }
    return {name: value for name, value in known.items() if value}
