"""Checks of the queues and the ledger's stream: whether they are read, and the dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from doctor.check import Check, Finding, ok, warning, wrong
from doctor.check_context import ALIAS, CheckContext
from doctor.errors import RefusedError
from operations.pause import READING

__all__ = ["CHECKS"]

_WINDOW = timedelta(minutes=15)
_DAY = 86_400
#: SQS deletes a letter after 14 days; the alarm of infra/modules/notifier rings at half of that.
_OLD_DAYS = 7


def _check_readers(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html"""
    off = []
    for queue, function in (("retry", "notify"), ("feedback", "feedback")):
        answer = context.ask(
            "lambda",
            "ListEventSourceMappings",
            EventSourceArn=context.arn("sqs", f"{context.prefix}-{queue}"),
            FunctionName=context.arn("lambda", f"function:{context.prefix}-{function}:{ALIAS}"),
        )
        states = [str(one.get("State")) for one in answer.get("EventSourceMappings") or []]
        if not READING & set(states):
            off.append(f"{context.prefix}-{queue} ({', '.join(states) or 'no mapping'})")
    if not off:
        return ok(f"{context.prefix}-retry and {context.prefix}-feedback are read")
    return wrong(f"nobody reads {', '.join(off)}", context.make("resume") if "retry" in off[0] else context.apply)


def _check_letters(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html

    Letters are counted, not received: SQS's metric of age ignores a message that was received three times.
    """
    dead = context.queue("dead")
    parts = (
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    )
    count = sum(int(dead.get(part, 0)) for part in parts)
    if not count:
        return ok("no letters")
    age, look = _read_age(context), f"{context.make('dead')}, then {context.make('redrive')}"
    letters = f"about {count} {'letter' if count == 1 else 'letters'}"
    if age is None:
        return warning(f"{letters}; SQS tells no age", look)
    figure = f"{letters}; the oldest that was received less than three times is {_format_span(age)} old (SQS's metric)"
    if age > _OLD_DAYS * _DAY:
        return wrong(f"{figure}: after 14 days they are lost", look)
    return warning(figure, look)


def _read_age(context: CheckContext) -> float | None:
    """Seconds; https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html"""
    answer = context.ask(
        "cloudwatch",
        "GetMetricStatistics",
        Namespace="AWS/SQS",
        MetricName="ApproximateAgeOfOldestMessage",
        Dimensions=[{"Name": "QueueName", "Value": f"{context.prefix}-dead"}],
        StartTime=context.now - _WINDOW,
        EndTime=context.now,
        Period=60,
        Statistics=["Maximum"],
    )
    points = [one for one in answer.get("Datapoints") or [] if "Maximum" in one and "Timestamp" in one]
    return float(max(points, key=lambda one: one["Timestamp"])["Maximum"]) if points else None


def _format_span(seconds: float) -> str:
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} days"


def _check_mail_events(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html: changes are kept for 24 hours.
    """
    name = f"{context.prefix}-mail-events"
    if context.find("lambda", "GetAlias", FunctionName=name, Name=ALIAS) is None:
        return ok("what becomes of mails is told to nobody: mail_events is off")
    arn = context.arn("lambda", f"function:{name}:{ALIAS}")
    mappings = context.ask("lambda", "ListEventSourceMappings", FunctionName=arn).get("EventSourceMappings") or []
    if any(one.get("State") in READING for one in mappings):
        return ok(f"{name} reads the ledger's stream")
    lost = "what becomes of mails is told to nobody, and forgotten after 24 hours"
    if not mappings:
        return wrong(f"{name} has no mapping to the ledger's stream: {lost}", context.apply)
    finding = f"{name} does not read the ledger's stream ({mappings[0].get('State')}): {lost}"
    return wrong(finding, _write_enable_command(mappings[0]))


def _check_mail_webhook(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html"""
    name = f"{context.prefix}-mail-webhook"
    try:
        dead = context.queue("mail-webhook-dead")
    except RefusedError as refusal:
        if not refusal.missing:
            raise
        return ok("what becomes of mails is posted nowhere: mail_webhook is off")
    arn = context.arn("lambda", f"function:{name}")
    mappings = context.ask("lambda", "ListEventSourceMappings", FunctionName=arn).get("EventSourceMappings") or []
    if not mappings:
        return wrong(f"{name} does not read its queue: nothing is posted", context.apply)
    if not any(one.get("State") in READING for one in mappings):
        finding = (
            f"{name} posts nothing ({mappings[0].get('State')}): its receiver answered 410, or somebody stopped it"
        )
        return wrong(finding, _write_enable_command(mappings[0]))
    if count := int(dead.get("ApproximateNumberOfMessages", 0)):
        letters = context.arn("sqs", f"{name}-dead")
        finding = f"the webhook's receiver did not take about {count} in two days; after 14 more they are lost"
        return warning(finding, f"aws sqs start-message-move-task --source-arn {letters}")
    return ok(f"{name} posts what becomes of mails")


def _write_enable_command(mapping: Mapping[str, Any]) -> str:
    return f"aws lambda update-event-source-mapping --uuid {mapping.get('UUID', 'UUID')} --enabled"


CHECKS = (
    Check("sqs-readers", "Queue readers", _check_readers),
    Check("mail-events-reader", "Reader of what becomes of mails", _check_mail_events),
    Check("mail-webhook", "Webhook of what becomes of mails", _check_mail_webhook),
    Check("dead-letters", "Dead letters", _check_letters),
)
