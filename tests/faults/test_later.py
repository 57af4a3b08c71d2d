"""The crash matrix of events that are sent later, and cancelled: killed before and after every request that is made,
with two schedulers at once, with clocks ten minutes apart, and with a cancellation at every moment. Beside it, in
the same cells, a handler that keeps what waits in a table, sends what is due and then deletes it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import pytest

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery
from fakes.provider import FakeProvider
from function.errors import ProviderUnavailable
from function.event.envelope import Delivery, QueueItem
from function.ledger.states import ACCEPTED, Action, State
from function.message.catalogue import Catalogue
from function.message.email import Email, Receipt
from package.notifications.catalogue import compile_catalogue
from tests.faults.figures import read_committed
from tests.faults.mishaps import Killed

_DUE = 86_400
_TEN = 600
#: When a cancellation comes, if it does.
CANCELLED = ("never", "before its event", "while it waits", "between scheduler and send", "after the send")
#: By how many seconds the clocks of the scheduler and of the notifier are ahead.
CLOCKS = ((0, 0), (_TEN, 0), (-_TEN, 0), (0, _TEN), (0, -_TEN))


@dataclass
class Strike:
    """Kills whoever makes the request of this number, before it arrives or after it is done."""

    number: int
    moment: str
    made: int = 0
    struck: bool = False

    def at(self, moment: str) -> None:
        """A request is about to be made, or was."""
        self.made += moment == "before"
        if not self.struck and self.made == self.number and moment == self.moment:
            self.struck = True
            raise Killed


@dataclass
class MortalPost(FakeProvider):
    """A provider during whose call its caller may be killed."""

    strike: Strike = field(kw_only=True)
    times: list[int] = field(default_factory=list)

    def send(self, email: Email, key: str) -> Receipt:
        self.strike.at("before")
        receipt = super().send(email, key)
        self.times.append(self.clock())
        self.strike.at("after")
        return receipt


class Subject(Protocol):
    """Whoever sends later: each is one invocation, which may be killed."""

    def publish(self) -> None:
        """The event comes."""

    def cancel(self) -> None:
        """Its cancellation comes."""

    def find(self) -> list[Any]:
        """What the scheduler finds."""

    def ask(self, found: list[Any]) -> None:
        """What the scheduler then does."""

    def send(self) -> None:
        """What was asked for is sent."""

    def finish(self) -> None:
        """All that comes of itself within a day."""


@dataclass
class Herald:
    """Herald's own code on a table with memory."""

    world: InMemoryHerald
    strike: Strike
    clocks: tuple[int, int]
    asked: list[Delivery] = field(default_factory=list)
    #: What comes back by itself.
    held: list[Delivery] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.schedules = True
        self.world.client.gated = False
        self.world.client.fault = lambda moment, *_: self.strike.at(moment)

    def publish(self) -> None:
        due = datetime.fromtimestamp(Clock().now / 1000 + _DUE, UTC).isoformat()
        self._deliver(delivery(value=event(sendat=due)))

    def cancel(self) -> None:
        data = {"source": "urn:herald:webapp", "id": event()["id"]}
        self._deliver(delivery("c1", event("c", "mail.cancel", data=data)))

    def find(self) -> list[Any]:
        return list(self.world.schedule().find_due(self.world.clock() + self.clocks[0] * 1000))

    def ask(self, found: list[Any]) -> None:
        for each in found:
            self.strike.at("before")
            item = QueueItem("item", "handle", 1)
            self.asked.append(Delivery(each.message_id, "", in_ledger=True, item=item))
            self.strike.at("after")
            self.world.schedule().put_off(each)

    def send(self) -> None:
        """What is killed comes again, and what is held comes back later."""
        while self.asked:
            self._deliver(self.asked[-1])
            self.asked.pop()

    def finish(self) -> None:
        """Reports come, also on other mails, so that a resend is possible; the scheduler asks again after an hour."""
        for seconds in (_TEN, 901, 3600):
            self.world.clock.forward(seconds)
            self._report()
            self.world.report_twice()
            self.ask(self.find())
            self.asked += self.held
            self.held = []
            self.send()

    def _report(self) -> None:
        for post in self.world.posts:
            for _, email in post.taken:
                attempt = email.tags["attempt"]
                self.world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, attempt=attempt)

    def _deliver(self, given: Delivery) -> None:
        self.world.clock.forward(self.clocks[1])
        try:
            outcome = self.world.deliver(given)
        finally:
            self.world.clock.forward(-self.clocks[1])
        if outcome.retry_at is not None:
            self.held.append(given)


