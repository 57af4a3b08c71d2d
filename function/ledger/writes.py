"""Every write of the ledger as a pure function from values to the request that DynamoDB gets.

The states in the conditions come from the table of moves (`states.py`); what else stands here is who may write
(`owner`), when (`held_until`), how often (`at_risk`) and for how long (`expires_at`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from function.ledger.attempt import Attempt, Suppressed
from function.ledger.expressions import check, in_source_state, put, state_in, update
from function.ledger.keys import feedback_key, message_key
from function.ledger.record import Record, Row
from function.ledger.states import ACCEPTED, IN_DOUBT, PRECEDENCE, SETTLED_UNSENT, Action, State
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["Writes"]

Request = dict[str, Any]

#: Rows that repeat with every attempt (released, unknown) fill the timeline up to this length, then each takes the
#: last one's place: SET beyond a list's end appends, within it overwrites. A day of retrying stays a small item.
_LAST_ROW = 14
#: Bytes of a compressed event that are kept from the claim on: more would make every mail's write dearer.
_SMALL_BODY = 4096

_OWNERS = f"#owner = :owner AND {in_source_state(Action.RECORD)}"
#: Past its expiry an item counts as missing, whenever TTL deletes it.
_LIVE = "(attribute_not_exists(#expires_at) OR #expires_at > :now_s)"
_CLEAR = "REMOVE #reason, #reason_code, #parked"
#: What is left of an earlier life of an expired record.
_FORGET = "#sent_by, #sent_twice, #successor, #corrected_by"
_APPEND = "#timeline = list_append(if_not_exists(#timeline, :none), :rows)"
#: What may be sent again, strongest first.
_SENT_AGAIN = [state for state in PRECEDENCE if state in ACCEPTED and state is not State.COMPLAINED]


@dataclass(frozen=True, slots=True)
class Writes:
    """Builds the requests for one table.

    `retention` is in seconds, `hold` in milliseconds; `resends` is how many attempts of unknown fate may lie behind
    a claim that needs nobody's yes: 1 for `on_unknown = resend`, 0 for `hold`. `apart` is how long lies between two
    reports that count, and between two probes, in milliseconds.
    """

    table: str
    release: str
    hold: int
    retention: int
    resends: int
    apart: int = 300_000

    # -- claiming -----------------------------------------------------------------------------------------------

    def claim(self, attempt: Attempt, now: int) -> list[Request]:
        """Take the mail if the record is free for this attempt; attempts are kept."""
        return self._claim(attempt, now, _COUNTED, f"attribute_not_exists(#pk) OR ({_LIVE} AND ({_free(attempt)}))")

    def claim_expired(self, attempt: Attempt, now: int) -> list[Request]:
        """Take the mail over a record that TTL has not deleted yet, as if it were not there."""
        return self._claim(attempt, now, _AFRESH, "#expires_at <= :now_s", f", {_FORGET}")

    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[Request]:
        """Take the mail once more although the attempt in the record, past its hold, may have sent it."""
        row = Row.of(_RESENT, State.SENDING, now, self.release)
        condition = (
            f"{in_source_state(Action.RESEND)} AND #owner = :seen AND #held_until <= :now AND #at_risk <= :resends"
            f" AND attribute_not_exists(#parked) AND {_LIVE}"
        )
        named = {name: value for name, value in _named(attempt).items() if name != "providers"}
        also = " ADD #providers :providers" if attempt.providers else ""
        values: dict[str, object] = {"seen": doubtful.owner, "providers": set(attempt.providers)}
        expression = f"SET {_claimed(named)}, {_TRIED}, {_APPEND}{also}"
        message = self._message(attempt, now, expression, condition, row, named | values)
        return [{"Update": message}, *self._beside(attempt, now)]

    def _claim(self, attempt: Attempt, now: int, counters: str, condition: str, forget: str = "") -> list[Request]:
        ready = max(now - attempt.received, 0) if attempt.received else None
        row = Row(State.SENDING, now, self.release, ms=ready)
        named = _named(attempt)
        message = self._message(
            attempt, now, f"SET {_claimed(named)}, {counters} {_CLEAR}{forget}", condition, row, named
        )
        return [{"Update": message}, *self._beside(attempt, now)]

    def _beside(self, attempt: Attempt, now: int) -> list[Request]:
        """What a claim writes and checks beside the message: the event's item, the address, the predecessor."""
        wanted = "attribute_not_exists(#since)" + (" AND attribute_not_exists(#choice)" if attempt.choice else "")
        return [
            {"Put": self._event(attempt, now, small=True)},
            {"ConditionCheck": self._address(attempt, wanted)},
            *({"ConditionCheck": self._address(attempt, wanted, older)} for older in attempt.older_addresses),
            *self._succeed(attempt, now),
        ]

    # -- the owner's writes -------------------------------------------------------------------------------------

    def record(self, attempt: Attempt, rows: Sequence[Row], provider_message_id: str) -> Request:
        """A provider accepted the owner's mail; `rows` are the providers tried, the accepting one last."""
        return self._owners(
            attempt,
            rows[-1],
            f"SET #state = :sent, #provider_message_id = :provider_message_id, {_APPEND} {_SENT_BY}",
            extra={"provider_message_id": provider_message_id, "rows": [row.as_dict() for row in rows]},
        )

    def annotate(self, attempt: Attempt, rows: Sequence[Row]) -> Request:
        """Keep the owner's rows in the timeline, and who sent, although feedback moved the record first."""
        extra: dict[str, object] = {"rows": [row.as_dict() for row in rows]}
        return self._message(attempt, rows[-1].at, f"SET {_APPEND} {_SENT_BY}", "#owner = :owner", rows[-1], extra)

    def add_sender(self, attempt: Attempt, row: Row) -> Request:
        """A provider accepted the attempt's mail, and the record needs nothing else of it: another owner has it, or
        feedback knows more."""
        return self._message(attempt, row.at, _SENT_BY, f"attribute_exists(#pk) AND {_LIVE}", row)

    def tell_sent_twice(self, message_id: str, row: Row) -> Request:
        """Two attempts were accepted: say so on the timeline, once."""
        return self._message(
            Attempt(message_id, owner=""),
            row.at,
            f"SET #sent_twice = :now, {_APPEND}",
            "attribute_exists(#sent_by) AND attribute_not_exists(#sent_twice)",
            row,
        )

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

    def refuse(self, attempt: Attempt, row: Row) -> list[Request]:
        """The provider will never take the owner's mail; the record waits for a person."""
        message = self._owners(
            attempt,
            row,
            f"SET #state = :rejected, {_LEAVE}, {_WAITS}, {_APPEND} REMOVE #first_at",
            also=" AND #at_risk <= :one",
            extra=_reason(row),
        )
        return [{"Update": message}, {"Put": self._event(attempt, row.at)}]

    # -- without a claim ----------------------------------------------------------------------------------------

    def reject(self, attempt: Attempt, row: Row) -> list[Request]:
        """Nothing was sent and never will be: over no record, a released one, or the attempt that a letter names."""
        return self._settle(attempt, row, Action.REJECT)

    def suppress(self, attempt: Attempt, row: Row, by: Suppressed | None = None) -> list[Request]:
        """What stops the mail still does at this moment; or the deployment may not send it (None)."""
        message, event, *predecessor = self._settle(attempt, row, Action.SUPPRESS)
        if by is None:
            return [message, event, *predecessor]
        still = f"attribute_exists({'#choice' if by.choice else '#since'})"
        return [message, event, {"ConditionCheck": self._address(attempt, still, by.address)}, *predecessor]

    def _settle(self, attempt: Attempt, row: Row, action: Action) -> list[Request]:
        over = f"attribute_not_exists(#pk) OR #expires_at <= :now_s OR {in_source_state(action)}"
        if attempt.letter:
            over += f" OR ({state_in(sorted(SETTLED_UNSENT))} AND #owner = :letter)"
        named = _named(attempt)
        sets = [
            f"#state = :{row.state}, #owner = :owner, #at_risk = :zero, #attempts = if_not_exists(#attempts, :zero)",
            *(f"#{name} = :{name}" for name in named),
            _WAITS,
            _APPEND,
        ]
        expression = f"SET {', '.join(sets)} REMOVE #first_at, #parked, {_FORGET}"
        message = self._message(attempt, row.at, expression, over, row, named | _reason(row))
        return [{"Update": message}, {"Put": self._event(attempt, row.at)}, *self._succeed(attempt, row.at)]

    def park(self, attempt: Attempt, doubtful: str, row: Row) -> list[Request]:
        """A letter for the `doubtful` attempt went to a person: the state stays."""
        message = self._message(
            attempt,
            row.at,
            f"SET #parked = :doubtful, {_WAITS}, {_CAPPED} REMOVE #first_at",
            f"{state_in(sorted(IN_DOUBT))} AND #owner = :doubtful AND #held_until <= :now",
            row,
            {**_reason(row), "doubtful": doubtful},
        )
        return [{"Update": message}, {"Put": self._event(attempt, row.at)}]

    # -- succession ---------------------------------------------------------------------------------------------

    def _succeed(self, attempt: Attempt, now: int) -> list[Request]:
        """What becomes of the message that the event is taken from, if it is."""
        if attempt.predecessor is None:
            return []
        accepted = attempt.predecessor.state in ACCEPTED
        return [{"Update": (self._go_beyond if accepted else self._replace)(attempt, attempt.predecessor, now)}]

    def _replace(self, attempt: Attempt, before: Record, now: int) -> Request:
        """Nothing was sent, or a person accepts a second mail: the other message is over."""
        free = f"attribute_not_exists(#pk) OR #expires_at <= :now_s OR {in_source_state(Action.REPLACE)}"
        doubt = f" OR ({in_source_state(Action.REPLACE_CONFIRMED)} AND #owner = :seen AND #held_until <= :now)"
        reason = Reason(ReasonCode.REPLACED, f"replaced by {attempt.message_id}")
        return self._message(
            Attempt(before.message_id, owner=""),
            now,
            "SET #state = :replaced, #successor = :message_id, #expires_at = if_not_exists(#expires_at, :expires_at), "
            f"{_APPEND} {_CLEAR}, #first_at",
            free + (doubt if attempt.confirmed else ""),
            Row.of(reason, State.REPLACED, now, self.release),
            {"message_id": attempt.message_id, "seen": before.owner},
        )

    def _go_beyond(self, attempt: Attempt, before: Record, now: int) -> Request:
        """A provider accepted the other message's mail, and a person wants it sent again: that one keeps its state."""
        reason = Reason(ReasonCode.SENT_AGAIN, f"sent again as {attempt.message_id}")
        return self._message(
            Attempt(before.message_id, owner=""),
            now,
            f"SET #successor = :message_id, {_APPEND}",
            f"{state_in(_SENT_AGAIN)} AND attribute_not_exists(#successor) AND {_PAST_HOLD} AND {_LIVE}",
            Row.of(reason, before.state, now, self.release),
            {"message_id": attempt.message_id},
        )

    def tell_corrected_too_late(self, attempt: Attempt, owner: Record, row: Row) -> Request:
        """The event came with other content after the mail of its `owner` was sent: said on that timeline, once."""
        return self._message(
            Attempt(owner.message_id, attempt.owner),
            row.at,
            f"SET #corrected_by = :message_id, {_APPEND}",
            f"{state_in(sorted(ACCEPTED))} AND attribute_not_exists(#corrected_by)",
            row,
            {"message_id": attempt.message_id},
        )

    # -- feedback -----------------------------------------------------------------------------------------------

    def apply_feedback(
        self, message_id: str, action: Action, row: Row, suppress: str | None, attempt: str | None = None
    ) -> list[Request]:
        """Move the record towards what the provider said of `attempt`, and list the address in the same transaction."""
        message = self._message(
            Attempt(message_id, owner=attempt or ""),
            row.at,
            f"SET #state = :{row.state}, #expires_at = if_not_exists(#expires_at, :expires_at), {_APPEND} {_CLEAR}"
            + (f" {_SENT_BY}" if attempt else ""),
            f"attribute_not_exists(#pk) OR ({in_source_state(action)} AND {_LIVE})",
            row,
        )
        return [{"Update": message}, *self._list(message_id, row, suppress)]

    def apply_feedback_afresh(
        self, message_id: str, row: Row, suppress: str | None, attempt: str | None = None
    ) -> list[Request]:
        """Make a record of what the provider said, over one that TTL has not deleted yet."""
        item = {
            "pk": message_key(message_id),
            "state": row.state.value,
            "timeline": [row.as_dict()],
            "expires_at": self._expiry(row.at),
            "sent_by": {attempt} if attempt else None,
        }
        message = put(self.table, item, "#expires_at <= :now_s", {"now_s": row.at // 1000})
        return [{"Put": message}, *self._list(message_id, row, suppress)]

    def _list(self, message_id: str, row: Row, suppress: str | None) -> list[Request]:
        if not suppress:
            return []
        listed = {"reason": row.state.value, "since": row.at, "message_id": message_id}
        sets = "SET #reason = :reason, #since = :since, #message_id = :message_id"
        return [{"Update": update(self.table, suppress, sets, "", listed)}]

    def mark_feedback(self, provider: str, sent: int, now: int) -> Request:
        """A report came at `now` on a mail that the provider was given at `sent`."""
        return update(
            self.table,
            feedback_key(provider),
            "SET #before = if_not_exists(#through, :zero), #through = :sent, #at = :now",
            "attribute_not_exists(#at) OR (#at <= :apart AND #through < :sent)",
            {"zero": 0, "sent": sent, "now": now, "apart": now - self.apart},
        )

    def begin_probe(self, provider: str, now: int) -> Request:
        """Somebody is about to ask the provider for a report, and nobody did so lately."""
        return update(
            self.table,
            feedback_key(provider),
            "SET #probed_at = :now",
            "attribute_not_exists(#probed_at) OR #probed_at <= :apart",
            {"now": now, "apart": now - self.apart},
        )

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
            "attempts": {attempt.owner},
            "letter": attempt.letter,
        }
        return update(self.table, message_key(attempt.message_id), expression, condition, values | (extra or {}))

    def _event(self, attempt: Attempt, now: int, small: bool = False) -> Request:
        """The event's item; `small`: only with a short body."""
        body = attempt.body if attempt.body is None or not small or len(attempt.body) < _SMALL_BODY else None
        item = {
            "pk": attempt.event_key,
            "message_id": attempt.message_id,
            "digest": attempt.digest,
            "body": body,
            "expires_at": self._expiry(now),
        }
        free = "attribute_not_exists(#pk) OR #message_id = :message_id OR #expires_at <= :now_s"
        values: dict[str, object] = {"message_id": attempt.message_id, "now_s": now // 1000}
        if attempt.predecessor:
            free += " OR #message_id = :before"
            values["before"] = attempt.predecessor.message_id
        return put(self.table, item, free, values)

    def _address(self, attempt: Attempt, condition: str, key: str = "") -> Request:
        """A check of the address's item: `since` is there while it is on the list, `choice` while its reader wants no
        mail of the category."""
        assert attempt.address is not None  # noqa: S101 - it follows a parsed and rendered event
        return check(self.table, key or attempt.address, condition, {"choice": attempt.choice or ""})

    def _expiry(self, now: int) -> int:
        return now // 1000 + self.retention


_TRIED = (
    "#attempts = if_not_exists(#attempts, :zero) + :one, #at_risk = if_not_exists(#at_risk, :zero) + :one, "
    "#first_at = if_not_exists(#first_at, :now)"
)
_COUNTED = f"{_TRIED}, #timeline = if_not_exists(#timeline, :rows)"
_AFRESH = "#attempts = :one, #at_risk = :one, #first_at = :now, #timeline = :rows"
_LEAVE = "#at_risk = #at_risk - :one"
_CAPPED = f"#timeline[{_LAST_ROW}] = :row"
_SENT_BY = "ADD #sent_by :attempts"
#: What a record says while it waits for a person, and that it lives as long as its event's item, written beside it.
_WAITS = "#reason = :reason, #reason_code = :reason_code, #expires_at = :expires_at"
_PAST_HOLD = "(attribute_not_exists(#held_until) OR #held_until <= :now)"
_RESENT = Reason(ReasonCode.RESENT, "no answer and no report came, though later mails were reported on: sent once more")


def _free(attempt: Attempt) -> str:
    """The states of a record that this attempt may claim."""
    free = [in_source_state(Action.CLAIM)]
    if attempt.letter:
        free.append(f"({in_source_state(Action.REDRIVE)} AND #owner = :letter)")
    if attempt.letter and attempt.confirmed:
        free.append(f"({in_source_state(Action.REDRIVE_CONFIRMED)} AND #held_until <= :now AND #owner = :letter)")
    return " OR ".join(free)


def _named(attempt: Attempt) -> dict[str, object]:
    """What the record keeps of its mail: whatever is known of the event, the recipient and the providers."""
    known: dict[str, object] = {
        "type": attempt.type,
        "event_key": attempt.event_key,
        "source": attempt.source,
        "id": attempt.id,
        "subject": attempt.subject,
        "address": attempt.address,
        "providers": set(attempt.providers),
        "instead_of": attempt.predecessor.message_id if attempt.predecessor else None,
    }
    return {name: value for name, value in known.items() if value}


def _claimed(named: dict[str, object]) -> str:
    """The assignments of a claim; `named` as above."""
    fixed = "#state = :sending, #owner = :owner, #held_until = :held_until, #expires_at = :expires_at"
    return ", ".join([fixed, *(f"#{name} = :{name}" for name in named)])


def _reason(row: Row) -> dict[str, object]:
    """Why the record waits, as its last row says it."""
    return {"reason": row.detail or "", "reason_code": row.reason_code or ""}
