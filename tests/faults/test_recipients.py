"""The crash matrix of events with several recipients: killed before and after every request that is made, delivered
twice, published twice, and with one whom the provider refuses. Beside it, in the same cells, a handler that sends to
all of them in a loop and is retried as a whole.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery
from fakes.queue import FakeQueue
from function.errors import RefusedForGood
from function.event.envelope import Delivery, from_queue
from function.ledger.states import Action, State
from function.message.catalogue import Catalogue
from function.message.email import Email, Receipt
from function.queues.dead_letter import Letter
from package.notifications.catalogue import EXAMPLES, compile_catalogue, read_examples
from tests.faults.figures import read_committed
from tests.faults.test_later import MortalPost, Strike, invoke, strikes

_DATA: dict[str, Any] = read_examples("account", EXAMPLES)["typical"]
#: More than one call of SQS takes.
READERS = tuple(f"reader{number}@example.com" for number in range(12))
REFUSED = READERS[1]
#: How the event comes, to how many, and whether the provider refuses one of the mails for good.
CELLS = (("once", 12, False), ("once", 3, True), ("twice", 3, False), ("published twice", 3, True))


@dataclass
class Refusing(MortalPost):
    """A provider that may refuse one address for good."""

    refuses: bool = False

    def send(self, email: Email, key: str) -> Receipt:
        if self.refuses and email.to == REFUSED:
            raise RefusedForGood("no such mailbox")
        return super().send(email, key)


@dataclass
class MortalQueue(FakeQueue):
    """The queue `retry`, at whose calls the caller may be killed."""

    strike: Strike = field(kw_only=True)

    def put_all(self, letters: Sequence[Letter]) -> dict[int, str]:
        self.strike.at("before")
        super().put_all(letters)
        self.strike.at("after")
        return {}


@dataclass
class Herald:
    """Herald's own code on a table with memory."""

    world: InMemoryHerald
    strike: Strike
    readers: Sequence[str]

    def __post_init__(self) -> None:
        self.world.retry = MortalQueue(strike=self.strike)
        self.world.client.gated = False
        self.world.client.fault = lambda moment, *_: self.strike.at(moment)

    def publish(self, message_id: str) -> None:
        self.world.deliver(delivery(message_id, event("e", "account", data=several(self.readers))))

    def drain(self) -> None:
        """Whatever is in the queue is delivered, and is gone once it was."""
        while self.world.retry.letters:
            for found in _read(self.world.retry.letters[0]):
                self.world.deliver(found)
            del self.world.retry.letters[0]

    def finish(self) -> None:
        """All reports come; what was killed with its claim is delivered again after the hold, as SQS does."""
        self.strike.number = 0
        for key, email in list(self.world.post.taken):
            attempt = email.tags["attempt"]
            self.world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, key, attempt=attempt)
        self.world.clock.forward(901)
        self.world.report_twice()
        self.publish("m1")
        self.drain()

    @property
    def failed(self) -> list[str]:
        return [each.attributes["id"] for each in self.world.dead.letters]


@dataclass
class Loop:
    """As it is often written: send to one after the other; what dies, or fails, is retried as a whole. With `remembers`
    it writes down after each mail that it went."""

    post: MortalPost
    strike: Strike
    readers: Sequence[str]
    remembers: bool = False
    known: set[str] = field(default_factory=set)

    def publish(self, message_id: str) -> None:
        if self.remembers and "all" in self.known:
            return
        for to in self.readers:
            if not (self.remembers and to in self.known):
                self.post.send(Email(to, "subject", "text", "html"), message_id)
                self._write(to)
        self._write("all")

    def _write(self, what: str) -> None:
        if self.remembers:
            self.strike.at("before")
            self.known.add(what)
            self.strike.at("after")

    def drain(self) -> None:
        """Nothing is put into a queue."""

    def finish(self) -> None:
        """Whoever was killed has been retried."""


