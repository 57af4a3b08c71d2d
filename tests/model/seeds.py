"""Faults seeded one at a time into the ledger's conditions and the road's order: the model must find each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from function.delivery.courier import Courier
from function.delivery.decision import Decision, Done, Job, WriteLetter
from function.delivery.outcome import Outcome
from function.errors import NotificationError, NotSent, OutcomeUnknown
from function.event.envelope import Delivery
from function.ledger.attempt import Attempt, Claimed, InDoubt, OwnedBy, Suppressed
from function.ledger.keys import feedback_key
from function.ledger.ledger import Applied, Ledger, Writes
from function.ledger.record import Record, TimelineRow
from function.ledger.requests import put
from function.ledger.states import Action, State
from function.ledger.table import Refusal
from function.message.email import Email, Receipt
from function.providers.failover import Failover, Provider, ProviderCall
from operations.installation import Installation
from operations.suppressions import get_suppression, remove_suppression, take_off
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
        def _update_as_owner(self, *args: Any, **kwargs: Any) -> Request:
            return _rewritten(super()._update_as_owner(*args, **kwargs), old, new)

    return Code(writes=Seeded)


def _ledger(ledger: type[Ledger]) -> Code:
    return Code(ledger=ledger)


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
        def _settle(self, attempt: Attempt, row: TimelineRow, act: Action) -> list[Request]:
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
        update = dict(message["Update"])
        values = {name[1:]: value for name, value in update["ExpressionAttributeValues"].items()}
        kept = ("owner", "held_until", "type", "event_key", "address", "expires_at")
        fresh = {name: values[name] for name in kept if name in values}
        item = (
            fresh
            | update.pop("Key")
            | {"state": {"S": "sending"}, "at_risk": values["one"], "timeline": values["rows"]}
        )
        condition = _rewritten({name: value for name, value in update.items() if name != "UpdateExpression"}, "", "")
        return [{"Put": condition | {"Item": item}}, *rest]


class _EventIsAnybodys(Writes):
    def put_event(self, attempt: Attempt, now: int, small: bool = False) -> Request:
        request = super().put_event(attempt, now, small)
        return _rewritten(request, request["ConditionExpression"], "")


def _take_off_ours_first(installation: Installation, address: str) -> None:
    for key in installation.address_keys(address):
        if entry := get_suppression(installation, key):
            remove_suppression(installation, entry)
    take_off(installation, address)


def _address(old: str, new: str) -> Code:
    class Seeded(Writes):
        def claim(self, attempt: Attempt, now: int) -> list[Request]:
            message, event, address, *rest = super().claim(attempt, now)
            return [message, event, {"ConditionCheck": _rewritten(address["ConditionCheck"], old, new)}, *rest]

    return Code(writes=Seeded)


def _forgetful(suppress: str | None, row: TimelineRow) -> dict[str, object]:
    return {"pk": suppress, "since": row.at, "reason": row.state.value, "message_id": "m1"}


class _SuppressionForgets(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[Request]:
        message, *rest = super().apply_feedback(message_id, action, row, suppress, attempt)
        return [message, *({"Put": put("herald-ledger", _forgetful(suppress, row), "", {})} for _ in rest)]


class _LastWriter(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[Request]:
        message, *rest = super().apply_feedback(message_id, action, row, suppress, attempt)
        return [{"Update": _rewritten(message["Update"], message["Update"]["ConditionExpression"], "")}, *rest]


class _ReleaseForgets(Writes):
    def release_claim(self, attempt: Attempt, row: TimelineRow) -> Request:
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


class _BreakerSwallows(Failover):
    """A provider that rests is taken for one that took the mail."""

    def _call(
        self, provider: Provider, email: Email, key: str, tries: list[ProviderCall]
    ) -> Receipt | NotificationError:
        outcome = super()._call(provider, email, key, tries)
        return Receipt(provider.url, "resting") if isinstance(outcome, NotSent) else outcome


class _FirstWordCounts(Failover):
    """What the first provider said stands, whatever the second does."""

    def _down_the_list(
        self, email: Email, key: str, until: int, tries: list[ProviderCall]
    ) -> Receipt | NotificationError:
        outcome = super()._down_the_list(email, key, until, tries)
        first = next((call.error for call in tries if call.error is not None), None)
        return first if isinstance(first, NotSent) and self._is_lost_by_it(outcome) else outcome

    @staticmethod
    def _is_lost_by_it(outcome: Receipt | NotificationError) -> bool:
        return isinstance(outcome, Receipt)


class _FirstWordCountsOverALostAnswer(_FirstWordCounts):
    @staticmethod
    def _is_lost_by_it(outcome: Receipt | NotificationError) -> bool:
        return isinstance(outcome, OutcomeUnknown)


class _ClaimNamesTheFirst(Ledger):
    def claim(self, attempt: Attempt) -> Any:
        return super().claim(replace(attempt, providers=attempt.providers[:1]))


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


class _ResendsWithoutBound(Writes):
    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[Request]:
        message, *rest = super().resend(attempt, doubtful, now)
        return [{"Update": _rewritten(message["Update"], " AND #at_risk <= :resends", "")}, *rest]


class _AlwaysResends(Ledger):
    def _judge(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        verdict = super()._judge(refusal, attempt, now)
        return InDoubt(verdict.record, resend=True) if isinstance(verdict, InDoubt) else verdict


def _always_resends(*args: Any) -> Writes:
    table, release, hold, retention, _ = args
    return Writes(table, release, hold, retention, 1)


class _ResendsUnheard(Ledger):
    def find_lagging_providers(self, record: Record) -> list[str]:
        return []


class _OneReportIsEnough(Ledger):
    def _reported_before(self, provider: str) -> int:
        item = self.table.get(feedback_key(provider)) or {}
        return int(item["through"]["N"]) if "through" in item else 0


class _OneProviderIsEnough(Ledger):
    def find_lagging_providers(self, record: Record) -> list[str]:
        found = super().find_lagging_providers(record)
        return [] if len(found) < len(record.providers) else found


class _ReportsAtOnce(Writes):
    def mark_feedback(self, provider: str, sent: int, now: int) -> Request:
        request = super().mark_feedback(provider, sent, now)
        return _rewritten(request, request["ConditionExpression"], "")


class _MarkIsWhenItCame(Ledger):
    def mark_feedback(self, provider: str, sent: int) -> None:
        super().mark_feedback(provider, self.clock())


class _ProbeIsTakenForAReport(Courier):
    def _resend(self, job: Job, doubtful: Record) -> tuple[Job, Decision]:
        answer = super()._resend(job, doubtful)
        for name in self.failover.names:
            self.ledger.mark_feedback(name, self.clock())
        return answer


class _EventExpiresLater(Writes):
    def put_event(self, attempt: Attempt, now: int, small: bool = False) -> Request:
        return super().put_event(attempt, now + 1000, small)


class _KeptForEver(Writes):
    def _settle(self, attempt: Attempt, row: TimelineRow, action: Action) -> list[Request]:
        message, *rest = super()._settle(attempt, row, action)
        expression = message["Update"]["UpdateExpression"].replace(", #expires_at = :expires_at", "")
        return [{"Update": _rewritten(message["Update"] | {"UpdateExpression": expression}, "", "")}, *rest]


class _FeedbackProlongs(Writes):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None, attempt: str | None = None
    ) -> list[Request]:
        message, *rest = super().apply_feedback(message_id, action, row, suppress, attempt)
        old = message["Update"]["UpdateExpression"]
        new = old.replace("if_not_exists(#expires_at, :expires_at)", ":expires_at")
        assert old != new, "nothing to seed"
        return [{"Update": message["Update"] | {"UpdateExpression": new}}, *rest]


class _FeedbackNamesNobody(Ledger):
    def apply_feedback(
        self, message_id: str, action: Action, row: TimelineRow, suppress: str | None = None, attempt: str | None = None
    ) -> Applied:
        return super().apply_feedback(message_id, action, row, suppress)


class _NobodyIsTold(Ledger):
    def _tell_sent_twice(self, record: Record) -> bool:
        return False


class _EveryContentIsTheSame(Ledger):
    def _judge(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        return _as_the_same(super()._judge(refusal, attempt, now))

    def look(self, attempt: Attempt) -> Any:
        return _as_the_same(super().look(attempt))


def _as_the_same(verdict: object) -> object:
    return replace(verdict, same=True) if isinstance(verdict, OwnedBy) else verdict


class _ReplacesUnasked(Ledger):
    def look_at_predecessor(self, attempt: Attempt, message_id: str) -> Any:
        return super().look_at_predecessor(replace(attempt, confirmed=True), message_id)


class _WritesReplaceUnasked(Writes):
    def _replace(self, attempt: Attempt, before: Record, now: int) -> Request:
        return super()._replace(replace(attempt, confirmed=True), before, now)


class _ReopensWhatWasAccepted(Writes):
    def claim(self, attempt: Attempt, now: int) -> list[Request]:
        message, *rest = super().claim(attempt, now)
        update = dict(message["Update"])
        if attempt.letter:
            update["ConditionExpression"] += " OR (#state = :refused AND #owner = :letter)"
            update["ExpressionAttributeValues"] |= {":refused": {"S": "refused"}, ":letter": {"S": attempt.letter}}
        return [{"Update": update}, *rest]


class _SwallowsTheSecond(Courier):
    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        if letter.action is None:
            return job, Done(letter.kind)
        return super()._write_letter(job, letter)


class _KeepsNoBody(Writes):
    def put_event(self, attempt: Attempt, now: int, small: bool = False) -> Request:
        return super().put_event(replace(attempt, body=None), now, small)


class _ForgetsWhatWasNotSent(Courier):
    def deliver(self, delivery: Delivery, deadline: int) -> Outcome:
        return replace(super().deliver(delivery, deadline), not_sent=None)


class _GoesOnUntold(Courier):
    def _release_unsent(self, delivery: Delivery, not_sent: str) -> bool:
        super()._release_unsent(delivery, not_sent)
        return True


class _ReleasesWhoeverOwnsIt(Courier):
    def _release_unsent(self, delivery: Delivery, not_sent: str) -> bool:
        record = self.ledger.read(delivery.message_id)
        return super()._release_unsent(delivery, f"{delivery.message_id} {record.owner}" if record else not_sent)


class _ResendsInTheHold(Ledger):
    def _judge(self, refusal: Refusal, attempt: Attempt, now: int) -> Any:
        return super()._judge(refusal, attempt, now + self.writes.hold)


class _WritesInTheHold(Writes):
    def resend(self, attempt: Attempt, doubtful: Record, now: int) -> list[Request]:
        message, *rest = super().resend(attempt, doubtful, now)
        return [{"Update": _rewritten(message["Update"], " AND #held_until <= :now", "")}, *rest]


SEEDS: tuple[Seed, ...] = (
    Seed(
        "the owner's writes do not name the owner",
        "the answer is lost, and a person sends from the record",
        _owners("#owner = :owner AND ", ""),
    ),
    Seed(
        "the owner's writes do not name the state",
        "the answer is lost, and nothing is reported",
        _owners(" AND #state IN (:sending)", ""),
    ),
    Seed(
        "a refusal is written over `sending`",
        "a release that can no longer render",
        _settle(Action.REJECT, "(:released)", "(:released, :sending)"),
    ),
    Seed(
        "put instead of update: a claim forgets earlier attempts",
        "on_unknown = hold: a yes, and a refusal",
        Code(writes=_PutInsteadOfUpdate),
    ),
    Seed(
        "the letter is written after the record", "an event that can never be a mail", Code(courier=_LetterAfterRecord)
    ),
    Seed(
        "a redrive first makes the record as new",
        "on_unknown = hold: a yes, and a refusal",
        Code(redrive_resets=True),
    ),
    Seed(
        "resent without bound",
        "reported before: two answers lost",
        Code(writes=_ResendsWithoutBound, ledger=_AlwaysResends),
    ),
    Seed(
        "a resend does not wait for the end of the hold",
        "reported before: an owner that sleeps until another resends",
        Code(writes=_WritesInTheHold, ledger=_ResendsInTheHold),
    ),
    Seed(
        "what could not be told as not sent is forgotten",
        "what is not sent is told as that, though the table was too busy to hear it",
        Code(courier=_ForgetsWhatWasNotSent),
    ),
    Seed(
        "a delivery goes on although it could not tell what was not sent",
        "what is not sent is told as that, though the table was too busy to hear it",
        Code(courier=_GoesOnUntold),
    ),
    Seed(
        "what was not sent releases whoever owns the mail now",
        "the same after an answer that was lost, and a crash",
        Code(courier=_ReleasesWhoeverOwnsIt),
    ),
    Seed(
        "resent although the policy says hold",
        "on_unknown = hold",
        Code(writes=cast("Any", _always_resends)),
    ),
    Seed(
        "the address is judged, and written, before the message",
        "the address comes onto the list and is taken off",
        _address_first(),
    ),
    Seed("an event may have two owners", "two messages delivered twice each, a crash", Code(writes=_EventIsAnybodys)),
    Seed(
        "a release forgets that an earlier attempt may have sent",
        "on_unknown = hold: a yes, what is not sent, and a release that can no longer render",
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
        "an address is taken off our list before SES's",
        "a person is killed between SES's list and ours",
        Code(take_off=_take_off_ours_first),
    ),
    Seed(
        "a letter needs no yes for what may have gone",
        "on_unknown = hold: a yes, and a refusal",
        Code(writes=_UnconfirmedRedrive),
    ),
    Seed(
        "a lost answer fails over to the next provider",
        "one of two providers takes it",
        Code(failover=_FailsOverOnUnknown),
    ),
    Seed("a provider that rests swallows the mail", "one of two providers takes it", Code(failover=_BreakerSwallows)),
    Seed(
        "the first provider's word stands although the second took the mail",
        "one of two providers takes it",
        Code(failover=_FirstWordCounts),
    ),
    Seed(
        "the first provider's word stands although the second's answer was lost",
        "one of two providers takes it",
        Code(failover=_FirstWordCountsOverALostAnswer),
    ),
    Seed(
        "a claim names one provider only",
        "the second of two providers takes it, and the first reports",
        _ledger(_ClaimNamesTheFirst),
    ),
    Seed(
        "a mail in doubt is marked before its letter is written",
        "a crash while a mail in doubt is handed to a person",
        Code(courier=_ParkBeforeLetter),
    ),
    Seed(
        "a mail in doubt is marked without a letter",
        "a crash while a mail in doubt is handed to a person",
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
    Seed(
        "resent although nothing was reported", "the answer is lost, and nothing is reported", _ledger(_ResendsUnheard)
    ),
    Seed(
        "resent after one report on a later mail",
        "the answer is lost, and one later mail is reported",
        _ledger(_OneReportIsEnough),
    ),
    Seed(
        "resent after two reports at the same time",
        "the answer is lost, two later mails are reported, and all is heard",
        Code(writes=_ReportsAtOnce),
    ),
    Seed(
        "a report counts by when it came, not by when its mail was sent",
        "the answer is lost, and old mails are reported",
        _ledger(_MarkIsWhenItCame),
    ),
    Seed("one of two providers need not report", "one of two providers reports", _ledger(_OneProviderIsEnough)),
    Seed(
        "a probe is taken for its report",
        "the answer is lost, and one later mail is reported",
        Code(courier=_ProbeIsTakenForAReport),
    ),
    Seed(
        "an event expires later than its owner",
        "two messages delivered twice each, a crash",
        Code(writes=_EventExpiresLater),
    ),
    Seed("what is settled is kept for ever", "an event that can never be a mail", Code(writes=_KeptForEver)),
    Seed("feedback prolongs a record", "an owner that sleeps past its hold", Code(writes=_FeedbackProlongs)),
    Seed(
        "feedback does not name the attempt that sent",
        "an owner that sleeps past its hold",
        _ledger(_FeedbackNamesNobody),
    ),
    Seed(
        "a second mail is told to nobody",
        "the answer is lost, two later mails are reported, and all is heard",
        _ledger(_NobodyIsTold),
    ),
    Seed(
        "other content is taken for the same",
        "other content over what can never be a mail",
        _ledger(_EveryContentIsTheSame),
    ),
    Seed(
        "other content replaces what may have gone, without a yes",
        "on_unknown = hold, and other content while the first may have gone",
        Code(writes=_WritesReplaceUnasked, ledger=_ReplacesUnasked),
    ),
    Seed(
        "what was accepted is reopened in place",
        "refused after acceptance, and its letter is redriven",
        Code(writes=_ReopensWhatWasAccepted),
    ),
    Seed(
        "other content in a doubt gets no letter of its own",
        "on_unknown = hold, and other content while the first may have gone",
        Code(courier=_SwallowsTheSecond),
    ),
    Seed("what waits for a person loses its event", "an event that can never be a mail", Code(writes=_KeepsNoBody)),
)
