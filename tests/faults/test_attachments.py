"""The crash matrix of a mail with a file: killed before and after every request, that for the file included, delivered
again, with the file there in time, late, never, or another one. Beside it, in the same cells, a handler that claims and
then fetches."""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from fakes.provider import FakeProvider
from function.event.envelope import Delivery, QueueItem
from function.ledger.states import Action, State
from function.message.catalogue import Catalogue
from function.message.email import Email, Receipt
from package.notifications.catalogue import NOTIFICATIONS, compile_catalogue
from tests.attachments import BUCKET, add_attachments, event_with, reference
from tests.faults.figures import read_committed
from tests.faults.mishaps import Killed
from tests.faults.test_later import Strike

PDF = b"%PDF-1.7 an invoice"
#: When the right file is in its place: from the beginning, after an hour, or only once a letter has told of it.
THERE = ("in time", "after an hour", "after the letter")
#: What lies in its place until then.
BEFORE = ("nothing", "another file")
REQUESTS = 6


@dataclass
class Store:
    """S3 with one object; whoever asks for it may be killed."""

    strike: Strike
    content: bytes | None = None
    asked: int = 0

    def get_object(self, **_: str) -> dict[str, Any]:
        self.asked += 1
        self.strike.at("before")
        if self.content is None:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        self.strike.at("after")
        return {"Body": io.BytesIO(self.content), "ContentLength": len(self.content)}


@dataclass
class MortalPost(FakeProvider):
    """A provider during whose call its caller may be killed."""

    strike: Strike = field(kw_only=True)

    def send(self, email: Email, key: str) -> Receipt:
        self.strike.at("before")
        receipt = super().send(email, key)
        self.strike.at("after")
        return receipt


@dataclass
class Herald:
    """Herald's own code on a table with memory."""

    world: InMemoryHerald
    strike: Strike
    store: Store

    def deliver(self, one: Delivery) -> None:
        """One invocation; what is killed comes again by itself, as a delivery of the queue does."""
        self.world.client.fault = lambda moment, *_: self.strike.at(moment)
        try:
            self.world.deliver(one)
        except Killed:
            self.world.deliver(one)
        self.world.client.fault = None

    def report(self) -> None:
        """The provider reports on every mail that it took, and on two later ones."""
        self.world.clock.forward(901)
        for key, email in self.world.post.taken:
            self.world.apply_feedback(Action.FEEDBACK_SENT, State.SENT, key, attempt=email.tags["attempt"])
        self.world.report_twice()


@dataclass
class ClaimsFirst:
    """What most handlers do: put a key down, then fetch, then send. What is down is a duplicate."""

    strike: Strike
    store: Store
    post: MortalPost
    keys: set[str] = field(default_factory=set)

    def deliver(self, one: Delivery) -> None:
        for _ in range(2):  # what is killed comes again
            with contextlib.suppress(Killed, ClientError):
                self._deliver(one)

    def _deliver(self, one: Delivery) -> None:
        self.strike.at("before")
        if one.message_id in self.keys:
            return
        self.keys.add(one.message_id)
        self.strike.at("after")
        content = self.store.get_object()["Body"].read()
        if hashlib.sha256(content).digest() == hashlib.sha256(PDF).digest():
            self.post.send(Email("ada@example.com", "s", "t", "<p>t</p>"), one.message_id)

    def report(self) -> None:
        """Nobody listens."""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("attachments")
    shutil.copytree(NOTIFICATIONS, folder / "notifications")
    add_attachments(folder / "notifications")
    return compile_catalogue(folder / "compiled", folder / "notifications")


@dataclass(frozen=True, slots=True)
class End:
    """What became of one cell."""

    mails: int
    letters: int
    reached: bool
    #: Mails whose file is not the one that the event means.
    wrong: int


def play(catalogue: Catalogue, number: int, moment: str, there: str, before: str) -> End:
    """One cell of Herald's."""
    strike = Strike(number, moment)
    store = Store(strike)
    world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, s3=store, buckets=frozenset({BUCKET}))
    world.client.gated = False
    world.posts[:] = [MortalPost(world.clock, strike=strike)]
    herald = Herald(world, strike, store)
    _live(herald, store, there, before)
    if there == "after the letter":
        herald.deliver(replace(_event(), item=QueueItem("item", "handle", 200)))
        store.content = PDF
        for letter in world.dead.letters:  # also one that an outdated letter makes: a person redrives what there is
            herald.deliver(redrive(letter))
            herald.report()
    wrong = [mail for _, mail in world.post.taken if [one.content for one in mail.attachments] != [PDF]]
    return End(world.mails, len(world.dead.letters), strike.struck, len(wrong))


def play_claiming(number: int, moment: str, there: str, before: str) -> End:
    """One cell of the handler that claims first."""
    strike = Strike(number, moment)
    store = Store(strike)
    post = MortalPost(Clock(), strike=strike)
    _live(ClaimsFirst(strike, store, post), store, there, before)
    return End(len(post.taken), 0, strike.struck, 0)


def _event() -> Delivery:
    return delivery("m1", event_with(reference("a.pdf", PDF)))


def _live(subject: Herald | ClaimsFirst, store: Store, there: str, before: str) -> None:
    """The event comes; it is delivered again until the file should be there, and reports come."""
    store.content = PDF if there == "in time" else None if before == "nothing" else b"another"
    subject.deliver(_event())
    subject.report()
    if there == "after an hour":
        store.content = PDF
    for receives in (2, 3):
        subject.deliver(replace(_event(), item=QueueItem("item", "handle", receives)))
        subject.report()


def cells() -> list[tuple[int, str, str, str]]:
    numbers, moments = range(1, REQUESTS + 1), ("before", "after")
    return [cell for cell in product(numbers, moments, THERE, BEFORE) if cell[2] != "in time" or cell[3] == "nothing"]


def count(run: Callable[..., End], *first: Any, there: tuple[str, ...] = THERE) -> Counter[str]:
    """How the cells end in which something was killed, and the file is there at such a time."""
    found: Counter[str] = Counter()
    for cell in cells():
        end = run(*first, *cell)
        if not end.reached or cell[2] not in there:
            continue
        found["killed"] += 1
        found["lost"] += end.mails == 0
        found["twice"] += end.mails > 1
        found["wrong"] += end.wrong > 0
    return found


def test_wherever_it_is_killed_each_event_is_one_mail_with_its_own_file(catalogue: Catalogue) -> None:
    assert count(play, catalogue) == Counter(killed=read_committed()["kills"]["attachments"], lost=0, twice=0, wrong=0)


def test_a_handler_that_claims_before_it_fetches_loses_mails_in_the_same_cells() -> None:
    """Whoever never had the file is left out: nothing tells of it there."""
    found = count(play_claiming, there=THERE[:2])
    assert found["lost"] > 0
    assert found == Counter(killed=24, lost=19, twice=0, wrong=0)


@pytest.mark.parametrize("before", BEFORE)
def test_unharmed_a_letter_tells_of_a_file_that_never_came_and_its_redrive_is_one_mail(
    catalogue: Catalogue, before: str
) -> None:
    end = play(catalogue, 99, "before", "after the letter", before)
    assert (end.mails, end.letters, end.wrong) == (1, 1, 0)
