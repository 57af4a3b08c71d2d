"""A ledger too busy to judge: the delivery comes back later by itself, nothing is raised and nothing mislabelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable, QuotaExhausted, RefusedForGood, Throttled
from function.event.envelope import Delivery, QueueItem
from function.ledger.states import State
from function.reason_codes import ReasonCode

_HOLD = 900
_DAY = 86_400
#: Operations of DynamoDB, and after how many calls each is throttled.
WRITES = {"transact_write_items": 0}
SECOND_WRITE = {"transact_write_items": 1}
READS = {"get_item": 0}


class Busy:
    """DynamoDB, which throttles.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    """

    def __init__(self, client: Any, operations: dict[str, int]) -> None:
        self._client = client
        self._left = dict(operations)

    def __getattr__(self, name: str) -> Any:
        if name not in self._left:
            return getattr(self._client, name)
        self._left[name] -= 1
        return getattr(self._client, name) if self._left[name] >= 0 else self._refuse

    def _refuse(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "Any")


@contextmanager
def busy(world: InMemoryHerald, operations: dict[str, int]) -> Iterator[None]:
    """While it lasts, the table does not answer the operations."""
    plain = world.client
    world.client = Busy(plain, operations)
    try:
        yield
    finally:
        world.client = plain


def bad() -> Delivery:
    return delivery(value=event(data={}))


def assert_waits(world: InMemoryHerald, found: Delivery) -> None:
    outcome = world.deliver(found)
    assert outcome.kind is OutcomeKind.HELD
    assert outcome.retry_at is not None
    assert outcome.retry_at > world.clock()
    assert "too busy" in outcome.detail


@pytest.mark.parametrize("operations", [WRITES, READS], ids=["writes", "reads"])
def test_an_event_that_can_never_be_a_mail_is_rejected_once_the_ledger_answers(
    world: InMemoryHerald, operations: dict[str, int]
) -> None:
    with busy(world, operations):
        assert_waits(world, bad())
    assert world.deliver(bad()).kind is OutcomeKind.REJECTED
    assert world.state() is State.REJECTED
    assert world.record().owner == world.dead.letters[-1].attributes["attempt"], "the last letter can be redriven"


def test_no_letter_is_written_while_the_ledger_cannot_be_asked(world: InMemoryHerald) -> None:
    with busy(world, READS):
        for _ in range(20):
            assert_waits(world, bad())
    assert not world.dead.letters


def test_a_redriven_letter_waits_too(world: InMemoryHerald) -> None:
    world.deliver(bad())
    letter = replace(redrive(world.dead.letters[0]), body=bad().body)
    with busy(world, WRITES):
        assert_waits(world, letter)
    assert world.deliver(letter).kind is OutcomeKind.REJECTED
    assert world.record().owner == world.dead.letters[-1].attributes["attempt"]


def test_a_listed_address_is_suppressed_once_the_ledger_answers(world: InMemoryHerald) -> None:
    world.suppress()
    with busy(world, SECOND_WRITE):
        assert_waits(world, delivery())
    assert world.deliver(delivery()).kind is OutcomeKind.SUPPRESSED
    assert world.state() is State.SUPPRESSED
    assert not world.mails


def test_a_mail_in_doubt_is_parked_once_the_ledger_answers(world: InMemoryHerald) -> None:
    world.resends = 0
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)
    with busy(world, SECOND_WRITE):
        assert_waits(world, delivery())
    assert world.record().parked is None
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert world.record().parked == "request-1"


def test_a_letter_whose_event_lies_in_the_ledger_waits_for_it(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")] * 10
    world.deliver(delivery())
    found = replace(delivery(value=""), in_ledger=True, item=QueueItem("item", "handle", 3))
    with busy(world, READS):
        assert_waits(world, found)
    world.post.answers = []
    assert world.deliver(found).kind is OutcomeKind.SENT


def test_a_mail_in_doubt_is_not_resent_on_marks_that_cannot_be_read(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)
    world.report_twice()
    with busy(world, READS):
        assert world.deliver(delivery()).kind is OutcomeKind.HELD
    assert world.deliver(delivery()).kind is OutcomeKind.SENT
    assert world.mails == 2


@pytest.mark.parametrize(
    ("error", "operations"),
    [
        (Throttled("slower"), {"update_item": 0}),
        (QuotaExhausted("enough"), {"update_item": 0}),
        (RefusedForGood("content rejected"), SECOND_WRITE),
    ],
    ids=["throttled", "over quota", "refused for good"],
)
def test_what_was_certainly_not_sent_is_no_doubt_although_the_ledger_could_not_be_told(
    world: InMemoryHerald, error: Exception, operations: dict[str, int]
) -> None:
    world.resends = 0
    world.post.answers = [error] * 3
    with busy(world, operations):
        waits = world.deliver(delivery())
    assert (waits.kind, waits.not_sent, world.state()) == (OutcomeKind.HELD, "m1 request-1", State.SENDING)
    world.post.answers = []
    marked = delivery(not_sent=waits.not_sent, item=QueueItem("item", "handle", 1))
    with busy(world, {"update_item": 0}):
        assert world.deliver(marked).kind is OutcomeKind.HELD
    assert world.deliver(marked).kind is OutcomeKind.SENT
    assert (world.mails, world.state(), world.record().at_risk) == (1, State.SENT, 1)
    assert world.deliver(marked).kind is OutcomeKind.DUPLICATE


def test_after_a_day_a_person_gets_it_with_the_true_reason(world: InMemoryHerald) -> None:
    item = QueueItem("item", "handle", 150, world.clock())
    world.clock.forward(_DAY + 1)
    with busy(world, READS):
        assert world.deliver(replace(bad(), item=item)).kind is OutcomeKind.PARKED
    assert world.dead.letters[0].attributes["reason_code"] == ReasonCode.LEDGER_BUSY
