"""Every write of the ledger as a pure function from values to the request that DynamoDB gets.

The states in the conditions come from the table of moves (`states.py`); what else stands here is who may write
(`owner`), when (`held_until`), how often (`at_risk`) and for how long (`expires_at`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from function.ledger.attempt import Attempt, Suppressed
from function.ledger.expressions import check, in_source_state, put, state_in, update
from function.ledger.keys import message_key
from function.ledger.record import Row
from function.ledger.states import IN_DOUBT, OVER_THE_LETTERS_ATTEMPT, Action, State
from function.runtime.lean_dataclass import dataclass

__all__ = ["Writes"]

Request = dict[str, Any]

#: Rows that repeat with every attempt (released, unknown) fill the timeline up to this length, then each takes the
#: last one's place: SET beyond a list's end appends, within it overwrites. A day of retrying stays a small item.
_LAST_ROW = 14

_OWNERS = f"#owner = :owner AND {in_source_state(Action.RECORD)}"
_CLEAR = "REMOVE #event, #reason, #reason_code, #parked"
_APPEND = "#timeline = list_append(if_not_exists(#timeline, :none), :rows)"


@dataclass(frozen=True, slots=True)
class Writes:
    """Builds the requests for one table.

    `retention` is in seconds, `hold` in milliseconds; `resends` is how many attempts of unknown fate may lie behind
    a claim that needs nobody's yes: 1 for `on_unknown = resend`, 0 for `hold`.
    """

    table: str
    release: str
    hold: int
    retention: int
    resends: int

    # -- claiming -----------------------------------------------------------------------------------------------

    def claim(self, attempt: Attempt, now: int) -> list[Request]:
        """Take the mail if the record is free for this attempt; attempts are kept."""
        return self._claim(attempt, now, _COUNTED, self._free(attempt))

    def claim_expired(self, attempt: Attempt, now: int) -> list[Request]:
        """Take the mail over a record that TTL has not deleted yet, as if it were not there."""
        return self._claim(attempt, now, _AFRESH, "#expires_at <= :now_s")

    def _claim(self, attempt: Attempt, now: int, counters: str, condition: str) -> list[Request]:
        sets = (
            "#state = :sending, #owner = :owner, #held_until = :held_until, #type = :type, #event_key = :event_key, "
            f"#address = :address, #expires_at = :expires_at, {counters}"
        )
        ready = max(now - attempt.received, 0) if attempt.received else None
        row = Row(State.SENDING, now, self.release, ms=ready)
        message = self._message(attempt, now, f"SET {sets} {_CLEAR}", condition, row)
        wanted = "attribute_not_exists(#since)" + (" AND attribute_not_exists(#choice)" if attempt.choice else "")
        return [
            {"Update": message},
            {"Put": self._event(attempt, now, self._expiry(now))},
            {"ConditionCheck": self._address(attempt, wanted)},
        ]

    def _free(self, attempt: Attempt) -> str:
        free = [
            "attribute_not_exists(#pk)",
            in_source_state(Action.CLAIM),
            f"({in_source_state(Action.RESEND)} AND #held_until <= :now AND #at_risk <= :resends"
            " AND attribute_not_exists(#parked))",
        ]
        if attempt.letter:
            free.append(f"({in_source_state(Action.REDRIVE)} AND #owner = :letter)")
        if attempt.letter and attempt.confirmed:
            free.append(f"({in_source_state(Action.REDRIVE_CONFIRMED)} AND #held_until <= :now AND #owner = :letter)")
        return " OR ".join(free)

    # -- the owner's writes -------------------------------------------------------------------------------------

    def record(self, attempt: Attempt, rows: Sequence[Row], provider_message_id: str) -> Request:
        """A provider accepted the owner's mail; `rows` are the providers tried, the accepting one last."""
        return self._owners(
            attempt,
            rows[-1],
            f"SET #state = :sent, #provider_message_id = :provider_message_id, {_APPEND}",
            extra={"provider_message_id": provider_message_id, "rows": [row.as_dict() for row in rows]},
        )

    def annotate(self, attempt: Attempt, rows: Sequence[Row]) -> Request:
        """Keep the owner's rows in the timeline although feedback moved the record first."""
        extra: dict[str, object] = {"rows": [row.as_dict() for row in rows]}
        return self._message(attempt, rows[-1].at, f"SET {_APPEND}", "#owner = :owner", rows[-1], extra)

    def release_claim(self, attempt: Attempt, row: Row) -> Request:
        """The owner sent nothing, and nobody before it may have."""
        return self._owners(attempt, row, f"SET #state = :released, {_LEAVE}, {_CAPPED}", also=" AND #at_risk <= :one")

    def give_back(self, attempt: Attempt, row: Row, owner: str) -> Request:
        """The owner sent nothing, but an attempt before it may have: in doubt again at once, as the attempt `owner`."""
        return self._owners(
            attempt,
            row,
            f"SET #state = :unknown, #owner = :before, #held_until = :now, {_LEAVE}, {_CAPPED}",
            extra={"before": owner},
        )

    def lose(self, attempt: Attempt, row: Row) -> Request:
        """The provider's answer was lost: held as long as the claim was."""
        return self._owners(attempt, row, f"SET #state = :unknown, {_CAPPED}")

    def refuse(self, attempt: Attempt, row: Row, event: str | bytes | None) -> list[Request]:
        """The provider will never take the owner's mail; the record waits for a person."""
        message = self._owners(
            attempt,
            row,
            f"SET #state = :rejected, {_LEAVE}, {_waits(event)}, {_APPEND} REMOVE #expires_at, #first_at",
            also=" AND #at_risk <= :one",
            extra={"event": event, **_reason(row)},
        )
        return [{"Update": message}, {"Put": self._event(attempt, row.at, None)}]

    # -- without a claim ----------------------------------------------------------------------------------------

    def reject(self, attempt: Attempt, row: Row, event: str | bytes | None) -> list[Request]:
        """Nothing was sent and never will be: over no record, a released one, or the attempt that a letter names."""
        return self._settle(attempt, row, event, Action.REJECT)

    def suppress(
        self, attempt: Attempt, row: Row, event: str | bytes | None, by: Suppressed | None = None
    ) -> list[Request]:
        """What stops the mail still does at this moment; or the deployment may not send it (None)."""
        requests = self._settle(attempt, row, event, Action.SUPPRESS)
        if by is None:
            return requests
        still = f"attribute_exists({'#choice' if by.choice else '#since'})"
        return [*requests, {"ConditionCheck": self._address(attempt, still)}]

    def _settle(self, attempt: Attempt, row: Row, event: str | bytes | None, action: Action) -> list[Request]:
        over = f"attribute_not_exists(#pk) OR #expires_at <= :now_s OR {in_source_state(action)}"
        if attempt.letter:
            over += f" OR ({state_in(sorted(OVER_THE_LETTERS_ATTEMPT))} AND #owner = :letter)"
        named = {"type": attempt.type or None, "event_key": attempt.event_key, "address": attempt.address}
        given = {name: value for name, value in named.items() if value}
        sets = [
            f"#state = :{row.state}, #owner = :owner, #at_risk = :zero, #attempts = if_not_exists(#attempts, :zero)",
            *(f"#{name} = :{name}" for name in given),
            _waits(event),
            _APPEND,
        ]
        message = self._message(
            attempt,
            row.at,
            f"SET {', '.join(sets)} REMOVE #expires_at, #first_at, #parked",
            over,
            row,
            {"event": event, **_reason(row)},
        )
        requests: list[Request] = [{"Update": message}]
        if attempt.event_key:
            requests.append({"Put": self._event(attempt, row.at, None)})
        return requests

    def park(self, attempt: Attempt, doubtful: str, row: Row, event: str | bytes | None) -> list[Request]:
        """A letter for the `doubtful` attempt went to a person: the state stays, and does not expire."""
        message = self._message(
            attempt,
            row.at,
            f"SET #parked = :doubtful, {_waits(event)}, {_CAPPED} REMOVE #expires_at, #first_at",
            f"{state_in(sorted(IN_DOUBT))} AND #owner = :doubtful AND #held_until <= :now",
            row,
            {"event": event, **_reason(row), "doubtful": doubtful},
        )
        requests: list[Request] = [{"Update": message}]
        if attempt.event_key:
            requests.append({"Put": self._event(attempt, row.at, None)})
        return requests

    # -- feedback -----------------------------------------------------------------------------------------------

    def apply_feedback(self, message_id: str, action: Action, row: Row, suppress: str | None) -> list[Request]:
        """Move the record towards what the provider said, and list the address in the same transaction."""
        message = self._message(
            Attempt(message_id, owner=""),
            row.at,
            f"SET #state = :{row.state}, #expires_at = :expires_at, {_APPEND} {_CLEAR}",
            f"attribute_not_exists(#pk) OR {in_source_state(action)}",
            row,
        )
        requests: list[Request] = [{"Update": message}]
        if suppress:
            listed = {"reason": row.state.value, "since": row.at, "message_id": message_id}
            sets = "SET #reason = :reason, #since = :since, #message_id = :message_id"
            requests.append({"Update": update(self.table, suppress, sets, "", listed)})
        return requests

    # -- parts --------------------------------------------------------------------------------------------------

    def _owners(
        self, attempt: Attempt, row: Row, expression: str, also: str = "", extra: dict[str, object] | None = None
    ) -> Request:
        return self._message(attempt, row.at, expression, _OWNERS + also, row, extra)

    def _message(
        self,
        attempt: Attempt,
        now: int,
        expression: str,
        condition: str,
        row: Row,
        extra: dict[str, object] | None = None,
    ) -> Request:
        values: dict[str, object] = {
            "now": now,
            "now_s": now // 1000,
            "held_until": now + self.hold,
            "expires_at": self._expiry(now),
            "resends": self.resends,
            "zero": 0,
            "one": 1,
            "none": [],
            "row": row.as_dict(),
            "rows": [row.as_dict()],
            "owner": attempt.owner,
            "type": attempt.type,
            "event_key": attempt.event_key,
            "address": attempt.address,
            "letter": attempt.letter,
        }
        return update(self.table, message_key(attempt.message_id), expression, condition, values | (extra or {}))

    def _event(self, attempt: Attempt, now: int, expires_at: int | None) -> Request:
        item = {"pk": attempt.event_key, "message_id": attempt.message_id, "expires_at": expires_at}
        free = "attribute_not_exists(#pk) OR #message_id = :message_id OR #expires_at <= :now_s"
        return put(self.table, item, free, {"message_id": attempt.message_id, "now_s": now // 1000})

    def _address(self, attempt: Attempt, condition: str) -> Request:
        """A check of the address's item: `since` is there while it is on the list, `choice` while its reader wants no
        mail of the category."""
        assert attempt.address is not None  # noqa: S101 - it follows a parsed and rendered event
        return check(self.table, attempt.address, condition, {"choice": attempt.choice or ""})

    def _expiry(self, now: int) -> int:
        return now // 1000 + self.retention


_COUNTED = (
    "#attempts = if_not_exists(#attempts, :zero) + :one, #at_risk = if_not_exists(#at_risk, :zero) + :one, "
    "#first_at = if_not_exists(#first_at, :now), #timeline = if_not_exists(#timeline, :rows)"
)
_AFRESH = "#attempts = :one, #at_risk = :one, #first_at = :now, #timeline = :rows"
_LEAVE = "#at_risk = #at_risk - :one"
_CAPPED = f"#timeline[{_LAST_ROW}] = :row"


def _reason(row: Row) -> dict[str, object]:
    """Why the record waits, as its last row says it."""
    return {"reason": row.detail or "", "reason_code": row.reason_code or ""}


def _waits(event: str | bytes | None) -> str:
    """What a record keeps while it waits for a person."""
    return "#reason = :reason, #reason_code = :reason_code" + (", #event = :event" if event is not None else "")
