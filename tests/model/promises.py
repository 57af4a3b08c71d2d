"""What Herald promises of one event, judged at every write, at every mail and where nothing is left to happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from function.ledger.record import Record
from function.ledger.states import IN_DOUBT, PRECEDENCE, Action, State
from tests.model.herald import ADDRESS, CHOICE, Rules
from tests.model.table import State as Snapshot
from tests.model.values import Frozen, thaw_item
from tests.model.world import Mail, Process, World

__all__ = ["HEARD", "Broken", "Promises", "judge_address"]

#: What each report of the provider says.
HEARD: dict[Action, State] = {
    Action.FEEDBACK_SENT: State.SENT,
    Action.FEEDBACK_REFUSED: State.REFUSED,
    Action.FEEDBACK_DELIVERED: State.DELIVERED,
    Action.FEEDBACK_BOUNCED: State.BOUNCED,
    Action.FEEDBACK_COMPLAINED: State.COMPLAINED,
}
_ACCEPTED = frozenset(PRECEDENCE[: PRECEDENCE.index(State.SENT) + 1])


class Broken(Exception):
    """A promise was broken; the text says which."""


@dataclass(slots=True)
class Promises:
    """The promises under one scenario's rules."""

    rules: Rules
    _records: dict[Any, Record] = field(default_factory=dict)
    _owners: dict[Snapshot, frozenset[str]] = field(default_factory=dict)

    def judge_mail(self, world: World, mail: Mail) -> None:
        """Before a mail is added: one is everybody's, each more needs a yes, or the one sentence of the limits."""
        if mail.content != self.rules.content(mail.message):
            raise Broken("a mail left in the name of a message with another content")
        resent = self.rules.resends > 0 and bool(world.mails) and world.now >= world.held_until
        licensed = 1 + world.yeses + resent
        if len(world.mails) >= licensed:
            raise Broken("a second mail left without a licence")

    def judge_write(self, world: World, process: Process, after: Snapshot) -> None:
        """No stale write, no claim of what was heard of, no mail to a listed address."""
        for key, item in after.items():
            old = world.table.get(key)
            if old is item or not key.startswith("message#"):
                continue
            new, before = self.record(item), None if old is None else self.record(old)
            if before and before.held(world.now) and before.owner != process.owner and new.state != before.state:
                raise Broken("a write over a mail that another owner may be sending")
            redriven = process.waiting.letter and before and before.state is State.REFUSED
            if before and before.state in _ACCEPTED and _weaker(new.state, before.state) and not redriven:
                raise Broken("a record forgot that its mail went")
            if new.state is State.SENDING and new.owner == process.owner:
                _judge_claim(world)

    def judge_feedback(self, old: Snapshot, after: Snapshot) -> None:
        """What the provider says never makes a record weaker, and leaves the reader's choice alone."""
        judge_address(old, after, CHOICE)
        for record in self.records(after):
            item = old.get(f"message#{record.message_id}")
            before = None if item is None else self.record(item)
            if before and _weaker(record.state, before.state):
                raise Broken("feedback made a record forget what it knew")

    def judge_end(self, world: World) -> bool:
        """Whether nothing is left to happen by itself; then every event must have its mail or a visible reason."""
        if world.running or world.waiting:
            return False
        records = list(self.records(world.table))
        for record in records:
            self._judge_record(world, record)
        visible = any(record.state in (State.REJECTED, State.SUPPRESSED) or record.parked for record in records)
        if not world.mails and not visible:
            raise Broken("the event ended with neither a mail nor a visible reason")
        return True

    def _judge_record(self, world: World, record: Record) -> None:
        letters = [letter for letter in world.letters if letter.message == record.message_id]
        mails = [mail for mail in world.mails if mail.message == record.message_id]
        if record.state is State.RELEASED:
            raise Broken("released, and nobody will try again")
        named = any(letter.attempt == record.owner for letter in letters)
        if record.state in IN_DOUBT and not (record.parked == record.owner and named):
            raise Broken(f"{record.state}, and nobody moves it")
        if record.state is State.REJECTED and not letters:
            raise Broken("rejected without a letter that shows it to a person")
        event = world.table.get(str(record.event_key), Frozen())
        if record.state is State.REJECTED and "body" not in event:
            raise Broken("rejected without the event it must keep")
        if record.state in _ACCEPTED and not world.mails:
            raise Broken("recorded as sent, and no mail went")
        if record.state is State.REJECTED and mails:
            raise Broken("rejected as certainly not sent, and its mail went")
        said = [HEARD[action] for mail, action in world.heard if mail.message == record.message_id]
        if said and world.heard == world.feedback and PRECEDENCE.index(record.state) > min(map(PRECEDENCE.index, said)):
            raise Broken("the final record is not the strongest that was said")

    def held_until(self, table: Snapshot, message: str) -> int:
        """When the hold of a message's present owner ends."""
        return self.record(table[f"message#{message}"]).held_until

    def owners(self, table: Snapshot) -> frozenset[str]:
        """Every attempt that a record names."""
        if table not in self._owners:
            named = ((record.owner, record.parked) for record in self.records(table))
            self._owners[table] = frozenset(name for names in named for name in names if name)
        return self._owners[table]

    def records(self, table: Snapshot) -> Iterator[Record]:
        """Every record in the table."""
        for key, item in table.items():
            if key.startswith("message#"):
                yield self.record(item)

    def record(self, item: Any) -> Record:
        """The record in an item."""
        if item not in self._records:
            self._records[item] = Record.from_item(thaw_item(item))
        return self._records[item]


def judge_address(before: Snapshot, after: Snapshot, kept: str) -> None:
    """The attribute `kept` of the address's item is there after exactly if it was before."""
    if (kept in before.get(ADDRESS, Frozen())) != (kept in after.get(ADDRESS, Frozen())):
        raise Broken("what keeps the list and what keeps the reader's choice do not leave each other alone")


def _judge_claim(world: World) -> None:
    address = world.table.get(ADDRESS, Frozen())
    if "since" in address:
        raise Broken("a mail was begun to a listed address")
    if CHOICE in address:
        raise Broken("a mail was begun to a reader who has unsubscribed")


def _weaker(one: State, other: State) -> bool:
    return PRECEDENCE.index(one) > PRECEDENCE.index(other)
