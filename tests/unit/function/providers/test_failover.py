"""Down the list of providers: over to the next only when certainly nothing was sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fakes.clock import Clock
from fakes.provider import FakeProvider
from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    ProviderUnreachable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.event.cloudevent import SYNTHETIC_TAG
from function.message.email import Email, Receipt
from function.providers.failover import Failover, SendResult

MAIL = Email("ada@example.com", "A new book", "text", "<p>html</p>")
AWAY, SLOW, ENOUGH = ProviderUnavailable("away"), Throttled("slow down"), QuotaExhausted("enough for today")
LOST, NO = OutcomeUnknown("lost"), RefusedForGood("no")
UNREACHED = ProviderUnreachable("nobody there")


class Office:
    """Providers, and a failover before them whose clock moves only while it waits."""

    def __init__(self, *answers: list[Any], chance: float = 0.5) -> None:
        self.clock = Clock(0)
        self.posts = [
            FakeProvider(self.clock, f"ses://region-{n}", answers=given) for n, given in enumerate(answers, 1)
        ]
        self.pauses: list[float] = []
        self.failover = Failover(self.posts, self.clock, self.wait, lambda: chance)

    def wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.forward(seconds)

    def send(self, until: int = 60_000) -> SendResult:
        return self.failover.send(MAIL, "m1", until)

    @property
    def calls(self) -> list[int]:
        return [post.calls for post in self.posts]


def test_the_first_provider_that_accepts_is_the_last_that_is_asked() -> None:
    office = Office([], [])
    assert office.send().outcome == Receipt("ses://region-1", "mail-1")
    assert office.calls == [1, 0]
    assert office.posts[0].taken == [("m1", MAIL)]


def test_a_provider_that_is_to_be_avoided_is_not_asked_unless_it_is_the_only_one() -> None:
    office = Office([], [])
    assert office.failover.exclude("ses://region-1").send(MAIL, "m1", 60_000).outcome == Receipt(
        "ses://region-2", "mail-1"
    )
    assert office.calls == [0, 1]
    alone = Office([])
    assert alone.failover.exclude("ses://region-1").send(MAIL, "m1", 60_000).outcome == Receipt(
        "ses://region-1", "mail-1"
    )
    assert office.failover.names == ("ses://region-1", "ses://region-2")


@pytest.mark.parametrize("error", [AWAY, SLOW, ENOUGH], ids=lambda error: type(error).__name__)
def test_the_next_provider_is_asked_when_certainly_nothing_was_sent(error: NotificationError) -> None:
    office = Office([error], [])
    sent = office.send()
    assert sent.outcome == Receipt("ses://region-2", "mail-1")
    assert [(tried.provider, tried.error) for tried in sent.tries] == [
        ("ses://region-1", error),
        ("ses://region-2", None),
    ]


@pytest.mark.parametrize("error", [LOST, NO], ids=lambda error: type(error).__name__)
def test_the_next_provider_is_not_asked_after_any_other_word(error: NotificationError) -> None:
    office = Office([error], [])
    assert office.send().outcome is error
    assert office.calls == [1, 0]


@pytest.mark.parametrize("error", [AWAY, SLOW, ENOUGH], ids=lambda error: type(error).__name__)
def test_one_that_may_send_later_wins_over_one_that_refuses_for_good(error: NotificationError) -> None:
    office = Office([error] * 3, [NO] * 3)
    assert type(office.send().outcome) is type(error)


def test_a_lost_answer_wins_over_what_was_not_sent_before() -> None:
    outcome = Office([AWAY], [LOST]).send().outcome
    assert type(outcome) is OutcomeUnknown
    assert str(outcome) == "ses://region-1: away; ses://region-2: lost"


@pytest.mark.parametrize(
    ("soonest", "other"), [(SLOW, AWAY), (SLOW, ENOUGH), (AWAY, ENOUGH)], ids=lambda error: type(error).__name__
)
def test_the_one_that_heals_soonest_speaks_for_all(soonest: NotificationError, other: NotificationError) -> None:
    for answers in ([soonest] * 3, [other] * 3), ([other] * 3, [soonest] * 3):
        assert type(Office(*answers).send().outcome) is type(soonest)


def test_three_rounds_are_made_while_the_sending_rate_is_in_the_way() -> None:
    office = Office([SLOW] * 9)
    assert office.send().outcome is SLOW
    assert office.calls == [3]
    assert len(office.pauses) == 2


def test_a_round_later_the_mail_is_sent() -> None:
    office = Office([SLOW])
    sent = office.send()
    assert isinstance(sent.outcome, Receipt)
    assert [tried.error for tried in sent.tries] == [SLOW, None]


@pytest.mark.parametrize("error", [AWAY, ENOUGH, LOST, NO], ids=lambda error: type(error).__name__)
def test_nothing_else_is_waited_for(error: NotificationError) -> None:
    office = Office([error] * 9)
    office.send()
    assert (office.calls, office.pauses) == ([1], [])


@pytest.mark.parametrize(("chance", "pauses"), [(0.0, [0, 0]), (0.5, [0.25, 0.5]), (0.999, [0.4995, 0.999])])
def test_the_pause_is_anything_between_nothing_and_its_double(chance: float, pauses: list[float]) -> None:
    office = Office([SLOW] * 9, chance=chance)
    office.send()
    assert office.pauses == pytest.approx(pauses)


def test_nothing_is_begun_whose_timeout_would_end_after_the_deadline() -> None:
    office = Office([])
    assert isinstance(office.send(until=11_999).outcome, ProviderUnavailable)
    assert office.calls == [0]
    assert isinstance(office.send(until=12_000).outcome, Receipt)


def test_no_pause_is_begun_that_leaves_no_time_for_another_send() -> None:
    office = Office([SLOW] * 9)
    assert office.send(until=12_249).outcome is SLOW
    assert (office.calls, office.pauses) == ([1], [])
    office = Office([SLOW])
    assert isinstance(office.send(until=12_250).outcome, Receipt)


class Sluggish(FakeProvider):
    """A provider that takes its time to say that it is away."""

    def send(self, email: Email, key: str) -> Receipt:
        self.clock.forward(55)
        raise AWAY


def test_time_that_a_provider_used_up_is_not_there_for_the_next() -> None:
    office = Office([], [])
    office.failover = Failover([Sluggish(office.clock), office.posts[1]], office.clock)
    sent = office.send()
    assert sent.outcome is AWAY
    assert [tried.ms for tried in sent.tries] == [55_000]
    assert office.calls == [0, 0]


def test_without_providers_nothing_is_sent() -> None:
    assert isinstance(Office().send().outcome, ProviderUnavailable)


@pytest.mark.parametrize(
    ("urls", "asked"),
    [(["ses://eu-west-1", "resend://", "ses://us-east-1"], [1, 0, 1]), (["smtp://a.example:587", "resend://"], [1, 1])],
)
def test_a_synthetic_mail_goes_by_ses_alone_where_there_is_one(urls: list[str], asked: list[int]) -> None:
    """Its simulator's addresses bounce elsewhere: a smoke test and a release would fail of a throttle."""
    clock = Clock(0)
    posts = [FakeProvider(clock, url, answers=[AWAY]) for url in urls]
    mail = replace(MAIL, tags=dict([SYNTHETIC_TAG]))
    assert isinstance(Failover(posts, clock).send(mail, "m1", 60_000).outcome, ProviderUnavailable)
    assert [post.calls for post in posts] == asked


