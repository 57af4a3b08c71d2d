"""What is explored: who delivers what, and what the world may do to them. The small ones run with the tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from function.ledger.keys import feedback_key
from function.ledger.states import Action
from tests.model.herald import Code, Herald, Rules
from tests.model.moves import Moves
from tests.model.search import Explored, explore
from tests.model.table import MemoryTable
from tests.model.table import State as Snapshot
from tests.model.world import Budget, Waiting, World

__all__ = ["SCENARIOS", "Scenario", "named"]

_SENT = (Action.FEEDBACK_SENT,)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One event, published as one message for each of `copies`, which is delivered that often; and a world's budget."""

    name: str
    copies: tuple[int, ...]
    budget: Budget
    rules: Rules = field(default_factory=Rules)
    answers: tuple[Action, ...] = _SENT
    large: bool = False

    def explore(self, code: Code | None = None) -> Explored:
        """Every state of it under `code` (Herald's own if None). Raises Counterexample."""
        waiting = tuple(
            Waiting(f"m{message}", f"m{message}{'ab'[copy]}", self.rules.content(f"m{message}"))
            for message, copies in enumerate(self.copies, start=1)
            for copy in range(copies)
        )
        start = World(_fresh_feedback(self.rules.providers), waiting, self.budget, published=len(waiting))
        return explore(start, Moves(Herald(code or Code(), self.rules), self.answers))


def _fresh_feedback(providers: int) -> Snapshot:
    """A table that has just heard of mails which each provider was given long after any hold."""
    table = MemoryTable()
    for number in range(providers):
        table.put_item(
            TableName=table.name,
            Item={"pk": {"S": feedback_key(f"ses://{number}")}, "before": {"N": str(10**15)}},
        )
    return table.snapshot()


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("two messages delivered twice each, a crash", (2, 2), Budget(crashes=1)),
    Scenario("the same, refused once and redriven", (2, 2), Budget(crashes=1, refused=1, redrives=1)),
    Scenario("an owner that sleeps past its hold", (2,), Budget(crashes=1, ticks=1)),
    Scenario(
        "the answer is lost, and a person may redrive with a yes",
        (2,),
        Budget(ticks=2, lost=1, redrives=1, confirms=1),
    ),
    Scenario(
        "a lost answer, a resend that is not sent, a refusal", (1,), Budget(ticks=2, lost=1, not_sent=1, refused=1)
    ),
    Scenario(
        "on_unknown = hold: nothing is resent without a yes",
        (2,),
        Budget(ticks=1, lost=1, redrives=2, confirms=1),
        Rules(resends=0),
    ),
    Scenario("two redrives by two persons, and a crash", (2,), Budget(refused=1, redrives=2, copies=2, crashes=1)),
    Scenario("an event that can never be a mail", (2,), Budget(crashes=1, redrives=1, copies=1), Rules(breaks_at=1)),
    Scenario(
        "a new release that can no longer render what the old one sent",
        (2,),
        Budget(upgrades=1, ticks=1, lost=1, redrives=1, confirms=1),
        Rules(breaks_at=2),
    ),
    Scenario(
        "a crash while a mail in doubt is handed to a person",
        (1,),
        Budget(lost=1, ticks=1, crashes=1),
        Rules(resends=0),
    ),
    Scenario(
        "a resend that is not sent, then a release that can no longer render",
        (1,),
        Budget(upgrades=1, ticks=1, lost=1, not_sent=1),
        Rules(breaks_at=2),
    ),
    Scenario(
        "the address comes onto the list and is taken off",
        (1, 1),
        Budget(listings=1, removals=1, redrives=1, crashes=1),
    ),
    Scenario(
        "the reader unsubscribes, and subscribes again",
        (1, 1),
        Budget(unsubscribes=1, resubscribes=1, redrives=1, crashes=1),
    ),
    Scenario(
        "the reader unsubscribes, and the address bounces",
        (1, 1),
        Budget(unsubscribes=1, resubscribes=1, listings=1, removals=1, redrives=1),
        answers=(Action.FEEDBACK_SENT, Action.FEEDBACK_BOUNCED),
    ),
    Scenario(
        "bounce and complaint in any order",
        (2,),
        Budget(crashes=1, ticks=1),
        answers=(Action.FEEDBACK_SENT, Action.FEEDBACK_DELIVERED, Action.FEEDBACK_BOUNCED, Action.FEEDBACK_COMPLAINED),
    ),
    Scenario(
        "accepted, then refused", (2,), Budget(lost=1, ticks=1), answers=(Action.FEEDBACK_SENT, Action.FEEDBACK_REFUSED)
    ),
    Scenario("two providers", (2,), Budget(not_sent=1, lost=1, refused=1, ticks=1), Rules(providers=2)),
    Scenario(
        "writes repeated by the client and contended", (2,), Budget(conflicts=1, repeats=1, not_sent=1, crashes=1)
    ),
    Scenario(
        "two messages delivered twice each, a crash, and the hold passes",
        (2, 2),
        Budget(crashes=1, ticks=1),
        large=True,
    ),
    Scenario(
        "two messages, a crash, a lost answer, a refusal, the hold, a redrive",
        (1, 1),
        Budget(crashes=1, lost=1, refused=1, ticks=1, redrives=1),
        large=True,
    ),
    Scenario(
        "a message delivered twice and a second publication, a crash, a refusal, the hold, a redrive",
        (2, 1),
        Budget(crashes=1, ticks=1, refused=1, redrives=1),
        large=True,
    ),
    Scenario(
        "two messages that can never be a mail, redriven by two persons",
        (1, 1),
        Budget(crashes=1, redrives=2, copies=1),
        Rules(breaks_at=1),
        large=True,
    ),
    Scenario(
        "on_unknown = hold, with a crash",
        (2,),
        Budget(ticks=1, lost=1, crashes=1, redrives=2, confirms=1),
        Rules(resends=0),
        large=True,
    ),
    Scenario("two answers lost, three holds", (2,), Budget(ticks=3, lost=2, redrives=1, confirms=1), large=True),
    Scenario(
        "writes repeated, contended, and the hold passes",
        (2,),
        Budget(1, 1, conflicts=1, repeats=1, not_sent=1),
        large=True,
    ),
    Scenario(
        "two messages, the address listed and taken off", (2, 2), Budget(listings=1, removals=1, redrives=1), large=True
    ),
)


def named(name: str) -> Scenario:
    """The scenario of that name."""
    return next(scenario for scenario in SCENARIOS if scenario.name == name)
