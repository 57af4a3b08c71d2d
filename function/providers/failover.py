"""Handing one mail over: down the list of providers, and once more if there is time to wait."""

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

#: Rounds down the list while all that stands in the way is the sending rate.
ROUNDS = 3
#: Longest first pause between two rounds, in seconds; it doubles, with full jitter.
PAUSE = 0.5
#: Connections in a row that did not come about, after which a provider rests.
_FAILURES = 5
#: Characters of the detail of a timeline row: the words of two providers.
_LONGEST_DETAIL = 400


class Provider(Protocol):
    """Sends one mail at most once a call, and says truthfully what became of it."""

    @property
    def url(self) -> str:
        """Its name in settings, logs and the ledger, e.g. `ses://eu-west-1`; without secrets."""

    @property
    def timeout(self) -> float:
        """Seconds that a send can take at most."""

    def send(self, email: Email, key: str) -> Receipt:
        """Hand over `email`; `key` comes back in the provider's feedback.

        Returns only when the provider accepted it. Raises NotSent or RefusedForGood when it certainly did not, and
        OutcomeUnknown when that is not known.
        """

    def probe(self) -> None:
        """Cause a report: send a synthetic mail that reaches nobody. Does nothing if the provider gives no reports;
        never raises, for there will be another."""


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call of one provider; `ms` is how long it took. `error` is None where it accepted."""

    provider: str
    at: int
    ms: int
    error: NotificationError | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of the mail, and every try on the way."""

    outcome: Receipt | NotificationError
    tries: tuple[ProviderCall, ...]


class CircuitBreaker:
    """Stops calling a provider that cannot be reached, so that an outage costs no mail the whole wait for a connection.

    https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker. What it knows is this sandbox's alone:
    another one finds out for itself, at the price of five mails that wait for a connection and then go by the next
    provider. It counts the refused connections of one provider; `clock` gives epoch milliseconds, `rest` is in such.
    After the rest one mail tries the provider (half-open): if nobody is reached again, the rest begins anew.
    """

    def __init__(self, clock: Callable[[], int], rest: int) -> None:
        self._clock = clock
        self._rest = rest
        self._refused = 0
        self._rests_until = 0

    def refusal(self) -> ProviderUnavailable | None:
        """Why the provider is not asked now; None: it is."""
        if self._clock() >= self._rests_until:
            return None
        return ProviderUnavailable(f"not asked: it rests after {self._refused} connections that did not come about")

    def note(self, outcome: object) -> None:
        """Note the outcome of a call: any answer at all means that the provider is reachable."""
        self._refused = self._refused + 1 if isinstance(outcome, ProviderUnreachable) else 0
        if self._refused >= _FAILURES:
            self._rests_until = self._clock() + self._rest


@dataclass(frozen=True, slots=True)
class Failover:
    """Sends by the first provider that takes the mail. `clock` gives epoch milliseconds, `sleep` takes seconds."""

    providers: Sequence[Provider]
    clock: Callable[[], int]
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random
    #: How long a provider rests that nobody reaches, in milliseconds.
    rest: int = 60_000
    #: Of all parts of one list together.
    _breakers: dict[str, CircuitBreaker] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every provider that a mail may go by."""
        return tuple(provider.url for provider in self.providers)

    def choose(self, avoid: str | None, never_tried: str | None) -> Failover:
        """The providers that may send: those after `avoid` if it reported that it never tried, else all but it."""
        if never_tried:
            return self.after(avoid or "")
        return self.without(avoid) if avoid else self

    def without(self, name: str) -> Failover:
        """The same list without this provider, unless there is no other."""
        return replace(self, providers=[one for one in self.providers if one.url != name] or self.providers)

    def after(self, name: str) -> Failover:
        """The rest of the list after this provider; empty where it is the last one, or none of the list any more."""
        later = list_later_providers(self.names, name)
        return replace(self, providers=[one for one in self.providers if one.url in later])

    def only(self, may_send: Callable[[str], bool]) -> Failover:
        """The part of the list that may send a mail."""
        return replace(self, providers=[one for one in self.providers if may_send(one.url)])

    def probe(self, names: Sequence[str]) -> None:
        """Ask these providers for a report, as far as they are configured and can give one."""
        for provider in self.providers:
            if provider.url in names:
                provider.probe()

    def send(self, email: Email, key: str, until: int) -> SendResult:
        """Send once, starting nothing whose timeout would end after `until` (epoch milliseconds).

        Goes on to the next provider only from NotSent; waits and begins again only while everybody says Throttled.
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
            return RefusedForGood("it tries a provider that this deployment does not have")
        return not_sent or ProviderUnavailable("no provider is configured")

    def _find_senders(self, email: Email) -> Sequence[Provider]:
        """Who may send a mail: of a synthetic one the provider that it tries, else SES alone, if it is there, since its
        simulator's addresses bounce elsewhere. It waits for SES."""
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
    """What heals in seconds comes first, what takes hours last: one quota spent must not hold up the other provider."""
    return 0 if isinstance(error, Throttled) else 2 if isinstance(error, QuotaExhausted) else 1


def _with_all_errors(
    outcome: Receipt | NotificationError, tries: Sequence[ProviderCall]
) -> Receipt | NotificationError:
    """The error with what each provider said last, where several were tried: a person sees both."""
    said = {call.provider: call.error for call in tries if call.error is not None}
    if isinstance(outcome, Receipt) or len(said) < 2:
        return outcome
    line = "; ".join(f"{provider}: {error}" for provider, error in said.items())
    return type(outcome)(line, ReasonCode(outcome.reason.code))


def note_calls(
    result: SendResult, release: str, clock: Callable[[], int], last: State, aside: Reason | None = None
) -> list[TimelineRow]:
    """The calls as timeline rows; those before the last say that nothing was sent.

    The last row has the state `last`, and what all providers said or, if one accepted, the reason `aside`. `clock`
    gives epoch milliseconds, for the row of a mail that no provider was asked to send.
    """
    rows = [_build_row(call, State.RELEASED, release) for call in result.tries]
    if isinstance(result.outcome, NotificationError):
        reason = result.outcome.reason
        rows = rows or [TimelineRow.of(reason, last, clock(), release)]
        rows[-1] = replace(rows[-1], detail=reason.text[:_LONGEST_DETAIL], reason_code=reason.code)
    elif aside:
        rows[-1] = replace(rows[-1], detail=aside.text, reason_code=aside.code)
    return [*rows[:-1], replace(rows[-1], state=last)]


def _build_row(call: ProviderCall, state: State, release: str) -> TimelineRow:
    row = TimelineRow(state, call.at + call.ms, release, call.provider, call.ms)
    if call.error is None:
        return row
    return replace(row, detail=str(call.error)[:_LONGEST_DETAIL], reason_code=call.error.reason.code)
