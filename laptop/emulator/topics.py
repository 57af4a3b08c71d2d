"""SNS in ministack: deliveries to functions go through the function's asynchronous queue.

https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from importlib import import_module
from typing import Any

from laptop.cloudwatch.metrics import MetricPoint
from laptop.emulator.patches import Ministack
from laptop.emulator.queues import Queues
from laptop.environment import REGION
from laptop.invocations.invocation import InvocationTarget, QueuedEvent
from laptop.invocations.journal import Journal

__all__ = ["Topics"]


class Topics:
    """Delivers to functions, whose queues accept every event that their policy allows, so SNS never has to retry."""

    def __init__(
        self,
        ministack: Ministack,
        queues: Queues,
        journal: Journal,
        accept: Callable[[QueuedEvent], None],
        store: Callable[[MetricPoint], None],
    ) -> None:
        self._functions = ministack.functions
        self._topics = ministack.topics._topics
        self._policies = import_module("ministack.core.iam_evaluator")
        self._queues = queues
        self._journal = journal
        self._accept = accept
        self._store = store
        ministack.replace(ministack.topics, "_deliver_to_lambda", lambda _: self._deliver)

    def _deliver(self, endpoint: str, envelope: str, topic: str, subscription: str, *_: Any) -> None:
        """Deliver a notification; if the function is gone or its policy denies the topic, send it to the dead-letter
        queue.

        Both are client-side errors, which SNS does not retry.
        """
        target = InvocationTarget.parse(endpoint)
        delivered = self._is_allowed(target, topic)
        metric = "NumberOfNotificationsDelivered" if delivered else "NumberOfNotificationsFailed"
        name = topic.rpartition(":")[2]
        self._store(MetricPoint("AWS/SNS", metric, 1, "Count", time.time(), {"TopicName": name}))
        if not delivered:
            self._redrive(topic, subscription, envelope)
            return
        payload = _build_event(json.loads(envelope), subscription)
        self._journal.record_delivery(
            message_id=payload["Records"][0]["Sns"]["MessageId"],
            topic=topic,
            function_arn=endpoint,
            at=time.time(),
            event=payload,
        )
        hops = self._functions._invoke_depth.get()
        self._accept(QueuedEvent(str(uuid.uuid4()), target, payload, "sns", time.time(), hops))

    def _is_allowed(self, target: InvocationTarget, topic: str) -> bool:
        """Return whether the function exists and the policy of this very alias or version lets the topic invoke it."""
        function = self._functions._functions.get(target.name)
        if not self._functions._function_qualifier_exists(function, target.qualifier):
            return False
        context = self._policies.EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action="lambda:InvokeFunction",
            resource_arn=target.arn,
            region=REGION,
            service_context={"aws:sourcearn": topic},  # AWS's own examples give no source account
        )
        evaluate = self._policies.evaluate_resource_policy
        return bool(evaluate(function["policy"], context, service="sns.amazonaws.com").decision == "Allow")

    def _redrive(self, topic: str, subscription: str, envelope: str) -> None:
        subscriptions = (self._topics.get(topic) or {}).get("subscriptions", ())
        attributes: dict[str, str] = next(
            (each["attributes"] for each in subscriptions if each["arn"] == subscription), {}
        )
        policy = json.loads(attributes.get("RedrivePolicy") or "{}")
        if "deadLetterTargetArn" in policy:
            self._queues.put(policy["deadLetterTargetArn"], envelope, {})


def _build_event(notification: dict[str, Any], subscription: str) -> dict[str, Any]:
    """Return the notification as a Lambda event, in which two keys are spelled differently and none is left out.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    spelt = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    sns = {spelt.get(name, name): value for name, value in notification.items()}
    record = {
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "EventSource": "aws:sns",
        "Sns": {"Subject": None, "MessageAttributes": {}, **sns},
    }
    return {"Records": [record]}
