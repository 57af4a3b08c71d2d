"""Two sandboxes whose clocks differ by more than the hold: what the limits in README say of them, and nothing else."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from fakes.clock import Clock
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import OutcomeKind
from function.ledger.attempt import Attempt
from function.ledger.record import TimelineRow
from function.ledger.states import State

_MINUTE = 60
_DAY = 86_400


@pytest.fixture
def other(world: InMemoryHerald) -> InMemoryHerald:
    """Another sandbox of the same Herald, with a clock of its own."""
    return replace(world, clock=Clock(world.clock()), _owners=itertools.count(100))


@pytest.mark.parametrize("resends", [1, 0], ids=["resend", "hold"])
@pytest.mark.parametrize("seconds", [-16 * _MINUTE, 16 * _MINUTE, 2 * _DAY], ids=["behind", "ahead", "days ahead"])
def test_whoever_comes_while_the_first_sends_sends_no_second_mail(
    world: InMemoryHerald, other: InMemoryHerald, seconds: int, resends: int
) -> None:
    """Reports come by the right clock, which is the first's."""
    world.resends = other.resends = resends
    other.clock.forward(seconds)
    met = []

    def meet() -> None:
        world.report_twice()
        met.append(other.deliver(delivery()).kind)

    world.post.answers = [meet]
    assert world.deliver(delivery()).kind is OutcomeKind.SENT
    parked = seconds > (0 if resends == 0 else _DAY)
    assert met == [OutcomeKind.PARKED if parked else OutcomeKind.HELD]
    assert (world.mails, len(world.dead.letters)) == (1, int(parked))
    record = world.record()
    assert (record.state, record.parked, record.reason_code) == (State.SENT, None, None), "nothing is left to decide"
    assert other.deliver(delivery()).kind is OutcomeKind.DUPLICATE


def test_what_the_limits_say_of_a_first_that_is_behind_is_told(world: InMemoryHerald, other: InMemoryHerald) -> None:
    """Its hold ends before its mail has left, and later mails are reported on meanwhile."""
    other.clock.forward(16 * _MINUTE)
    met = []

    def meet() -> None:
        other.report_twice()
        met.append(other.deliver(delivery()).kind)

    world.post.answers = [meet]
    outcome = world.deliver(delivery())
    assert (met, world.mails, outcome.also) == ([OutcomeKind.SENT], 2, ("SentTwice",))
    assert world.record().sent_twice is not None


@pytest.mark.parametrize("resends", [1, 0], ids=["resend", "hold"])
def test_a_first_that_sent_nothing_after_all_leaves_nothing_to_decide(
    world: InMemoryHerald, other: InMemoryHerald, resends: int
) -> None:
    """It was handed to a person meanwhile; then its own word comes, that the mail is free."""
    world.resends = other.resends = resends
    world.post.accept_then(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deliver(delivery())
    other.clock.forward(2 * _DAY)
    assert other.deliver(delivery()).kind is OutcomeKind.PARKED
    row = TimelineRow(State.RELEASED, world.clock(), world.release)
    world.ledger.release(Attempt("m1", "request-1"), row)
    record = world.record()
    assert (record.state, record.parked, record.reason_code) == (State.RELEASED, None, None)
    assert other.deliver(delivery()).kind is OutcomeKind.SENT
