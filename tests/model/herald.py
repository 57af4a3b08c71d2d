"""Herald's own code, stepped: what one process does next, in each way that the world can answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from types import SimpleNamespace
from typing import Any, NamedTuple

from fakes.dynamodb.table import MemoryTable
from fakes.dynamodb.table import State as Snapshot
from fakes.dynamodb.values import Frozen, FrozenItem
from function.delivery.courier import Courier
from function.delivery.fan_out import RecipientFanOut
from function.delivery.scheduling import CANCEL, Scheduling
from function.errors import (
    InvalidEvent,
    UnknownNotification,
)
from function.event.cloudevent import Event
from function.event.compression import compress
from function.event.envelope import Delivery, from_queue
from function.ledger.digest_windows import DigestWindows
from function.ledger.keys import address_key, choice_name, event_key, feedback_key
from function.ledger.ledger import Ledger, Writes
from function.ledger.recipient_parts import PartRecords
from function.ledger.schedule import Schedule
from function.ledger.table import Table
from function.message.builder import Draft
from function.message.email import Email, Receipt
from function.providers.failover import Failover
from function.queues.dead_letter import Letter
from function.queues.retry_policy import RetryPolicy
from function.runtime.metrics import Telemetry
from function.scheduler import Scheduler
from function.webhook import WebhookHandler
from operations.installation import Installation
from operations.suppressions import take_off
from tests.model.branches import LIVE, Live
from tests.model.digests import ModelDigests, event_name, lines_of, read_digest
from tests.model.model_state import (
    CANCELLATION,
    DIGEST,
    HOLD,
    RETENTION,
    SCHEDULER,
    Process,
    Waiting,
)
from tests.model.replay import Entry, History, Paused, Step, Tape
from tests.model.rules import Rules
from tests.model.several import read_draft
from tests.model.tenants import read_draft as read_tenants_draft

__all__ = [
    "ABSTRACTED",
    "ADDRESS",
    "ADDRESS_TEXT",
    "CATEGORY",
    "CHOICE",
    "DROPPED",
    "EVENT",
    "SECRET",
    "Abstract",
    "Code",
    "Herald",
    "Stepped",
]

ADDRESS_TEXT = "ada@example.com"
SECRET = b"model"
#: The key of the only recipient, of whom `since` says that the address is on the list.
ADDRESS = address_key(SECRET, ADDRESS_TEXT)
#: The key of the only event.
EVENT = event_key("urn:model", "e")
#: What every mail belongs to, and the attribute that says that the recipient does not want it.
CATEGORY = "books"
CHOICE = choice_name(CATEGORY)

#: What no condition reads is kept out of the state, so that states which behave alike are one.
ABSTRACTED = {"timeline": ("L", ()), "attempts": ("N", 1), "sent_twice": ("N", 1)}
DROPPED = frozenset({"reason", "reason_code", "provider_message_id", "type", "source", "id", "subject"})


class Abstract(MemoryTable):
    """The table, without what no condition reads. A search makes millions of requests of a few forms, which the tests
    of the function hold to botocore's model."""

    gated = False

    def _commit(self, changes: Any) -> None:
        super()._commit((pk, _abstract(item) if item and pk.startswith("message#") else item) for pk, item in changes)


def _abstract(item: FrozenItem) -> FrozenItem:
    return Frozen({name: ABSTRACTED.get(name, value) for name, value in item.items() if name not in DROPPED})


@dataclass(frozen=True, slots=True)
class Code:
    """The code that is tried: Herald's own, or with one fault seeded."""

    writes: type[Writes] = Writes
    courier: type[Courier] = Courier
    failover: type[Failover] = Failover
    ledger: type[Ledger] = Ledger
    schedule: type[Schedule] = Schedule
    scheduler: type[Scheduler] = Scheduler
    windows: type[DigestWindows] = DigestWindows
    parts: type[PartRecords] = PartRecords
    fan_out: type[RecipientFanOut] = RecipientFanOut
    webhook: type[WebhookHandler] = WebhookHandler
    #: A redrive command that first makes the record as new.
    redrive_resets: bool = False
    #: Takes an address off every list.
    take_off: Callable[[Installation, str], object] = take_off


