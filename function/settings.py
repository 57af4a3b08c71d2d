"""Settings of the functions, read from the environment once, at start."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from function.environment import (
    BadSetting,
    Environment,
    parse_address,
    parse_allowlist,
    parse_buckets,
    parse_collector,
    parse_endpoints,
    parse_page,
    parse_queues,
    parse_receiver,
    parse_senders,
    parse_webhook_secrets,
    read_keys,
    read_roles,
    require_between,
    require_one_of,
)
from function.message.delivery_mode import DeliveryMode
from function.message.from_header import from_header, split_sender
from function.providers.urls import gives_feedback, parse_provider_urls, reports_by_webhook
from function.queues.retry_policy import RetryPolicy
from function.runtime.lean_dataclass import dataclass

if TYPE_CHECKING:
    from function.message.addressing.tenant import Tenant

__all__ = [
    "EventsApiSettings",
    "FeedbackSettings",
    "HookSettings",
    "MailEventsSettings",
    "MailWebhookSettings",
    "NotifySettings",
    "SchedulerSettings",
    "WebhookSettings",
]

#: The least timeout in which a mail can be sent, in seconds: after the claim there must be time for the provider's
#: answer (12 s, function/providers) and for recording the result (3 s, function/notify.py).
_LEAST_TIMEOUT = 16


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """The settings that every function needs to write records: the retention in days; in seconds the hold, and the
    least time between two reports that count."""

    table: str
    hold: float
    retention_days: int
    release: str
    apart: float = 300.0
    #: The collector that spans are sent to; empty: tracing is off.
    otlp_endpoint: str = ""

    @classmethod
    def read(cls, values: Mapping[str, str], release: str) -> LedgerSettings:
        env = Environment(values)
        return cls(
            table=env.text("LEDGER_TABLE"),
            hold=env.read("HOLD_SECONDS", "900", require_between(0.5, 3600), "seconds from 0.5 to 3600"),
            retention_days=int(env.read("RETENTION_DAYS", "60", require_between(40, 3650), "days from 40 to 3650")),
            release=env.text("RELEASE", release),
            apart=300 * _read_time_scale(env),
            otlp_endpoint=env.read("OTLP_ENDPOINT", "", parse_collector, "https://HOST or http://127.0.0.1:PORT"),
        )


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Settings of `notify`."""

    ledger: LedgerSettings
    address_key_parameter: str
    link_key_parameter: str
    unsubscribe_url: str
    dead_queue_url: str
    retry_queue_url: str
    providers: tuple[str, ...]
    sender: str
    configuration_set: str
    on_unknown: str
    retry_policy: RetryPolicy
    delivery_mode: DeliveryMode
    #: The ARN of each provider's secret, by the provider's URL.
    provider_secrets: Mapping[str, str]
    #: Local endpoints that replace the real ones, by scheme.
    provider_endpoints: Mapping[str, str]
    #: How long an unreachable provider is not called, in milliseconds.
    provider_rest: int
    #: Whether events may be kept for later.
    scheduling: bool
    #: Addresses that a notification may be sent from, besides that of `sender`.
    senders: frozenset[str]
    #: The buckets that attachments may be in; empty: mails have no attachments.
    attachment_buckets: frozenset[str]
    #: The tenants of this deployment, by name.
    tenants: Mapping[str, Tenant]
    #: The address of each role that gets copies, by the role's name.
    roles: Mapping[str, str]

    @classmethod
    def read(cls, values: Mapping[str, str], release: str) -> NotifySettings:
        """Read and validate all settings. Raises BadSetting for the first that is invalid."""
        env = Environment(values)
        providers = _read_providers(env)
        scale = _read_time_scale(env)
        default = RetryPolicy()
        _check_timeout(env)
        mode = env.read(
            "DELIVERY_MODE", "live", require_one_of("live", "allowlist", "redirect"), "live, allowlist or redirect"
        )
        return cls(
            ledger=LedgerSettings.read(values, release),
            address_key_parameter=env.text("ADDRESS_KEY_PARAMETER"),
            link_key_parameter=env.text("LINK_KEY_PARAMETER", ""),
            unsubscribe_url=env.read("UNSUBSCRIBE_URL", "", parse_page, "https://HOST/PATH without a slash at its end"),
            dead_queue_url=env.text("DEAD_QUEUE_URL"),
            retry_queue_url=env.text("RETRY_QUEUE_URL"),
            providers=providers,
            sender=env.read("FROM", None, from_header, "one address such as Herald <books@example.com>"),
            configuration_set=env.text("CONFIGURATION_SET"),
            on_unknown=_on_unknown(env, providers),
            retry_policy=RetryPolicy(
                first=default.first * scale,
                longest=default.longest * scale,
                quota=default.quota * scale,
                give_up=env.read("RETRY_SECONDS", "86400", require_between(1, 1_209_600), "seconds up to 14 days")
                * scale,
                receives=int(
                    env.read("RETRY_RECEIVES", str(default.receives), require_between(1, 1000), "from 1 to 1000")
                ),
            ),
            delivery_mode=_read_delivery_mode(env, mode),
            provider_secrets=_read_provider_secrets(env, providers),
            provider_endpoints=env.read("PROVIDER_ENDPOINTS", "{}", parse_endpoints, "JSON: schemes to loopback URLs"),
            provider_rest=int(60_000 * scale),
            scheduling=_read_scheduling(env),
            senders=env.read("SENDERS", "", parse_senders, "addresses such as orders@example.com,help@example.com"),
            attachment_buckets=env.read("ATTACHMENT_BUCKETS", "", parse_buckets, "names such as invoices,tickets"),
            tenants=_read_tenants(env, providers),
            roles=_read_roles(env, providers),
        )

    def require_buckets(self, types: Collection[str]) -> None:
        """Raise BadSetting if mails of these types may have attachments but the deployment allows no bucket."""
        if types and not self.attachment_buckets:
            raise BadSetting(
                f"HERALD_ATTACHMENT_BUCKETS is not set, and {min(types)} has attachments: add attachment_buckets"
            )

    def require_allowed(self, senders: Mapping[str, str]) -> None:
        """Raise BadSetting unless the deployment allows each From header of `senders`, by event type. Otherwise no mail
        of that type could be sent; raising stops a release before it gets traffic."""
        allowed = {split_sender(self.sender)[1], *self.senders}
        for type_, header in senders.items():
            if split_sender(header)[1] not in allowed:
                raise BadSetting(f"HERALD_SENDERS must name the address that {type_} is sent from: add it to senders")

    def require_roles(self, roles: Mapping[str, Collection[str]]) -> None:
        """Raise BadSetting unless the deployment has an address for each of `roles`, by the event type that they get
        copies of."""
        for type_, names in roles.items():
            if missing := sorted({*names} - self.roles.keys()):
                raise BadSetting(f"HERALD_ROLES must name {missing[0]}, which gets copies of {type_}: add it to roles")

    def require_brands(self, tenants: frozenset[str]) -> None:
        """Raise BadSetting unless the package has a brand for each tenant."""
        if missing := sorted(self.tenants.keys() - tenants):
            files = ", ".join(f"brands/{name}.json" for name in missing)
            raise BadSetting(f"HERALD_TENANTS names tenants that the package has no brand for: add {files}")


