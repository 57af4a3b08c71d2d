"""The actions behind the console's buttons: publish, deliver again, arm faults, redrive.

They use only the APIs that any client could call.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from laptop.clients import LaptopClients
from laptop.console.scenarios import NewEventScenario, encode_body, make_event, write_correction
from laptop.environment import ACCOUNT, REGION
from laptop.resources import PREFIX
from laptop.ses.faults import ArmedFaults, FaultKind, SendFault
from operations.installation import Installation
from operations.redrive.plan import RedrivePlan, plan_redrive
from operations.redrive.queue import peek
from operations.redrive.send import RedriveResult, redrive_letters

__all__ = ["ConsoleActions"]

#: Late feedback arrives this many seconds after the hold has ended.
_AFTER_THE_HOLD = 2.0

_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:{PREFIX}-events"


class ConsoleActions:
    """Carries out the console's actions on one laptop cloud; `faults` are the armed faults of its SES simulator.

    `labels` maps an event's id to the labels of the buttons pressed for it, oldest first.
    """

    def __init__(self, clients: LaptopClients, faults: ArmedFaults) -> None:
        self._clients = clients
        self._faults = faults
        self.labels: dict[str, list[str]] = {}

    def publish(self, scenario: NewEventScenario) -> str:
        """Arm the fault of `scenario`, publish a new event, and return the event's id."""
        event = make_event(scenario)
        recipient = event["data"]["recipient"]["email"]
        if scenario.fault:
            self._faults.arm(SendFault(scenario.fault, times=scenario.times, recipient=recipient))
        if scenario.late:
            seconds = self._hold_seconds() + _AFTER_THE_HOLD
            self._faults.arm(SendFault(FaultKind.DELAY_FEEDBACK, recipient=recipient, seconds=seconds))
        self._say(event["id"], scenario.label)
        self._publish(encode_body(event))
        return str(event["id"])

    def follow_up(self, name: str, delivery: dict[str, Any], event_id: str, label: str) -> None:
        """Repeat a delivery: `deliver`, `twice`, `republish`, or `correct`, which publishes it with changed content."""
        self._say(event_id, label)
        body = delivery["event"]["Records"][0]["Sns"]["Message"]
        if name in ("republish", "correct"):
            self._publish(write_correction(body) if name == "correct" else body)
            return
        copies = 2 if name == "twice" else 1
        with ThreadPoolExecutor(copies) as pool:
            for done in [pool.submit(self._invoke, delivery) for _ in range(copies)]:
                done.result()

    def letters(self) -> int:
        """Return the approximate number of dead letters in the queue `dead`."""
        answer = self._clients.sqs.get_queue_attributes(QueueUrl=self._find_url("dead"), AttributeNames=["All"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def redrive(self) -> RedriveResult:
        """Redrive every letter in `dead`; pressing the button counts as confirming each of them."""
        installation = self._make_installation()
        plan: RedrivePlan = plan_redrive(peek(installation.sqs, installation.dead), installation.record)
        return redrive_letters(installation, plan, lambda _: None, RedriveResult())

    def _hold_seconds(self) -> float:
        """Return the hold, in seconds, that `notify` is configured with."""
        configuration = self._clients.functions.get_function_configuration(FunctionName=f"{PREFIX}-notify")
        return float(configuration["Environment"]["Variables"]["HERALD_HOLD_SECONDS"])

    def _say(self, event_id: str, label: str) -> None:
        self.labels.setdefault(event_id, []).append(label)

    def _publish(self, body: str) -> None:
        kind: dict[str, Any] = {"type": {"DataType": "String", "StringValue": json.loads(body)["type"]}}
        self._clients.sns.publish(TopicArn=_TOPIC, Message=body, MessageAttributes=kind)

    def _invoke(self, delivery: dict[str, Any]) -> None:
        payload = json.dumps(delivery["event"])
        arn = delivery["function_arn"]
        self._clients.functions.invoke(FunctionName=arn, InvocationType="Event", Payload=payload)

    def _make_installation(self) -> Installation:
        dead, retry, feedback = map(self._find_url, ("dead", "retry", "feedback"))
        return Installation(self._clients.sqs, self._clients.dynamodb, dead, retry, feedback, f"{PREFIX}-ledger")

    def _find_url(self, part: str) -> str:
        return self._clients.sqs.get_queue_url(QueueName=f"{PREFIX}-{part}")["QueueUrl"]