@dataclass
class CollectThenSend:
    """As it is often written: what waits lies in a table, and is deleted when it was sent."""

    post: MortalPost
    strike: Strike
    waiting: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)

    def publish(self) -> None:
        self.strike.at("before")
        self.waiting["m1"] = Clock().now + _DUE * 1000
        self.strike.at("after")

    def cancel(self) -> None:
        self.strike.at("before")
        self.waiting.pop("m1", None)
        self.strike.at("after")

    def find(self) -> list[Any]:
        return [name for name, due in self.waiting.items() if due <= self.post.clock()]

    def ask(self, found: list[Any]) -> None:
        self.found += found

    def send(self) -> None:
        while self.found:
            self.post.send(Email("ada@example.com", "subject", "text", "html"), self.found[-1])
            self.strike.at("before")
            self.waiting.pop(self.found.pop(), None)
            self.strike.at("after")

    def finish(self) -> None:
        self.found = self.find()
        self.send()


def invoke(call: Callable[[], object]) -> None:
    """One invocation: whoever is killed is invoked again, as Lambda does."""
    for _ in range(3):
        try:
            call()
        except Killed:
            continue
        return


def play(subject: Subject, clock: Clock, cancelled: str, closers: int, early: int) -> None:
    """The event comes, waits, and is due; `early` is when the scheduler first looks, in seconds before its time."""
    if cancelled == CANCELLED[1]:
        invoke(subject.cancel)
    invoke(subject.publish)
    invoke(subject.publish)
    if cancelled == CANCELLED[2]:
        invoke(subject.cancel)
    clock.forward(_DUE - early)
    for wait in (early, 60):
        found = [subject.find() for _ in range(closers)]
        for each in found:
            invoke(lambda each=each: subject.ask(each))  # type: ignore[misc]
        if cancelled == CANCELLED[3]:
            invoke(subject.cancel)
        invoke(subject.send)
        clock.forward(wait)
    if cancelled == CANCELLED[4]:
        invoke(subject.cancel)
    invoke(subject.finish)


def strikes() -> Iterator[Strike]:
    """One at each request, before and after it; whoever takes them plays each before taking the next."""
    for number in itertools.count(1):
        for moment in ("before", "after"):
            strike = Strike(number, moment)
            yield strike
            if not strike.struck:
                return


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


Setting = tuple[tuple[int, int], str, int]


def play_all(settings: list[Setting]) -> Iterator[tuple[Setting, Strike]]:
    """Every cell."""
    for setting in settings:
        for strike in strikes():
            yield setting, strike


CELLS = [(clocks, cancelled, closers) for clocks, cancelled, closers in product(CLOCKS, CANCELLED, (1, 2))]
CELLS = [cell for cell in CELLS if cell[0] == (0, 0) or (cell[1] in CANCELLED[:1] and cell[2] == 1)]


def judge(mails: int, times: list[int], cancelled: str, visible: bool, early: int, parked: bool = False) -> str:
    """What became of a cell: `lost`, `twice`, `early`, `silent` (a cancellation of which nothing is to be seen), or
    well; `parked`: a person has been told that the mail may have gone."""
    due = Clock().now + _DUE * 1000
    if mails > 1:
        return "twice"
    if any(at < due - early * 1000 for at in times):
        return "early"
    if cancelled == "never":
        return "one mail" if mails else "lost"
    if cancelled in CANCELLED[1:3] and mails:
        return "sent though cancelled"
    if parked and visible:
        return "parked, and told"
    return ("cancelled" if not mails else "one mail, and told") if visible else "silent"


