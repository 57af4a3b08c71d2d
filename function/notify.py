"""Entry point of `notify`: turns SNS events and messages of the queue `retry` into mails.

Lambda: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html and .../services-sqs-errorhandling.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Any

from function.bootstrap import Clients, LazyHandler, make_attempt_name, open_ledger, read_clock, read_release
from function.delivery.courier import Courier
from function.delivery.outcome import Outcome
from function.environment import BadSetting, read_timeout_factor
from function.event.envelope import Delivery, Unreadable, from_queue, is_queue_event, read_deliveries
from function.ledger.ledger import Ledger
from function.message.builder import EmailBuilder
from function.message.catalogue import Catalogue
from function.message.unsubscribe import UnsubscribeLinks
from function.providers.failover import Failover
from function.providers.registry import ProviderSetup, open_provider
from function.queues.dead_letter import write_retry
from function.queues.sqs import Queue
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import SYNTHETIC, Telemetry, find_service
from function.settings import NotifySettings

if TYPE_CHECKING:
    from function.delivery.attachments import Attachments
    from function.delivery.digests import Digests
    from function.delivery.fan_out import RecipientFanOut
    from function.delivery.scheduling import Scheduling
    from function.delivery.tracing import DeliveryTracing

__all__ = ["Notifier", "compose", "handler"]

#: Milliseconds at the end of the invocation that are reserved for recording the result.
_RESERVE = 3_000
_WARM = 3


@dataclass(frozen=True, slots=True)
class Notifier:
    """Reads the deliveries of an invocation, has the courier process each, and queues those that must be retried."""

    courier: Callable[[str], Courier]
    retry: Queue
    telemetry: Telemetry
    clock: Callable[[], int]
    tracing: DeliveryTracing | None = None
    #: The first deliveries of this sandbox, which open connections; releases compare only the duration of later ones.
    _first: list[None] = field(default_factory=list, init=False)

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Handle one invocation. Raises only unexpected errors, so that Lambda retries."""
        courier = self.courier(context.aws_request_id)
        deadline = self.clock() + int(context.get_remaining_time_in_millis()) - _RESERVE
        if is_queue_event(event):
            return {"batchItemFailures": self._handle_queue(courier, event["Records"], deadline)}
        for found in read_deliveries(event):
            self._handle_sns(courier, found, deadline)
        return {}

    def _handle_sns(self, courier: Courier, found: Delivery | Unreadable, deadline: int) -> None:
        delivery = _as_delivery(found)
        outcome = self._deliver(courier, delivery, deadline)
        if outcome.retry_at is not None:
            self.retry.put(write_retry(delivery, outcome.not_sent), self._compute_seconds_until(outcome.retry_at))

    def _handle_queue(self, courier: Courier, records: list[dict[str, Any]], deadline: int) -> list[dict[str, str]]:
        failures = []
        for record in records:
            again = []
            for found in from_queue(record):
                delivery = _as_delivery(found)
                outcome = self._deliver(courier, delivery, deadline)
                if outcome.retry_at is not None and outcome.not_sent:  # a queued message takes no new attributes
                    self.retry.put(
                        write_retry(delivery, outcome.not_sent), self._compute_seconds_until(outcome.retry_at)
                    )
                elif outcome.retry_at is not None:
                    again.append(outcome.retry_at)
            if again:
                item = next(iter(from_queue(record))).item
                if item:
                    self.retry.postpone(item, self._compute_seconds_until(min(again)))
                failures.append({"itemIdentifier": record["messageId"]})
        return failures

    def _deliver(self, courier: Courier, delivery: Delivery, deadline: int) -> Outcome:
        began = self.clock()
        deliver = self.tracing.follow(courier.deliver) if self.tracing else courier.deliver
        outcome = deliver(delivery, deadline)
        warm = len(self._first) >= _WARM
        self._count(outcome, delivery, self.clock() - began if warm else None)
        if not warm:
            self._first.append(None)
        return outcome

    def _count(self, outcome: Outcome, delivery: Delivery, took: int | None) -> None:
        """Count the outcome. Synthetic mails are counted separately: they reach nobody, and their number says nothing
        about the load."""
        if outcome.synthetic:
            self.telemetry.count(
                SYNTHETIC, message_id=outcome.message_id, outcome=outcome.kind.value, detail=outcome.detail
            )
            return
        also = dict.fromkeys(outcome.also, 1) | ({"SendLatency": outcome.ms} if outcome.provider else {})
        if outcome.retry_at is not None and delivery.item and delivery.item.sent_at:
            # SQS's own age metric ignores messages received three times.
            also["WaitingSeconds"] = max(0, self.clock() - delivery.item.sent_at) // 1000
        self.telemetry.count(
            outcome.kind.value,
            outcome.type,
            also,
            message_id=outcome.message_id,
            detail=outcome.detail,
            letter=delivery.letter,
            ms=took,
        )

    def _compute_seconds_until(self, at: int) -> float:
        return max(0.0, (at - self.clock()) / 1000)


