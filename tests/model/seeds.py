"""Faults seeded one at a time into the ledger's conditions and the road's order: the model must find each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from function.delivery.courier import Courier
from function.delivery.decision import Decision, Done, Job, WriteLetter
from function.errors import NotificationError, OutcomeUnknown
from function.ledger.attempt import Attempt, Claimed, InDoubt, OwnedBy, Suppressed
from function.ledger.expressions import put
from function.ledger.ledger import Ledger
from function.ledger.record import Record, Row
from function.ledger.states import Action, State
from function.ledger.table import Refusal
from function.ledger.writes import Writes
from function.message.email import Email, Receipt
from function.providers.failover import Failover, ProviderCall
from tests.model.herald import Code

__all__ = ["SEEDS", "Seed"]

Request = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Seed:
    """One fault: what is wrong with the code, and the scenario in which the model must find it."""

    fault: str
    within: str
    code: Code


def _rewritten(request: Mapping[str, Any], old: str, new: str) -> Request:
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


def _owners(old: str, new: str) -> Code:
    class Seeded(Writes):
        def _owners(self, *args: Any, **kwargs: Any) -> Request:
            return _rewritten(super()._owners(*args, **kwargs), old, new)

    return Code(writes=Seeded)


def _claim(old: str, new: str) -> Code:
    class Seeded(Writes):
        def claim(self, attempt: Attempt, now: int) -> list[Request]:
            message, *rest = super().claim(attempt, now)
            if old not in message["Update"]["ConditionExpression"]:
                return [message, *rest]
            return [{"Update": _rewritten(message["Update"], old, new)}, *rest]

    return Code(writes=Seeded)


def _settle(action: Action, old: str, new: str) -> Code:
    class Seeded(Writes):
        def _settle(self, attempt: Attempt, row: Row, act: Action) -> list[Request]:
            message, *rest = super()._settle(attempt, row, act)
            if act is not action:
                return [message, *rest]
            values = message["Update"]["ExpressionAttributeValues"] | {f":{state}": {"S": state} for state in State}
            wide = dict(message["Update"]) | {"ExpressionAttributeValues": values}
            return [{"Update": _rewritten(wide, old, new)}, *rest]

    return Code(writes=Seeded)


class _PutInsteadOfUpdate(Writes):
    def claim(self, attempt: Attempt, now: int) -> list[Request]:
        message, *rest = super().claim(attempt, now)
        return [self._afresh(message["Update"]), *rest]

    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[Request]:
        message, *rest = super().resend(attempt, doubtful, now)
        return [self._afresh(message["Update"]), *rest]

    @staticmethod
    def _afresh(update: Request) -> Request:
        values = {name[1:]: value for name, value in update["ExpressionAttributeValues"].items()}
        kept = ("owner", "held_until", "type", "event_key", "address", "expires_at", "providers")
        fresh = {name: values[name] for name in kept if name in values}
        item = fresh | update["Key"] | {"state": {"S": "sending"}, "at_risk": {"N": "1"}, "timeline": values["rows"]}
        left = {name: value for name, value in update.items() if name not in ("UpdateExpression", "Key")}
        return {"Put": _rewritten(left, "", "") | {"Item": item}}


class _ResendsWithoutBound(Writes):
    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[Request]:
        message, *rest = super().resend(attempt, doubtful, now)
        return [{"Update": _rewritten(message["Update"], " AND #at_risk <= :resends", "")}, *rest]


class _AlwaysResends(Ledger):
    def _judge(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        verdict = super()._judge(refusal, attempt, now)
        return InDoubt(verdict.record, resend=True) if isinstance(verdict, InDoubt) else verdict


class _EventIsAnybodys(Writes):
    def _event(self, attempt: Attempt, now: int, small: bool = False) -> Request:
        request = super()._event(attempt, now, small)
        return _rewritten(request, request["ConditionExpression"], "")


def _address(old: str, new: str) -> Code:
    class Seeded(Writes):
        def claim(self, attempt: Attempt, now: int) -> list[Request]:
            message, event, address, *rest = super().claim(attempt, now)
            return [message, event, {"ConditionCheck": _rewritten(address["ConditionCheck"], old, new)}, *rest]

    return Code(writes=Seeded)


class _SuppressionForgets(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: Row, suppress: str | None, attempt: str | None = None
    ) -> list[Request]:
        message, *rest = super().apply_feedback(message_id, action, row, suppress, attempt)
        return [message, *({"Put": put("herald-ledger", {"pk": suppress, "since": row.at}, "", {})} for _ in rest)]


class _LastWriter(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: Row, suppress: str | None, attempt: str | None = None
    ) -> list[Request]:
        message, *rest = super().apply_feedback(message_id, action, row, suppress, attempt)
        return [{"Update": _rewritten(message["Update"], message["Update"]["ConditionExpression"], "")}, *rest]


class _ReleaseForgets(Writes):
    def release_claim(self, attempt: Attempt, row: Row) -> Request:
        return _rewritten(super().release_claim(attempt, row), " AND #at_risk <= :one", "")


class _LetterAfterRecord(Courier):
    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        if letter.action is not Action.REJECT:
            return super()._write_letter(job, letter)
        verdict = self.ledger.look(job.attempt) or self._settle(job, letter)
        if verdict is None:
            self._put(job, letter)
        if verdict is None or isinstance(verdict, OwnedBy):
            return job, Done(letter.kind, letter.reason.text)
        return self._decide(job, verdict)


class _ParkBeforeLetter(Courier):
    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        if letter.action is not Action.PARK:
            return super()._write_letter(job, letter)
        self._settle(job, letter)
        self._put(job, letter)
        return job, Done(letter.kind)


class _ParkWithoutLetter(Courier):
    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        if letter.action is not Action.PARK:
            return super()._write_letter(job, letter)
        self._settle(job, letter)
        return job, Done(letter.kind)


class _FailsOverOnUnknown(Failover):
    def _down_the_list(
        self, email: Email, key: str, until: int, tries: list[ProviderCall]
    ) -> Receipt | NotificationError:
        outcome: Receipt | NotificationError = OutcomeUnknown("nobody was tried")
        for provider in self.providers:
            outcome = self._call(provider, email, key, tries)
            if isinstance(outcome, Receipt):
                break
        return outcome


class _SendsPastTheHold(Failover):
    def send(self, email: Email, key: str, until: int) -> Any:
        return super().send(email, key, until + 10**12)


class _UnconfirmedRedrive(Writes):
    def claim(self, attempt: Attempt, now: int) -> list[Request]:
        return super().claim(replace(attempt, confirmed=True), now)


class _AddressFirst(Ledger):
    def _judge(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        listed = len(refusal.items) > 2 and bool(refusal.items[2])
        return Suppressed() if listed else super()._judge(refusal, attempt, now)


def _address_first() -> Code:
    anything = "attribute_not_exists(#pk) OR attribute_exists(#pk)"
    return replace(_settle(Action.SUPPRESS, "attribute_not_exists(#pk)", anything), ledger=_AddressFirst)


class _AnybodysLostClaim(Ledger):
    def claim(self, attempt: Attempt) -> Any:
        verdict = super().claim(attempt)
        record = self.read(attempt.message_id)
        return Claimed(record.held_until) if record and record.state is State.SENDING else verdict


SEEDS: tuple[Seed, ...] = (
    Seed(
        "the owner's writes do not name the owner",
        "an owner that sleeps past its hold",
        _owners("#owner = :owner AND ", ""),
    ),
    Seed(
        "the owner's writes do not name the state",
        "the answer is lost, and a person may redrive with a yes",
        _owners(" AND #state IN (:sending)", ""),
    ),
    Seed(
        "a refusal is written over `sending`",
        "a new release that can no longer render what the old one sent",
        _settle(Action.REJECT, "(:released)", "(:released, :sending)"),
    ),
    Seed(
        "put instead of update: a claim forgets earlier attempts",
        "the answer is lost, and a person may redrive with a yes",
        Code(writes=_PutInsteadOfUpdate),
    ),
    Seed(
        "the letter is written after the record", "an event that can never be a mail", Code(courier=_LetterAfterRecord)
    ),
    Seed(
        "a redrive first makes the record as new",
        "the answer is lost, and a person may redrive with a yes",
        Code(redrive_resets=True),
    ),
    Seed(
        "resent without bound",
        "the answer is lost, and a person may redrive with a yes",
        Code(writes=_ResendsWithoutBound, ledger=_AlwaysResends),
    ),
    Seed(
        "the address is judged, and written, before the message",
        "the address comes onto the list and is taken off",
        _address_first(),
    ),
    Seed(
        "a claim does not wait for the end of the hold",
        "two messages delivered twice each, a crash",
        _claim(" AND #held_until <= :now", ""),
    ),
    Seed("an event may have two owners", "two messages delivered twice each, a crash", Code(writes=_EventIsAnybodys)),
    Seed(
        "a release forgets that an earlier attempt may have sent",
        "a resend that is not sent, then a release that can no longer render",
        Code(writes=_ReleaseForgets),
    ),
    Seed("feedback goes by the last writer", "bounce and complaint in any order", Code(writes=_LastWriter)),
    Seed(
        "a claim does not look at the suppression list",
        "the address comes onto the list and is taken off",
        _address("attribute_not_exists(#since) AND ", ""),
    ),
    Seed(
        "a claim does not look at the reader's choice",
        "the reader unsubscribes, and subscribes again",
        _address(" AND attribute_not_exists(#choice)", ""),
    ),
    Seed(
        "a suppression forgets what the reader chose",
        "the reader unsubscribes, and the address bounces",
        Code(writes=_SuppressionForgets),
    ),
    Seed(
        "a letter needs no yes for what may have gone",
        "the answer is lost, and a person may redrive with a yes",
        Code(writes=_UnconfirmedRedrive),
    ),
    Seed(
        "a lost answer fails over to the next provider",
        "an owner that sleeps past its hold",
        Code(failover=_FailsOverOnUnknown),
    ),
    Seed(
        "a mail in doubt is marked before its letter is written",
        "a crash while a mail in doubt is handed to a person",
        Code(courier=_ParkBeforeLetter),
    ),
    Seed(
        "a mail in doubt is marked without a letter",
        "the answer is lost, and a person may redrive with a yes",
        Code(courier=_ParkWithoutLetter),
    ),
    Seed(
        "a send starts although the hold is over",
        "an owner that sleeps past its hold",
        Code(failover=_SendsPastTheHold),
    ),
    Seed(
        "any claim in the way is taken for one's own whose answer was lost",
        "two messages delivered twice each, a crash",
        Code(ledger=_AnybodysLostClaim),
    ),
)
