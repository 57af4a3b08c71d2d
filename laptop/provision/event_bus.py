"""Creates what forwards events of an EventBridge bus: a rule on the default bus, and a queue for failed deliveries.

As in infra/modules/notifier/event_bus.tf.
"""

from __future__ import annotations

import json
from typing import Any

from laptop.clients import LaptopClients
from laptop.provision.messaging import Provisioned, build_queue_arn
from laptop.resources import PREFIX

__all__ = ["BUS_SOURCE", "make_event_bus"]

#: The EventBridge `source` of the events that the rule forwards to the topic.
BUS_SOURCE = "com.example.shop"
_NAME = "bus-undelivered"


def make_event_bus(clients: LaptopClients, made: Provisioned) -> None:
    """Create a rule that forwards the `detail` of events from `BUS_SOURCE` on the default bus to the topic."""
    queue = clients.sqs.create_queue(QueueName=f"{PREFIX}-{_NAME}", Attributes={"MessageRetentionPeriod": "1209600"})
    made.queues[_NAME] = queue["QueueUrl"]
    bus: Any = clients.make_client("events")
    pattern = {"source": [BUS_SOURCE]}
    rule = bus.put_rule(Name=f"{PREFIX}-events", EventPattern=json.dumps(pattern))["RuleArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": made.topics["events"],
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    clients.sns.set_topic_attributes(
        TopicArn=made.topics["events"],
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    target = {
        "Id": "topic",
        "Arn": made.topics["events"],
        "InputPath": "$.detail",
        "DeadLetterConfig": {"Arn": build_queue_arn(_NAME)},
    }
    bus.put_targets(Rule=f"{PREFIX}-events", Targets=[target])
