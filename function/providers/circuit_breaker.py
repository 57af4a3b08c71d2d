"""Stops calling a provider that cannot be reached, so that an outage costs no mail the whole wait for a connection.

https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker. What it knows is this sandbox's alone: another
one finds out for itself, at the price of five mails that wait for a connection and then go by the next provider.
"""

from __future__ import annotations

from collections.abc import Callable

from function.errors import ProviderUnavailable, ProviderUnreachable

__all__ = ["FAILURES", "CircuitBreaker"]

#: Connections in a row that did not come about.
FAILURES = 5


class CircuitBreaker:
    """Counts the refused connections of one provider. `clock` gives epoch milliseconds, `rest` is in such.

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
        if self._refused >= FAILURES:
            self._rests_until = self._clock() + self._rest
