"""One state of the modelled world, and what the world may still do to it."""

from __future__ import annotations

from typing import NamedTuple

from function.event.envelope import Delivery, QueueItem
from function.ledger.states import Action
from tests.model.replay import Entry, Step
from tests.model.table import State as Snapshot

__all__ = ["HOLD", "NOW", "Budget", "Process", "Waiting", "World"]

#: Epoch milliseconds at which every scenario begins, and the ledger's hold, which is also what one tick passes.
NOW = 1_795_248_000_000
HOLD = 900_000


class Budget(NamedTuple):
    """How often the world may do what."""

    crashes: int = 0
    ticks: int = 0
    lost: int = 0
    vanished: int = 0
    not_sent: int = 0
    refused: int = 0
    repeats: int = 0
    conflicts: int = 0
    redrives: int = 0
    copies: int = 0
    confirms: int = 0
    listings: int = 0
    removals: int = 0
    unsubscribes: int = 0
    resubscribes: int = 0
    upgrades: int = 0


class Waiting(NamedTuple):
    """A delivery that has not begun; `retry` if it lies in the queue."""

    message: str
    copy: str
    letter: str | None = None
    confirmed: bool = False
    retry: bool = False
    tries: int = 0

    @property
    def fresh(self) -> bool:
        """Whether it has never begun."""
        return not self.retry and self.tries == 0

    def delivery(self) -> Delivery:
        """As the function meets it."""
        item = QueueItem(self.copy, "handle", 1) if self.retry else None
        return Delivery(self.message, "event", item=item, letter=self.letter, confirmed=self.confirmed)


class Process(NamedTuple):
    """One invocation on its way, standing before `step`."""

    waiting: Waiting
    release: int
    history: tuple[Entry, ...]
    step: Step
    #: Time and release at which it began and fell asleep, before its first step.
    asleep_at: tuple[int, int] | None = None

    @property
    def owner(self) -> str:
        """The name of its attempt."""
        return f"{self.waiting.copy}.{self.waiting.tries}"


class World(NamedTuple):
    """One state of everything."""

    table: Snapshot
    waiting: tuple[Waiting, ...]
    budget: Budget
    now: int = NOW
    release: int = 1
    #: How many deliveries there were at first.
    published: int = 0
    running: tuple[Process, ...] = ()
    letters: tuple[tuple[str, str], ...] = ()
    #: Mails that the provider took, by message.
    mails: tuple[str, ...] = ()
    #: When the first mail's claim began to hold.
    first_mail: int = 0
    #: Second mails that a person said yes to.
    yeses: int = 0
    #: What the provider will say, and what the ledger has heard.
    feedback: frozenset[tuple[str, Action]] = frozenset()
    heard: frozenset[tuple[str, Action]] = frozenset()
