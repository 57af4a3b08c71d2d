"""Every move of the modelled world, and the promises that each must keep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from function.ledger.record import Record, Row
from function.ledger.states import IN_DOUBT, PRECEDENCE, Action, State
from function.ledger.table import Table
from operations.installation import Installation
from operations.suppressions import Suppression, remove_suppression
from tests.model.herald import ADDRESS, CATEGORY, CHOICE, Herald, Stepped, branches
from tests.model.table import State as Snapshot
from tests.model.values import Frozen, thaw_item
from tests.model.world import HOLD, Process, Waiting, World
from webapp.preferences.preferences import Preferences

__all__ = ["Broken", "Moves"]

_MAILED = frozenset(PRECEDENCE[: PRECEDENCE.index(State.SENT) + 1])
_HEARD: dict[Action, State] = {
    Action.FEEDBACK_SENT: State.SENT,
    Action.FEEDBACK_REFUSED: State.REFUSED,
    Action.FEEDBACK_DELIVERED: State.DELIVERED,
    Action.FEEDBACK_BOUNCED: State.BOUNCED,
    Action.FEEDBACK_COMPLAINED: State.COMPLAINED,
}


class Broken(Exception):
    """A promise was broken; the text says which."""


@dataclass(slots=True)
class Moves:
    """The moves under one scenario. `answers` is what the provider says of every mail that it took."""

    herald: Herald
    answers: tuple[Action, ...] = (Action.FEEDBACK_SENT,)
    _records: dict[Any, Record] = field(default_factory=dict)
    _told: dict[tuple[str, Action, Snapshot, int], Snapshot] = field(default_factory=dict)

    def __call__(self, world: World) -> Iterator[tuple[str, World]]:
        """Every state that can follow `world`, with the move's name. Raises Broken."""
        yield from self._deliveries(world)
        yield from self._feedback(world)
        yield from self._persons(world)
        budget = world.budget
        if budget.ticks:
            yield "the hold passes", world._replace(now=world.now + HOLD, budget=_less(budget, "ticks"))
        if budget.upgrades:
            yield "a release", world._replace(release=world.release + 1, budget=_less(budget, "upgrades"))

    # -- deliveries -----------------------------------------------------------------------------------------------

    def _deliveries(self, world: World) -> Iterator[tuple[str, World]]:
        for waiting in sorted(set(world.waiting), key=repr):
            if waiting.fresh and _mirrored(waiting, world):
                continue
            begun = self.herald.begin(waiting, world.release, world.now)
            rest = world._replace(waiting=_without(world.waiting, waiting))
            yield from self._steps(rest, begun)
            yield from self._sleep(rest, begun)
        for process in world.running:
            rest = world._replace(running=_without(world.running, process))
            if process.asleep_at != (world.now, world.release):
                yield from self._killed(rest, process)
                yield from self._steps(rest, process)

    def _sleep(self, rest: World, begun: Process) -> Iterator[tuple[str, World]]:
        """To begin is only to read the clock, so it is a move by itself only for who then sleeps until it has moved."""
        if (rest.budget.ticks or rest.budget.upgrades) and not any(other.asleep_at for other in rest.running):
            asleep = begun._replace(asleep_at=(rest.now, rest.release))
            yield f"{begun.waiting.copy} begins, and sleeps", rest._replace(running=_sorted((*rest.running, asleep)))

    def _killed(self, rest: World, process: Process) -> Iterator[tuple[str, World]]:
        """Killed by a crash, or by its time limit where it slept between its last look at the clock and the send."""
        late = _late(rest, process)
        if late or rest.budget.crashes:
            budget = rest.budget if late else _less(rest.budget, "crashes")
            killed = self._settle(rest._replace(budget=budget), process.waiting, Stepped(rest.table, None, again=True))
            yield f"{_name(process)}: killed before", killed

    def _steps(self, rest: World, process: Process) -> Iterator[tuple[str, World]]:
        if _late(rest, process):
            return
        for branch, budget in branches(process.step, rest.budget):
            stepped = self.herald.step(process, branch, rest.table, rest.now)
            self._judge_write(rest, process, stepped.table)
            after = rest._replace(table=stepped.table, budget=budget)
            if process.step.kind == "letter":
                message, attempt = process.step.what.split(" ", 1)
                after = after._replace(letters=_sorted((*after.letters, (message, attempt))))
            if branch.startswith("accepted"):
                after = self._accept(after, process)
            yield f"{_name(process)}: {branch}", self._settle(after, process.waiting, stepped)

    def _settle(self, world: World, waiting: Waiting, stepped: Stepped) -> World:
        world = world._replace(table=stepped.table)
        if stepped.process:
            return world._replace(running=_sorted((*world.running, stepped.process)))
        if not stepped.again:
            return world
        owner = f"{waiting.copy}.{waiting.tries}"
        used = any(attempt == owner for _, attempt in world.letters) or owner in repr(list(world.table.values()))
        again = waiting._replace(retry=True, tries=waiting.tries + used)
        return world._replace(waiting=_sorted((*world.waiting, again)))

    def _accept(self, world: World, process: Process) -> World:
        message = process.step.what
        licensed = 1 + world.yeses
        if self.herald.rules.resends and world.mails and world.now >= world.first_mail + HOLD:
            licensed += 1
        if len(world.mails) + 1 > licensed:
            raise Broken("a second mail left without a licence")
        return world._replace(
            mails=_sorted((*world.mails, message)),
            first_mail=world.first_mail or world.now,
            feedback=world.feedback | {(message, answer) for answer in self.answers},
        )

    # -- the rest of the world --------------------------------------------------------------------------------------

    def _feedback(self, world: World) -> Iterator[tuple[str, World]]:
        for message, action in sorted(world.feedback):
            after = self._hear(message, action, world.table, world.now)
            heard = world.heard | {(message, action)}
            if after != world.table or heard != world.heard:
                yield f"{message} {action}", world._replace(table=after, heard=heard)

    def _hear(self, message: str, action: Action, before: Snapshot, now: int) -> Snapshot:
        key = (message, action, before, now)
        if key not in self._told:
            table, code = self.herald.table, self.herald.code
            table.restore(before)
            suppress = ADDRESS if action in (Action.FEEDBACK_BOUNCED, Action.FEEDBACK_COMPLAINED) else None
            row = Row(_HEARD[action], now, "f")
            writes = code.writes("herald-ledger", "f", HOLD, 90 * 86_400, 1)
            code.ledger(Table(table, "herald-ledger"), writes, lambda: now).apply_feedback(
                message, action, row, suppress
            )
            self._told[key] = table.snapshot()
            self._judge_feedback(before, self._told[key])
        return self._told[key]

    def _persons(self, world: World) -> Iterator[tuple[str, World]]:
        budget = world.budget
        if budget.redrives:
            number = budget.redrives
            for message, attempt in sorted(set(world.letters)):
                rest = tuple(_without(world.letters, (message, attempt)))
                base = self._reset(world, message)._replace(budget=_less(budget, "redrives"))
                letter = Waiting(message, f"L{number}", attempt, retry=True)
                yield f"redrive {attempt}", _queued(base._replace(letters=rest), letter)
                if budget.copies:
                    copied = base._replace(budget=_less(base.budget, "copies"))
                    yield f"redrive {attempt}, killed before it is taken away", _queued(copied, letter)
                if budget.confirms:
                    sure = base._replace(budget=_less(base.budget, "confirms"), yeses=world.yeses + 1, letters=rest)
                    yield f"redrive {attempt} with a yes", _queued(sure, letter._replace(confirmed=True))
            for record in self._all(world.table):
                if record.state is State.SUPPRESSED:
                    letter = Waiting(record.message_id, f"L{number}", record.owner, retry=True)
                    yield "redrive the suppressed", _queued(world._replace(budget=_less(budget, "redrives")), letter)
        yield from self._listing(world)

    def _listing(self, world: World) -> Iterator[tuple[str, World]]:
        """The address comes onto the list or off it, and its reader chooses, each as often as its budget says."""
        address = world.table.get(ADDRESS, Frozen())
        choices, hashed = Preferences(self._client, "herald-ledger"), ADDRESS.removeprefix("address#")
        if "since" in address:
            yield from self._written(world, "removals", "it is taken off", CHOICE, self._unlist)
        else:
            yield from self._written(world, "listings", "the address is listed", CHOICE, self._list)
        if CHOICE in address:
            again = partial(choices.subscribe, CATEGORY, hashed)
            yield from self._written(world, "resubscribes", "and subscribes again", "since", again)
        else:
            stop = partial(choices.unsubscribe, CATEGORY, hashed, 1, "link")
            yield from self._written(world, "unsubscribes", "the reader unsubscribes", "since", stop)

    def _written(
        self, world: World, what: str, name: str, kept: str, write: Callable[[], object]
    ) -> Iterator[tuple[str, World]]:
        """One write of the address's item, which leaves what is not its own as it was."""
        if not getattr(world.budget, what):
            return
        self.herald.table.restore(world.table)
        write()
        after = self.herald.table.snapshot()
        _judge_address(world.table, after, kept)
        yield name, world._replace(table=after, budget=_less(world.budget, what))

    def _list(self) -> None:
        """As the bounce of some other mail does."""
        writes = self.herald.code.writes("herald-ledger", "f", HOLD, 90 * 86_400, 1)
        _, listed = writes.apply_feedback("another", Action.FEEDBACK_BOUNCED, Row(State.BOUNCED, 1, "f"), ADDRESS)
        self._client.transact_write_items(TransactItems=[listed])

    def _unlist(self) -> None:
        installation = Installation(self._client, self._client, "", "", "", "herald-ledger", lambda: b"model")
        entry = Suppression(ADDRESS, "bounced", datetime.fromtimestamp(0, UTC), "another")
        remove_suppression(installation, entry)

    @property
    def _client(self) -> Any:
        return self.herald.table

    def _reset(self, world: World, message: str) -> World:
        """The seeded fault: a redrive that makes the record as new."""
        if not self.herald.code.redrive_resets:
            return world
        self.herald.table.restore(world.table)
        self.herald.table.delete_item(TableName="herald-ledger", Key={"pk": {"S": f"message#{message}"}})
        return world._replace(table=self.herald.table.snapshot())

    # -- promises -------------------------------------------------------------------------------------------------

    def _judge_write(self, world: World, process: Process, after: Snapshot) -> None:
        """No stale write, no claim of what was heard of, no mail to a listed address."""
        for key, item in after.items():
            old = world.table.get(key)
            if old is item or not key.startswith("message#"):
                continue
            new, before = self._record(item), None if old is None else self._record(old)
            if before and before.held(world.now) and before.owner != process.owner and new.state != before.state:
                raise Broken("a write over a mail that another owner may be sending")
            redriven = process.waiting.letter and before and before.state is State.REFUSED
            if before and before.state in _MAILED and _weaker(new.state, before.state) and not redriven:
                raise Broken("a record forgot that its mail went")
            if new.state is State.SENDING and new.owner == process.owner:
                self._judge_claim(world)

    @staticmethod
    def _judge_claim(world: World) -> None:
        address = world.table.get(ADDRESS, Frozen())
        if "since" in address:
            raise Broken("a mail was begun to a listed address")
        if CHOICE in address:
            raise Broken("a mail was begun to a reader who has unsubscribed")

    def _judge_feedback(self, old: Snapshot, after: Snapshot) -> None:
        _judge_address(old, after, CHOICE)
        for record in self._all(after):
            item = old.get(f"message#{record.message_id}")
            before = None if item is None else self._record(item)
            if before and _weaker(record.state, before.state):
                raise Broken("feedback made a record forget what it knew")

    def judge_end(self, world: World) -> bool:
        """Whether nothing is left to happen by itself; then every event must have its mail or a visible reason."""
        if world.running or world.waiting:
            return False
        records = list(self._all(world.table))
        for record in records:
            self._judge_record(world, record)
        visible = any(record.state in (State.REJECTED, State.SUPPRESSED) or record.parked for record in records)
        if not world.mails and not visible:
            raise Broken("the event ended with neither a mail nor a visible reason")
        return True

    def _judge_record(self, world: World, record: Record) -> None:
        letter = (record.message_id, record.owner) in world.letters
        if record.state is State.RELEASED:
            raise Broken("released, and nobody will try again")
        if record.state in IN_DOUBT and not (record.parked == record.owner and letter):
            raise Broken(f"{record.state}, and nobody moves it")
        if record.state is State.REJECTED and not any(message == record.message_id for message, _ in world.letters):
            raise Broken("rejected without a letter that shows it to a person")
        if record.state in (State.REJECTED, State.SUPPRESSED) and record.event is None:
            raise Broken(f"{record.state} without the event it must keep")
        if record.state in _MAILED and not world.mails:
            raise Broken("recorded as sent, and no mail went")
        if record.state is State.REJECTED and record.message_id in world.mails:
            raise Broken("rejected as certainly not sent, and its mail went")
        said = [_HEARD[action] for message, action in world.heard if message == record.message_id]
        if said and world.heard == world.feedback and PRECEDENCE.index(record.state) > min(map(PRECEDENCE.index, said)):
            raise Broken("the final record is not the strongest that was said")

    def _all(self, table: Snapshot) -> Iterator[Record]:
        for key, item in table.items():
            if key.startswith("message#"):
                yield self._record(item)

    def _record(self, item: Any) -> Record:
        if item not in self._records:
            self._records[item] = Record.from_item(thaw_item(item))
        return self._records[item]


