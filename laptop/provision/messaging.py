"""Creates topics, queues and subscriptions."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, cast

from laptop.clients import LaptopClients
from laptop.environment import ACCOUNT, REGION
from laptop.resources import PREFIX, build_topic_policy

__all__ = ["RECEIVES", "Provisioned", "build_queue_arn", "make_messaging", "redrive_to"]

#: The number of receives after which `notify` gives up an item itself; the queue's redrive policy is only a fallback.
RECEIVES = 200


@dataclass(slots=True)
class Provisioned:
    """Everything that was created, by name without the prefix: names of tables, ARNs of topics and functions, URLs of
    queues.
    """

    tables: dict[str, str] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    #: What a program needs to post events: `url`, `token_url`, `client_id`, `client_secret`.
    events_api: dict[str, str] = field(default_factory=dict)


def make_messaging(clients: LaptopClients, made: Provisioned, visibility: str) -> None:
    """Create the topics, the queues with their policies, and the subscription of the queue `feedback`.

    `visibility` is the visibility timeout in seconds.
    """
    for part in ("events", "feedback"):
        made.topics[part] = clients.sns.create_topic(Name=f"{PREFIX}-{part}")["TopicArn"]
    backstop = {"deadLetterTargetArn": build_queue_arn("dead"), "maxReceiveCount": RECEIVES + 1}
    attributes = {
        "dead": {
            "MessageRetentionPeriod": "1209600",
            "Policy": build_topic_policy(f"{PREFIX}-dead", made.topics["feedback"]),
        },
        "retry": {
            "VisibilityTimeout": visibility,
            "RedrivePolicy": json.dumps(backstop),
            "Policy": build_topic_policy(f"{PREFIX}-retry", made.topics["events"]),
        },
        "feedback": {
            "VisibilityTimeout": visibility,
            "RedrivePolicy": json.dumps({**backstop, "maxReceiveCount": 10}),
            "Policy": build_topic_policy(f"{PREFIX}-feedback", made.topics["feedback"]),
        },
    }
    for part, wanted in attributes.items():
        created = clients.sqs.create_queue(QueueName=f"{PREFIX}-{part}", Attributes=cast("Any", wanted))
        made.queues[part] = created["QueueUrl"]
    clients.sns.subscribe(
        TopicArn=made.topics["feedback"],
        Protocol="sqs",
        Endpoint=build_queue_arn("feedback"),
        Attributes=redrive_to("dead"),
    )


def redrive_to(queue: str) -> dict[str, str]:
    """Return the subscription attribute that makes SNS put undeliverable messages into a queue."""
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": build_queue_arn(queue)})}


def build_queue_arn(part: str) -> str:
    """Return the ARN of a queue from its name without the prefix."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{PREFIX}-{part}"