class _EmailBuilder:
    """Every delivery carries the same event, whose content is its body; a `broken` release renders none."""

    def __init__(self, broken: bool, rules: Rules) -> None:
        self._broken = broken
        self._rules = rules

    def begin(self, delivery: Delivery) -> Draft:
        if self._rules.several:
            return read_draft(delivery.body, SECRET, CATEGORY)
        if self._rules.tenants:
            return read_tenants_draft(delivery.body, self._rules.own, ADDRESS_TEXT, ADDRESS, CATEGORY)
        if delivery.body == CANCELLATION:
            named = {"source": "urn:model", "id": "a" if self._rules.digest else "e"}
            cancel = Event("urn:model", "c", CANCEL, "", named)
            return Draft(
                cancel, UnknownNotification("no mail"), content_hash=cancel.content_hash, body=compress(delivery.body)
            )
        id_ = event_name(delivery.body) if self._rules.digest else "e"
        event = Event(
            "urn:model", id_, "book.created", "", {"recipient": {"email": ADDRESS_TEXT}, "content": delivery.body}
        )
        whole = delivery.body.startswith(DIGEST)
        if whole:
            event = read_digest(delivery.message_id, delivery.body)
        return Draft(
            event,
            address=ADDRESS,
            subscription=CATEGORY,
            content_hash=event.content_hash,
            body=compress(delivery.body),
            due=lines_of(delivery.body)[1] if whole else self._rules.due(delivery.body),
            whole=whole,
            collected=self._rules.digest and not whole,
        )

    def finish(self, draft: Draft, in_time_only: bool = True) -> Email:
        if self._broken or (draft.event and draft.event.data["content"] in "xy"):
            raise InvalidEvent("cannot be rendered")
        text = lines_of(draft.event.data["content"])[0] if draft.whole and draft.event else "text"
        return Email(ADDRESS_TEXT, "subject", text, "html")


@dataclass(slots=True)
class _Post:
    """A provider as a process meets it."""

    url: str
    tape: Tape
    timeout: float = 12.0

    def send(self, email: Email, key: str) -> Receipt:
        step = Step("send", f"{key} {email.tags['attempt']} {self.url} {email.text}", self.tape.seen)
        receipt: Receipt = self.tape.do(step, lambda: Receipt(self.url, "id"))
        return receipt

    def probe(self) -> None:
        self.tape.do(Step("probe", self.url), lambda: None)


@dataclass(slots=True)
class _Client:
    """DynamoDB as a process meets it."""

    table: Abstract
    tape: Tape
    last: str = ""

    def get_item(self, **request: Any) -> Any:
        """The marks of all providers are read as one."""
        kind = request["Key"]["pk"]["S"].partition("#")[0]
        stop = not (kind == "feedback" and self.last == "feedback")
        self.last = kind
        return self.tape.do(Step("table", f"get {kind}"), lambda: self.table.get_item(**request), stop)

    def query(self, **request: Any) -> Any:
        """All partitions of the index are read as one."""
        stop = self.last != "index"
        self.last = "index"
        return self.tape.do(Step("table", "get index"), lambda: self.table.query(**request), stop)

    def update_item(self, **request: Any) -> Any:
        kind = request["Key"]["pk"]["S"].partition("#")[0]
        return self.tape.do(Step("table", f"update {kind}"), lambda: self.table.update_item(**request))

    def transact_write_items(self, **request: Any) -> Any:
        return self.tape.do(Step("table", "transact"), lambda: self.table.transact_write_items(**request))


@dataclass(slots=True)
class _Dead:
    """The queue `dead` as a process meets it."""

    tape: Tape

    def put(self, letter: Letter) -> None:
        marks = letter.attributes
        self.tape.do(Step("letter", f"{marks['message_id']} {marks['attempt']}"), lambda: None)


@dataclass(slots=True)
class _Retry:
    """The queue `retry` as the scheduler meets it."""

    tape: Tape

    def put_all(self, letters: Sequence[Letter]) -> dict[int, str]:
        """There is one event, so one letter."""
        (letter,) = letters
        (found,) = from_queue({"messageId": "", "receiptHandle": "", "attributes": {}, "body": letter.body})
        assert isinstance(found, Delivery)
        assert found.in_ledger
        self.tape.do(Step("ask", found.message_id), lambda: None)
        return {}


@dataclass(slots=True)
class _Parts:
    """The queue `retry` as whoever parts an event meets it: it may die between any two that it puts there."""

    tape: Tape

    def put_all(self, letters: Sequence[Letter]) -> dict[int, str]:
        for letter in letters:
            (found,) = from_queue({"messageId": "", "receiptHandle": "", "attributes": {}, "body": letter.body})
            assert isinstance(found, Delivery)
            self.tape.do(Step("hand on", f"{found.message_id} {found.body}"), lambda: None)
        return {}


class Stepped(NamedTuple):
    """What came of one step: the process as it stands now, or None with `again` saying whether it comes back, and with
    which attempt that is `not_sent`."""

    table: Snapshot
    process: Process | None
    again: bool = False
    not_sent: str | None = None