@dataclass(frozen=True, slots=True)
class FeedbackSettings:
    """Settings of `feedback`."""

    ledger: LedgerSettings
    address_key_parameter: str
    configuration_set: str
    dead_queue_url: str
    retry_queue_url: str
    providers: tuple[str, ...]
    #: The queue of reports that a region's topic could not deliver, by region.
    undelivered_queues: Mapping[str, str]
    roles: Mapping[str, str]

    @classmethod
    def read(cls, values: Mapping[str, str], release: str) -> FeedbackSettings:
        """Read and validate all settings. Raises BadSetting for the first that is invalid."""
        env = Environment(values)
        providers = _read_providers(env)
        return cls(
            LedgerSettings.read(values, release),
            env.text("ADDRESS_KEY_PARAMETER"),
            env.text("CONFIGURATION_SET"),
            env.text("DEAD_QUEUE_URL"),
            env.text("RETRY_QUEUE_URL"),
            providers,
            env.read("UNDELIVERED_QUEUES", "{}", parse_queues, 'JSON such as {"eu-west-1": "https://sqs.eu-west-1.…"}'),
            _read_roles(env, providers),
        )

    @property
    def asks_next_provider(self) -> bool:
        """Whether a provider that can report that it never tried a mail is followed by another one."""
        return any(map(reports_by_webhook, self.providers[:-1]))


