"""The status of a running Herald; a part that cannot be read is reported as unknown, and does not affect the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from function.ledger.attributes import read_value
from function.ledger.keys import feedback_key
from function.runtime.metrics import NAMESPACE
from operations.errors import UserError
from operations.installation import Installation, read_providers
from operations.pause import PauseStatus, read_pause_status
from operations.redrive.dead_letters import describe_reason, group_by_reason
from operations.redrive.queue import count_in_flight, peek
from operations.status.alarms import RingingAlarm, find_ringing
from operations.status.retry_backlog import RetryBacklog, read_points, read_waiting
from operations.status.scheduled_mails import LaterMails, read_later

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient

__all__ = [
    "FeedbackMark",
    "HeraldStatus",
    "LetterCounts",
    "LiveVersion",
    "ReasonCount",
    "SendingRate",
    "StatusClients",
    "look",
]

StatusT = TypeVar("StatusT")

_ALIAS = "live"
#: The statuses of unfinished deployments that ListDeployments documents as a filter.
#: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html
_UNDER_WAY: tuple[Any, ...] = ("Created", "Queued", "InProgress")
_RATE_OVER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class StatusClients:
    """Clients that are needed besides the installation's own."""

    functions: LambdaClient
    cloudwatch: CloudWatchClient
    logs: Any
    codedeploy: CodeDeployClient
    prefix: str

    @property
    def notify(self) -> str:
        """The name of the function that sends."""
        return f"{self.prefix}-notify"


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """The version that the alias points to, its release (empty: not known), the weights of other versions, and
    deployments under way."""

    version: str
    release: str
    weights: dict[str, float]
    deployments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SendingRate:
    """Mails a second over the last five minutes; SES's limits for a region, a second and 24 hours (-1: unlimited), and
    how many were sent there in the last 24 hours."""

    region: str
    now: float
    allowed: float
    quota: float
    used: float


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many letters have this reason, and when the oldest was written (epoch milliseconds)."""

    code: str
    reason: str
    count: int
    oldest: int


@dataclass(frozen=True, slots=True)
class LetterCounts:
    """The letters by reason, most frequent first; `hidden` have just been received by another consumer."""

    reasons: tuple[ReasonCount, ...]
    hidden: int

    @property
    def count(self) -> int:
        """The number of visible letters."""
        return sum(reason.count for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class FeedbackMark:
    """When a provider's feedback was last recorded, which happens at most every five minutes, and when the reported
    mail was sent; in epoch milliseconds, None: never."""

    provider: str
    at: int | None
    about: int | None


@dataclass(frozen=True, slots=True)
class HeraldStatus:
    """The status at a moment; a part that could not be read is None, and `unread` says why, by the field's name."""

    at: datetime
    pause: PauseStatus | None = None
    live: LiveVersion | None = None
    rates: tuple[SendingRate, ...] | None = None
    waiting: RetryBacklog | None = None
    #: Also None if scheduling is off.
    later: LaterMails | None = None
    letters: LetterCounts | None = None
    feedback: tuple[FeedbackMark, ...] | None = None
    alarms: tuple[RingingAlarm, ...] | None = None
    unread: dict[str, str] = field(default_factory=dict)

    @property
    def needs_a_person(self) -> bool:
        """Whether mail is paused, a dead letter waits or an alarm rings, or one of these could not be read."""
        stopped = self.pause is not None and not self.pause.running
        dead = self.letters is not None and bool(self.letters.count or self.letters.hidden)
        return bool(stopped or dead or self.alarms or self.unread)


def look(
    installation: Installation,
    clients: StatusClients,
    now: datetime,
    unanswered: tuple[type[Exception], ...] = (),
) -> HeraldStatus:
    """Read the whole status once; changes nothing. `unanswered` are exceptions that clients raise, besides botocore's
    own, when no time is left."""
    unread: dict[str, str] = {}
    expected: tuple[type[Exception], ...] = (BotoCoreError, UserError, *unanswered)

    def read(name: str, ask: Callable[[], StatusT]) -> StatusT | None:
        try:
            return ask()
        except ClientError as error:
            unread[name] = f"AWS answered {error.response['Error']['Code']}"
        except expected as error:
            unread[name] = str(error)
        return None

    waiting = lambda: read_waiting(  # noqa: E731
        installation.sqs, clients.cloudwatch, clients.logs, installation.retry, clients.notify, now
    )
    return HeraldStatus(
        now,
        read("pause", lambda: read_pause_status(clients.functions, clients.notify)),
        read("live", lambda: _read_live_version(clients)),
        read("rates", lambda: _read_rates(installation, clients, now)),
        read("waiting", waiting),
        read("later", lambda: _count_scheduled(installation, clients, now)),
        read("letters", lambda: _count_letters(installation)),
        read("feedback", lambda: _read_feedback_marks(installation, clients)),
        read("alarms", lambda: tuple(find_ringing(clients.cloudwatch, clients.prefix, now))),
        unread,
    )


def _read_live_version(clients: StatusClients) -> LiveVersion:
    alias = clients.functions.get_alias(FunctionName=clients.notify, Name=_ALIAS)
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    version = alias["FunctionVersion"]
    known = clients.functions.get_function_configuration(FunctionName=clients.notify, Qualifier=version)
    pages = clients.codedeploy.get_paginator("list_deployments").paginate(
        applicationName=clients.prefix, deploymentGroupName=clients.prefix, includeOnlyStatuses=[*_UNDER_WAY]
    )
    deployments = [deployment for page in pages for deployment in page.get("deployments", [])]
    return LiveVersion(version, known.get("Description") or "", dict(weights), tuple(sorted(deployments)))


def _read_rates(installation: Installation, clients: StatusClients, now: datetime) -> tuple[SendingRate, ...]:
    service = {"Service": clients.notify}
    sent = sum(
        count for _, count in read_points(clients.cloudwatch, NAMESPACE, "Sent", service, _RATE_OVER, now, "Sum")
    )
    rates = []
    for region, ses in installation.ses().items():
        quota: Any = ses.get_account().get("SendQuota", {})
        names = ("MaxSendRate", "Max24HourSend", "SentLast24Hours")
        allowed, most, used = (float(quota.get(name, 0)) for name in names)
        rates.append(SendingRate(region, sent / _RATE_OVER.total_seconds(), allowed, most, used))
    return tuple(rates)


def _count_scheduled(installation: Installation, clients: StatusClients, now: datetime) -> LaterMails | None:
    if _read_settings(clients).get("HERALD_SCHEDULING") != "on":
        return None
    return read_later(installation.dynamodb, clients.cloudwatch, installation.ledger, clients.notify, now)


def _read_settings(clients: StatusClients) -> dict[str, str]:
    configuration = clients.functions.get_function_configuration(FunctionName=clients.notify, Qualifier=_ALIAS)
    return configuration.get("Environment", {}).get("Variables", {})


def _count_letters(installation: Installation) -> LetterCounts:
    groups = group_by_reason(peek(installation.sqs, installation.dead))
    reasons = (
        ReasonCount(code, describe_reason(code, those), len(those), those[0].since) for code, those in groups.items()
    )
    return LetterCounts(tuple(reasons), count_in_flight(installation.sqs, installation.dead))


def _read_feedback_marks(installation: Installation, clients: StatusClients) -> tuple[FeedbackMark, ...]:
    marks = []
    for provider in read_providers(_read_settings(clients), clients.notify):
        item = installation.read(feedback_key(provider), ("at", "through")) or {}
        marks.append(FeedbackMark(provider, read_value(item, "at"), read_value(item, "through")))
    return tuple(marks)
