"""One state of the modelled world, and what the world may still do to it."""

from __future__ import annotations

from typing import Any, NamedTuple

from fakes.dynamodb.table import State as Snapshot
from function.event.envelope import Delivery, QueueItem
from function.ledger.states import Action
from tests.model.replay import History, Step

__all__ = [
    "CANCELLATION",
    "DAY",
    "DIGEST",
    "FIVE_MINUTES",
    "HOLD",
    "NOW",
    "RETENTION",
    "SCHEDULER",
    "Budget",
    "Letter",
    "Mail",
    "ModelState",
    "Process",
    "Report",
    "Waiting",
    "put",
    "remove_first",
    "spend",
]

#: Epoch milliseconds at which every scenario begins, and what passes in one move of the clock.
NOW = 1_795_248_000_000
FIVE_MINUTES = 300_000
#: The ledger's hold.
HOLD = 900_000
#: A day and what the waits before it may take.
DAY = 90_000_000
#: How long the ledger keeps what is at rest.
RETENTION = 60 * 86_400_000
#: In a message's place: a run of the scheduler.
SCHEDULER = "scheduler"
#: The content of a message that cancels the event.
CANCELLATION = "-"
#: The content of a digest, before what it tells.
DIGEST = "="


class Budget(NamedTuple):
    """How often the world may do what. `minutes`, `ticks`, `days` and `ages` move the clock: by five minutes, the hold,
    a day, the retention. `throttles` are updates that the table has no time for, however often they are
    repeated. `reports` are on mails of other events, or on probes; `stale`
    on mails as old as the world; `agains` and `records` are what a person sends from
    the record: again what was accepted, and what may have gone."""

    crashes: int = 0
    ticks: int = 0
    lost: int = 0
    vanished: int = 0
    not_sent: int = 0
    refused: int = 0
    repeats: int = 0
    conflicts: int = 0
    throttles: int = 0
    redrives: int = 0
    copies: int = 0
    confirms: int = 0
    listings: int = 0
    removals: int = 0
    unsubscribes: int = 0
    resubscribes: int = 0
    upgrades: int = 0
    minutes: int = 0
    days: int = 0
    ages: int = 0
    reports: int = 0
    stale: int = 0
    agains: int = 0
    records: int = 0
    #: Runs of the scheduler.
    polls: int = 0
    #: Mails that a provider never tried, asked for at the next one.
    elsewhere: int = 0


class Waiting(NamedTuple):
    """A delivery that has not begun; `retry` if it lies in the queue."""

    message: str
    copy: str
    content: str = "a"
    letter: str | None = None
    confirmed: bool = False
    retry: bool = False
    tries: int = 0
    instead_of: str | None = None
    not_sent: str | None = None
    in_ledger: bool = False
    #: The attempt that was never tried, and the provider that says so.
    never_tried: str | None = None
    avoid: str | None = None

    @property
    def fresh(self) -> bool:
        """Whether it has never begun."""
        return not self.retry and self.tries == 0

    def delivery(self) -> Delivery:
        """As the function meets it."""
        item = QueueItem(self.copy, "handle", 1) if self.retry else None
        return Delivery(
            self.message,
            "" if self.in_ledger else self.content,
            item=item,
            in_ledger=self.in_ledger,
            letter=self.letter,
            confirmed=self.confirmed,
            instead_of=self.instead_of,
            never_tried=self.never_tried,
            avoid=self.avoid,
            not_sent=self.not_sent,
        )


class Process(NamedTuple):
    """One invocation on its way, standing before `step`."""

    waiting: Waiting
    release: int
    history: History
    step: Step
    #: Time and release at which it began and fell asleep, before its first step.
    asleep_at: tuple[int, int] | None = None

    @property
    def owner(self) -> str:
        """The name of its attempt."""
        return f"{self.waiting.copy}-{self.waiting.tries}"

    @property
    def owners(self) -> tuple[str, ...]:
        """The attempts in whose name it writes: its own, and that which is known to have sent nothing."""
        return self.owner, (self.waiting.not_sent or "").rpartition(" ")[2]

    @property
    def at_marks(self) -> bool:
        """Whether it is about to read or write how far the reports have come."""
        return self.step.kind == "table" and self.step.what.endswith("feedback")


class Mail(NamedTuple):
    """A mail that the provider took at `at`."""

    message: str
    attempt: str
    content: str
    at: int
    provider: str = "ses://0"
    #: Of an event with several recipients, whose it is; of events of several tenants, which it is.
    to: str = ""


class Letter(NamedTuple):
    """A letter that lies in `dead`: the attempt that it names, the event that it holds, the message whose mail a
    person wanted sent again by it, and the provider that is not to send it."""

    message: str
    attempt: str
    content: str
    instead_of: str = ""
    avoid: str = ""


class Report(NamedTuple):
    """What was heard at `at` of a mail that a provider took at `sent`, of another event or of none."""

    provider: str
    sent: int
    at: int


class ModelState(NamedTuple):
    """One state of everything."""

    table: Snapshot
    waiting: tuple[Waiting, ...]
    budget: Budget
    now: int = NOW
    release: int = 1
    #: The messages that were published, and how many deliveries of them there were at first.
    published: tuple[str, ...] = ()
    deliveries: int = 0
    running: tuple[Process, ...] = ()
    letters: tuple[Letter, ...] = ()
    mails: tuple[Mail, ...] = ()
    #: When the first mail's hold ends.
    held_until: int = 0
    #: The attempts and messages for whose second mail a person said yes, each for one.
    yeses: frozenset[str] = frozenset()
    #: What the provider will say, and what the ledger has heard.
    feedback: frozenset[tuple[Mail, Action]] = frozenset()
    heard: frozenset[tuple[Mail, Action]] = frozenset()
    #: Probes that the providers took and have not reported on: who, and when.
    probes: frozenset[tuple[str, int]] = frozenset()
    reports: frozenset[Report] = frozenset()
    #: Whether the address is on the provider's own list.
    ses_listed: bool = False
    #: Whether a report on another mail has just come: what it changes nothing for has gone before (see `Moves`).
    reported: bool = False


def spend(world: ModelState, what: str) -> ModelState:
    """The world after one thing of its budget is used up."""
    budget: Any = world.budget
    return world._replace(budget=budget._replace(**{what: getattr(budget, what) - 1}))


def remove_first(values: tuple[Any, ...], one: Any) -> tuple[Any, ...]:
    """The values without the first that equals `one`."""
    index = values.index(one)
    return (*values[:index], *values[index + 1 :])


def put(values: tuple[Any, ...], one: Any) -> tuple[Any, ...]:
    """The values with `one` in its place, so that worlds which differ only in an order are one."""
    return tuple(sorted((*values, one), key=_place)) if values else (one,)


def _place(value: Any) -> Any:
    """Of two deliveries no copy has the same name, whether they wait or run."""
    match value:
        case Process(waiting) | (Waiting() as waiting):
            return waiting.copy
    return value