#: A process before its next step, or None, whether it comes back, and what was not sent.
Stop = tuple[Process | None, bool, str | None]
#: How one step goes: what the world answers instead of, or around, the work itself.


@dataclass(slots=True)
class Herald:
    """Runs processes of one `code` under one scenario's `rules`, each step once for each state it can meet."""

    code: Code
    rules: Rules
    table: Abstract = field(default_factory=lambda: Abstract("herald-ledger"))
    _known: dict[tuple[Process, str, Snapshot, int], Stepped] = field(default_factory=dict)
    _stops: dict[tuple[Process, int, Any], Stop] = field(default_factory=dict)
    _work: dict[Process, Callable[[], Any]] = field(default_factory=dict)

    def begin(self, waiting: Waiting, release: int, now: int) -> Process:
        """The process of a delivery, before its first step."""
        process, *_ = self._carry_on(Process(waiting, release, History(), Step("")), now, Frozen())
        assert process is not None, "every delivery reads or writes the ledger"
        return process

    def step(self, process: Process, branch: str, table: Snapshot, now: int) -> Stepped:
        """The process after its next step went as `branch` says."""
        key = (process, branch, table, now)
        if key not in self._known:
            self._known[key] = self._step(process, LIVE[branch], table, now)
        return self._known[key]

    def _step(self, process: Process, live: Live, table: Snapshot, now: int) -> Stepped:
        self.table.restore(table)
        try:
            entry = Entry(live(process.step, self._work[process._replace(asleep_at=None)]))
        except Exception as error:
            entry = Entry(error=error)
        after = self.table.snapshot()
        answered = Process(process.waiting, process.release, History((*process.history, entry)), Step(""))
        stopped, again, not_sent = self._carry_on(answered, now, after, process.at_marks)
        return Stepped(after, stopped and stopped._replace(asleep_at=process.asleep_at), again, not_sent)

    def _carry_on(self, process: Process, now: int, table: Snapshot, at_marks: bool = False) -> Stop:
        """The process before its next step, or None and whether it comes back. At the marks it may read those of all
        providers in one step."""
        marks = [table.get(feedback_key(url)) for url in self.rules.urls] if at_marks else []
        key = (process, now, tuple(marks))
        if key not in self._stops:
            self._stops[key] = self._run(process, now, table)
        return self._stops[key]

    def _run(self, process: Process, now: int, table: Snapshot) -> Stop:
        self.table.restore(table)
        tape = Tape(process.history)
        try:
            if process.waiting.message == SCHEDULER:
                self._scheduler(process, tape, now)({}, SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000))
                return None, False, None
            outcome = self._courier(process, tape, now).deliver(process.waiting.delivery(), now + 100 * HOLD)
        except Paused as paused:
            stopped = process._replace(history=History(tape.history), step=paused.step)
            self._work.setdefault(stopped, paused.work)
            return stopped, False, None
        except Exception:
            return None, True, None
        return None, outcome.retry_at is not None, outcome.not_sent

    def _ledger(self, process: Process, tape: Tape, now: int) -> Ledger:
        at = self.rules.clock(process.waiting.message, now)
        table = Table(_Client(self.table, tape), "herald-ledger", lambda _: None, lambda: 0.0)
        writes = self.code.writes("herald-ledger", str(process.release), HOLD, RETENTION // 1000, self.rules.resends)
        return self.code.ledger(table, writes, lambda: tape.instant(lambda: at))

    def _scheduler(self, process: Process, tape: Tape, now: int) -> Scheduler:
        ledger = self._ledger(process, tape, now)
        queue: Any = _Retry(tape)
        return self.code.scheduler(
            self.code.schedule(ledger), queue, Telemetry("scheduler", "1", ledger.clock, StringIO()), ledger.clock
        )

    def _courier(self, process: Process, tape: Tape, now: int) -> Courier:
        ledger = self._ledger(process, tape, now)
        clock = ledger.clock
        posts = [_Post(url, tape) for url in self.rules.urls]
        builder: Any = _EmailBuilder(process.release >= self.rules.breaks_at, self.rules)
        return self.code.courier(
            builder,
            ledger,
            self.code.failover(posts, clock, lambda _: None, lambda: 0.0),
            _Dead(tape),
            RetryPolicy(),
            str(process.release),
            clock,
            lambda: process.owner,
            self._scheduling(ledger) if self.rules.schedules else None,
            None,
            None,
            self.code.fan_out(self.code.parts(ledger), _Parts(tape)) if self.rules.several else None,
        )

    def _scheduling(self, ledger: Ledger) -> Scheduling:
        catalogue: Any = None
        digests = ModelDigests(self.code.windows(ledger), catalogue) if self.rules.digest else None
        return Scheduling(self.code.schedule(ledger), digests)
