"""The laptop's providers report as providers do: `webhook` takes what they signed, whatever goes wrong on the way."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial

import pytest

from fakes.clock import NOW
from function.event.cloudevent import RECIPIENT_TAG, mark_recipient
from function.ledger.states import State
from laptop.providers.webhook_sender import RETRIES, SEED, WebhookSender
from laptop.providers.webhooks import Webhook, derive_signing_key
from laptop.ses.faults import ArmedFaults, FaultKind, SendFault
from laptop.state import ROOT
from tests.unit.function.conftest import Feedback
from tests.unit.function.webhook_gateway import URLS, Gateway, mail

#: The throttle's own numbers (infra/modules/notifier), and API Gateway's way to count: a bucket of tokens.
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
_MODULE = ROOT / "infra" / "modules" / "notifier"
MAILGUN, OTHERS = map(float, re.findall(r'"mailgun"\)\]\) \? (\d+) : (\d+)', (_MODULE / "webhook.tf").read_text())[0])
#: What is flooded here is this part of 1,000 requests a second, and so is the throttle: time is as long as it is.
PART = 1 / 100


@dataclass
class Timetable:
    """Time that passes only from one thing that is due to the next. `now` is in seconds."""

    now: float = 0.0
    due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        heapq.heappush(self.due, (self.now + seconds, next(self.numbers), call))

    def pass_until(self, end: float) -> None:
        while self.due and self.due[0][0] <= end:
            self.now, _, call = heapq.heappop(self.due)
            call()
        self.now = end


class Laptop:
    """One provider's reports, posted to `webhook`, with the gateway's throttle before it if that is asked for."""

    def __init__(self, url: str, feedback: Feedback, rate: float | None = None) -> None:
        self.url, self.scheme = url, url.partition("://")[0]
        self.gateway = Gateway(feedback)
        self.gateway.keys[url] = [derive_signing_key(self.scheme, SEED)]
        self.gateway.seconds = 61  # the key was put there later, and is read again
        self.time, self.faults = Timetable(), ArmedFaults()
        self.feedback, self.rate = feedback, rate
        self.tokens, self.counted_at, self.refused = rate or 0.0, 0.0, 0
        self.sender = WebhookSender(self.scheme, self.faults, self.post, 1.0, self.time.after, self.clock)
        self.sender.url = "http://127.0.0.1"

    def clock(self) -> datetime:
        self.feedback.clock.now = NOW + int(self.time.now * 1000)
        return datetime.fromtimestamp(self.feedback.clock.now / 1000, UTC)

    def post(self, _: str, webhook: Webhook) -> int:
        self.clock()
        if self.rate is not None and not self.take_token(self.rate):
            self.refused += 1
            return 429
        return self.gateway.post(self.url, webhook)

    def forge(self) -> None:
        """A request that nobody signed."""
        self.post("", Webhook({}, b"{}"))

    def take_token(self, rate: float) -> bool:
        self.tokens = min(rate, self.tokens + (self.time.now - self.counted_at) * rate)
        self.counted_at = self.time.now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def answers(self) -> list[object]:
        return [one["status"] for one in self.sender.posted]


@pytest.fixture(params=URLS)
def laptop(request: pytest.FixtureRequest, feedback: Feedback) -> Laptop:
    return Laptop(request.param, feedback)


def follow(laptop: Laptop, *faults: FaultKind) -> None:
    """One mail that fails so, and all that is ever heard of it."""
    for fault in faults:
        laptop.faults.arm(SendFault(fault))
    laptop.sender.follow(mail(laptop.scheme))
    laptop.time.pass_until(200_000)


@pytest.mark.parametrize("fault", [None, FaultKind.REPEAT_FEEDBACK, FaultKind.REORDER_FEEDBACK])
def test_what_becomes_of_a_mail_is_in_the_ledger(laptop: Laptop, fault: FaultKind | None) -> None:
    follow(laptop, *([fault] if fault else []))
    laptop.gateway.deliver()
    assert laptop.feedback.state() is State.DELIVERED
    assert len(laptop.gateway.timeline("m1")) <= 2
    assert set(laptop.answers()) == {200}


COPY = "bounce@simulator.amazonses.com"


def follow_one_with_a_copy(laptop: Laptop) -> None:
    """A mail whose copy bounces, and all that is ever heard of it."""
    one, prefix = mail(laptop.scheme), "herald_" if laptop.scheme == "sendgrid" else ""
    tags = {**one.tags, f"{prefix}{RECIPIENT_TAG}": mark_recipient("ada@example.com")}
    laptop.sender.follow(replace(one, to=("ada@example.com", COPY), tags=tags))
    laptop.time.pass_until(200_000)
    laptop.gateway.deliver()


def test_a_provider_reports_on_each_of_several_and_a_copys_bounce_is_not_the_readers(laptop: Laptop) -> None:
    follow_one_with_a_copy(laptop)
    if laptop.scheme == "resend":  # all its events have the same list, so no deployment with roles may send by it
        assert laptop.feedback.state() is State.BOUNCED
        return
    assert laptop.feedback.state() is State.DELIVERED
    assert (laptop.feedback.suppression, laptop.feedback.counts["CopyFailed"]) == (None, 1)


def test_what_is_withheld_is_posted_nowhere(laptop: Laptop) -> None:
    follow(laptop, FaultKind.WITHHOLD_FEEDBACK)
    assert not laptop.answers()
    assert not laptop.gateway.stored


def test_what_is_signed_wrongly_is_refused_each_time_and_stored_nowhere(laptop: Laptop) -> None:
    laptop.faults.arm(SendFault(FaultKind.SIGN_WRONGLY, times=None))
    follow(laptop)
    attempts = 1 + len(RETRIES[laptop.scheme])
    assert laptop.answers() == [401] * (attempts + (1 if laptop.scheme.startswith("mailgun") else attempts))
    assert not laptop.gateway.stored


def test_what_the_queue_did_not_take_comes_again_signed_anew(laptop: Laptop) -> None:
    laptop.gateway.queue.down = True
    laptop.time.after(400, lambda: setattr(laptop.gateway.queue, "down", False))
    follow(laptop)
    laptop.gateway.deliver()
    again = laptop.answers().count(200)
    if laptop.scheme.startswith("mailgun"):  # what was delivered it tells once
        assert (laptop.feedback.state(), again) == (State.SENT, 1)
    else:
        assert (laptop.feedback.state(), again) == (State.DELIVERED, 2)


def test_mails_to_seses_mailbox_simulator_bounce_for_it_is_nobody_elses(laptop: Laptop) -> None:
    there = mail(laptop.scheme)
    object.__setattr__(there, "to", ("success@simulator.amazonses.com",))
    laptop.sender.follow(there)
    laptop.time.pass_until(100)
    laptop.gateway.deliver()
    assert laptop.feedback.state() is State.BOUNCED


def floor(url: str) -> float:
    """What the module lets in of this provider at the least, in requests a second."""
    return MAILGUN if url.startswith("mailgun") else OTHERS


def test_a_flood_is_throttled_at_the_gateway_and_nothing_that_was_signed_is_lost(feedback: Feedback) -> None:
    """1,000 forged requests a second for a minute, and between them a mail of ours each second."""
    laptop = Laptop("resend://", feedback, OTHERS)
    for second in range(60):
        laptop.time.after(second + 0.5, partial(laptop.sender.follow, mail("resend", f"m{second}")))
        for n in range(1000):
            laptop.time.after(second + n / 1000, laptop.forge)
    laptop.time.pass_until(60)
    assert laptop.refused > 60_000 - OTHERS * 61 - 200
    laptop.time.pass_until(200_000)
    laptop.gateway.deliver()
    assert {feedback.state(f"m{n}") for n in range(60)} == {State.DELIVERED}


def flood(url: str, feedback: Feedback, rate: float) -> tuple[Laptop, list[str]]:
    """A part of 1,000 signed requests a second for a minute, of which that part of `rate` is let in; and the mails."""
    laptop, names = Laptop(url, feedback, rate * PART), []
    for n in range(int(500 * 60 * PART)):  # of each mail the provider tells twice: that it goes, and ten seconds later
        names.append(f"m{n}")
        laptop.time.after(n / (500 * PART), partial(laptop.sender.follow, mail(laptop.scheme, names[-1])))
    laptop.time.pass_until(200_000)
    laptop.gateway.deliver()
    return laptop, names


@pytest.mark.parametrize("url", URLS)
def test_of_1000_signed_requests_a_second_for_a_minute_none_is_lost_and_none_counts_twice(
    feedback: Feedback, url: str
) -> None:
    laptop, names = flood(url, feedback, floor(url))
    assert laptop.refused > 0 or url.startswith("mailgun")
    assert {feedback.state(name) for name in names} == {State.DELIVERED}
    for name in names:
        told = [row["state"]["S"] for row in laptop.gateway.timeline(name)]
        assert len(told) == len(set(told)) <= 2
    assert len(laptop.gateway.queue.bodies) == 2 * len(names)


@pytest.mark.parametrize("url", URLS)
def test_at_less_than_the_module_lets_in_some_reports_never_come(feedback: Feedback, url: str) -> None:
    """So a throttle that is set lower is told of at the plan: at 50 a second two thirds are lost."""
    laptop, names = flood(url, feedback, 50)
    assert len(laptop.gateway.queue.bodies) < 0.4 * 2 * len(names)


def test_what_is_sent_at_its_fastest_is_never_throttled(feedback: Feedback) -> None:
    """a third of the throttle in mails a second, for a quarter of a minute: each is told of twice or three times."""
    rate = MAILGUN * PART
    laptop = Laptop("mailgun://herald.example", feedback, rate)
    for n in range(int(rate / 3 * 15)):
        laptop.time.after(n * 3 / rate, partial(laptop.sender.follow, mail("mailgun", f"m{n}")))
    laptop.time.pass_until(200)
    assert laptop.refused == 0
