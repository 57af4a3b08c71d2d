"""EventBridge in ministack: checks the topic's policy for a rule's target, and sends rejected events to its dead-letter
queue.

ministack does neither. A missing permission is not retried.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

from laptop.emulator.patches import Ministack
from laptop.emulator.queues import Queues
from laptop.environment import REGION

__all__ = ["Buses"]


class Buses:
    """Checks each delivery from a rule to an SNS topic."""

    def __init__(self, ministack: Ministack, queues: Queues) -> None:
        self._topics = ministack.topics._topics
        self._policies = import_module("ministack.core.iam_evaluator")
        self._buses = import_module("ministack.services.eventbridge")
        self._queues = queues
        ministack.replace(self._buses, "_invoke_target", self._guard)

    def _guard(self, invoke: Callable[..., None]) -> Callable[..., None]:
        def hand_on(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
            topic = str(target.get("Arn", ""))
            error = self._find_error(topic, rule) if topic.startswith("arn:aws:sns:") else ""
            if not error:
                invoke(target, event, rule, view)
                return
            queue = (target.get("DeadLetterConfig") or {}).get("Arn")
            if queue:
                whole = (view or self._buses._pattern_event_view(event)).event_with_detail()
                attributes = {"RULE_ARN": str(rule["Arn"]), "TARGET_ARN": topic, "ERROR_CODE": error}
                self._queues.put(queue, json.dumps(whole), attributes)

        return hand_on

    def _find_error(self, topic: str, rule: dict[str, Any]) -> str:
        """Return the error code if the topic does not accept the rule's events, otherwise an empty string."""
        found = self._topics.get(topic)
        if found is None:
            return "NO_RESOURCE"
        context = self._policies.EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action="sns:Publish",
            resource_arn=topic,
            region=REGION,
            service_context={"aws:sourcearn": rule["Arn"]},
        )
        policy = json.loads(found["attributes"].get("Policy") or "{}")
        decision = self._policies.evaluate_resource_policy(policy, context, service="events.amazonaws.com").decision
        return "" if decision == "Allow" else "NO_PERMISSIONS"
