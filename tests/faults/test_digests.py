"""The crash matrix of digests: killed before and after every request that is made, while a window closes too, with two
who close it at once, with an event that comes as it closes, with clocks ten minutes apart, and on the nights on which
the reader's clocks change. Beside it, in the same cells, a handler that collects, sends what it has and deletes it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.event.envelope import Delivery, QueueItem
from function.ledger.states import ACCEPTED, Action, State
from function.message.catalogue import Catalogue
from function.message.email import Email
from package.notifications.catalogue import EXAMPLES, compile_catalogue, read_examples
from tests.faults.figures import read_committed
from tests.faults.test_later import MortalPost, Strike, invoke, strikes

_TEN = 600
_DAY = 86_400
#: By how many seconds the clocks of the collector, the scheduler and the closer are ahead.
CLOCKS = ((0, 0, 0), (-_TEN, 0, 0), (_TEN, 0, 0), (0, _TEN, 0), (0, -_TEN, 0), (0, 0, _TEN), (0, 0, -_TEN))
#: The days before the digests at eight: a plain one, and those on which the clocks of Berlin go forward and back.
DAYS = ("2026-11-20", "2026-03-28", "2026-10-24")
NAMES = ("e1", "e2", "e3")


def eight(day: str, later: int = 1) -> int:
    """Eight in the morning in Berlin, so many days later, in epoch milliseconds."""
    at = datetime.fromisoformat(f"{day}T08:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
    return int(at.replace(day=at.day + later).timestamp() * 1000)


@dataclass
class Herald:
    """Herald's own code on a table with memory."""

    world: InMemoryHerald
    strike: Strike
    clocks: tuple[int, int, int]
    asked: list[Delivery] = field(default_factory=list)
    waits: list[tuple[Delivery, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world.schedules = True
        self.world.client.gated = False
        self.world.client.fault = lambda moment, *_: self.strike.at(moment)

    def publish(self, name: str) -> None:
        data = read_examples("comments", EXAMPLES)["typical"]
        data = data | {
            "recipient": data["recipient"] | {"timezone": "Europe/Berlin"},
            "comment": data["comment"] | {"on": f"On {name}"},
        }
        time = datetime.fromtimestamp(self.world.clock() / 1000, ZoneInfo("UTC")).isoformat()
        self._deliver(delivery(name, event(name, "comments", data=data, time=time)), self.clocks[0])

    def find(self) -> list[Delivery]:
        self.world.clock.forward(self.clocks[1])
        found = list(self.world.schedule().find_due(self.world.clock()))
        self.world.clock.forward(-self.clocks[1])
        return [Delivery(f.message_id, "", in_ledger=True, item=QueueItem("item", "handle", 1)) for f in found]

    def ask(self, found: list[Delivery]) -> None:
        self.strike.at("before")
        self.asked += found
        self.strike.at("after")

    def close(self) -> None:
        while self.asked:
            self._deliver(self.asked[-1], self.clocks[2])
            self.asked.pop()

    def wait(self) -> None:
        """What was told to come again does so when it was told to."""
        soon = self.world.clock() + _TEN * 1000
        self.asked += [each for each, at in self.waits if at <= soon]
        self.waits = [(each, at) for each, at in self.waits if at > soon]

    def report(self) -> None:
        """All reports come, also on later mails, so that a resend is possible; what waits comes back."""
        self.strike.number = 0
        for _ in range(3):
            for key, email in list(self.world.post.taken):
                attempt = email.tags["attempt"]
                self.world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, key, attempt=attempt)
            self.world.clock.forward(901)
            self.world.report_twice()
            self.asked += [each for each, _ in self.waits] + self.find()
            self.waits = []
            self.close()

    def _deliver(self, given: Delivery, ahead: int) -> None:
        self.world.clock.forward(ahead)
        try:
            outcome = self.world.deliver(given)
        finally:
            self.world.clock.forward(-ahead)
        if outcome.retry_at is not None:
            self.waits.append((given, outcome.retry_at))

    def told(self) -> list[list[str]]:
        return [
            [line.split(",")[0].removeprefix("On ") for line in email.text.splitlines() if line.startswith("On ")]
            for _, email in self.world.post.taken
        ]


@dataclass
class CollectThenSend:
    """As it is often written: events lie in a table, a job reads what is there, mails it, and deletes what it read; or,
    with `deletes_first`, the other way round."""

    post: MortalPost
    strike: Strike
    deletes_first: bool = False
    waiting: list[str] = field(default_factory=list)
    asked: list[list[str]] = field(default_factory=list)

    def publish(self, name: str) -> None:
        self.strike.at("before")
        self.waiting.append(name)
        self.strike.at("after")

    def find(self) -> list[str]:
        return list(self.waiting)

    def ask(self, found: list[str]) -> None:
        self.asked += [found] if found else []

    def close(self) -> None:
        """Whoever is killed knows nothing of what it had read: the next run reads anew."""
        while self.asked:
            found = self.asked.pop()
            if self.deletes_first:
                self._delete(found)
            self.post.send(Email("ada@example.com", "subject", " ".join(found), "html"), "digest")
            if not self.deletes_first:
                self._delete(found)

    def _delete(self, found: list[str]) -> None:
        self.strike.at("before")
        self.waiting = [name for name in self.waiting if name not in found]
        self.strike.at("after")

    def wait(self) -> None:
        """Nothing is told to come again."""

    def report(self) -> None:
        self.ask(self.find())
        self.close()

    def told(self) -> list[list[str]]:
        return [email.text.split() for _, email in self.post.taken]


def play(subject: Herald | CollectThenSend, clock: Clock, day: str, closers: int) -> None:
    """Two events come, and the third as the window closes; then the next window."""
    clock.now = eight(day) - 3 * 3600 * 1000
    invoke(lambda: subject.publish("e1"))
    clock.now = eight(day) - 1000
    invoke(lambda: subject.publish("e2"))
    for moment in (eight(day), eight(day) + _TEN * 1000, eight(day, 2), eight(day, 2) + _TEN * 1000):
        clock.now = max(clock.now, moment)
        found = [subject.find() for _ in range(closers)]
        for each in found:
            invoke(lambda each=each: subject.ask(each))  # type: ignore[misc]
        if moment == eight(day):
            invoke(lambda: subject.publish("e3"))
        invoke(subject.close)
        subject.wait()
    subject.report()


def judge(told: list[list[str]]) -> str:
    """What became of the three events: all in one digest each, or how many were lost, or told twice."""
    counts = Counter(name for lines in told for name in lines)
    if any(not lines for lines in told):
        return "an empty digest"
    if any(counts[name] > 1 for name in NAMES):
        return "twice"
    return "once" if all(counts[name] for name in NAMES) else "lost"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    return compile_catalogue(folder, EXAMPLES)


Cell = tuple[str, tuple[int, int, int], int]
CELLS: list[Cell] = [
    (day, clocks, closers)
    for day, clocks, closers in product(DAYS, CLOCKS, (1, 2))
    if (day == DAYS[0]) + (closers == 1) + (clocks == CLOCKS[0]) > 1
]


def play_all() -> Iterator[tuple[Cell, Strike]]:
    for cell in CELLS:
        for strike in strikes():
            yield cell, strike


def run(
    make: Callable[[Clock, Strike], Herald | CollectThenSend],
) -> Iterator[tuple[str, Herald | CollectThenSend, str]]:
    for (day, clocks, closers), strike in play_all():
        clock = Clock()
        subject = make(clock, strike)
        if isinstance(subject, Herald):
            subject.clocks = clocks
        play(subject, clock, day, closers)
        yield judge(subject.told()), subject, f"request {strike.number} {strike.moment}, {day}, {clocks}, {closers}"


def test_every_event_is_in_exactly_one_digest_wherever_anybody_is_killed(catalogue: Catalogue) -> None:
    def make(clock: Clock, strike: Strike) -> Herald:
        world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, clock, posts=[MortalPost(clock, strike=strike)])
        return Herald(world, strike, (0, 0, 0))

    seen: Counter[str] = Counter()
    for found, subject, where in run(make):
        seen[found] += subject.strike.struck
        assert isinstance(subject, Herald)
        parked = [json.loads(letter.body)["MessageId"] for letter in subject.world.dead.letters]
        assert found == "once", f"{found}: {where}: {subject.told()} {parked}"
        window = subject.world.record("e1").window
        assert window is not None
        assert subject.world.state(window) in ACCEPTED, where
    assert seen == {"once": read_committed()["kills"]["digests"]}


@pytest.mark.parametrize(
    ("deletes_first", "figures"), [(False, {"once": 63, "twice": 85}), (True, {"once": 63, "twice": 49, "lost": 36})]
)
def test_a_handler_that_collects_and_then_sends_fails_in_the_same_cells(
    deletes_first: bool, figures: dict[str, int]
) -> None:
    seen: Counter[str] = Counter()
    for found, subject, _ in run(
        lambda clock, strike: CollectThenSend(MortalPost(clock, strike=strike), strike, deletes_first)
    ):
        seen[found] += subject.strike.struck
    assert seen == figures
