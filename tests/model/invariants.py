"""What Herald promises of one event, judged at every write, at every mail and where nothing is left to happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fakes.dynamodb.table import State as Snapshot
from fakes.dynamodb.values import Frozen, thaw_item
from function.ledger.keys import is_window
from function.ledger.record import Record
from function.ledger.states import ACCEPTED, IN_DOUBT, PRECEDENCE, TRIED, Action, State
from tests.model.digests import find_broken, find_lost, find_wrong_mail
from tests.model.herald import ADDRESS, CHOICE, EVENT
from tests.model.model_state import CANCELLATION, FIVE_MINUTES, NOW, RETENTION, SCHEDULER, Mail, ModelState, Process
from tests.model.rules import Rules
from tests.model.several import find_lost as find_lost_recipient
from tests.model.several import letter_of
from tests.model.tenants import find_lost as find_lost_of_tenants
from tests.model.tenants import find_wrong_list, find_wrong_stop, list_of

__all__ = ["HEARD", "InvariantViolated", "Invariants", "judge_address"]

#: What each report of the provider says.
HEARD: dict[Action, State] = {
    Action.FEEDBACK_SENT: State.SENT,
    Action.FEEDBACK_REFUSED: State.REFUSED,
    Action.FEEDBACK_NEVER_TRIED: State.REFUSED,
    Action.FEEDBACK_SOFT_BOUNCED: State.SOFT_BOUNCED,
    Action.FEEDBACK_DELIVERED: State.DELIVERED,
    Action.FEEDBACK_BOUNCED: State.BOUNCED,
    Action.FEEDBACK_COMPLAINED: State.COMPLAINED,
}


class InvariantViolated(Exception):
    """Something that must hold did not; the text says what."""


@dataclass(slots=True)
class Invariants:
    """What must hold under one scenario's rules."""

    rules: Rules
    _records: dict[Any, Record] = field(default_factory=dict)
    _owners: dict[Snapshot, frozenset[str]] = field(default_factory=dict)

    # -- a mail -----------------------------------------------------------------------------------------------------

    def judge_mail(self, world: ModelState, mail: Mail) -> None:
        """Before a mail is added: one is everybody's, each more needs a yes, or the one sentence of the limits."""
        (self._judge_digest if self.rules.digest else self._judge_what_leaves)(world, mail)
        if self.held_until(world.table, mail.message) <= world.now:
            raise InvariantViolated("a mail left after its hold")
        untried = {other for other, action in world.heard if action is Action.FEEDBACK_NEVER_TRIED}
        if any(other.provider == mail.provider and other.message != mail.message for other in untried):
            raise InvariantViolated("a mail is given again to the provider that never tried it")
        mails = [other for other in world.mails if not self.rules.digest or other.message == mail.message]
        mails = [other for other in mails if other.to == mail.to]
        before = [other for other in mails if other.at > world.now - RETENTION and other not in untried]
        resent = self.rules.resends > 0 and bool(before) and self._reported(world)
        if len(before) >= 1 + len(world.yeses) + resent:
            raise InvariantViolated("a second mail left without a licence")

    def _judge_what_leaves(self, world: ModelState, mail: Mail) -> None:
        if mail.content != self.rules.content(mail.message):
            raise InvariantViolated("a mail left in the name of a message with another content")
        several = self.rules.several or self.rules.tenants
        key = self.record(world.table[f"message#{mail.message}"]).event_key if several else EVENT
        event = world.table.get(key or "")
        if event is None or event["message_id"][1] != mail.message:
            raise InvariantViolated("a mail left in the name of a message that does not have the event")
        if world.now < (self.rules.due(mail.content) or 0) - max(map(abs, self.rules.ahead)):
            raise InvariantViolated("a mail left before its time")

    def _judge_digest(self, world: ModelState, mail: Mail) -> None:
        ahead = max(map(abs, self.rules.ahead))
        if wrong := find_wrong_mail(world.table, mail, world.mails, world.now, ahead):
            raise InvariantViolated(wrong)

    def _reported(self, world: ModelState) -> bool:
        """Whether each provider has reported twice, five minutes apart, on mails sent after the first mail's hold."""
        if self.rules.reported:
            return world.now >= world.held_until
        after = [report for report in world.reports if report.sent >= world.held_until]
        times = {url: [report.at for report in after if report.provider == url] for url in self.rules.urls}
        return all(found and max(found) - min(found) >= FIVE_MINUTES for found in times.values())

    # -- a write ----------------------------------------------------------------------------------------------------

    def judge_write(self, world: ModelState, process: Process, after: Snapshot) -> None:
        """Every record that a process changed, and what is kept for how long."""
        if after is world.table:
            return
        for key, item in after.items():
            old = world.table.get(key)
            if old is not item and key.startswith("message#"):
                self._judge_change(world, process, None if old is None else self.record(old), self.record(item))
        self._judge_expiry(after)
        if self.rules.digest and (broken := find_broken(after, self.records(after))):
            raise InvariantViolated(broken)

    def _judge_change(self, world: ModelState, process: Process, before: Record | None, new: Record) -> None:
        """No stale write, no claim of what was heard of, no mail to a listed address, nothing in another's name."""
        if before and before.is_expired(world.now):
            before = None
        may_be_sending = before and before.is_held(world.now) and before.owner not in process.owners
        if before and may_be_sending and new.state != before.state:
            raise InvariantViolated("a write over a mail that another owner may be sending")
        if before and before.state in ACCEPTED and _is_weaker(new.state, before.state):
            raise InvariantViolated("a record forgot that its mail went")
        over = (State.REPLACED, State.CANCELLED) if new.parts else (State.REPLACED,)
        if before and before.state is State.REPLACED and new.state not in over:
            raise InvariantViolated("a message went on that another had replaced")
        if before and before.state is State.CANCELLED and new.state is not State.CANCELLED:
            raise InvariantViolated("what was cancelled went on")
        if before and before.state in IN_DOUBT:
            self._judge_cancelled_in_doubt(world, before, new)
        if (new.state in (State.SCHEDULED, State.COLLECTING)) != (new.due_at is not None):
            raise InvariantViolated("what waits is not in the index of what is due, or what does not wait is")
        said = letter_of(process.waiting.content) if self.rules.several else process.waiting.content
        cancels = said == CANCELLATION and new.state is State.CANCELLED
        collects = is_window(new.message_id) and new.state is State.COLLECTING
        other = self.rules.content(new.message_id) != said and not cancels and not collects
        if other and new.state is not State.REPLACED and (before is None or new.state != before.state):
            raise InvariantViolated("a delivery acted in the name of a message with another content")
        self._judge_address(world, process, said, new)

    def _judge_address(self, world: ModelState, process: Process, said: str, new: Record) -> None:
        """No mail is begun that a list of its tenant's stops, and none is told as stopped that another's does."""
        if new.state is State.SENDING and new.owner == process.owner:
            _judge_claim(world, list_of(said, self.rules.own, ADDRESS) if self.rules.tenants else ADDRESS)
        if self.rules.tenants and new.state is State.SUPPRESSED:
            _refuse(find_wrong_stop(world.table, said, self.rules.own, ADDRESS))

    @staticmethod
    def _judge_cancelled_in_doubt(world: ModelState, before: Record, new: Record) -> None:
        if before.is_held(world.now) and before.cancelled_by != new.cancelled_by:
            raise InvariantViolated("a cancellation did not wait for who may be sending")
        if before.cancelled_by and new.state is State.RELEASED:
            raise InvariantViolated(
                "a mail that was cancelled, and certainly not sent, may be sent by the next delivery"
            )
        if before.cancelled_by and new.state is State.SENDING and new.owner != before.owner and not world.yeses:
            raise InvariantViolated("a mail that may have gone is sent once more although it was cancelled")

    def _judge_expiry(self, after: Snapshot) -> None:
        """Nothing is kept for ever, and the event's item as long as its owner's."""
        if any("expires_at" not in item for key, item in after.items() if key.startswith(("message#", "event#"))):
            raise InvariantViolated("an item is kept for ever")
        several = self.rules.digest or self.rules.several or self.rules.tenants
        for key in [key for key in after if key.startswith("event#")] if several else (EVENT,):
            event = after.get(key)
            owner = event and after.get(f"message#{event['message_id'][1]}")
            if event and owner and "event_key" in owner and owner["expires_at"] != event["expires_at"]:
                raise InvariantViolated("an event and its owner expire at different times")

    def judge_feedback(self, old: Snapshot, after: Snapshot, now: int) -> None:
        """What the provider says never makes a record weaker, and leaves the reader's choice alone."""
        judge_address(old, after, CHOICE)
        self._judge_expiry(after)
        for record in self.records(after):
            item = old.get(f"message#{record.message_id}")
            before = None if item is None else self.record(item)
            if before and not before.is_expired(now) and _is_weaker(record.state, before.state):
                raise InvariantViolated("feedback made a record forget what it knew")

    # -- the end ----------------------------------------------------------------------------------------------------

    def judge_end(self, world: ModelState) -> bool:
        """Whether nothing is left to happen by itself; then every event must have its mail or a visible reason."""
        if self.rules.tenants:
            _refuse(find_wrong_list(world, self.rules.own, ADDRESS))
        if world.running or world.waiting or (world.budget.polls and self.find_due(world)):
            return False
        records = {record.message_id: record for record in self.records(world.table)}
        for record in records.values():
            if not record.is_expired(world.now):
                self._judge_record(world, record, records)
        if world.now >= NOW + RETENTION:
            return True
        self._judge_each(world, records)
        if not world.mails and not any(_waits_visibly(record) for record in records.values()):
            raise InvariantViolated("the event ended with neither a mail nor a visible reason")
        cancelled = any(record.state is State.CANCELLED for record in records.values())
        if self._is_cancelled(world) and not (cancelled or any(record.cancelled_by for record in records.values())):
            raise InvariantViolated("a cancellation was swallowed")
        known = (
            {CANCELLATION}
            | {self.rules.content(name) for name in records}
            | {letter.content for letter in world.letters}
        )
        if not world.mails and not cancelled and set(map(self.rules.content, world.published)) - known:
            raise InvariantViolated("a publication with other content was swallowed")
        return True

    def _judge_each(self, world: ModelState, records: dict[str, Record]) -> None:
        """Where there are several events, or several recipients: what became of each."""
        published = [*map(self.rules.content, world.published)]
        if self.rules.digest:
            _refuse(find_lost(world.table, records, published, world.mails))
        if self.rules.several:
            _refuse(find_lost_recipient(world.table, records, published, world.mails))
        if self.rules.tenants:
            _refuse(find_lost_of_tenants(records, world.published))

    def _judge_record(self, world: ModelState, record: Record, records: dict[str, Record]) -> None:
        letters = [letter for letter in world.letters if letter.message == record.message_id]
        mails = {mail.attempt for mail in world.mails if mail.message == record.message_id}
        if record.state is State.RELEASED:
            raise InvariantViolated("released, and nobody will try again")
        named = any(letter.attempt == record.owner for letter in letters)
        if record.state in IN_DOUBT and not (record.parked == record.owner and named):
            raise InvariantViolated(f"{record.state}, and nobody moves it")
        if record.state in IN_DOUBT and self.rules.certain and not world.mails:
            raise InvariantViolated("what was certainly not sent is told as a doubt")
        if record.state is State.REJECTED and not letters:
            raise InvariantViolated("rejected without a letter that shows it to a person")
        event = world.table.get(record.event_key or EVENT, Frozen())
        if record.state is State.CANCELLED and mails:
            raise InvariantViolated("cancelled as certainly not sent, and its mail went")
        if (record.state in (State.REJECTED, State.SCHEDULED) or record.parked) and "body" not in event:
            raise InvariantViolated("what waits is kept without its event")
        if record.state is State.REPLACED and not record.parts and record.successor not in records:
            raise InvariantViolated("replaced by a message that there is not")
        if record.state in ACCEPTED and not mails:
            raise InvariantViolated("recorded as sent, and no mail went")
        if record.state is State.REJECTED and mails:
            raise InvariantViolated("rejected as certainly not sent, and its mail went")
        self._judge_what_was_said(world, record, mails)
        self._judge_never_tried(world, record)

    def _judge_never_tried(self, world: ModelState, record: Record) -> None:
        """What was never tried goes elsewhere, and what was tried after all is shown."""
        said = {action: mail for mail, action in world.heard if mail.message == record.message_id}
        if record.never_tried and TRIED.intersection(HEARD[action] for action in said) and record.sent_twice is None:
            raise InvariantViolated("tried after all by who never tried, and nobody is told")
        mail = said.get(Action.FEEDBACK_NEVER_TRIED)
        first = mail is not None and mail.message == "m1" and mail.provider == self.rules.urls[0]
        if not first or record.state is not State.REFUSED or record.at_risk > 1 or len(self.rules.urls) < 2:
            return
        if not record.successor:
            raise InvariantViolated("never tried, and nobody is asked to send it elsewhere")

    @staticmethod
    def _judge_what_was_said(world: ModelState, record: Record, mails: set[str]) -> None:
        """Once all was heard, the record is the strongest that was said, and names each attempt that sent."""
        if record.sent_by - mails:
            raise InvariantViolated("an attempt is named as sent that sent nothing")
        if world.heard != world.feedback or world.now >= _find_expiry(world):
            return
        said = [HEARD[action] for mail, action in world.heard if mail.message == record.message_id]
        if said and PRECEDENCE.index(record.state) > min(map(PRECEDENCE.index, said)):
            raise InvariantViolated("the final record is not the strongest that was said")
        if mails - record.sent_by:
            raise InvariantViolated("a mail was sent and heard of, and its attempt is not named")
        if len(mails) > 1 and record.sent_twice is None:
            raise InvariantViolated("sent twice, and nobody is told")

    # -- reading ----------------------------------------------------------------------------------------------------

    def held_until(self, table: Snapshot, message: str) -> int:
        """When the hold of a message's present owner ends."""
        return self.record(table[f"message#{message}"]).held_until

    def find_due(self, world: ModelState) -> bool:
        """Whether the scheduler finds anything."""
        now = self.rules.clock(SCHEDULER, world.now)
        return any(record.due_at is not None and record.due_at <= now for record in self.records(world.table))

    def _is_cancelled(self, world: ModelState) -> bool:
        return any(self.rules.content(message) == CANCELLATION for message in world.published)

    def owners(self, table: Snapshot) -> frozenset[str]:
        """Every attempt that a record names."""
        if table not in self._owners:
            named = ((record.owner, record.parked) for record in self.records(table))
            self._owners[table] = frozenset(name for names in named for name in names if name)
        return self._owners[table]

    def has_suppressed(self, table: Snapshot) -> bool:
        """Whether a person may redrive a record that has no letter."""
        return any(record.state is State.SUPPRESSED for record in self.records(table))

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
        raise InvariantViolated("what keeps the list and what keeps the reader's choice do not leave each other alone")


def _find_expiry(world: ModelState) -> int:
    """When the first record may be gone, and with it who sent."""
    return min((mail.at for mail in world.mails), default=world.now) + RETENTION


def _waits_visibly(record: Record) -> bool:
    shown = (State.REJECTED, State.SUPPRESSED, State.SCHEDULED, State.CANCELLED, State.COLLECTING)
    return record.state in shown or record.parked is not None


def _refuse(broken: str | None) -> None:
    if broken:
        raise InvariantViolated(broken)


def _judge_claim(world: ModelState, key: str) -> None:
    address = world.table.get(key, Frozen())
    if "since" in address:
        raise InvariantViolated("a mail was begun to a listed address")
    if world.ses_listed:
        raise InvariantViolated("a mail was begun to an address that is on SES's list")
    if CHOICE in address:
        raise InvariantViolated("a mail was begun to a reader who has unsubscribed")


def _is_weaker(one: State, other: State) -> bool:
    return PRECEDENCE.index(one) > PRECEDENCE.index(other)
