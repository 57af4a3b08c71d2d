"""Sends one mail by the first provider in the list that accepts it; repeats the list while providers throttle."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import field, replace
from typing import Protocol

from function.errors import (
    NotificationError,
    NotSent,
    OutcomeUnknown,
    ProviderUnavailable,
    ProviderUnreachable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.event.cloudevent import SYNTHETIC_TAG
from function.ledger.record import TimelineRow
from function.ledger.states import State
from function.message.email import Email, Receipt
from function.providers.urls import is_ses, list_later_providers
from function.reason_codes import Reason, ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["PAUSE", "ROUNDS", "Failover", "Provider", "ProviderCall", "SendResult", "note_calls"]

#: How often the list is tried while only the sending rate stands in the way.
ROUNDS = 3
#: Upper bound of the first pause between two rounds, in seconds; it doubles, with full jitter.
PAUSE = 0.5
#: Consecutive failed connections after which a provider is not called for a while.
_FAILURES = 5
#: Most characters of a timeline row's detail: enough for the messages of two providers.
_LONGEST_DETAIL = 400


class Provider(Protocol):
    """Sends one mail at most once per call, and reports reliably whether it was sent."""

    @property
    def url(self) -> str:
        """Its name in settings, logs and the ledger, e.g. `ses://eu-west-1`; contains no secrets."""

    @property
    def timeout(self) -> float:
        """The most seconds that a send can take."""

    def send(self, email: Email, key: str) -> Receipt:
        """Send `email`; the provider's feedback repeats `key`.

        Returns only if the provider accepted it. Raises NotSent or RefusedForGood if it was certainly not sent, and
        OutcomeUnknown if that is not known.
        """

    def probe(self) -> None:
        """Cause a report: send a synthetic mail that reaches nobody. Does nothing if the provider gives no reports.
        Never raises, because another probe will follow."""


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call of one provider; `ms` is how long it took. `error` is None if it accepted the mail."""

    provider: str
    at: int
    ms: int
    error: NotificationError | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """The outcome for the mail, and every call that was made."""

    outcome: Receipt | NotificationError
    tries: tuple[ProviderCall, ...]


class CircuitBreaker:
    """Stops calling an unreachable provider, so that in an outage mails do not wait for a connection that fails.

    https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker. Its state belongs to this sandbox: another
    one finds out for itself, at the price of five mails that wait for a connection before the next provider sends them.
    It counts one provider's failed connections; `clock` returns epoch milliseconds, `rest` is in milliseconds. After
    the rest one mail tries the provider (half-open): if it is still unreachable, the rest begins again.
    """

    def __init__(self, clock: Callable[[], int], rest: int) -> None:
        self._clock = clock
        self._rest = rest
        self._refused = 0
        self._rests_until = 0

    def refusal(self) -> ProviderUnavailable | None:
        """Return why the provider is not called now; None if it may be."""
        if self._clock() >= self._rests_until:
            return None
        return ProviderUnavailable(f"not called: it rests after {self._refused} failed connections")

    def note(self, outcome: object) -> None:
        """Record the outcome of a call: any answer at all means that the provider is reachable."""
        self._refused = self._refused + 1 if isinstance(outcome, ProviderUnreachable) else 0
        if self._refused >= _FAILURES:
            self._rests_until = self._clock() + self._rest


