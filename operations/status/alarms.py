"""The ringing alarms, each with what to do; docs/runbook.md has the same lines, with commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from operations.remedies import FormatRemedy, Remedy, RemedyAction

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

__all__ = ["RUNBOOK", "SILENCE_RINGS", "RingingAlarm", "find_ringing", "format_advice", "is_of"]

#: What to do, by the alarm's name without its prefix: the alarms of infra/modules/notifier, then the web app's.
#: Names of actions (`operations.remedies`) stand in braces; `format_advice` replaces them by what its reader can type.
RUNBOOK = {
    "dead-letters": "{show_dead} shows the reasons; fix the cause; {redrive_reason} CODE, or {discard}",
    "dead-age": "{show_dead}, then {redrive} or {discard}: SQS deletes a dead letter after 14 days",
    "unknown-outcomes": "no mail is lost: feedback settles the records; look at SES's health",
    "sent-twice-notify": "{explain} says which mail; tell the reader if it matters",
    "sent-twice-feedback": "{explain} says which mail; tell the reader if it matters",
    "retry-waiting": "{show_status} names the provider's last refusal; raise the quota or resume sending",
    "retry-age": "{show_status}: is it paused? {resume} enables the queue again",
    "notify-throttles": "more events come than SES's rate allows: {simulate_burst} says for how long; ask SES for more",
    "notify-errors": "look at the log of notify; {show_releases} shows what is live; {roll_back} rolls it back",
    "feedback-errors": "look at the log of feedback; SES's reports wait in its queue for up to 14 days",
    "webhook-errors": "look at the log of webhook; providers repeat their reports for hours, so fix it soon",
    "events-api-errors": "look at the log of events-api; publishers repeat every post that was not answered with 202",
    "bus-undelivered": "the runbook's *EventBridge could not deliver an event* says how to publish it again",
    "mail-events-errors": "look at the log of mail-events; it retries what it read; {roll_back} if the release is new",
    "mail-events-behind": "look at the log of mail-events: SNS refuses it, or it fails; mails are not affected",
    "mail-events-lost": "the runbook's *Mail events were lost* says how to publish them, within 12 hours",
    "mail-webhook-failures": "look at the log of mail-webhook; it retries what it could not post for up to 14 days",
    "mail-webhook-gone": "ask the receiver; {check_account} names the command that enables posting again",
    "mail-webhook-letters": "fix the receiver, then {redrive_webhook}; {show_webhook_letters} lists them",
    "scheduler-errors": "look at the log of scheduler; its next run picks up what is due",
    "due-age": "the log of N-scheduler: does it run every minute? nothing is lost: mails are sent once it runs",
    "feedback-waiting": "look at the log of feedback; nothing is lost for 14 days",
    "feedback-age": "{check_account} says why nobody reads the queue; nothing is lost for 14 days",
    "feedback-undelivered": "the runbook's *feedback was not delivered* says where it is kept, for 14 days",
    "topic-failures": "no mail is lost: the event is in retry; {check_account} checks who may invoke notify",
    "filtered-out": "is a type missing in the subscription's filter? see shared_topic.filter in Terraform",
    "bounce-rate": "{explain} ADDRESS for some that bounced: where do these addresses come from? SES pauses at 10 %",
    "complaint-rate": "stop the mails that people report as spam: SES pauses at 0.5 %; {pause} stops all mail",
    "outbox-age": "the sweeper keeps trying; look at its log, and at the relay's",
    "outbox-rejected": "fix the cause that the log names; {publish_again} EVENT_ID",
    "republished": "{check_account} checks everything from the topic to the ledger; {explain} EVENT explains one",
    "relay-behind": "nothing is lost: the sweeper publishes in the meantime; look at the relay's log",
    "web-5xx": "look at the web app's log; mails are not affected",
    "web-errors": "look at the web app's log; mails are not affected",
    "relay-errors": "nothing is lost: the sweeper publishes in the meantime; look at the relay's log",
    "sweeper-errors": "look at the sweeper's log; the relay publishes what is new",
    "reconcile-errors": "look at its log; what was lost in the meantime is published again once it runs",
    "post-confirmation-errors": "look at its log; people who signed up in the meantime get no welcome mail",
}
#: Alarms for which missing data counts as ringing, because every run writes their metric. A new alarm is given time for
#: its first data (`_FIRST_PERIODS` times its evaluation time).
SILENCE_RINGS = frozenset({"due-age", "outbox-age"})
_FIRST_PERIODS = 2
#: How the name of an alarm ends that belongs to a Herald with a longer name, as in herald-x-dead-letters.
_OF_ANOTHER = re.compile(rf".+-(?:{'|'.join(map(re.escape, RUNBOOK))}|release-\d+-\w+)")
_OTHER = "an alarm of your own, or of a release: CloudWatch shows what it watches"


@dataclass(frozen=True, slots=True)
class RingingAlarm:
    """A ringing alarm: its name, since when it rings, what it means, and what to `do`, a line of `RUNBOOK`."""

    name: str
    since: datetime
    meaning: str
    do: str


def format_advice(do: str, format_remedy: FormatRemedy) -> str:
    """Return a line of `RUNBOOK` with its actions replaced by what `format_remedy` returns for them."""
    return do.format_map({action.value: format_remedy(Remedy(action)) for action in RemedyAction})


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