def test_what_is_sent_later_is_sent_once_or_cancelled_wherever_anybody_is_killed(catalogue: Catalogue) -> None:
    seen: Counter[str] = Counter()
    for (clocks, cancelled, closers), strike in play_all(CELLS):
        clock = Clock()
        post = MortalPost(clock, strike=strike)
        world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, clock, posts=[post])
        play(Herald(world, strike, clocks), clock, cancelled, closers, _TEN if clocks[0] > 0 else 0)
        records = [record for name in ("m1", "c1") if (record := world.ledger.read(name))]
        visible = any(record.state is State.CANCELLED or record.cancelled_by for record in records)
        parked = bool(world.dead.letters) and records[0].parked == records[0].owner
        found = judge(world.mails, post.times, cancelled, visible, max(clocks[1], 0), parked)
        where = f"{found}: request {strike.number} {strike.moment}, {clocks}, {cancelled}, {closers} schedulers"
        assert found in ("one mail", "cancelled", "one mail, and told", "parked, and told"), where
        assert not world.mails or records[0].state in ACCEPTED, where
        assert all(record.due_at is None for record in records), where
        seen[found] += strike.struck
    assert seen == {"one mail": 196, "cancelled": 120, "one mail, and told": 70, "parked, and told": 4}
    assert seen.total() == read_committed()["kills"]["later"]


@dataclass
class LatePost(FakeProvider):
    """A provider that says only after the hold that it did not take the mail: `meanwhile` comes before that."""

    meanwhile: Callable[[], None] = field(kw_only=True)

    def send(self, email: Email, key: str) -> Receipt:
        self.clock.forward(901)
        self.meanwhile()
        self.answers = [ProviderUnavailable("down")]
        return super().send(email, key)


def play_late_answer(strike: Strike, catalogue: Catalogue) -> InMemoryHerald:
    """The event is cancelled while nobody knows whether it was sent; then its owner learns that it was not."""
    clock = Clock()
    post = LatePost(clock, meanwhile=lambda: invoke(herald.cancel))
    world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, clock, posts=[post])
    herald = Herald(world, strike, (0, 0))

    def publish() -> None:
        herald._deliver(delivery())

    invoke(publish)
    clock.forward(901)
    invoke(herald.cancel)
    invoke(publish)
    return world


def test_what_is_cancelled_while_nobody_knows_is_never_sent_wherever_anybody_is_killed(catalogue: Catalogue) -> None:
    seen: Counter[str] = Counter()
    for strike in strikes():
        world = play_late_answer(strike, catalogue)
        record = world.record()
        where = f"{record}: request {strike.number} {strike.moment}"
        assert world.mails == 0, where
        handed_over = record.cancelled_by == "c1" and record.parked == record.owner
        assert record.state is State.CANCELLED or handed_over, where
        seen["parked, and told" if handed_over else "cancelled"] += 1
    assert seen == {"cancelled": 7, "parked, and told": 4}
    assert seen.total() == read_committed()["kills"]["cancelled in doubt"]


def test_a_handler_that_sends_and_then_deletes_fails_in_the_same_cells() -> None:
    seen: Counter[str] = Counter()
    for (clocks, cancelled, closers), strike in play_all(CELLS):
        clock = Clock()
        post = MortalPost(clock, strike=strike)
        play(CollectThenSend(post, strike), clock, cancelled, closers, _TEN if clocks[0] > 0 else 0)
        found = judge(len(post.taken), post.times, cancelled, visible=False, early=0)
        seen[found] += strike.struck
    assert seen == {"one mail": 30, "twice": 72, "silent": 30, "sent though cancelled": 8}
