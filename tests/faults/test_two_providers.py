"""The crash matrix with two providers: killed before, between and after the failover, answers of both lost, reports of
both in every order. Beside it, in the same cells, a handler that fails over on any error."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.in_memory_herald import InMemoryHerald, delivery
from fakes.provider import FakeProvider
from function.errors import NotificationError, OutcomeUnknown, ProviderUnavailable
from function.ledger.states import ACCEPTED, IN_DOUBT, Action, State
from function.message.catalogue import Catalogue
from function.message.email import Email, Receipt
from package.notifications.catalogue import compile_catalogue
from tests.faults.mishaps import Killed

SES, RESEND = "ses://us-east-1", "resend://"
MAIL = Email("ada@example.com", "A new book", "text", "<p>html</p>")


@dataclass
class Answer:
    """What a provider does with one call: whether it takes the mail, and what the caller learns of it."""

    name: str
    takes: bool
    says: BaseException | None = None

    def play(self, post: FakeProvider) -> None:
        if self.takes and self.says is not None:
            post.accept_then(self.says)
        else:
            post.answers.append(self.says)


class MortalPost(FakeProvider):
    """A provider that is also not reached because the process that asks it is killed."""

    def send(self, email: Email, key: str) -> Receipt:
        if self.answers and isinstance(self.answers[0], Killed):
            raise self.answers.pop(0)
        return super().send(email, key)


ACCEPTS = Answer("accepts", True)
REFUSES = Answer("is not reached", False, ProviderUnavailable("away"))
LOST = Answer("takes it, and its answer is lost", True, OutcomeUnknown("lost"))
UNTAKEN = Answer("does not take it, and its answer is lost", False, OutcomeUnknown("lost"))
KILLED_BEFORE = Answer("is not asked, because the process is killed", False, Killed())
KILLED_AFTER = Answer("takes it, and the process is killed", True, Killed())
FIRST = (ACCEPTS, REFUSES, LOST, UNTAKEN, KILLED_BEFORE, KILLED_AFTER)
SECOND = (ACCEPTS, LOST, UNTAKEN, KILLED_BEFORE, KILLED_AFTER)
#: What happens once the hold is over: reports of neither, of one, or of both, in both orders.
REPORTS = ((), (SES,), (RESEND,), (SES, RESEND), (RESEND, SES))


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


def two_providers(clock: Clock, first: Answer, second: Answer) -> list[FakeProvider]:
    posts: list[FakeProvider] = [MortalPost(clock, SES), MortalPost(clock, RESEND)]
    first.play(posts[0])
    second.play(posts[1])
    return posts


def deliver(call: Callable[[], object]) -> None:
    """One invocation, which may be killed or fail."""
    try:
        call()
    except (Killed, NotificationError):
        return


def report_all(world: InMemoryHerald) -> None:
    """The provider that took the mail says that it did: every attempt's report comes."""
    for post in world.posts:
        for _, email in post.taken:
            attempt = email.tags["attempt"]
            world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, attempt=attempt)


CELLS = list(itertools.product(FIRST, SECOND, REPORTS, ("in time", "after the resend")))


@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_herald_loses_none_and_sends_none_twice_outside_its_policy(policy: str, catalogue: Catalogue) -> None:
    seen: dict[str, int] = {"one mail": 0, "twice": 0, "waits for a person": 0}
    for first, second, reports, when in CELLS:
        world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, resends=1 if policy == "resend" else 0)
        world.posts = two_providers(world.clock, first, second)
        cell = f"{first.name}; {second.name}; reports of {reports}, {when}"
        deliver(lambda world=world: world.deliver(delivery()))  # type: ignore[misc]
        deliver(lambda world=world: world.deliver(delivery()))  # type: ignore[misc]
        assert world.mails <= 1, cell
        if when == "in time":
            report_all(world)
        world.clock.forward(901)
        for name in reports:
            world.report_twice(name)
        deliver(lambda world=world: world.deliver(delivery()))  # type: ignore[misc]
        report_all(world)
        seen[_judge(world, policy, reports, when, cell)] += 1
    assert seen["one mail"] > len(CELLS) / 2
    assert seen["waits for a person"] > 0
    assert (seen["twice"] > 0) == (policy == "resend")


def _judge(world: InMemoryHerald, policy: str, reports: tuple[str, ...], when: str, cell: str) -> str:
    """What became of the cell; a second mail has one licence: the policy, and late reports of both providers."""
    if world.mails == 2:
        assert (policy, when) == ("resend", "after the resend"), cell
        assert set(reports) == {SES, RESEND}, cell
        assert len(world.record().sent_by) == 2, f"{cell}: a second mail is shown"
        return "twice"
    if world.mails == 1:
        assert world.state() in ACCEPTED, cell
        return "one mail"
    assert world.state() in IN_DOUBT, f"{cell}: nothing went, and nobody waits"
    return "waits for a person"


def fails_over_on_any_error(posts: list[FakeProvider], done: set[str]) -> None:
    """As the two systems do that Herald comes from: the next provider after any error, the record after the send."""
    if "m1" in done:
        return
    for post in posts:
        try:
            post.send(MAIL, "m1")
        except NotificationError:
            continue
        done.add("m1")
        return
    raise ProviderUnavailable("all providers failed")


def peers_cells() -> Iterator[int]:
    for first, second in itertools.product(FIRST, SECOND):
        posts, done = two_providers(Clock(), first, second), set[str]()
        for _ in range(3):
            deliver(lambda posts=posts, done=done: fails_over_on_any_error(posts, done))  # type: ignore[misc]
        yield sum(len(post.taken) for post in posts)


def test_a_handler_that_fails_over_on_any_error_sends_twice_in_the_same_cells() -> None:
    mails = list(peers_cells())
    assert len(mails) == 30
    assert sum(count > 1 for count in mails) == 14, (
        "of thirty: what was taken without an answer that counts is sent once more"
    )
