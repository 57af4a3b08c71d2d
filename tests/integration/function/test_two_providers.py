"""A mail with two providers: the second gets it only after *not sent*, and both seen by a person."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from fakes.provider import FakeProvider
from function.delivery.outcome import OutcomeKind
from function.errors import NotificationError, OutcomeUnknown, ProviderUnavailable, RefusedForGood, Throttled
from function.event.envelope import QueueItem
from function.ledger.attributes import deserialize
from function.ledger.states import Action, State

SES, RESEND = "ses://us-east-1", "resend://"
AWAY = ProviderUnavailable("SES was not reached")
BUSY = Throttled("Resend answered 429")


@pytest.fixture
def two(world: InMemoryHerald) -> InMemoryHerald:
    world.posts = [FakeProvider(world.clock, SES), FakeProvider(world.clock, RESEND)]
    return world


def timeline(two: InMemoryHerald) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = deserialize((two.item("message#m1") or {})["timeline"])
    return rows


def test_the_second_takes_what_the_first_certainly_did_not(two: InMemoryHerald) -> None:
    two.posts[0].answers = [AWAY]
    assert two.deliver(delivery()).kind is OutcomeKind.SENT
    assert [len(post.taken) for post in two.posts] == [0, 1]
    rows = [(row["state"], row["provider"], row.get("detail")) for row in timeline(two)[1:]]
    assert rows == [("released", SES, "SES was not reached"), ("sent", RESEND, None)]


def test_a_claim_names_every_provider_that_it_may_use(two: InMemoryHerald) -> None:
    two.deliver(delivery())
    assert two.record().providers == {SES, RESEND}


def test_what_both_said_is_on_the_timeline_and_in_the_letter(two: InMemoryHerald) -> None:
    two.posts[0].answers, two.posts[1].answers = [AWAY] * 20, [BUSY] * 20
    two.deliver(delivery())
    last = timeline(two)[-1]
    both = f"{SES}: SES was not reached; {RESEND}: Resend answered 429"
    assert (last["detail"], last["reason_code"]) == (both, "provider_throttled")
    two.clock.forward(86_401)
    two.deliver(delivery(item=QueueItem("item", "handle", 3)))
    (reason,) = two.dead.reasons
    assert reason.endswith(both)


def test_what_the_first_refuses_for_good_is_offered_to_nobody_else(two: InMemoryHerald) -> None:
    two.posts[0].answers = [RefusedForGood("SES answered 400")]
    two.deliver(delivery())
    assert two.state() is State.REJECTED
    assert two.posts[1].calls == 0


@pytest.mark.parametrize("first", [True, False], ids=["the first", "the second"])
def test_a_lost_answer_is_not_sent_by_anybody_else(two: InMemoryHerald, first: bool) -> None:
    if first:
        two.posts[0].accept_then(OutcomeUnknown("lost"))
    else:
        two.posts[0].answers = [AWAY]
        two.posts[1].accept_then(OutcomeUnknown("lost"))
    two.deliver(delivery())
    for _ in range(5):
        two.clock.forward(30)
        two.deliver(delivery())
    assert (two.mails, two.state()) == (1, State.UNKNOWN)


@pytest.mark.parametrize("reporting", [SES, RESEND])
def test_what_is_in_doubt_waits_for_reports_of_both(two: InMemoryHerald, reporting: str) -> None:
    two.posts[0].answers = [AWAY]
    two.posts[1].accept_then(OutcomeUnknown("lost"))
    two.deliver(delivery())
    two.clock.forward(1000)
    two.report_twice(reporting)
    assert two.deliver(delivery()).kind is OutcomeKind.HELD
    assert two.mails == 1
    two.report_twice(RESEND if reporting == SES else SES)
    assert two.deliver(delivery()).kind is OutcomeKind.SENT
    assert two.mails == 2


@pytest.mark.parametrize("order", [(SES, RESEND), (RESEND, SES)])
def test_reports_of_both_in_any_order_end_in_one_record(two: InMemoryHerald, order: tuple[str, str]) -> None:
    attempts = {SES: "request-1", RESEND: "request-1"}
    two.posts[0].accept_then(OutcomeUnknown("lost"))
    two.deliver(delivery())
    for name in order:
        two.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, attempt=attempts[name])
    assert (two.state(), len(two.record().sent_by)) == (State.DELIVERED, 1)


def test_a_letter_of_both_can_be_redriven_and_sends_one_mail(two: InMemoryHerald) -> None:
    errors: list[NotificationError] = [AWAY] * 2
    two.posts[0].answers, two.posts[1].answers = list(errors), list(errors)
    two.deliver(delivery())
    two.clock.forward(86_401)
    two.deliver(delivery(item=QueueItem("item", "handle", 3)))
    two.deliver(redrive(two.dead.letters[0]))
    assert (two.mails, two.state()) == (1, State.SENT)
