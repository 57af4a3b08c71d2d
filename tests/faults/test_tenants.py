"""The crash matrix of tenants' events: killed before and after every request that is made, the report of the bounce
among them, published twice, with a provider that is away, and with a tenant that is declared only later."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import pytest

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from fakes.provider import FakeProvider
from fakes.queue import FakeQueue
from function.errors import ProviderUnavailable
from function.ledger.keys import address_key, own_list_key
from function.ledger.states import Action, State
from function.message.catalogue import Catalogue
from function.message.email import Email, Receipt
from function.queues.dead_letter import Letter
from package.notifications.catalogue import compile_catalogue
from tests.faults.figures import read_committed
from tests.faults.test_later import Strike, invoke, strikes
from tests.tenants import ACME, GLOBEX, bounce

FIRST, SECOND = "ses://us-east-1", "ses://eu-west-1"
#: One whose mail may leave by the first provider alone, with a list of its own; one without either.
TENANTS = {"acme": replace(ACME, providers=frozenset({FIRST})), "globex": GLOBEX}
_EVENT = delivery("m1", event("e1", tenant="acme"))
_DAY = 90_000
ADA = address_key(SECRET, "ada@example.com")
#: Whose event it is, whether it is declared from the beginning, how often it is published, whether a provider is away.
CELLS = [
    (tenant, declared, *how)
    for tenant, declared in product(TENANTS, ("declared", "declared later"))
    for how in ((1, "the first is away"), (2, "both answer"))
]


@dataclass
class MortalPost(FakeProvider):
    """A provider during whose call its caller may be killed, also where it takes nothing."""

    strike: Strike = field(kw_only=True)

    def send(self, email: Email, key: str) -> Receipt:
        self.strike.at("before")
        try:
            return super().send(email, key)
        finally:
            self.strike.at("after")


@dataclass
class MortalDead(FakeQueue):
    """The queue `dead`, at whose calls the caller may be killed."""

    strike: Strike = field(kw_only=True)

    def put(self, letter: Letter) -> None:
        self.strike.at("before")
        super().put(letter)
        self.strike.at("after")


@dataclass
class Herald:
    """Herald's own code on a table with memory, with two providers."""

    world: InMemoryHerald
    tenant: str

    def deliver(self, message_id: str) -> None:
        invoke(lambda: self.world.deliver(delivery(message_id, event("e1", tenant=self.tenant))))

    def redrive(self) -> None:
        for letter in list(self.world.dead.letters):
            invoke(lambda letter=letter: self.world.deliver(redrive(letter)))  # type: ignore[misc]

    def settle(self) -> None:
        """All reports come; what was killed with its claim is delivered again after the hold, as SQS does."""
        for post in self.world.posts:
            for key, mail in post.taken:
                attempt = mail.tags["attempt"]
                invoke(lambda key=key, attempt=attempt: self._report(key, attempt))  # type: ignore[misc]
        self.world.clock.forward(901)
        for post in self.world.posts:
            invoke(lambda url=post.url: self.world.report_twice(url))  # type: ignore[misc]
        self.deliver("m1")
        self.redrive()

    def bounce(self) -> None:
        """The mailbox refuses what was sent."""
        for post in self.world.posts:
            for key, mail in post.taken:
                invoke(lambda key=key, mail=mail: bounce(self.world, mail, key))  # type: ignore[misc]

    def _report(self, key: str, attempt: str) -> None:
        self.world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, key, attempt=attempt)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


def make(catalogue: Catalogue, strike: Strike, away: bool) -> InMemoryHerald:
    clock = Clock()
    first, second = (MortalPost(clock, url, strike=strike) for url in (FIRST, SECOND))
    first.answers = [ProviderUnavailable("away")] if away else []
    world = InMemoryHerald(
        MemoryTable("herald-ledger"), catalogue, clock, posts=[first, second], dead=MortalDead(strike=strike)
    )
    world.client.gated = False
    world.client.fault = lambda moment, *_: strike.at(moment)
    return world


def play(world: InMemoryHerald, tenant: str, declared: bool, publications: int) -> list[str]:
    """One cell; the reasons of the letters that lay in `dead` before the tenant was declared."""
    herald = Herald(world, tenant)
    world.tenants = {name: one for name, one in TENANTS.items() if declared or name != tenant}
    for number in range(publications):
        herald.deliver(f"m{number + 1}")
    if not declared:
        assert world.mails == 0, "no mail leaves under another's name"
        world.tenants = TENANTS
    told = [letter.attributes["reason_code"] for letter in world.dead.letters]
    herald.redrive()
    for _ in range(2):
        herald.settle()
    herald.bounce()
    return told


def play_versions(world: InMemoryHerald, first: str, last: str) -> None:
    """Deliveries go to two versions by turns, of which one does not know the tenant; in the end one is left, and a day
    passes."""
    versions = {"knows it": world, "does not": replace(world, tenants={"globex": GLOBEX}, release="r0")}
    turns = itertools.cycle([versions[first], *(one for name, one in versions.items() if name != first)])
    for _ in range(2):
        invoke(lambda: next(turns).deliver(_EVENT))
    herald = Herald(versions[last], "acme")
    for _ in range(2):
        herald.settle()
    world.clock.forward(_DAY)
    herald.settle()


def list_suppressions(world: InMemoryHerald) -> set[str]:
    """The keys of all items that say that an address gets no mail."""
    return {item["pk"]["S"] for item in world.client.scan(TableName="herald-ledger")["Items"] if "since" in item}


def test_a_tenants_event_is_one_mail_of_its_own_wherever_anybody_is_killed(catalogue: Catalogue) -> None:
    killed: Counter[str] = Counter()
    for (tenant, declared, publications, providers), strike in (
        (cell, strike) for cell in CELLS for strike in strikes()
    ):
        where = f"{strike}, {tenant}, {declared}, {publications}, {providers}"
        world = make(catalogue, strike, away=providers != "both answer")
        told = play(world, tenant, declared == "declared", publications)
        killed[declared] += strike.struck
        sent = [(mail.sender, TENANTS[tenant].may_go_by(post.url)) for post in world.posts for _, mail in post.taken]
        assert sent == [(TENANTS[tenant].sender, True)], where
        assert set(told) == (set() if declared == "declared" else {"tenant_unknown"}), where
        assert list_suppressions(world) == {own_list_key(ADA, "acme") if tenant == "acme" else ADA}, where
    assert killed.total() == read_committed()["kills"]["tenants"], killed


@pytest.mark.parametrize("last", ["knows it", "does not"])
def test_between_two_versions_a_tenants_event_is_its_own_mail_or_a_letter_wherever_anybody_is_killed(
    catalogue: Catalogue, last: str
) -> None:
    """In a canary and after a rollback: a version that does not know the tenant sends nothing under another name."""
    ends: Counter[str] = Counter()
    for first, strike in ((first, strike) for first in ("knows it", "does not") for strike in strikes()):
        where = f"{strike}, first a version that {first}, in the end one that {last}"
        world = make(catalogue, strike, away=False)
        world.tenants = TENANTS
        play_versions(world, first, last)
        sent = [mail.sender for post in world.posts for _, mail in post.taken]
        assert sent in ([], [ACME.sender]), where
        assert sent or world.dead.letters, f"{where}: neither a mail nor a letter"
        assert sent or last == "does not", where
        ends["one mail" if sent else "a letter"] += 1
    assert ends["one mail"] > 0
    assert (ends["a letter"] > 0) == (last == "does not")
