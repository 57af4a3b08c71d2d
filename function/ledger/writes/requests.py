"""The parts of the ledger's writes: expressions, and the items that they update.

Requests are pure: they turn values into DynamoDB parameters. The states in the conditions come from the table of moves
(`states.py`). The other conditions are who may write (`owner`), when (`held_until`), how often (`at_risk`) and for how
long (`expires_at`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from function.ledger.attempt import Attempt
from function.ledger.attributes import serialize, serialize_item
from function.ledger.keys import message_key
from function.ledger.record import Record, TimelineRow
from function.ledger.states import Action, State, list_sources
from function.runtime.lean_dataclass import dataclass

__all__ = [
    "APPEND",
    "CLEAR",
    "FORGET",
    "LIVE",
    "REPEAT",
    "SENT_BY",
    "UNSCHEDULE",
    "Requests",
    "WriteRequest",
    "build_source_condition",
    "build_state_condition",
    "check",
    "put",
    "update",
]

WriteRequest = dict[str, Any]

_NAME = re.compile(r"#(\w+)")
_VALUE = re.compile(r":(\w+)")
_STATES = {state.value: state.value for state in State}

#: Rows that repeat with every attempt (released, unknown) are appended until the timeline has this length; then each
#: overwrites the last one, because SET with an index beyond the list appends. A day of retries stays a small item.
_LAST_ROW = 14
#: Longest compressed event, in bytes, that is kept from the claim on: a longer one would cost each mail more write
#: units.
_SMALL_BODY = 4096

#: An item counts as missing once it has expired, even if TTL has not deleted it.
LIVE = "(attribute_not_exists(#expires_at) OR #expires_at > :now_s)"
CLEAR = "REMOVE #reason, #reason_code, #parked"
#: Attributes that an expired record may have left.
FORGET = "#sent_by, #sent_twice, #successor, #corrected_by, #cancelled_by, #never_tried"
#: Removes a record from the index of due records.
UNSCHEDULE = ", #due, #due_at, #scheduled_for"
APPEND = "#timeline = list_append(if_not_exists(#timeline, :none), :rows)"
REPEAT = f"#timeline[{_LAST_ROW}] = :row"
SENT_BY = "ADD #sent_by :attempts"


def build_state_condition(states: Iterable[State]) -> str:
    """Return the condition that the record is in one of `states`."""
    return f"#state IN ({', '.join(f':{state}' for state in states)})"


def build_source_condition(action: Action) -> str:
    """Return the condition that the record is in a state that `action` changes."""
    return build_state_condition(list_sources(action))


def update(table: str, key: str, expression: str, condition: str, values: Mapping[str, object]) -> WriteRequest:
    """Keyword arguments of UpdateItem, and of an Update in a transaction."""
    return {
        "TableName": table,
        "Key": {"pk": serialize(key)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_fill(values, UpdateExpression=expression, ConditionExpression=condition),
    }


def put(table: str, item: Mapping[str, object], condition: str, values: Mapping[str, object]) -> WriteRequest:
    """Keyword arguments of a Put in a transaction; None values of `item` are left out."""
    return {
        "TableName": table,
        "Item": serialize_item(item),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_fill(values, ConditionExpression=condition),
    }


def check(table: str, key: str, condition: str, names: Mapping[str, str]) -> WriteRequest:
    """Keyword arguments of a ConditionCheck in a transaction."""
    return {
        "TableName": table,
        "Key": {"pk": serialize(key)},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        **_fill({}, names, ConditionExpression=condition),
    }


def _fill(values: Mapping[str, object], names: Mapping[str, str] | None = None, /, **texts: str) -> WriteRequest:
    """Return the expressions with only the names and values that they use, as DynamoDB requires.

    A placeholder `#name` stands for the attribute of that name, unless `names` maps it to another.
    """
    text = " ".join(texts.values())
    known = _STATES | dict(values)
    request: WriteRequest = {key: value for key, value in texts.items() if value}
    if named := sorted(set(_NAME.findall(text))):
        request["ExpressionAttributeNames"] = {f"#{name}": (names or {}).get(name, name) for name in named}
    if mentioned := sorted(set(_VALUE.findall(text))):
        request["ExpressionAttributeValues"] = {f":{name}": serialize(known[name]) for name in mentioned}
    return request


@dataclass(frozen=True, slots=True)
class Requests:
    """Builds the requests for one table; subclasses are in `claims`, `settlements`, `supersession` and `feedback`.

    `retention` is in seconds, `hold` in milliseconds; `resends` is how many attempts with an unknown result a record
    may have for a claim without an operator's confirmation: 1 for `on_unknown = resend`, 0 for `hold`. `apart` is the
    least time between two reports that count, and between two probes, in milliseconds.
    """

    table: str
    release: str
    hold: int
    retention: int
    resends: int
    apart: int = 300_000

    # -- for each kind of item ------------------------------------------------------------------------------------

    def update_message(
        self,
        attempt: Attempt,
        now: int,
        expression: str,
        condition: str,
        row: TimelineRow,
        extra: dict[str, object] | None = None,
    ) -> WriteRequest:
        """An update of the message item; `extra` are values besides the common ones."""
        values: dict[str, object] = {
            "now": now,
            "now_s": now // 1000,
            "held_until": now + self.hold,
            "expires_at": self.expire_at(max(now, attempt.due or 0)),
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

    def put_event(self, attempt: Attempt, now: int, small: bool = False) -> WriteRequest:
        """A put of the event item; with `small`, the body is kept only if it is short."""
        body = attempt.body if attempt.body is None or not small or len(attempt.body) < _SMALL_BODY else None
        item = {
            "pk": attempt.event_key,
            "message_id": attempt.message_id,
            "digest": attempt.content_hash,
            "body": body,
            "expires_at": self.expire_at(max(now, attempt.due or 0)),
        }
        free = "attribute_not_exists(#pk) OR #message_id = :message_id OR #expires_at <= :now_s"
        values: dict[str, object] = {"message_id": attempt.message_id, "now_s": now // 1000}
        if attempt.predecessor:
            free += " OR #message_id = :before"
            values["before"] = attempt.predecessor.message_id
        return put(self.table, item, free, values)

    def drop_body(self, record: Record, key: str, expires_at: int) -> WriteRequest:
        """An update of the event item `key` that removes its body, since `record` will have no mail."""
        values: dict[str, object] = {"message_id": record.message_id, "expires_at": expires_at}
        expression = "SET #expires_at = :expires_at REMOVE #body"
        return update(self.table, key, expression, "#message_id = :message_id", values)

    def check_address(self, attempt: Attempt, condition: str, key: str = "") -> WriteRequest:
        """A check of the address item: `since` exists while the address is suppressed, `choice` while its reader has
        unsubscribed from the category."""
        return check(self.table, key or attempt.address, condition, {"choice": attempt.choice or ""})

    def check_recipient(self, attempt: Attempt) -> list[WriteRequest]:
        """The checks that the attempt's recipient may be mailed."""
        wanted = "attribute_not_exists(#since)" + (" AND attribute_not_exists(#choice)" if attempt.choice else "")
        keys = (attempt.address, *attempt.older_addresses)
        return [{"ConditionCheck": self.check_address(attempt, wanted, key)} for key in keys]

    def expire_at(self, now: int) -> int:
        """When an item that is written `now`, or scheduled for then, expires, in epoch seconds."""
        return now // 1000 + self.retention
