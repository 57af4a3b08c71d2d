"""What Lambda does with an asynchronous event after it was tried. Pure; times in AWS's own seconds.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from laptop.invocations.model import Event, Limits, Outcome

__all__ = ["Again", "Condition", "Failed", "after", "before"]

#: Seconds before the second and the third run.
BETWEEN_RUNS = (60.0, 120.0)
#: Seconds: the first wait of a throttled event, which doubles, and the longest.
THROTTLED_FIRST, THROTTLED_LONGEST = 1.0, 300.0

#: Why an event was given up, as the on-failure record says it.
Condition = Literal["RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]


@dataclass(frozen=True, slots=True)
class Again:
    """The event waits so many seconds, and is tried again."""

    event: Event
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The event is given up; without `outcome` it never ran."""

    event: Event
    condition: Condition
    outcome: Outcome | None = None


def before(event: Event, limits: Limits) -> Failed | None:
    """Give the event up before it runs, if its function is switched off."""
    return Failed(event, "ZeroReservedConcurrency") if limits.closed else None


def after(event: Event, outcome: Outcome, limits: Limits, age: float) -> Again | Failed | None:
    """What follows one try of an event of this age: another, the end, or nothing because it succeeded.

    A throttled event has not run: it costs none of the retries, and waits as long as its age allows.
    """
    if outcome.ending == "ok":
        return None
    if outcome.ending == "throttled":
        wait = min(THROTTLED_FIRST * 2.0 ** min(event.throttles, 20), THROTTLED_LONGEST)
        again = Again(replace(event, throttles=event.throttles + 1), wait)
        return again if age + wait <= limits.age else Failed(again.event, "EventAgeExceeded")
    ran = replace(event, runs=event.runs + 1, throttles=0)
    if ran.runs > limits.retries:
        return Failed(ran, "RetriesExhausted", outcome)
    wait = BETWEEN_RUNS[min(ran.runs, len(BETWEEN_RUNS)) - 1]
    return Again(ran, wait) if age + wait <= limits.age else Failed(ran, "EventAgeExceeded", outcome)
