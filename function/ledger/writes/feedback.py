"""Requests that record a provider's reports, and how far its reports have come."""

from __future__ import annotations

from function.ledger.attempt import Attempt
from function.ledger.keys import feedback_key, message_key
from function.ledger.record import TimelineRow
from function.ledger.states import Action
from function.ledger.writes.requests import (
    APPEND,
    CLEAR,
    LIVE,
    SENT_BY,
    Requests,
    WriteRequest,
    build_source_condition,
    put,
    update,
)

__all__ = ["FeedbackRequests"]


class FeedbackRequests(Requests):
    """Records reports, which may come in any order and repeatedly: each moves a record only to a stronger state."""

    __slots__ = ()

    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[WriteRequest]:
        """Move the record to what the provider reported about `attempt`, and suppress the address in the same
        transaction."""
        message = self.update_message(
            Attempt(message_id, owner=attempt or ""),
            row.at,
            f"SET #state = :{row.state}, #expires_at = if_not_exists(#expires_at, :expires_at), {APPEND} {CLEAR}"
            + (f" {SENT_BY}" if attempt else ""),
            f"attribute_not_exists(#pk) OR ({build_source_condition(action)} AND {LIVE})",
            row,
        )
        return [{"Update": message}, *self._suppress_address(message_id, row, suppress)]

    def apply_feedback_afresh(
        self, message_id: str, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[WriteRequest]:
        """Create a record from a report, over an expired one that TTL has not deleted yet."""
        item = {
            "pk": message_key(message_id),
            "state": row.state.value,
            "timeline": [row.as_dict()],
            "expires_at": self.expire_at(row.at),
            "sent_by": {attempt} if attempt else None,
        }
        message = put(self.table, item, "#expires_at <= :now_s", {"now_s": row.at // 1000})
        return [{"Put": message}, *self._suppress_address(message_id, row, suppress)]

    def add_sender(self, attempt: Attempt, row: TimelineRow) -> WriteRequest:
        """Add the attempt to those that a provider accepted, without changing the state: another attempt owns the
        record, or its state is stronger already."""
        return self.update_message(attempt, row.at, SENT_BY, f"attribute_exists(#pk) AND {LIVE}", row)

    def tell_sent_twice(self, message_id: str, row: TimelineRow) -> WriteRequest:
        """Note on the timeline, once, that two attempts were accepted."""
        return self.update_message(
            Attempt(message_id, owner=""),
            row.at,
            f"SET #sent_twice = :now, {APPEND}",
            "attribute_exists(#sent_by) AND attribute_not_exists(#sent_twice)",
            row,
        )

    def _suppress_address(self, message_id: str, row: TimelineRow, suppress: str | None) -> list[WriteRequest]:
        if not suppress:
            return []
        listed = {"reason": row.state.value, "since": row.at, "message_id": message_id}
        sets = "SET #reason = :reason, #since = :since, #message_id = :message_id"
        return [{"Update": update(self.table, suppress, sets, "", listed)}]

    def mark_feedback(self, provider: str, sent: int, now: int) -> WriteRequest:
        """Record that a report came at `now` on a mail that the provider was given at `sent`."""
        return update(
            self.table,
            feedback_key(provider),
            "SET #before = if_not_exists(#through, :zero), #through = :sent, #at = :now",
            "attribute_not_exists(#at) OR (#at <= :apart AND #through < :sent)",
            {"zero": 0, "sent": sent, "now": now, "apart": now - self.apart},
        )

    def begin_probe(self, provider: str, now: int) -> WriteRequest:
        """Record that the provider is about to be probed; refused if it was probed recently."""
        return update(
            self.table,
            feedback_key(provider),
            "SET #probed_at = :now",
            "attribute_not_exists(#probed_at) OR #probed_at <= :apart",
            {"now": now, "apart": now - self.apart},
        )