def test_a_synthetic_mail_that_tries_a_provider_goes_by_that_one_and_no_other() -> None:
    clock = Clock(0)
    posts = [FakeProvider(clock, url, answers=[AWAY]) for url in ("ses://eu-west-1", "resend://", "sendgrid://")]
    mail = replace(MAIL, tags=dict([SYNTHETIC_TAG]), tries="resend://")
    assert isinstance(Failover(posts, clock).send(mail, "m1", 60_000).outcome, ProviderUnavailable)
    assert [post.calls for post in posts] == [0, 1, 0]


def test_what_tries_a_provider_that_there_is_not_is_refused_for_good() -> None:
    post = FakeProvider(Clock(0), "ses://eu-west-1", answers=[AWAY])
    mail = replace(MAIL, tags=dict([SYNTHETIC_TAG]), tries="resend://")
    assert isinstance(Failover([post], Clock(0)).send(mail, "m1", 60_000).outcome, RefusedForGood)
    assert post.calls == 0


def test_a_mail_to_a_person_goes_by_no_provider_of_an_events_choice() -> None:
    posts = [FakeProvider(Clock(0), url, answers=[]) for url in ("ses://eu-west-1", "resend://")]
    assert isinstance(Failover(posts, Clock(0)).send(replace(MAIL, tries="resend://"), "m1", 60_000).outcome, Receipt)
    assert [post.calls for post in posts] == [1, 0]


def test_a_bug_in_a_provider_is_not_taken_for_an_answer() -> None:
    office = Office([])
    office.posts[0].accept_then(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        office.send()


# -- a provider that nobody reaches rests -----------------------------------------------------------------------------


def make_office(times: int) -> Office:
    """Two providers, and so many mails of which each found the first unreachable."""
    office = Office([UNREACHED] * (times + 10), [])
    for _ in range(times):
        assert isinstance(office.send().outcome, Receipt)
    return office


def test_five_refused_connections_in_a_row_let_a_provider_rest_and_every_mail_goes_by_the_next() -> None:
    office = make_office(5)
    assert office.calls == [5, 5]
    for _ in range(20):
        assert isinstance(office.send().outcome, Receipt)
    assert office.calls == [5, 25]


def test_what_rests_is_said_among_the_tries() -> None:
    sent = make_office(5).send()
    assert [(tried.provider, str(tried.error)[:15]) for tried in sent.tries] == [
        ("ses://region-1", "not called: it "),
        ("ses://region-2", "None"),
    ]


def test_after_a_minute_one_mail_tries_it_and_the_rest_begins_anew() -> None:
    office = make_office(5)
    office.clock.forward(59.999)
    office.send(until=200_000)
    assert office.calls[0] == 5
    office.clock.forward(0.001)
    for _ in range(3):
        office.send(until=200_000)
    assert office.calls[0] == 6


def test_one_that_is_reached_again_has_no_past() -> None:
    office = make_office(5)
    office.clock.forward(60)
    office.posts[0].answers = [None, *[UNREACHED] * 4, None]
    for _ in range(6):
        office.send(until=200_000)
    assert office.calls[0] == 11


@pytest.mark.parametrize("error", [AWAY, SLOW, ENOUGH, LOST, NO], ids=lambda error: type(error).__name__)
def test_whoever_answers_at_all_is_reached(error: NotificationError) -> None:
    office = Office([*[UNREACHED] * 4, error, *[UNREACHED] * 4, error], [])
    for _ in range(10):
        office.send()
    assert office.calls[0] >= 10


def test_a_mail_that_everybody_rests_from_is_not_sent_and_comes_again() -> None:
    office = Office([UNREACHED] * 9)
    for _ in range(5):
        office.send()
    assert type(office.send().outcome) is ProviderUnavailable
    assert office.calls == [5]


def test_one_that_rests_takes_no_time_from_the_next() -> None:
    assert isinstance(make_office(5).send(until=12_000).outcome, Receipt)
