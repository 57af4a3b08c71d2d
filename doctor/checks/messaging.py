"""Checks of the SNS subscriptions for events and feedback, and of the policies of the queues behind them."""

from __future__ import annotations

import json

from doctor.check import Check, Finding, ok, warning, wrong
from doctor.check_context import CheckContext, read_member
from doctor.policies import list_grants

__all__ = ["CHECKS"]


def _check_events(context: CheckContext) -> Finding:
    return _check_subscription(context, "events", "lambda", context.alias_arn, "retry")


def _check_feedback(context: CheckContext) -> Finding:
    return _check_subscription(context, "feedback", "sqs", context.arn("sqs", f"{context.prefix}-feedback"), "dead")


def _check_subscription(context: CheckContext, part: str, protocol: str, endpoint: str, letters: str) -> Finding:
    """https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    topic = context.topic(part)
    pages = context.pages("sns", "ListSubscriptionsByTopic", TopicArn=topic)
    found = [one for page in pages for one in page.get("Subscriptions") or []]
    ours = [one for one in found if one.get("Protocol") == protocol and one.get("Endpoint") == endpoint]
    if not ours:
        others = ", ".join(sorted(str(one.get("Endpoint")) for one in found)) or "nowhere"
        return wrong(f"{topic} does not lead to {endpoint}; it leads to {others}", context.apply)
    arn = min(str(read_member(one, "sns", "SubscriptionArn")) for one in ours)  # SNS lists them in no order
    if not arn.startswith("arn:"):
        return wrong(f"the subscription of {endpoint} waits to be confirmed ({arn})", context.apply)
    judged = _check_attributes(context, arn, endpoint, context.arn("sqs", f"{context.prefix}-{letters}"))
    if judged is None and len(ours) > 1:
        return warning(
            f"{endpoint} is subscribed {len(ours)} times: each event comes so often",
            f"aws sns unsubscribe --subscription-arn {arn}",
        )
    return judged or ok(f"{topic} leads to {endpoint}, and what cannot be handed over to {context.prefix}-{letters}")


def _check_attributes(context: CheckContext, arn: str, endpoint: str, letters: str) -> Finding | None:
    """What is wrong with a subscription's attributes; None if nothing is.

    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """
    answer = context.ask("sns", "GetSubscriptionAttributes", SubscriptionArn=arn)
    attributes = read_member(answer, "sns", "Attributes")
    if attributes.get("PendingConfirmation") == "true":
        return wrong(f"the subscription of {endpoint} waits to be confirmed", context.apply)
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    if redrive.get("deadLetterTargetArn") != letters:
        leads = redrive.get("deadLetterTargetArn") or "nowhere"
        return wrong(f"what cannot be handed to {endpoint} goes {leads}, not to {letters}", context.apply)
    if attributes.get("FilterPolicy"):
        return warning(
            f"a filter decides what comes to {endpoint}: {attributes['FilterPolicy']}", "see that it admits every type"
        )
    return None


def _check_policies(context: CheckContext) -> Finding:
    """SNS gives up a message that the queue's policy does not allow, so the policies are checked beforehand.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    refused, doubtful = [], []
    for queue, part in (("retry", "events"), ("feedback", "feedback"), ("dead", "feedback")):
        policy = context.queue(queue).get("Policy")
        found = list_grants(policy, "sns.amazonaws.com", "sqs:SendMessage", context.topic(part)) if policy else []
        if not found:
            refused.append(f"{context.prefix}-{queue} from {context.prefix}-{part}")
        elif all(grant.conditions for grant in found):
            doubtful.append(f"{context.prefix}-{queue} ({', '.join(found[0].conditions)})")
    if refused:
        return wrong(f"SNS may not send to {', '.join(refused)}", context.apply)
    if doubtful:
        return warning(
            f"SNS may send if it names more than the topic, which AWS does not promise: {', '.join(doubtful)}",
            context.apply,
        )
    return ok(f"SNS may send from its topics to {context.prefix}-retry, -feedback and -dead")


CHECKS = (
    Check("sns-events", "Subscription to events", _check_events),
    Check("sns-feedback", "Subscription to feedback", _check_feedback),
    Check("sqs-policies", "Queue policies", _check_policies),
)