def several(readers: Sequence[str]) -> dict[str, Any]:
    one = _DATA["recipient"]
    rest = {name: value for name, value in _DATA.items() if name != "recipient"}
    return {**rest, "recipients": [one | {"email": to} for to in readers]}


def _read(letter: Letter) -> list[Delivery]:
    record: Any = {"messageId": "item", "receiptHandle": "handle", "attributes": {}, "body": letter.body}
    return [found for found in from_queue(record) if isinstance(found, Delivery)]


def play(subject: Herald | Loop, how: str) -> None:
    for message_id in {"once": ("m1",), "twice": ("m1", "m1"), "published twice": ("m1", "m2")}[how]:
        invoke(lambda name=message_id: retry(subject, name))  # type: ignore[misc]
        invoke(subject.drain)
    subject.finish()


def retry(subject: Herald | Loop, message_id: str) -> None:
    """What raises is tried three times as a whole."""
    for _ in range(3):
        try:
            subject.publish(message_id)
        except RefusedForGood:
            continue
        return


def judge(taken: Sequence[tuple[str, Email]], readers: Sequence[str], refuses: bool) -> str:
    """What became of all of them: a mail each, or who has none, or two."""
    counts = Counter(email.to for _, email in taken)
    wanted = [to for to in readers if not (refuses and to == REFUSED)]
    if any(counts[to] > 1 for to in wanted):
        return "twice"
    return "once" if all(counts[to] for to in wanted) else "lost"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("mails")
    shutil.copytree(EXAMPLES / "account", folder / "mails" / "account")
    path = folder / "mails" / "account" / "notification.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"recipients": True}), "utf-8")
    return compile_catalogue(folder / "compiled", folder / "mails")


Make = Callable[[Clock, Strike, Sequence[str], bool], Herald | Loop]


def run(make: Make) -> Iterator[tuple[Herald | Loop, str, bool, str]]:
    for how, count, refuses in CELLS:
        for strike in strikes():
            readers = READERS[:count]
            subject = make(Clock(), strike, readers, refuses)
            play(subject, how)
            post = subject.world.post if isinstance(subject, Herald) else subject.post
            yield subject, how, refuses, judge(post.taken, readers, refuses)


def test_every_recipient_gets_one_mail_wherever_anybody_is_killed(catalogue: Catalogue) -> None:
    def make(clock: Clock, strike: Strike, readers: Sequence[str], refuses: bool) -> Herald:
        post = Refusing(clock, strike=strike, refuses=refuses)
        return Herald(InMemoryHerald(MemoryTable("herald-ledger"), catalogue, clock, posts=[post]), strike, readers)

    seen: Counter[str] = Counter()
    for subject, how, refuses, found in run(make):
        seen[found] += subject.strike.struck
        where = f"{found}: {subject.strike}, {how}, {'one refused' if refuses else 'none refused'}"
        assert found == "once", where
        assert isinstance(subject, Herald)
        assert len(set(subject.failed)) == refuses, where
    assert seen == {"once": read_committed()["kills"]["recipients"]}


@pytest.mark.parametrize(
    ("remembers", "figures"),
    [
        (False, {(False, "once"): 1, (False, "twice"): 23, (True, "twice"): 6}),
        (True, {(False, "once"): 26, (False, "twice"): 24, (True, "lost"): 2, (True, "twice"): 2}),
    ],
)
def test_a_handler_that_sends_to_all_in_a_loop_fails_in_the_same_cells(
    remembers: bool, figures: dict[tuple[bool, str], int]
) -> None:
    def make(clock: Clock, strike: Strike, readers: Sequence[str], refuses: bool) -> Loop:
        return Loop(Refusing(clock, strike=strike, refuses=refuses), strike, readers, remembers)

    seen: Counter[tuple[bool, str]] = Counter()
    for subject, how, refuses, found in run(make):
        if how == "once":
            seen[refuses, found] += subject.strike.struck
    assert seen == figures
