"""Entry point of `feedback`: writes the providers' reports from SQS into the ledger.

Event formats: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html Reports are
unordered and delivered at least once; the ledger's ranking of states makes order and repetition harmless.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from function.bootstrap import Clients, LazyHandler, open_ledger, read_clock, read_release
from function.environment import read_timeout_factor
from function.ledger.keys import address_key, own_list_key
from function.ledger.ledger import Applied, Ledger
from function.ledger.record import TimelineRow
from function.ledger.states import Action
from function.ledger.table import Contended
from function.providers.ses.events import (
    WEBHOOK,
    FeedbackEvent,
    Ignored,
    Parsed,
    ProbeReport,
    drop_implied_sends,
    parse,
)
from function.providers.urls import read_scheme
from function.queues.sqs import Queue
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import COPY_FAILED, SENT_TWICE, SYNTHETIC, Telemetry, find_service
from function.settings import FeedbackSettings

if TYPE_CHECKING:
    from function.delivery.next_provider import NextProvider
    from function.delivery.report_tracing import ReportTracing

__all__ = ["FeedbackHandler", "compose", "handler"]

#: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
_SCHEDULE = "aws.events"
_ORDINARY = frozenset({"Delivered", "Repeated", SYNTHETIC})


@dataclass(frozen=True, slots=True)
class FeedbackHandler:
    """Handles a batch from the queue `feedback`; only the items that could not be written are retried."""

    ledger: Ledger
    secret: bytes
    telemetry: Telemetry
    release: str
    clock: Callable[[], int]
    configuration_set: str = ""
    dead: Queue | None = None
    #: Sends a mail by the next provider if one reports that it never tried.
    next_provider: NextProvider | None = None
    #: Queues of what other regions' topics could not deliver.
    undelivered: tuple[Queue, ...] = ()
    tracing: ReportTracing | None = None
    #: The address of each role that gets copies, to report whose copy failed.
    roles: Mapping[str, str] = field(default_factory=dict)
    #: When this sandbox last marked each provider's feedback, in epoch milliseconds.
    _marked: dict[str, int] = field(default_factory=dict, init=False)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        """Handle one batch and return its partial failures; one log line summarizes it.

        Raises the last error if every item failed, since then it is not one report's fault. An hourly schedule invokes
        it to count the dead letters instead: nothing else does, and SQS's own metrics may pause.
        """
        if event.get("source") == _SCHEDULE and self.dead:
            self.telemetry.tally({"DeadLetters": self.dead.count()})
            if self.undelivered:
                self._count_undelivered()
            return {}
        records = event.get("Records", [])
        counts: Counter[str] = Counter()
        names: list[str] = []
        parsed: list[Parsed] = []
        failures: list[str] = []
        error: Exception | None = None
        try:
            for record in records:
                try:
                    parsed.append(self._parse(record))
                    names.append(record["messageId"])
                except Exception as raised:
                    error = raised
                    self._note_failure(record["messageId"], raised, failures)
            for message_id, each in zip(names, drop_implied_sends(parsed), strict=True):
                try:
                    done = self._take(each, counts)
                except Exception as raised:
                    error = raised
                    self._note_failure(message_id, raised, failures)
                    continue
                failures += [] if done else [message_id]
        finally:
            self.telemetry.tally({**counts, **self._measure_wait(records, failures)})
            if self.tracing:
                self.tracing.tracer.flush()
        if error and len(failures) == len(records):
            raise error
        if not failures:
            self._mark(parsed)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failures]}

    def _count_undelivered(self) -> None:
        """Count undelivered reports; an error is only logged, since a failed invocation would roll back a release."""
        try:
            self.telemetry.tally({"UndeliveredFeedback": sum(queue.count() for queue in self.undelivered)})
        except (BotoCoreError, ClientError) as error:
            self.telemetry.note("failed", detail=f"undelivered reports were not counted: {type(error).__name__}")

    def _note_failure(self, message_id: str, error: Exception, failures: list[str]) -> None:
        failures.append(message_id)
        self.telemetry.note("failed", item=message_id, detail=type(error).__name__)

    def _measure_wait(self, records: list[dict[str, Any]], failures: list[str]) -> dict[str, int]:
        """Measure how long the oldest item to be retried has waited; SQS's age metric ignores messages received three
        times."""
        again = [record.get("attributes", {}) for record in records if record["messageId"] in failures]
        sent = [int(attributes["SentTimestamp"]) for attributes in again if "SentTimestamp" in attributes]
        return {"WaitingSeconds": max(0, self.clock() - min(sent)) // 1000} if sent else {}

    def _parse(self, record: dict[str, Any]) -> Parsed:
        body: str = record["body"]
        if not body.startswith(WEBHOOK):
            return parse(body, self.configuration_set)
        from function.providers.webhook_registry import open_envelope  # noqa: PLC0415  only if one reports by webhook

        return open_envelope(body)

    def _mark(self, batch: list[Parsed]) -> None:
        """Record how far each provider's feedback has come, now that the whole batch is in the ledger.

        A sending time in the future, from a clock ahead of this one, is cut to now: no later mail was reported on.
        """
        reports = [one for one in batch if not isinstance(one, Ignored) and one.provider and one.sent_at]
        probed = {one.provider for one in reports if isinstance(one, ProbeReport)}
        now = self.clock()
        for provider in {one.provider for one in reports}:
            if provider in probed or now - self._marked.get(provider, 0) >= self.ledger.writes.apart:
                sent = max(one.sent_at for one in reports if one.provider == provider)
                self.ledger.mark_feedback(provider, min(sent, now))
                self._marked[provider] = now

    def _take(self, event: Parsed | None, counts: Counter[str]) -> bool:
        if event is None:
            counts["Repeated"] += 1
            return True
        if isinstance(event, ProbeReport):
            counts[SYNTHETIC] += 1
            return True
        if isinstance(event, Ignored):
            counts["Ignored"] += 1
            self.telemetry.note("Ignored", detail=event.why)
            return True
        row = TimelineRow(
            event.state,
            self.clock(),
            self.release,
            provider=read_scheme(event.provider) or "ses",
            detail=event.detail,
            reason_code=event.reason_code,
        )
        listed = event.suppress and not event.synthetic  # the simulator's addresses belong to nobody
        suppress = address_key(self.secret, event.address) if listed and event.address else None
        suppress = own_list_key(suppress, event.own_list) if suppress and event.own_list else suppress
        try:
            applied = self.ledger.apply_feedback(event.message_id, event.action, row, suppress, event.attempt)
        except Contended as error:
            self.telemetry.note("contended", message_id=event.message_id, detail=str(error)[:200])
            return False
        if event.action is Action.FEEDBACK_NEVER_TRIED and self.next_provider and not event.synthetic:
            self.next_provider.ask(event)
        self._count(event, applied, counts)
        if self.tracing:
            self.tracing.note(event, applied.moved)
        return True

    def _count(self, event: FeedbackEvent, applied: Applied, counts: Counter[str]) -> None:
        """Count the report; only unusual ones get a log line, because the ledger has the rest."""
        metric = SYNTHETIC if event.synthetic else event.metric if applied.moved else "Repeated"
        counts[metric] += 1
        if event.copy_failed:
            counts[COPY_FAILED] += 1
            role = next((name for name, one in self.roles.items() if one.lower() == (event.address or "").lower()), "")
            self.telemetry.note(COPY_FAILED, message_id=event.message_id, role=role, detail=event.copy_failed)
        if applied.sent_twice and not event.synthetic:
            counts[SENT_TWICE] += 1
            self.telemetry.note(SENT_TWICE, message_id=event.message_id)
        if metric not in _ORDINARY:
            self.telemetry.note(metric, message_id=event.message_id, detail=event.detail)


def compose(environment: dict[str, str], clients: Clients) -> FeedbackHandler:
    """Compose the handler. Raises BadSetting."""
    settings = FeedbackSettings.read(environment, read_release())
    secret = clients.keys(settings.address_key_parameter)[0]
    ledger = open_ledger(settings.ledger, clients.dynamodb())
    name, release_name = find_service(environment, "feedback"), settings.ledger.release
    telemetry = Telemetry(name, release_name, read_clock)
    sqs = clients.sqs()
    dead = Queue(sqs, settings.dead_queue_url)
    next_provider = tracing = None
    if settings.asks_next_provider:
        from function.delivery.next_provider import NextProvider  # noqa: PLC0415  only if one reports by webhook

        next_provider = NextProvider(Queue(sqs, settings.retry_queue_url), settings.providers)
    undelivered = tuple(Queue(clients.sqs(region), url) for region, url in settings.undelivered_queues.items())
    if settings.ledger.otlp_endpoint:
        from function.delivery.report_tracing import ReportTracing  # noqa: PLC0415  only where it is used
        from function.runtime.otlp import Tracer  # noqa: PLC0415  only where it is used

        factor = read_timeout_factor(environment)
        tracing = ReportTracing(Tracer(settings.ledger.otlp_endpoint, name, release_name, read_clock, factor))
    return FeedbackHandler(
        ledger,
        secret,
        telemetry,
        release_name,
        read_clock,
        settings.configuration_set,
        dead,
        next_provider,
        undelivered,
        tracing,
        settings.roles,
    )


#: Lambda's handler.
handler = LazyHandler(compose)
