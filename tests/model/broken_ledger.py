"""Ledgers with one fault each: a condition left out, an item forgotten, a judgement too kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from function.ledger.attempt import Attempt, Claimed, InDoubt, OwnedBy, Suppressed
from function.ledger.keys import feedback_key
from function.ledger.ledger import Applied, Ledger, Writes
from function.ledger.record import Record, TimelineRow
from function.ledger.states import Action, State
from function.ledger.table import Refusal
from function.ledger.writes.requests import put
from operations.installation import Installation
from operations.suppressions import get_suppression, remove_suppression, take_off
from tests.model.herald import Code

__all__ = [
    "AlwaysResends",
    "AnybodysLostClaim",
    "ClaimNamesTheFirst",
    "EventExpiresLater",
    "EventIsAnybodys",
    "EveryContentIsTheSame",
    "FeedbackNamesNobody",
    "FeedbackProlongs",
    "KeepsNoBody",
    "KeptForEver",
    "LastWriter",
    "MarkIsWhenItCame",
    "NobodyIsTold",
    "OneProviderIsEnough",
    "OneReportIsEnough",
    "PutInsteadOfUpdate",
    "ReleaseForgets",
    "ReopensWhatWasAccepted",
    "ReplacesUnasked",
    "ReportsAtOnce",
    "ResendsInTheHold",
    "ResendsUnheard",
    "ResendsWithoutBound",
    "SuppressionForgets",
    "UnconfirmedRedrive",
    "WritesInTheHold",
    "WritesReplaceUnasked",
    "address_first",
    "build_writes_that_always_resend",
    "change_address_check",
    "change_owners_writes",
    "change_settlement",
    "replace_ledger",
    "rewrite_condition",
    "take_off_ours_first",
]

WriteRequest = dict[str, Any]


def rewrite_condition(request: Mapping[str, Any], old: str, new: str) -> WriteRequest:
    """The request with another condition, and only the names and values that are still mentioned."""
    condition = request["ConditionExpression"]
    assert old in condition, f"nothing to seed: {old!r} is not in {condition!r}"
    changed = dict(request) | {"ConditionExpression": condition.replace(old, new)}
    if not changed["ConditionExpression"]:
        del changed["ConditionExpression"]
    text = f"{changed.get('ConditionExpression', '')} {changed.get('UpdateExpression', '')}"
    for kind, mark in (("ExpressionAttributeNames", "#"), ("ExpressionAttributeValues", ":")):
        mentioned = {f"{mark}{name}" for name in re.findall(rf"{mark}(\w+)", text)}
        changed[kind] = {name: value for name, value in changed.get(kind, {}).items() if name in mentioned}
        if not changed[kind]:
            del changed[kind]
    return changed


def change_owners_writes(old: str, new: str) -> Code:
    class Seeded(Writes):
        def _update_as_owner(self, *args: Any, **kwargs: Any) -> WriteRequest:
            return rewrite_condition(super()._update_as_owner(*args, **kwargs), old, new)

    return Code(writes=Seeded)


def replace_ledger(ledger: type[Ledger]) -> Code:
    return Code(ledger=ledger)


def _claim(old: str, new: str) -> Code:
    class Seeded(Writes):
        def claim(self, attempt: Attempt, now: int) -> list[WriteRequest]:
            message, *rest = super().claim(attempt, now)
            if old not in message["Update"]["ConditionExpression"]:
                return [message, *rest]
            return [{"Update": rewrite_condition(message["Update"], old, new)}, *rest]

    return Code(writes=Seeded)


def change_settlement(action: Action, old: str, new: str) -> Code:
    class Seeded(Writes):
        def settle(self, attempt: Attempt, row: TimelineRow, act: Action, also: Any = None) -> list[WriteRequest]:
            message, *rest = super().settle(attempt, row, act, also)
            if act is not action:
                return [message, *rest]
            values = message["Update"]["ExpressionAttributeValues"] | {f":{state}": {"S": state} for state in State}
            wide = dict(message["Update"]) | {"ExpressionAttributeValues": values}
            return [{"Update": rewrite_condition(wide, old, new)}, *rest]

    return Code(writes=Seeded)


class PutInsteadOfUpdate(Writes):
    def claim(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        message, *rest = super().claim(attempt, now)
        update = dict(message["Update"])
        values = {name[1:]: value for name, value in update["ExpressionAttributeValues"].items()}
        kept = ("owner", "held_until", "type", "event_key", "address", "expires_at")
        fresh = {name: values[name] for name in kept if name in values}
        item = (
            fresh
            | update.pop("Key")
            | {"state": {"S": "sending"}, "at_risk": values["one"], "timeline": values["rows"]}
        )
        condition = rewrite_condition(
            {name: value for name, value in update.items() if name != "UpdateExpression"}, "", ""
        )
        return [{"Put": condition | {"Item": item}}, *rest]


class EventIsAnybodys(Writes):
    def put_event(self, attempt: Attempt, now: int, small: bool = False) -> WriteRequest:
        request = super().put_event(attempt, now, small)
        return rewrite_condition(request, request["ConditionExpression"], "")


def take_off_ours_first(installation: Installation, address: str) -> None:
    for key in installation.address_keys(address):
        if entry := get_suppression(installation, key):
            remove_suppression(installation, entry)
    take_off(installation, address)


def change_address_check(old: str, new: str) -> Code:
    class Seeded(Writes):
        def claim(self, attempt: Attempt, now: int) -> list[WriteRequest]:
            message, event, address, *rest = super().claim(attempt, now)
            return [message, event, {"ConditionCheck": rewrite_condition(address["ConditionCheck"], old, new)}, *rest]

    return Code(writes=Seeded)


def _forget_reports(suppress: str | None, row: TimelineRow) -> dict[str, object]:
    return {"pk": suppress, "since": row.at, "reason": row.state.value, "message_id": "m1"}


class SuppressionForgets(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[WriteRequest]:
        message, *rest = super().apply_feedback(message_id, action, row, suppress, attempt)
        return [message, *({"Put": put("herald-ledger", _forget_reports(suppress, row), "", {})} for _ in rest)]


class LastWriter(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[WriteRequest]:
        message, *rest = super().apply_feedback(message_id, action, row, suppress, attempt)
        return [{"Update": rewrite_condition(message["Update"], message["Update"]["ConditionExpression"], "")}, *rest]


class ReleaseForgets(Writes):
    def release_claim(self, attempt: Attempt, row: TimelineRow) -> WriteRequest:
        return rewrite_condition(super().release_claim(attempt, row), " AND #at_risk <= :one", "")


class ClaimNamesTheFirst(Ledger):
    def claim(self, attempt: Attempt) -> Any:
        return super().claim(replace(attempt, providers=attempt.providers[:1]))


class UnconfirmedRedrive(Writes):
    def claim(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        return super().claim(replace(attempt, confirmed=True), now)


class _AddressFirst(Ledger):
    def explain_refusal(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        listed = len(refusal.items) > 2 and bool(refusal.items[2])
        return Suppressed() if listed else super().explain_refusal(refusal, attempt, now)


def address_first() -> Code:
    anything = "attribute_not_exists(#pk) OR attribute_exists(#pk)"
    return replace(change_settlement(Action.SUPPRESS, "attribute_not_exists(#pk)", anything), ledger=_AddressFirst)


class AnybodysLostClaim(Ledger):
    def claim(self, attempt: Attempt) -> Any:
        verdict = super().claim(attempt)
        record = self.read(attempt.message_id)
        return Claimed(record.held_until) if record and record.state is State.SENDING else verdict


class ResendsWithoutBound(Writes):
    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[WriteRequest]:
        message, *rest = super().resend(attempt, doubtful, now)
        return [{"Update": rewrite_condition(message["Update"], " AND #at_risk <= :resends", "")}, *rest]


class AlwaysResends(Ledger):
    def explain_refusal(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        verdict = super().explain_refusal(refusal, attempt, now)
        return InDoubt(verdict.record, resend=True) if isinstance(verdict, InDoubt) else verdict


def build_writes_that_always_resend(*args: Any) -> Writes:
    table, release, hold, retention, _ = args
    return Writes(table, release, hold, retention, 1)


class ResendsUnheard(Ledger):
    def find_lagging_providers(self, record: Record) -> list[str]:
        return []


class OneReportIsEnough(Ledger):
    def _read_mark(self, provider: str) -> int:
        item = self.table.get(feedback_key(provider)) or {}
        return int(item["through"]["N"]) if "through" in item else 0


class OneProviderIsEnough(Ledger):
    def find_lagging_providers(self, record: Record) -> list[str]:
        found = super().find_lagging_providers(record)
        return [] if len(found) < len(record.providers) else found


class ReportsAtOnce(Writes):
    def mark_feedback(self, provider: str, sent: int, now: int) -> WriteRequest:
        request = super().mark_feedback(provider, sent, now)
        return rewrite_condition(request, request["ConditionExpression"], "")


class MarkIsWhenItCame(Ledger):
    def mark_feedback(self, provider: str, sent: int) -> None:
        super().mark_feedback(provider, self.clock())


class EventExpiresLater(Writes):
    def put_event(self, attempt: Attempt, now: int, small: bool = False) -> WriteRequest:
        return super().put_event(attempt, now + 1000, small)


class KeptForEver(Writes):
    def settle(self, attempt: Attempt, row: TimelineRow, action: Action, also: Any = None) -> list[WriteRequest]:
        message, *rest = super().settle(attempt, row, action, also)
        expression = message["Update"]["UpdateExpression"].replace(", #expires_at = :expires_at", "")
        return [{"Update": rewrite_condition(message["Update"] | {"UpdateExpression": expression}, "", "")}, *rest]


class FeedbackProlongs(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[WriteRequest]:
        message, *rest = super().apply_feedback(message_id, action, row, suppress, attempt)
        old = message["Update"]["UpdateExpression"]
        new = old.replace("if_not_exists(#expires_at, :expires_at)", ":expires_at")
        assert old != new, "nothing to seed"
        return [{"Update": message["Update"] | {"UpdateExpression": new}}, *rest]


class FeedbackNamesNobody(Ledger):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None = None, attempt: str | None = None
    ) -> Applied:
        return super().apply_feedback(message_id, action, row, suppress)


class NobodyIsTold(Ledger):
    def _tell_sent_twice(self, record: Record) -> bool:
        return False


class EveryContentIsTheSame(Ledger):
    def explain_refusal(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        return _as_the_same(super().explain_refusal(refusal, attempt, now))

    def look(self, attempt: Attempt, over_waiting: bool = True) -> Any:
        return _as_the_same(super().look(attempt, over_waiting))


def _as_the_same(verdict: object) -> object:
    return replace(verdict, same=True) if isinstance(verdict, OwnedBy) else verdict


class ReplacesUnasked(Ledger):
    def look_at_predecessor(self, attempt: Attempt, message_id: str) -> Any:
        return super().look_at_predecessor(replace(attempt, confirmed=True), message_id)


class WritesReplaceUnasked(Writes):
    def _replace(self, attempt: Attempt, before: Record, now: int) -> WriteRequest:
        return super()._replace(replace(attempt, confirmed=True), before, now)


class ReopensWhatWasAccepted(Writes):
    def claim(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        message, *rest = super().claim(attempt, now)
        update = dict(message["Update"])
        if attempt.letter:
            update["ConditionExpression"] += " OR (#state = :refused AND #owner = :letter)"
            update["ExpressionAttributeValues"] |= {":refused": {"S": "refused"}, ":letter": {"S": attempt.letter}}
        return [{"Update": update}, *rest]


class KeepsNoBody(Writes):
    def put_event(self, attempt: Attempt, now: int, small: bool = False) -> WriteRequest:
        return super().put_event(replace(attempt, body=None), now, small)


class ResendsInTheHold(Ledger):
    def explain_refusal(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        return super().explain_refusal(refusal, attempt, now + self.writes.hold)


class WritesInTheHold(Writes):
    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[WriteRequest]:
        message, *rest = super().resend(attempt, doubtful, now)
        return [{"Update": rewrite_condition(message["Update"], " AND #held_until <= :now", "")}, *rest]