@dataclass(frozen=True, slots=True)
class HookSettings:
    """Settings of the traffic hooks: where the records are, and what is tested."""

    table: str
    function: str
    feedback: str
    alias: str
    configuration_set: str
    tenants: Mapping[str, Tenant] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, str]) -> HookSettings:
        """Read all settings. Raises BadSetting for the first that is missing."""
        env = Environment(values)
        return cls(
            env.text("LEDGER_TABLE"),
            env.text("NOTIFY_FUNCTION"),
            env.text("FEEDBACK_FUNCTION"),
            env.text("NOTIFY_ALIAS", "live"),
            env.text("CONFIGURATION_SET"),
            _read_tenants(env),
        )


@dataclass(frozen=True, slots=True)
class SchedulerSettings:
    """Settings of `scheduler`."""

    ledger: LedgerSettings
    retry_queue_url: str

    @classmethod
    def read(cls, values: Mapping[str, str], release: str) -> SchedulerSettings:
        """Read all settings. Raises BadSetting for the first that is missing."""
        return cls(LedgerSettings.read(values, release), Environment(values).text("RETRY_QUEUE_URL"))


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Settings of `webhook`."""

    table: str
    feedback_queue_url: str
    #: The ARN of each provider's signing key, by the provider's URL.
    secrets: Mapping[str, str]

    @classmethod
    def read(cls, values: Mapping[str, str]) -> WebhookSettings:
        """Read and validate all settings. Raises BadSetting for the first that is invalid."""
        env = Environment(values)
        wanted = 'JSON such as {"resend://": "arn:…"}, of providers that report by webhook'
        return cls(
            env.text("LEDGER_TABLE"),
            env.text("FEEDBACK_QUEUE_URL"),
            env.read("WEBHOOK_SECRETS", None, parse_webhook_secrets, wanted, confidential=True),
        )


@dataclass(frozen=True, slots=True)
class MailEventsSettings:
    """Settings of `mail-events`."""

    topic_arn: str

    @classmethod
    def read(cls, values: Mapping[str, str]) -> MailEventsSettings:
        """Read all settings. Raises BadSetting if one is missing."""
        return cls(Environment(values).text("MAIL_EVENTS_TOPIC_ARN"))


@dataclass(frozen=True, slots=True)
class MailWebhookSettings:
    """Settings of `mail-webhook`: the URL that mail events are posted to, and the ARN of the signing secrets."""

    url: str
    secret: str
    queue_url: str

    @classmethod
    def read(cls, values: Mapping[str, str]) -> MailWebhookSettings:
        """Read and validate all settings. Raises BadSetting for the first that is missing or invalid."""
        env = Environment(values)
        wanted = "an https URL, or http on 127.0.0.1"
        return cls(
            env.read("MAIL_WEBHOOK_URL", None, parse_receiver, wanted, confidential=True),
            env.text("MAIL_WEBHOOK_SECRET"),
            env.text("MAIL_WEBHOOK_QUEUE_URL"),
        )


@dataclass(frozen=True, slots=True)
class EventsApiSettings:
    """Settings of `events-api`: a token needs the scope `<scope>/<type>` to publish events of a type."""

    topic_arn: str
    scope: str
    scheduling: bool
    tenants: Mapping[str, Tenant]

    @classmethod
    def read(cls, values: Mapping[str, str]) -> EventsApiSettings:
        """Read all settings. Raises BadSetting for the first that is missing or invalid."""
        env = Environment(values)
        return cls(env.text("EVENTS_TOPIC_ARN"), env.text("EVENTS_SCOPE"), _read_scheduling(env), _read_tenants(env))


def _read_time_scale(env: Environment) -> float:
    """Return the factor for all waits: below 1 in the laptop cloud."""
    return env.read("TIME_SCALE", "1", require_between(0.0001, 1), "a factor from 0.0001 to 1")


def _read_delivery_mode(env: Environment, mode: str) -> DeliveryMode:
    """Return whom this deployment may mail. A mode without its list or address is an error, so that it never falls back
    to everybody."""
    if mode == "redirect":
        return DeliveryMode(
            redirect_to=env.read("REDIRECT_TO", None, parse_address, "one address such as me@example.com")
        )
    if mode == "allowlist":
        return DeliveryMode(
            env.read("ALLOWLIST", None, parse_allowlist, "addresses or domains: me@example.com,@example.org")
        )
    return DeliveryMode()


def _check_timeout(env: Environment) -> None:
    """Reject a function timeout that is too short to send a mail, or not less than half of the hold.

    If it is not set, as in the laptop cloud, there is nothing to check.
    """
    if env.has("TIMEOUT_SECONDS"):
        hold = env.read("HOLD_SECONDS", "900", float, "seconds")
        wanted = f"seconds from {_LEAST_TIMEOUT} to 900, and less than half of HERALD_HOLD_SECONDS"
        env.read(
            "TIMEOUT_SECONDS", None, require_between(_LEAST_TIMEOUT, min(900, math.nextafter(hold / 2, 0))), wanted
        )


def _read_tenants(env: Environment, providers: tuple[str, ...] | None = None) -> Mapping[str, Tenant]:
    """Read the tenants, without loading their module if there are none; without `providers`, the tenants' providers are
    not checked."""
    if not env.has("TENANTS"):
        return {}
    from function.message.addressing.tenant import read_tenants  # noqa: PLC0415  only where it is used

    def parse(text: str) -> Mapping[str, Tenant]:
        return read_tenants(text, providers)

    wanted = "base64 of gzip of JSON, as Terraform makes it of tenants, by providers of HERALD_PROVIDERS"
    return env.read("TENANTS", None, parse, wanted, confidential=True)


def _read_roles(env: Environment, providers: tuple[str, ...]) -> Mapping[str, str]:
    wanted = 'JSON such as {"accounting": "books@example.com"}, and {} with resend://, which does not say who bounced'
    return env.read("ROLES", "{}", read_roles(providers), wanted, confidential=True)


def _read_scheduling(env: Environment) -> bool:
    return env.read("SCHEDULING", "off", require_one_of("off", "on"), "on or off") == "on"


def _read_providers(env: Environment) -> tuple[str, ...]:
    wanted = "a comma-separated list such as ses://eu-west-1,smtp://mail.example.com:587, without secrets"
    return env.read("PROVIDERS", None, parse_provider_urls, wanted, confidential=True)


def _on_unknown(env: Environment, providers: tuple[str, ...]) -> str:
    """Read the policy for mails in doubt: if a provider gives no reports, a lost answer is never resolved, so an
    operator must decide."""
    if all(map(gives_feedback, providers)):
        return env.read("ON_UNKNOWN", "resend", require_one_of("resend", "hold"), "resend or hold")
    return env.read(
        "ON_UNKNOWN", "hold", require_one_of("hold"), "hold, because a provider of HERALD_PROVIDERS gives no reports"
    )


def _read_provider_secrets(env: Environment, providers: tuple[str, ...]) -> Mapping[str, str]:
    example = '{"resend://": {"key": "arn:…"}}'
    wanted = f"JSON such as {example}, for each provider but SES and no other"
    return env.read("PROVIDER_SECRETS", "{}", read_keys(providers), wanted, confidential=True)
