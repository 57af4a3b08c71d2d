"""Herald in one process: its own code between a table, providers and queues in memory, on a clock that stands."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from io import StringIO
from types import SimpleNamespace
from typing import Any

from fakes.clock import Clock
from fakes.example_events import SECRET, event
from fakes.provider import FakeProvider
from fakes.queue import FakeQueue
from function.delivery.attachments import Attachments
from function.delivery.courier import Courier
from function.delivery.digests import Digests
from function.delivery.fan_out import RecipientFanOut
from function.delivery.outcome import Outcome
from function.delivery.scheduling import Scheduling
from function.delivery.tracing import DeliveryTracing
from function.event.envelope import Delivery, QueueItem, from_queue
from function.ledger.digest_windows import DigestWindows
from function.ledger.keys import address_key, choice_name, event_key
from function.ledger.ledger import Ledger, Writes
from function.ledger.recipient_parts import PartRecords
from function.ledger.record import Record, TimelineRow
from function.ledger.schedule import Schedule
from function.ledger.states import Action, State
from function.ledger.table import Table
from function.message.addressing.tenant import Tenant
from function.message.builder import EmailBuilder
from function.message.catalogue import Catalogue
from function.message.delivery_mode import DeliveryMode
from function.message.unsubscribe import UnsubscribeLinks
from function.providers.failover import Failover
from function.queues.dead_letter import Letter
from function.queues.retry_policy import RetryPolicy
from function.runtime.metrics import Telemetry
from function.scheduler import Scheduler
from operations.installation import Installation
from operations.suppressions import Suppression, find_suppression, remove_suppression

__all__ = ["InMemoryHerald", "delivery", "event_item", "redrive"]

_MINUTE = 60


@dataclass(slots=True)
class InMemoryHerald:
    """One Herald. `client` is whatever plays DynamoDB; the release under which it runs can change."""

    client: Any
    catalogue: Catalogue
    clock: Clock = field(default_factory=Clock)
    dead: FakeQueue = field(default_factory=FakeQueue)
    #: Where the parts of events with several recipients are put.
    retry: FakeQueue = field(default_factory=FakeQueue)
    release: str = "r1"
    resends: int = 1
    delivery_mode: DeliveryMode = field(default_factory=DeliveryMode)
    links: UnsubscribeLinks | None = None
    older_secrets: tuple[bytes, ...] = ()
    tenants: dict[str, Tenant] = field(default_factory=dict)
    #: The address of each role that gets copies.
    roles: dict[str, str] = field(default_factory=dict)
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    #: Whether events may be kept for later.
    schedules: bool = False
    tracing: DeliveryTracing | None = None
    #: What plays S3, and which of its buckets attachments may lie in.
    s3: Any = None
    buckets: frozenset[str] = frozenset()
    posts: list[FakeProvider] = field(default_factory=list)
    _owners: Any = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.posts = self.posts or [FakeProvider(self.clock)]

    @property
    def post(self) -> FakeProvider:
        """The first provider."""
        return self.posts[0]

    @property
    def mails(self) -> int:
        """How many mails all providers took."""
        return sum(len(post.taken) for post in self.posts)

    @property
    def ledger(self) -> Ledger:
        writes = Writes("herald-ledger", self.release, 15 * _MINUTE * 1000, 60 * 86_400, self.resends)
        return Ledger(Table(self.client, "herald-ledger", lambda _: None, lambda: 0.5), writes, self.clock)

    def courier(self) -> Courier:
        """A sandbox of the present release."""
        older, buckets = self.older_secrets, self.buckets
        mode, tenants = self.delivery_mode, self.tenants
        builder = EmailBuilder(
            self.catalogue, SECRET, self.clock, mode, self.links, older, buckets, tenants=tenants, roles=self.roles
        )
        failover = Failover(self.posts, self.clock, self.clock.forward, lambda: 0.5)
        return Courier(
            builder,
            self.ledger,
            failover,
            self.dead,
            self.retry_policy,
            self.release,
            self.clock,
            lambda: f"request-{next(self._owners)}",
            Scheduling(self.schedule(), Digests(DigestWindows(self.ledger), self.catalogue))
            if self.schedules
            else None,
            self.tracing,
            Attachments(self.s3, self.clock) if self.s3 else None,
            RecipientFanOut(PartRecords(self.ledger), self.retry),
        )

    def schedule(self) -> Schedule:
        """What waits in the ledger."""
        return Schedule(self.ledger)

    def run_scheduler(self) -> list[Delivery]:
        """One run of the scheduler, and what it puts into the queue."""
        queue: Any = FakeQueue()
        telemetry = Telemetry("scheduler", self.release, self.clock, StringIO())
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: 60_000)
        Scheduler(self.schedule(), queue, telemetry, self.clock)({}, context)
        bodies = [{"messageId": "", "receiptHandle": "", "attributes": {}, "body": each.body} for each in queue.letters]
        return [found for body in bodies for found in from_queue(body) if isinstance(found, Delivery)]

    def stop(self, category: str, address: str = "ada@example.com") -> None:
        """A reader unsubscribes."""
        self.client.update_item(
            TableName="herald-ledger",
            Key={"pk": {"S": address_key(SECRET, address)}},
            UpdateExpression="SET #choice = :now",
            ExpressionAttributeNames={"#choice": choice_name(category)},
            ExpressionAttributeValues={":now": {"N": str(self.clock())}},
        )

    def deliver(self, delivery: Delivery, seconds: float = 60) -> Outcome:
        """One invocation with that much time."""
        deliver = self.courier().deliver
        followed = self.tracing.follow(deliver) if self.tracing else deliver
        return followed(delivery, self.clock() + int(seconds * 1000))

    def record(self, message_id: str = "m1") -> Record:
        """The message's record, which must exist."""
        record = self.ledger.read(message_id)
        assert record is not None
        return record

    def state(self, message_id: str = "m1") -> State:
        return self.record(message_id).state

    def item(self, key: str) -> dict[str, Any] | None:
        """An item as it lies in the table."""
        item: dict[str, Any] | None = self.client.get_item(TableName="herald-ledger", Key={"pk": {"S": key}}).get(
            "Item"
        )
        return item

    def apply_feedback(
        self,
        action: Action,
        state: State,
        message_id: str = "m1",
        suppress: str | None = None,
        attempt: str | None = None,
    ) -> bool:
        """Feedback of the provider; whether it moved the record."""
        key = address_key(SECRET, suppress) if suppress else None
        row = TimelineRow(state, self.clock(), self.release)
        return self.ledger.apply_feedback(message_id, action, row, key, attempt).moved

    def report(self, provider: str = "ses://us-east-1") -> None:
        """The provider reports on a mail that it is given now; two reports that count lie five minutes apart."""
        self.clock.forward(5 * _MINUTE)
        self.ledger.mark_feedback(provider, self.clock())

    def report_twice(self, provider: str = "ses://us-east-1") -> None:
        """And on another one, so that what was sent before is not to be heard of any more."""
        self.report(provider)
        self.report(provider)

    def suppress(self, address: str = "ada@example.com") -> None:
        """Put an address on the list, as a bounce of some other mail does."""
        self.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, "another", address)

    def unsuppress(self, address: str = "ada@example.com") -> None:
        """A person takes it off."""
        if entry := self.find_suppression(address):
            remove_suppression(self.installation, entry)

    def find_suppression(self, address: str = "ada@example.com") -> Suppression | None:
        """What the list says of an address."""
        return find_suppression(self.installation, address)

    @property
    def installation(self) -> Installation:
        """What operators act on."""
        return Installation(self.client, self.client, "", "", "", "herald-ledger", lambda: (SECRET,))


def delivery(message_id: str = "m1", value: object = None, **marks: Any) -> Delivery:
    """An SNS message with a valid event, or with `value`: text as it stands, else as JSON."""
    body = value if isinstance(value, str) else json.dumps(event() if value is None else value)
    return Delivery(message_id, body, **marks)


def redrive(letter: Letter, confirmed: bool = False, receives: int = 1) -> Delivery:
    """A dead letter put back into `retry`."""
    found = json.loads(letter.body)
    item = QueueItem("item", "handle", receives)
    marks = letter.attributes
    return Delivery(
        found["MessageId"],
        found["Message"],
        item=item,
        letter=marks.get("attempt"),
        confirmed=confirmed,
        instead_of=marks.get("instead_of"),
    )


def event_item(event_id: str = "01JD6Q1M4X9Z8T7V5R3N2K0B4C") -> str:
    """The key of an event's item."""
    return event_key("urn:herald:webapp", event_id)
