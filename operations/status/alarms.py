"""The ringing alarms, each with what to do; docs/runbook.md has the same lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

__all__ = ["RUNBOOK", "SILENCE_RINGS", "RingingAlarm", "find_ringing", "is_of"]

#: What to do, by the alarm's name without its prefix: the alarms of infra/modules/notifier, then the web app's.
RUNBOOK = {
    "dead-letters": "herald dead shows the reasons; fix the cause; herald redrive --reason CODE, or herald discard",
    "dead-age": "herald dead, then herald redrive or herald discard: SQS deletes a dead letter after 14 days",
    "unknown-outcomes": "no mail is lost: feedback settles the records; look at SES's health",
    "sent-twice-notify": "herald why tells which; tell the reader, if it matters",
    "sent-twice-feedback": "herald why tells which; tell the reader, if it matters",
    "retry-waiting": "herald status names the provider's last refusal; raise the quota or resume sending",
    "retry-age": "herald status: is it paused? herald resume turns the queue on again",
    "notify-throttles": "more comes in than SES's rate lets out: herald capacity says for how long; ask SES for more",
    "notify-errors": "look at the log of notify; herald releases says what is live; herald rollback takes it back",
    "feedback-errors": "look at the log of feedback; SES's reports wait in its queue for up to 14 days",
    "webhook-errors": "look at the log of webhook; vendors repeat their reports for hours, so fix it soon",
    "events-api-errors": "look at the log of events-api; publishers post again what was not answered 202",
    "bus-undelivered": "the runbook's *EventBridge could not deliver an event* says how to publish it again",
    "mail-events-errors": "look at the log of mail-events; it publishes again what it read; herald rollback if new",
    "mail-events-behind": "look at the log of mail-events: SNS refuses it, or it fails; mails are not affected",
    "mail-events-lost": "the runbook's *Mail events were lost* says how to publish them, within 12 hours",
    "mail-webhook-failures": "look at the log of mail-webhook; it retries what it could not post, for 14 days at most",
    "mail-webhook-gone": "ask the receiver; herald doctor names the command that turns the posting on again",
    "mail-webhook-letters": "fix the receiver, then herald redrive --webhook; herald dead --webhook lists them",
    "scheduler-errors": "look at the log of scheduler; its next run asks for what is due",
    "due-age": "the log of N-scheduler: does it run each minute? nothing is lost, each mail is sent when it does",
    "feedback-waiting": "look at the log of feedback; nothing is lost for 14 days",
    "feedback-age": "herald doctor says why nobody reads the queue; nothing is lost for 14 days",
    "feedback-undelivered": "the runbook's *feedback was not delivered* says where it is kept, for 14 days",
    "topic-failures": "no mail is lost: the event is in retry; herald doctor looks at who may invoke notify",
    "filtered-out": "is a type missing in the subscription's filter? Terraform's filter variable of the module",
    "bounce-rate": "herald why ADDRESS of some that bounced: where do these addresses come from? SES pauses at 10 %",
    "complaint-rate": "stop what people call spam: SES pauses at 0.5 %; herald pause stops all mail",
    "outbox-age": "the sweeper keeps trying; look at its log, and at the relay's",
    "outbox-rejected": "fix the cause that the log names; herald redrive --from-outbox EVENT_ID",
    "republished": "herald doctor looks at what lies between the topic and the ledger; herald why EVENT explains one",
    "relay-behind": "nothing is lost: the sweeper publishes meanwhile; look at the relay's log",
    "web-5xx": "look at the web app's log; mails are not affected",
    "web-errors": "look at the web app's log; mails are not affected",
    "relay-errors": "nothing is lost: the sweeper publishes meanwhile; look at the relay's log",
    "sweeper-errors": "look at the sweeper's log; the relay publishes what is new",
    "reconcile-errors": "look at its log; what was lost meanwhile is published again once it runs",
    "post-confirmation-errors": "look at its log; whoever signed up meanwhile gets no greeting",
}
#: Alarms for which missing data counts as ringing, because every run writes their metric. A new alarm is given time for
#: its first data (`_FIRST_PERIODS` times its evaluation time).
SILENCE_RINGS = frozenset({"due-age", "outbox-age"})
_FIRST_PERIODS = 2
#: How the name of an alarm ends that belongs to a Herald with a longer name, as in herald-x-dead-letters.
_OF_ANOTHER = re.compile(rf".+-(?:{'|'.join(map(re.escape, RUNBOOK))}|release-\d+-\w+)")
_OTHER = "an alarm of your own, or of a release: CloudWatch tells what it watches"


@dataclass(frozen=True, slots=True)
class RingingAlarm:
    """A ringing alarm: its name, since when it rings, what it means, and what to do."""

    name: str
    since: datetime
    meaning: str
    do: str


def is_of(prefix: str, alarm: str) -> bool:
    """Whether an alarm belongs to this Herald, or was added to it by its operators: not to a Herald whose name only
    begins alike."""
    return alarm.startswith(f"{prefix}-") and not _OF_ANOTHER.fullmatch(alarm.removeprefix(f"{prefix}-"))


def find_ringing(cloudwatch: CloudWatchClient, prefix: str, now: datetime) -> list[RingingAlarm]:
    """Return every ringing alarm of this Herald, longest ringing first.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    """
    return sorted(_read_alarms(cloudwatch, prefix, now), key=lambda alarm: alarm.since)


def _is_ringing(alarm: Any, prefix: str, now: datetime) -> bool:
    silent = alarm["StateValue"] == "INSUFFICIENT_DATA" and not _is_new(alarm, now)
    return alarm["StateValue"] == "ALARM" or (silent and alarm["AlarmName"].removeprefix(f"{prefix}-") in SILENCE_RINGS)


def _is_new(alarm: Any, now: datetime) -> bool:
    """Whether an alarm was created or changed so recently that its metric may not have been written yet."""
    looks_at = timedelta(seconds=alarm.get("Period", 0) * alarm.get("EvaluationPeriods", 0))
    made = alarm.get("AlarmConfigurationUpdatedTimestamp")
    return made is not None and now - made < _FIRST_PERIODS * looks_at


def _read_alarms(cloudwatch: CloudWatchClient, prefix: str, now: datetime) -> Iterator[RingingAlarm]:
    pages = cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"{prefix}-", AlarmTypes=["CompositeAlarm", "MetricAlarm"]
    )
    for page in pages:
        alarms: list[Any] = [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]
        for alarm in alarms:
            if not _is_ringing(alarm, prefix, now) or not is_of(prefix, alarm["AlarmName"]):
                continue
            since = alarm.get("StateUpdatedTimestamp") or datetime.fromtimestamp(0, UTC)
            meaning = alarm.get("AlarmDescription") or alarm.get("StateReason") or "it does not say"
            do = RUNBOOK.get(alarm["AlarmName"].removeprefix(f"{prefix}-"), _OTHER)
            yield RingingAlarm(alarm["AlarmName"], since, meaning, do)
