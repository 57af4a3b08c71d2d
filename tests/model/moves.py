"""Every move of the modelled world: deliveries, reports, persons, and the clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from fakes.dynamodb.table import State as Snapshot
from fakes.dynamodb.values import Frozen
from function.ledger.keys import is_window
from function.ledger.states import Action
from tests.model.branches import branches
from tests.model.herald import Herald, Stepped
from tests.model.human_actions import HumanActions
from tests.model.invariants import Invariants
from tests.model.model_state import (
    DAY,
    FIVE_MINUTES,
    HOLD,
    NOW,
    RETENTION,
    SCHEDULER,
    Letter,
    Mail,
    ModelState,
    Process,
    Waiting,
    put,
    remove_first,
    spend,
)
from tests.model.reports import Reports
from tests.model.several import letter_of, read_recipient

__all__ = ["Moves"]

#: Moves of the clock: what each uses up, how long it is, and how many may sleep through it.
_CLOCK = (
    ("minutes", "five minutes pass", FIVE_MINUTES, 1),
    ("ticks", "the hold passes", HOLD, 1),
    ("days", "a day passes", DAY, 0),
    ("ages", "the retention passes", RETENTION, 0),
)


@dataclass(slots=True)
class Moves:
    """The moves under one scenario. `answers` is what the provider says of every mail that it took."""

    herald: Herald
    answers: tuple[Action, ...] = (Action.FEEDBACK_SENT,)
    invariants: Invariants = field(init=False)
    _reports: Reports = field(init=False)
    _human_actions: HumanActions = field(init=False)

    def __post_init__(self) -> None:
        self.invariants = Invariants(self.herald.rules)
        self._reports = Reports(self.herald, self.invariants)
        self._human_actions = HumanActions(self.herald, self.invariants)

    def __call__(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        """Every state that can follow `world`, with the move's name. Raises InvariantViolated.

        Of orders that come to the same one is taken. A report on another mail matters to who reads how far the reports
        have come, and to when it came: so one of these follows it at once, and what nothing follows is left out. Where
        no delivery will ever run again, neither such reports nor the time matter, but for what expires.
        """
        over = self._is_over(world)
        if world.reported:
            yield from self._readers(world)
        else:
            yield from self._deliveries(world)
            yield from self._reports.on_its_mails(world)
            yield from self._human_actions(world)
            yield from self._list_late_moves(world, over)
        if not over:
            if self._matters(world):
                yield from self._reports.on_others(world)
            yield from self._clock(world)

    # -- deliveries -----------------------------------------------------------------------------------------------

    def _deliveries(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        for waiting in world.waiting:
            if waiting.fresh and _is_mirrored(waiting, world):
                continue
            begun = self.herald.begin(waiting, world.release, world.now)
            rest = world._replace(waiting=remove_first(world.waiting, waiting))
            yield from self._steps(rest, begun)
            yield from self._sleep(rest, begun)
        if world.budget.polls and self.invariants.find_due(world):
            run = Waiting(SCHEDULER, f"P{world.budget.polls}")
            yield from self._steps(spend(world, "polls"), self.herald.begin(run, world.release, world.now))
        for process in world.running:
            rest = world._replace(running=remove_first(world.running, process))
            if _awake(process, world):
                yield from self._killed(rest, process)
                yield from self._steps(rest, process)

    def _readers(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        for process in world.running:
            if process.at_marks and _awake(process, world):
                rest = world._replace(running=remove_first(world.running, process), reported=False)
                yield from self._steps(rest, process)

    def _sleep(self, rest: ModelState, begun: Process) -> Iterator[tuple[str, ModelState]]:
        """To begin is only to read the clock, so it is a move by itself only for who then sleeps until it has moved."""
        budget = rest.budget
        if (budget.ticks or budget.minutes or budget.upgrades) and not any(other.asleep_at for other in rest.running):
            asleep = begun._replace(asleep_at=(rest.now, rest.release))
            yield f"{begun.waiting.copy} begins, and sleeps", rest._replace(running=put(rest.running, asleep))

    def _killed(self, rest: ModelState, process: Process) -> Iterator[tuple[str, ModelState]]:
        """Killed by a crash, or by its time limit where it slept between its last look at the clock and the send."""
        late = self._is_late(rest, process)
        if late or rest.budget.crashes:
            after = rest if late else spend(rest, "crashes")
            killed = self._settle(after, process.waiting, Stepped(rest.table, None, again=True))
            yield f"{_name(process)}: killed before", killed

    def _steps(self, rest: ModelState, process: Process) -> Iterator[tuple[str, ModelState]]:
        if self._is_late(rest, process):
            return
        for branch, spent in branches(process.step, rest.budget):
            stepped = self.herald.step(process, branch, rest.table, rest.now)
            self.invariants.judge_write(rest, process, stepped.table)
            after = spend(rest, spent) if spent else rest
            if process.step.kind == "letter":
                message, attempt = process.step.what.split(" ", 1)
                waiting = process.waiting
                letter = Letter(message, attempt, waiting.content, waiting.instead_of or "", waiting.avoid or "")
                after = after._replace(letters=put(after.letters, letter))
            if process.step.kind == "ask":
                after = self._ask(after, process)
            if process.step.kind == "hand on":
                after = self._hand_on(after, process)
            if process.step.kind == "probe" and rest.budget.reports:
                after = after._replace(probes=after.probes | {(process.step.what, rest.now)})
            if branch.startswith("accepted"):
                after = self._accept(after, process, stepped.table)
            yield f"{_name(process)}: {branch}", self._settle(after, process.waiting, stepped)

    def _settle(self, world: ModelState, waiting: Waiting, stepped: Stepped) -> ModelState:
        table = stepped.table
        if stepped.process:
            return world._replace(table=table, running=put(world.running, stepped.process))
        if not stepped.again or waiting.message == SCHEDULER:
            return world._replace(table=table)
        owner = f"{waiting.copy}-{waiting.tries}"
        used = any(letter.attempt == owner for letter in world.letters) or owner in self.invariants.owners(table)
        not_sent = stepped.not_sent or waiting.not_sent
        again = waiting._replace(retry=True, tries=waiting.tries + used, not_sent=not_sent)
        return world._replace(table=table, waiting=put(world.waiting, again))

    def _ask(self, world: ModelState, process: Process) -> ModelState:
        """The scheduler puts a reference into the queue."""
        message = process.step.what
        content = self.herald.rules.content(message)
        asked = Waiting(message, f"{process.waiting.copy}{message}", content, retry=True, in_ledger=True)
        return world._replace(waiting=put(world.waiting, asked))

    def _hand_on(self, world: ModelState, process: Process) -> ModelState:
        """A part comes into the queue, under a name that no other delivery has."""
        message, body = process.step.what.split(" ", 1)
        named = {known.copy for known in world.waiting} | {known.waiting.copy for known in world.running}
        named |= {owner.rpartition("-")[0] for owner in self.invariants.owners(world.table)}
        copy = next(name for number in count() if (name := f"{message}.{number}") not in named)
        return world._replace(waiting=put(world.waiting, Waiting(message, copy, body, retry=True)))

    def _accept(self, world: ModelState, process: Process, table: Snapshot) -> ModelState:
        message, attempt, provider, text = process.step.what.split(" ", 3)
        said = process.waiting.content
        content = text if is_window(message) else letter_of(said) if self.herald.rules.several else said
        to = read_recipient(said) if self.herald.rules.several else said if self.herald.rules.tenants else ""
        mail = Mail(message, attempt, content, world.now, provider, to)
        self.invariants.judge_mail(world._replace(table=table), mail)
        return world._replace(
            mails=put(world.mails, mail),
            held_until=world.held_until or self.invariants.held_until(table, mail.message),
            feedback=world.feedback | {(mail, answer) for answer in self.answers},
        )

    def _is_late(self, world: ModelState, process: Process) -> bool:
        """Whether it has slept between its last look at the clock and the send."""
        now = self.herald.rules.clock(process.waiting.message, world.now)
        return process.step.kind == "send" and process.step.seen != now

    # -- the clock --------------------------------------------------------------------------------------------------

    def _is_over(self, world: ModelState) -> bool:
        """Whether no delivery will ever run again, and nothing expires."""
        budget = world.budget
        if world.running or world.waiting or budget.ages or budget.agains or budget.records:
            return False
        return not budget.redrives or not (world.letters or self.invariants.has_suppressed(world.table))

    def _matters(self, world: ModelState) -> bool:
        """Whether a report on another mail may matter at this very moment."""
        at_marks = any(process.at_marks and _awake(process, world) for process in world.running)
        return at_marks or any(True for _ in self._clock(world))

    def _clock(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        for what, name, span, sleeping in _CLOCK:
            if getattr(world.budget, what) and len(world.running) <= sleeping:
                yield name, spend(world._replace(now=world.now + span, reported=False), what)

    @staticmethod
    def _list_late_moves(world: ModelState, over: bool) -> Iterator[tuple[str, ModelState]]:
        for key, item in world.table.items() if world.now >= NOW + RETENTION else ():
            if "expires_at" in item and int(item["expires_at"][1]) * 1000 <= world.now:
                left = Frozen({name: kept for name, kept in world.table.items() if name != key})
                yield f"TTL deletes {key.partition('#')[0]}", world._replace(table=left)
        if world.budget.upgrades and not over:
            yield "a release", spend(world._replace(release=world.release + 1), "upgrades")


def _is_mirrored(waiting: Waiting, world: ModelState) -> bool:
    """Whether to begin with `waiting` is to begin with another under its name: of two copies that have not begun the
    first goes first, and where nothing has begun yet, of messages alike with as many copies the first."""
    fresh = [other for other in world.waiting if other.fresh]
    if any(other.message == waiting.message and other.copy < waiting.copy for other in fresh):
        return True
    if len(fresh) < world.deliveries:
        return False
    copies = Counter((other.message, other.content) for other in fresh)
    same = copies[waiting.message, waiting.content]
    return any(
        message < waiting.message and content == waiting.content and count == same
        for (message, content), count in copies.items()
    )


def _name(process: Process) -> str:
    return f"{process.waiting.copy} {process.step.kind} {process.step.what}".rstrip()


def _awake(process: Process, world: ModelState) -> bool:
    return process.asleep_at != (world.now, world.release)
