"""What AWS would bill for one mail: counted where the code can be run, assumed where it cannot."""

from __future__ import annotations

import io
import itertools
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from bench.cost.assumptions import Assumptions, Cpu
from bench.cost.meter import Meter
from fakes.clock import Clock
from fakes.envelopes import ses_event, sns, sns_notification, sqs_event
from fakes.example_events import SECRET, event, example
from fakes.provider import FakeProvider
from fakes.queue import FakeQueue
from function.delivery.courier import Courier
from function.feedback import FeedbackHandler
from function.ledger.ledger import Ledger, Writes
from function.ledger.table import Table
from function.message.builder import EmailBuilder
from function.message.catalogue import Catalogue
from function.message.email import Email, Receipt
from function.notify import Notifier
from function.providers.failover import Failover
from function.queues.retry_policy import RetryPolicy
from function.runtime.metrics import Telemetry
from package.notifications.catalogue import compile_catalogue

__all__ = ["SUBSCRIPTION", "TRANSACTIONAL", "Usage", "check_then_put", "measure_herald", "measure_powertools"]

#: A notification that readers can unsubscribe from, for which the claim looks that up, and one that they cannot.
SUBSCRIPTION, TRANSACTIONAL = "book.created", "user.welcome"
_RELEASE = "3f9c2a1b5d7e"
_TABLE = "herald-ledger"
_FEEDBACK_KINDS = 2  # Send and Delivery


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage of one mail, by the names in prices.toml.

    `log_bytes` are the billed bytes of log, `written` those of the lines alone; `kept` are the bytes that stay in the
    table, `largest` is the size of its largest item.
    """

    sns_publish: float = 1.0
    sqs_request: float = 0.0
    lambda_request: float = 0.0
    lambda_gb_second: float = 0.0
    write_unit: float = 0.0
    read_unit: float = 0.0
    log_bytes: float = 0.0
    written: float = 0.0
    largest: int = 0
    kept: int = 0


class Slow(FakeProvider):
    """A provider that takes as long as SES, so that the log shows it."""

    def send(self, email: Email, key: str) -> Receipt:
        """Accept the mail after a delay."""
        self.clock.forward(0.08)
        return FakeProvider.send(self, email, key)


class MeteredHerald:
    """`notify` and `feedback` with a metered table and a log, using ids as long as AWS's."""

    def __init__(self) -> None:
        self.meter = Meter(_TABLE)
        self.log = io.StringIO()
        clock = Clock()
        ledger = Ledger(Table(self.meter, _TABLE), Writes(_TABLE, _RELEASE, 900_000, 60 * 86_400, 1), clock)
        numbers = itertools.count(1)
        self.sent: list[str] = []
        post = Slow(clock)
        with tempfile.TemporaryDirectory() as folder:
            compile_catalogue(Path(folder))
            builder = EmailBuilder(Catalogue.load(Path(folder)), SECRET, clock)
        failover, dead = Failover([post], clock), FakeQueue()

        def courier(request: str) -> Courier:
            name = f"{request}-{next(numbers):012x}"
            self.sent.append(name)
            return Courier(builder, ledger, failover, dead, RetryPolicy(), _RELEASE, clock, lambda: name)

        #: The attempt that sent each mail, as named in SES's reports.
        self.attempts: dict[str, str] = {}
        queue: Any = None  # nothing is retried on the usual path
        self.notify = Notifier(courier, queue, Telemetry("herald-notify", _RELEASE, clock, self.log), clock)
        self.feedback = FeedbackHandler(
            ledger, SECRET, Telemetry("herald-feedback", _RELEASE, clock, self.log), _RELEASE, clock
        )
        self.feedback._marked["ses://eu-west-1"] = clock()  # a write every five minutes, not one of a mail's

    def mail(self, number: int, type_: str) -> str:
        """Deliver one event of this type; return its MessageId."""
        message_id = str(UUID(int=0xB5C1F1C46A1E4D0F9E0E8A1F3A1D2C3B + number))
        document = event(f"01JD6Q1M4X9Z8T7V5R3N2K{number:04d}", type_, data=example(type_=type_))
        body = json.dumps(document)
        context = SimpleNamespace(aws_request_id=str(UUID(int=number)), get_remaining_time_in_millis=lambda: 30_000)
        self.notify(sns(sns_notification(body, message_id)), context)
        self.attempts[message_id] = self.sent[-1]
        return message_id

    def report(self, kind: str, message_id: str) -> dict[str, Any]:
        """Return SES's report of a mail as an SQS event record."""
        return sqs_event(ses_event(kind, {}, message_id, attempt=self.attempts[message_id]))


def measure_herald(cpu: Cpu, given: Assumptions, type_: str = TRANSACTIONAL) -> Usage:
    """Measure one of a batch of mails of one type, each sent once and delivered."""
    herald, mails = MeteredHerald(), given.batch // _FEEDBACK_KINDS
    ids = [herald.mail(number, type_) for number in range(mails)]
    sends, deliveries = (
        [sqs_event(ses_event(kind, {}, one, attempt=herald.attempts[one])) for one in ids]
        for kind in ("Send", "Delivery")
    )
    together = round(mails * given.folded)
    batches = [sends[:together] + deliveries[:together], sends[together:], deliveries[together:]]
    writes = herald.meter.requests
    for batch in filter(None, batches):
        herald.feedback({"Records": batch}, None)
    writes = herald.meter.requests - writes
    messages, lines = _FEEDBACK_KINDS, len(herald.log.getvalue().splitlines())
    written = len(herald.log.getvalue().encode()) / mails
    invocations = 1 + messages / given.batch
    sent = _compute_seconds(cpu.notify, given.transaction + given.send + given.write, given)
    heard = _compute_seconds(cpu.feedback * messages, writes / mails * given.write, given)
    return Usage(
        sns_publish=1 + messages,
        sqs_request=messages * (1 + 2 / given.received),
        lambda_request=invocations,
        lambda_gb_second=(sent + heard) * given.memory / 1024,
        write_unit=herald.meter.write_units / mails,
        read_unit=herald.meter.read_units / mails,
        log_bytes=written + lines * given.line / mails,
        written=written,
        largest=herald.meter.largest,
        kept=herald.meter.bytes() // mails,
    )


def measure_powertools(cpu: Cpu, given: Assumptions) -> Usage:
    """Estimate Powertools Idempotency around a send, with its Logger and Metrics: a conditional put, the send, an
    update.

    Its log lines have 194 and 183 bytes (measured); it processes no feedback, so none is in its bill.
    """
    seconds = _compute_seconds(cpu.powertools, 2 * given.write + given.send, given)
    logged = 194 + 183 + 2 * given.line
    return _compute_reference(seconds, given, writes=2, reads=0, logged=logged)


def check_then_put(cpu: Cpu, given: Assumptions) -> Usage:
    """Estimate check, send, put: an eventually consistent read, and a put. It neither logs nor processes feedback."""
    seconds = _compute_seconds(cpu.check_then_put, given.read + given.send + given.write, given)
    return _compute_reference(seconds, given, writes=1, reads=0.5, logged=0)


def _compute_reference(seconds: float, given: Assumptions, writes: float, reads: float, logged: float) -> Usage:
    return Usage(
        lambda_request=1,
        lambda_gb_second=seconds * given.memory / 1024,
        write_unit=writes,
        read_unit=reads,
        log_bytes=logged,
    )


def _compute_seconds(cpu: float, waiting: float, given: Assumptions) -> float:
    return (cpu * given.processor / given.memory + waiting) / 1000
