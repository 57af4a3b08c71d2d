"""What persons do: redrive letters, take addresses off the list, unsubscribe and subscribe again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar, cast

from fakes.dynamodb.values import Frozen
from function.ledger.record import TimelineRow
from function.ledger.states import ACCEPTED, IN_DOUBT, Action, State
from operations.installation import Installation
from tests.model.herald import ADDRESS, ADDRESS_TEXT, CATEGORY, CHOICE, SECRET, Herald
from tests.model.invariants import Invariants, judge_address
from tests.model.model_state import HOLD, RETENTION, ModelState, Waiting, put, remove_first, spend
from webapp.preferences.preferences import Preferences

__all__ = ["HumanActions"]


class _NotListed(Exception):
    """As SES's `NotFoundException`."""


@dataclass(slots=True)
class _SesList:
    """SES's own list: whether the address is on it. Each call is noted before it is answered."""

    listed: bool
    note: Callable[[], None]
    exceptions: ClassVar[Any] = SimpleNamespace(NotFoundException=_NotListed)

    def delete_suppressed_destination(self, **_: str) -> None:
        """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_DeleteSuppressedDestination.html"""
        self.note()
        if not self.listed:
            raise _NotListed
        self.listed = False


@dataclass(slots=True)
class HumanActions:
    """The moves of persons, by the code that they use."""

    herald: Herald
    invariants: Invariants

    def __call__(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        """Every state that a person can bring about."""
        budget = world.budget
        if budget.redrives:
            yield from self._redrives(world)
        if budget.agains or budget.records:
            yield from self._from_records(world)
        if budget.listings or budget.removals or budget.unsubscribes or budget.resubscribes:
            yield from self._listing(world)

    def _from_records(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        """What a person sends with a yes from the record: again what was accepted, and what may have gone."""
        budget = world.budget
        for record in self.invariants.records(world.table):
            message = record.message_id
            if record.is_held(world.now) or record.is_expired(world.now):
                continue
            if budget.agains and record.state in ACCEPTED and record.state is not State.COMPLAINED:
                content = self.herald.rules.content(message)
                again = Waiting(f"{message}-2", f"A{budget.agains}", content, None, True, True, instead_of=message)
                sure = world._replace(yeses=world.yeses | {again.message})
                yield f"send {message} again", _queue(spend(sure, "agains"), again)
            if budget.records and record.state in IN_DOUBT:
                content = self.herald.rules.content(message)
                delivery = Waiting(message, f"R{budget.records}", content, record.owner, True, True)
                sure = world._replace(yeses=world.yeses | {record.owner})
                yield f"send {message} from the record", _queue(spend(sure, "records"), delivery)

    def _redrives(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        budget = world.budget
        for letter in sorted(set(world.letters)):
            rest = remove_first(world.letters, letter)
            base = spend(self._reset(world, letter.message), "redrives")
            copy, instead_of = f"L{budget.redrives}", letter.instead_of or None
            delivery = Waiting(letter.message, copy, letter.content, letter.attempt, retry=True, instead_of=instead_of)
            delivery = delivery._replace(avoid=letter.avoid or None)
            yield f"redrive {letter.attempt}", _queue(base._replace(letters=rest), delivery)
            if budget.copies:
                copied = spend(base, "copies")
                yield f"redrive {letter.attempt}, killed before it is taken away", _queue(copied, delivery)
            if budget.confirms:
                sure = spend(base, "confirms")._replace(yeses=world.yeses | {letter.attempt}, letters=rest)
                yield f"redrive {letter.attempt} with a yes", _queue(sure, delivery._replace(confirmed=True))
        for record in self.invariants.records(world.table):
            if record.state is State.SUPPRESSED:
                content = self.herald.rules.content(record.message_id)
                delivery = Waiting(record.message_id, f"L{budget.redrives}", content, record.owner, retry=True)
                yield "redrive the suppressed", _queue(spend(world, "redrives"), delivery)

    def _listing(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        """The address comes onto the list or off it, and its reader chooses, each as often as its budget says."""
        address = world.table.get(ADDRESS, Frozen())
        choices, hashed = Preferences(self._client, "herald-ledger"), ADDRESS.removeprefix("address#")
        if "since" in address:
            yield from self._removal(world)
        else:
            both = world._replace(ses_listed=True)
            yield from self._written(both, "listings", "the address is listed", CHOICE, self._list)
        if CHOICE in address:
            again = partial(choices.subscribe, CATEGORY, hashed)
            yield from self._written(world, "resubscribes", "and subscribes again", "since", again)
        else:
            stop = partial(choices.unsubscribe, CATEGORY, hashed, 1, "link")
            yield from self._written(world, "unsubscribes", "the reader unsubscribes", "since", stop)

    def _written(
        self, world: ModelState, what: str, name: str, kept: str, write: Callable[[], object]
    ) -> Iterator[tuple[str, ModelState]]:
        """One write of the address's item, which leaves what is not its own as it was."""
        if not getattr(world.budget, what):
            return
        self.herald.table.restore(world.table)
        write()
        after = self.herald.table.snapshot()
        judge_address(world.table, after, kept)
        yield name, spend(world._replace(table=after), what)

    def _list(self) -> None:
        """As the bounce of some other mail does."""
        writes = self.herald.code.writes("herald-ledger", "f", HOLD, RETENTION // 1000, 1)
        _, listed = writes.apply_feedback(
            "another", Action.FEEDBACK_BOUNCED, TimelineRow(State.BOUNCED, 1, "f"), ADDRESS
        )
        self._client.transact_write_items(TransactItems=[listed])

    def _removal(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        """The address is taken off SES's list and off ours; or who does it is killed between the two."""
        if not world.budget.removals:
            return
        cuts = list[ModelState]()
        ses = _SesList(world.ses_listed, lambda: cuts.append(self._lists(world, ses)))
        client, regions = self._client, cast("Any", lambda: {"us-east-1": ses})
        installation = Installation(client, client, "", "", "", "herald-ledger", lambda: (SECRET,), ses=regions)
        self.herald.table.restore(world.table)
        self.herald.table.fault = lambda moment, *_: ses.note() if moment == "before" else None
        try:
            self.herald.code.take_off(installation, ADDRESS_TEXT)
        finally:
            self.herald.table.fault = None
        after = self._lists(world, ses)
        judge_address(world.table, after.table, CHOICE)
        yield "it is taken off", spend(after, "removals")
        for cut in cuts if world.budget.crashes else ():
            if cut != world:
                yield "it is taken off one list", spend(spend(cut, "removals"), "crashes")

    def _lists(self, world: ModelState, ses: _SesList) -> ModelState:
        return world._replace(table=self.herald.table.snapshot(), ses_listed=ses.listed)

    @property
    def _client(self) -> Any:
        return self.herald.table

    def _reset(self, world: ModelState, message: str) -> ModelState:
        """The seeded fault: a redrive that makes the record as new."""
        if not self.herald.code.redrive_resets:
            return world
        self.herald.table.restore(world.table)
        self.herald.table.delete_item(TableName="herald-ledger", Key={"pk": {"S": f"message#{message}"}})
        return world._replace(table=self.herald.table.snapshot())


def _queue(world: ModelState, delivery: Waiting) -> ModelState:
    return world._replace(waiting=put(world.waiting, delivery))