def _mirrored(waiting: Waiting, world: World) -> bool:
    """Whether to begin with `waiting` is to begin with another under its name: of two copies that have not begun the
    first goes first, and where nothing has begun yet, of messages with as many copies the first."""
    fresh = [other for other in world.waiting if other.fresh]
    if any(other.message == waiting.message and other.copy < waiting.copy for other in fresh):
        return True
    if len(fresh) < world.published:
        return False
    copies = Counter(other.message for other in fresh)
    return any(message < waiting.message and count == copies[waiting.message] for message, count in copies.items())


def _judge_address(before: Snapshot, after: Snapshot, kept: str) -> None:
    if (kept in before.get(ADDRESS, Frozen())) != (kept in after.get(ADDRESS, Frozen())):
        raise Broken("what keeps the list and what keeps the reader's choice do not leave each other alone")


def _weaker(one: State, other: State) -> bool:
    return PRECEDENCE.index(one) > PRECEDENCE.index(other)


def _name(process: Process) -> str:
    return f"{process.waiting.copy} {process.step.kind} {process.step.what}".rstrip()


def _late(world: World, process: Process) -> bool:
    return process.step.kind == "send" and process.step.seen != world.now


def _queued(world: World, letter: Waiting) -> World:
    return world._replace(waiting=_sorted((*world.waiting, letter)))


def _less(budget: Any, what: str) -> Any:
    return budget._replace(**{what: getattr(budget, what) - 1})


def _without(values: tuple[Any, ...], one: Any) -> tuple[Any, ...]:
    index = values.index(one)
    return (*values[:index], *values[index + 1 :])


def _sorted(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(sorted(values, key=repr)) if len(values) > 1 else values
