"""Topics, queues and what joins them in the laptop cloud."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, cast

from laptop.clients import LaptopClients
from laptop.environment import ACCOUNT, REGION
from laptop.resources import PREFIX, build_topic_policy

__all__ = ["RECEIVES", "Provisioned", "build_queue_arn", "make_messaging", "redrive_to"]

#: After so many receives `notify` gives up by itself; the queue's own redrive is only the backstop.
RECEIVES = 200


@dataclass(slots=True)
class Provisioned:
    """Everything that was made, each by its name without the prefix: tables by name, topics by ARN, queues by URL."""

    tables: dict[str, str] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    #: What a program needs to post events: `url`, `token_url`, `client_id`, `client_secret`.
    events_api: dict[str, str] = field(default_factory=dict)


def make_messaging(clients: LaptopClients, made: Provisioned, visibility: str) -> None:
    """Make the topics, the queues with who may send to them, and the subscription of `feedback`; `visibility` is in
    seconds."""
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
    """The attribute of a subscription by which SNS puts what it cannot deliver into a queue."""
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": build_queue_arn(queue)})}


def build_queue_arn(part: str) -> str:
    """The ARN of a queue by its name without the prefix."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{PREFIX}-{part}"