def _as_delivery(found: Delivery | Unreadable) -> Delivery:
    """Treat an input without an envelope as an event: a bare event becomes its mail, anything else ends in `dead`."""
    if isinstance(found, Delivery):
        return found
    digest = hashlib.sha256(found.raw.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return Delivery(f"unreadable-{digest}", found.raw, item=found.item)


def compose(environment: dict[str, str], clients: Clients) -> Notifier:
    """Compose the handler. Raises BadSetting."""
    settings = NotifySettings.read(environment, read_release())
    name, release = find_service(environment, "notify"), settings.ledger.release
    sqs = clients.sqs()
    ledger = open_ledger(settings.ledger, clients.dynamodb(), 1 if settings.on_unknown == "resend" else 0)
    catalogue = _load_catalogue(settings)
    builder = _make_builder(settings, catalogue, clients)
    failover = _open_failover(settings, clients)
    dead, retry = Queue(sqs, settings.dead_queue_url), Queue(sqs, settings.retry_queue_url)
    scheduling = _open_scheduling(settings, ledger, catalogue)
    tracing = _open_tracing(settings, name, environment)
    attachments = _open_attachments(settings, clients)
    fan_out = _open_fan_out(catalogue, ledger, retry)

    def courier(request_id: str) -> Courier:
        return Courier(
            builder,
            ledger,
            failover,
            dead,
            settings.retry_policy,
            release,
            read_clock,
            owner=lambda: make_attempt_name(request_id),
            scheduling=scheduling,
            tracing=tracing,
            attachments=attachments,
            fan_out=fan_out,
        )

    return Notifier(courier, retry, Telemetry(name, release, read_clock), read_clock, tracing)


def _load_catalogue(settings: NotifySettings) -> Catalogue:
    """Load the notifications of the package. Raises BadSetting if one of them needs what the deployment lacks."""
    catalogue = Catalogue.load()
    settings.require_allowed(catalogue.senders)
    settings.require_buckets(catalogue.with_attachments)
    settings.require_roles(catalogue.roles)
    settings.require_brands(catalogue.tenants)
    return catalogue


def _make_builder(settings: NotifySettings, catalogue: Catalogue, clients: Clients) -> EmailBuilder:
    secret, *older = clients.keys(settings.address_key_parameter)
    return EmailBuilder(
        catalogue,
        secret,
        read_clock,
        settings.delivery_mode,
        _make_links(settings, clients),
        tuple(older),
        settings.attachment_buckets,
        settings.sender,
        settings.tenants,
        settings.roles,
    )


def _open_failover(settings: NotifySettings, clients: Clients) -> Failover:
    setup = ProviderSetup(
        settings.sender,
        settings.configuration_set,
        clients.ses,
        clients.secret,
        settings.provider_secrets,
        settings.provider_endpoints,
    )
    return Failover([open_provider(url, setup) for url in settings.providers], read_clock, rest=settings.provider_rest)


def _open_attachments(settings: NotifySettings, clients: Clients) -> Attachments | None:
    if not settings.attachment_buckets:
        return None
    from function.delivery.attachments import Attachments  # noqa: PLC0415  only where it is used

    return Attachments(clients.s3(), read_clock)


def _open_scheduling(settings: NotifySettings, ledger: Ledger, catalogue: Catalogue) -> Scheduling | None:
    if not settings.scheduling:
        return None
    from function.delivery.scheduling import Scheduling  # noqa: PLC0415  only where it is used
    from function.ledger.schedule import Schedule  # noqa: PLC0415  only where it is used

    return Scheduling(Schedule(ledger), _open_digests(ledger, catalogue))


def _open_tracing(settings: NotifySettings, name: str, environment: dict[str, str]) -> DeliveryTracing | None:
    endpoint, release = settings.ledger.otlp_endpoint, settings.ledger.release
    if not endpoint:
        return None
    from function.delivery.tracing import DeliveryTracing  # noqa: PLC0415  only where it is used
    from function.runtime.otlp import Tracer  # noqa: PLC0415  only where it is used

    return DeliveryTracing(Tracer(endpoint, name, release, read_clock, read_timeout_factor(environment)))


def _open_fan_out(catalogue: Catalogue, ledger: Ledger, retry: Queue) -> RecipientFanOut | None:
    if not catalogue.has_recipients:
        return None
    from function.delivery.fan_out import RecipientFanOut  # noqa: PLC0415  only where it is used
    from function.ledger.recipient_parts import PartRecords  # noqa: PLC0415  only where it is used

    return RecipientFanOut(PartRecords(ledger), retry)


def _open_digests(ledger: Ledger, catalogue: Catalogue) -> Digests | None:
    """Return what collects events for digests, if any notification is one. Raises BadSetting if there is no time zone
    database."""
    if not catalogue.has_digests:
        return None
    from function.delivery.digests import Digests  # noqa: PLC0415  only where it is used
    from function.ledger.digest_windows import DigestWindows  # noqa: PLC0415  only where it is used
    from function.message.digest import has_zones  # noqa: PLC0415  only where it is used

    if not has_zones():
        raise BadSetting("a notification is a digest, and this runtime has no database of time zones")
    return Digests(DigestWindows(ledger), catalogue)


def _make_links(settings: NotifySettings, clients: Clients) -> UnsubscribeLinks | None:
    """Return the link maker, which signs with the newest key; the page that verifies links may still know only older
    ones."""
    if not settings.unsubscribe_url:
        return None
    return UnsubscribeLinks(settings.unsubscribe_url, clients.keys(settings.link_key_parameter)[0])


#: Lambda's handler.
handler = LazyHandler(compose)