@dataclass(frozen=True, slots=True)
class Failover:
    """Sends by the first provider that accepts the mail. `clock` returns epoch milliseconds, `sleep` takes seconds."""

    providers: Sequence[Provider]
    clock: Callable[[], int]
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    #: How long an unreachable provider is not called, in milliseconds.
    rest: int = 60_000
    #: The breakers by provider URL, shared by all sublists made from one list.
    _breakers: dict[str, CircuitBreaker] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The URLs of the providers."""
        return tuple(provider.url for provider in self.providers)

    def choose(self, avoid: str | None, never_tried: str | None) -> Failover:
        """Return the providers that may send: those after `avoid` if it reported that it never tried, else all except
        `avoid`."""
        if never_tried:
            return self.keep_later(avoid or "")
        return self.exclude(avoid) if avoid else self

    def exclude(self, name: str) -> Failover:
        """Return the list without this provider, unless there is no other."""
        return replace(self, providers=[one for one in self.providers if one.url != name] or self.providers)

    def keep_later(self, name: str) -> Failover:
        """Return the providers after this one; empty if it is the last one, or not in the list any more."""
        later = list_later_providers(self.names, name)
        return replace(self, providers=[one for one in self.providers if one.url in later])

    def filter(self, may_send: Callable[[str], bool]) -> Failover:
        """Return the providers that may send a mail."""
        return replace(self, providers=[one for one in self.providers if may_send(one.url)])

    def probe(self, names: Sequence[str]) -> None:
        """Probe these providers, if they are configured and give reports."""
        for provider in self.providers:
            if provider.url in names:
                provider.probe()

    def send(self, email: Email, key: str, until: int) -> SendResult:
        """Send the mail once, starting no call whose timeout would end after `until` (epoch milliseconds).

        Continues with the next provider only after NotSent; waits and starts again only if the outcome is Throttled.
        """
        tries: list[ProviderCall] = []
        for round_ in range(ROUNDS):
            outcome = self._try_in_order(email, key, until, tries)
            pause = PAUSE * 2**round_ * self.chance()
            if not isinstance(outcome, Throttled) or round_ == ROUNDS - 1 or not self._has_time(pause, until):
                break
            self.sleep(pause)
        return SendResult(_with_all_errors(outcome, tries), tuple(tries))

    def _try_in_order(
        self, email: Email, key: str, until: int, tries: list[ProviderCall]
    ) -> Receipt | NotificationError:
        not_sent: NotSent | None = None
        for provider in self._find_senders(email):
            breaker = self._breakers.setdefault(provider.url, CircuitBreaker(self.clock, self.rest))
            outcome: Receipt | NotificationError
            if resting := breaker.refusal():
                tries.append(ProviderCall(provider.url, self.clock(), 0, resting))
                outcome = resting
            elif self.clock() + provider.timeout * 1000 > until:
                return not_sent or ProviderUnavailable(f"no time is left to send by {provider.url}")
            else:
                outcome = self._call(provider, email, key, tries)
                breaker.note(outcome)
            if isinstance(outcome, NotSent):
                not_sent = outcome if not_sent is None else min(not_sent, outcome, key=_rank_healing)
                continue
            if isinstance(outcome, (Receipt, OutcomeUnknown)):
                return outcome
            return not_sent or outcome
        if email.tries and not_sent is None:
            return RefusedForGood("this deployment does not have the provider that is to send it")
        return not_sent or ProviderUnavailable("no provider is configured")

    def _find_senders(self, email: Email) -> Sequence[Provider]:
        """Return the providers for a mail. A synthetic one goes only by the provider that it tests, else only by SES if
        there is one, waiting for it if need be: the simulator's addresses bounce elsewhere."""
        if SYNTHETIC_TAG[0] not in email.tags:
            return self.providers
        if email.tries:
            return [provider for provider in self.providers if provider.url == email.tries]
        return [provider for provider in self.providers if is_ses(provider.url)] or self.providers

    def _call(
        self, provider: Provider, email: Email, key: str, tries: list[ProviderCall]
    ) -> Receipt | NotificationError:
        begun = self.clock()
        outcome: Receipt | NotificationError
        try:
            outcome = provider.send(email, key)
        except NotificationError as error:
            outcome = error
        failure = outcome if isinstance(outcome, NotificationError) else None
        tries.append(ProviderCall(provider.url, begun, self.clock() - begun, failure))
        return outcome

    def _has_time(self, pause: float, until: int) -> bool:
        longest = max(provider.timeout for provider in self.providers)
        return self.clock() + (pause + longest) * 1000 <= until


def _rank_healing(error: NotSent) -> int:
    """Rank errors by how soon they recover, seconds before hours: one exhausted quota must not hold up the other
    provider."""
    return 0 if isinstance(error, Throttled) else 2 if isinstance(error, QuotaExhausted) else 1


def _with_all_errors(
    outcome: Receipt | NotificationError, tries: Sequence[ProviderCall]
) -> Receipt | NotificationError:
    """Return the error with the last message of each provider that was tried, so that an operator sees all of them."""
    errors = {call.provider: call.error for call in tries if call.error is not None}
    if isinstance(outcome, Receipt) or len(errors) < 2:
        return outcome
    line = "; ".join(f"{provider}: {error}" for provider, error in errors.items())
    return type(outcome)(line, ReasonCode(outcome.reason.code))


def note_calls(
    result: SendResult, release: str, clock: Callable[[], int], last: State, aside: Reason | None = None
) -> list[TimelineRow]:
    """Convert the calls to timeline rows; those before the last say that nothing was sent.

    The last row has the state `last`, and the messages of all providers or, if one accepted, the reason `aside`.
    `clock` returns epoch milliseconds, for the row of a mail for which no provider was called.
    """
    rows = [_build_row(call, State.RELEASED, release) for call in result.tries]
    if isinstance(result.outcome, NotificationError):
        reason = result.outcome.reason
        rows = rows or [TimelineRow.from_reason(reason, last, clock(), release)]
        rows[-1] = replace(rows[-1], detail=reason.text[:_LONGEST_DETAIL], reason_code=reason.code)
    elif aside:
        rows[-1] = replace(rows[-1], detail=aside.text, reason_code=aside.code)
    return [*rows[:-1], replace(rows[-1], state=last)]


def _build_row(call: ProviderCall, state: State, release: str) -> TimelineRow:
    row = TimelineRow(state, call.at + call.ms, release, call.provider, call.ms)
    if call.error is None:
        return row
    return replace(row, detail=str(call.error)[:_LONGEST_DETAIL], reason_code=call.error.reason.code)
