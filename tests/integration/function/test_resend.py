"""A mail in doubt is sent once more only when a report on it would have come: after two reports on later mails."""

from __future__ import annotations

import pytest

from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from fakes.provider import FakeProvider
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable
from function.ledger.record import TimelineRow
from function.ledger.states import Action, State
from function.queues.dead_letter import write_retry

_MINUTE = 60
_HOLD = 15 * _MINUTE
_DAY = 86_400


def lose(world: InMemoryHerald, times: int = 1) -> None:
    """The mail is taken and the answer lost; the hold is over."""
    for _ in range(times):
        world.post.accept_then(OutcomeUnknown("lost"))
    assert world.deliver(delivery()).kind is OutcomeKind.UNKNOWN
    world.clock.forward(_HOLD)


def rows(world: InMemoryHerald, message_id: str = "m1") -> list[tuple[str, str]]:
    """State and reason code of each row of the timeline."""
    item = world.item(f"message#{message_id}")
    assert item is not None
    told = [row["M"] for row in item["timeline"]["L"]]
    return [(row["state"]["S"], row.get("reason_code", {}).get("S", "")) for row in told]


def test_feedback_that_is_later_than_the_hold_makes_no_second_mail(world: InMemoryHerald) -> None:
    world.post.accept_then(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deliver(delivery())
    world.clock.forward(_HOLD + _MINUTE)
    assert world.deliver(delivery()).kind is OutcomeKind.HELD
    world.apply_feedback(Action.FEEDBACK_SENT, State.SENT, attempt="request-1")
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_two_reports_on_later_mails_allow_one_more_which_is_told(world: InMemoryHerald) -> None:
    lose(world)
    world.report()
    assert world.deliver(delivery()).kind is OutcomeKind.HELD, "one report may have overtaken"
    world.report()
    outcome = world.deliver(delivery())
    assert (outcome.kind, outcome.also) == (OutcomeKind.SENT, ("Resent",))
    assert rows(world) == [("sending", ""), ("unknown", "answer_lost"), ("sending", "resent"), ("sent", "")]
    assert world.mails == 2


def test_reports_on_mails_from_before_the_end_of_the_hold_say_nothing(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.report_twice()
    world.clock.forward(5 * _MINUTE)
    world.report()
    assert world.deliver(delivery()).kind is OutcomeKind.HELD
    world.report()
    assert world.deliver(delivery()).kind is OutcomeKind.SENT


def test_it_waits_for_every_provider_that_may_have_sent_it(world: InMemoryHerald) -> None:
    second = FakeProvider(world.clock, "ses://eu-west-1")
    world.posts.append(second)
    lose(world)
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.HELD
    assert (world.post.probes, second.probes) == (0, 1)
    world.report_twice("ses://eu-west-1")
    assert world.deliver(delivery()).kind is OutcomeKind.SENT


def test_a_provider_without_reports_is_waited_for_in_vain(world: InMemoryHerald) -> None:
    world.posts.append(FakeProvider(world.clock, "smtp://relay.example"))
    lose(world)
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.HELD
    world.clock.forward(_DAY)
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED


def test_while_it_waits_the_provider_is_asked_every_five_minutes_at_most(world: InMemoryHerald) -> None:
    lose(world)
    for seconds in (0, 1, 298, 1, 1):
        world.clock.forward(seconds)
        assert world.deliver(delivery()).kind is OutcomeKind.HELD
    assert world.post.probes == 2
    assert world.item("message#m1-probe") is None


def test_it_comes_back_ever_later_and_is_parked_a_day_after_the_hold(world: InMemoryHerald) -> None:
    lose(world)
    waits = []
    for receives in range(1, 12):
        item = redrive(write_retry(delivery()), receives=receives).item
        later = world.deliver(delivery(item=item)).retry_at
        assert later is not None
        waits.append((later - world.clock()) // 1000)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    world.clock.forward(_DAY + 1)
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert world.record().parked == world.record().owner
    assert world.mails == 1


def test_on_the_last_receive_it_is_parked_too(world: InMemoryHerald) -> None:
    lose(world)
    item = redrive(write_retry(delivery()), receives=world.retry_policy.receives).item
    assert world.deliver(delivery(item=item)).kind is OutcomeKind.PARKED
    assert world.record().parked


def test_what_waits_for_a_person_is_not_sent_once_more(world: InMemoryHerald) -> None:
    lose(world)
    world.clock.forward(_DAY + 1)
    world.deliver(delivery())
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_hold_asks_for_no_report_and_reads_none(world: InMemoryHerald) -> None:
    world.resends = 0
    lose(world)
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert (world.mails, world.post.probes) == (1, 0)


def test_a_day_of_resends_that_are_not_sent_ends_with_a_person(world: InMemoryHerald) -> None:
    lose(world)
    world.report_twice()
    world.post.answers = [ProviderUnavailable("down")] * 2
    assert world.deliver(delivery()).kind is OutcomeKind.RELEASED
    world.clock.forward(_DAY)
    world.report_twice()
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert (world.state(), world.record().parked) == (State.UNKNOWN, world.record().owner)


# -- sent twice -----------------------------------------------------------------------------------------------------


def test_the_first_mail_s_late_report_shows_that_it_was_sent_twice_and_is_counted_once(world: InMemoryHerald) -> None:
    lose(world)
    world.report_twice()
    world.deliver(delivery())
    row = TimelineRow(State.SENT, world.clock(), "r1")
    first = world.ledger.apply_feedback("m1", Action.FEEDBACK_SENT, row, None, "request-1")
    again = world.ledger.apply_feedback("m1", Action.FEEDBACK_SENT, row, None, "request-1")
    assert [first.sent_twice, again.sent_twice] == [True, False]
    assert world.record().sent_by == {"request-1", world.record().owner}
    assert rows(world).count(("sent", "sent_twice")) == 1


@pytest.mark.parametrize("stronger", [Action.FEEDBACK_DELIVERED, Action.FEEDBACK_BOUNCED])
def test_the_second_mail_s_owner_tells_it_where_the_first_s_report_was_faster(
    world: InMemoryHerald, stronger: Action
) -> None:
    lose(world)
    world.report_twice()
    said = State.DELIVERED if stronger is Action.FEEDBACK_DELIVERED else State.BOUNCED
    world.post.answers = [lambda: world.apply_feedback(stronger, said, attempt="request-1")]
    outcome = world.deliver(delivery())
    assert outcome.also == ("Resent", "SentTwice")
    assert (world.state(), len(world.record().sent_by)) == (said, 2)


def test_an_owner_that_slept_past_its_hold_still_says_that_it_sent(world: InMemoryHerald) -> None:
    def sleep_past_the_hold() -> None:
        world.clock.forward(_HOLD + 1)
        world.report_twice()
        assert world.deliver(delivery()).kind is OutcomeKind.SENT

    world.post.answers = [sleep_past_the_hold]
    assert world.deliver(delivery()).also == ("SentTwice",)
    assert len(world.record().sent_by) == 2
    assert rows(world)[-1] == ("sent", "sent_twice")


def test_a_bounce_of_the_second_attempt_shows_it_too(world: InMemoryHerald) -> None:
    world.deliver(delivery())
    row = TimelineRow(State.BOUNCED, world.clock(), "r1")
    applied = world.ledger.apply_feedback("m1", Action.FEEDBACK_BOUNCED, row, "address#a", "request/other")
    assert (applied.moved, applied.sent_twice) == (True, True)


def test_one_attempt_reported_on_in_every_way_is_one(world: InMemoryHerald) -> None:
    world.deliver(delivery())
    owner = world.record().owner
    for action, state in ((Action.FEEDBACK_SENT, State.SENT), (Action.FEEDBACK_DELIVERED, State.DELIVERED)):
        world.apply_feedback(action, state, attempt=owner)
    assert (world.record().sent_by, world.record().sent_twice) == (frozenset({owner}), None)
