"""Couriers and failovers with one fault each: another order, a word too early, a letter too few."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from function.delivery.courier import Courier
from function.delivery.decision import Decision, Done, Job, WriteLetter
from function.delivery.outcome import Outcome
from function.errors import NotificationError, NotSent, OutcomeUnknown
from function.event.envelope import Delivery
from function.ledger.attempt import OwnedBy
from function.ledger.record import Record
from function.ledger.states import Action
from function.message.email import Email, Receipt
from function.providers.failover import Failover, Provider, ProviderCall

__all__ = [
    "BreakerSwallows",
    "FailsOverOnUnknown",
    "FirstWordCounts",
    "FirstWordCountsOverALostAnswer",
    "ForgetsWhatWasNotSent",
    "GoesOnUntold",
    "LetterAfterRecord",
    "ParkBeforeLetter",
    "ParkWithoutLetter",
    "ProbeIsTakenForAReport",
    "ReleasesWhoeverOwnsIt",
    "SendsPastTheHold",
    "SwallowsTheSecond",
]


class LetterAfterRecord(Courier):
    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        if letter.action is not Action.REJECT:
            return super()._write_letter(job, letter)
        verdict = self.ledger.look(job.attempt) or self._settle(job, letter)
        if verdict is None:
            self._put(job, letter)
        if verdict is None or isinstance(verdict, OwnedBy):
            return job, Done(letter.kind, letter.reason.text)
        return self._decide(job, verdict)


class ParkBeforeLetter(Courier):
    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        if letter.action is not Action.PARK:
            return super()._write_letter(job, letter)
        self._settle(job, letter)
        self._put(job, letter)
        return job, Done(letter.kind)


class ParkWithoutLetter(Courier):
    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        if letter.action is not Action.PARK:
            return super()._write_letter(job, letter)
        self._settle(job, letter)
        return job, Done(letter.kind)


class FailsOverOnUnknown(Failover):
    def _try_in_order(
        self, email: Email, key: str, until: int, tries: list[ProviderCall]
    ) -> Receipt | NotificationError:
        outcome: Receipt | NotificationError = OutcomeUnknown("nobody was tried")
        for provider in self.providers:
            outcome = self._call(provider, email, key, tries)
            if isinstance(outcome, Receipt):
                break
        return outcome


class BreakerSwallows(Failover):
    """A provider that rests is taken for one that took the mail."""

    def _call(
        self, provider: Provider, email: Email, key: str, tries: list[ProviderCall]
    ) -> Receipt | NotificationError:
        outcome = super()._call(provider, email, key, tries)
        return Receipt(provider.url, "resting") if isinstance(outcome, NotSent) else outcome


class FirstWordCounts(Failover):
    """What the first provider said stands, whatever the second does."""

    def _try_in_order(
        self, email: Email, key: str, until: int, tries: list[ProviderCall]
    ) -> Receipt | NotificationError:
        outcome = super()._try_in_order(email, key, until, tries)
        first = next((call.error for call in tries if call.error is not None), None)
        return first if isinstance(first, NotSent) and self._is_lost_by_it(outcome) else outcome

    @staticmethod
    def _is_lost_by_it(outcome: Receipt | NotificationError) -> bool:
        return isinstance(outcome, Receipt)


class FirstWordCountsOverALostAnswer(FirstWordCounts):
    @staticmethod
    def _is_lost_by_it(outcome: Receipt | NotificationError) -> bool:
        return isinstance(outcome, OutcomeUnknown)


class SendsPastTheHold(Failover):
    def send(self, email: Email, key: str, until: int) -> Any:
        return super().send(email, key, until + 10**12)


class ProbeIsTakenForAReport(Courier):
    def _resend(self, job: Job, doubtful: Record) -> tuple[Job, Decision]:
        answer = super()._resend(job, doubtful)
        for name in self.failover.names:
            self.ledger.mark_feedback(name, self.clock())
        return answer


class SwallowsTheSecond(Courier):
    def _write_letter(self, job: Job, letter: WriteLetter) -> tuple[Job, Decision]:
        if letter.action is None:
            return job, Done(letter.kind)
        return super()._write_letter(job, letter)


class ForgetsWhatWasNotSent(Courier):
    def deliver(self, delivery: Delivery, deadline: int) -> Outcome:
        return replace(super().deliver(delivery, deadline), not_sent=None)


class GoesOnUntold(Courier):
    def _release_unsent(self, delivery: Delivery, not_sent: str) -> bool:
        super()._release_unsent(delivery, not_sent)
        return True


class ReleasesWhoeverOwnsIt(Courier):
    def _release_unsent(self, delivery: Delivery, not_sent: str) -> bool:
        record = self.ledger.read(delivery.message_id)
        return super()._release_unsent(delivery, f"{delivery.message_id} {record.owner}" if record else not_sent)
