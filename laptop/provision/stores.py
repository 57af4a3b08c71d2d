"""What keeps state in the laptop cloud: tables, topics, queues and keys."""

from __future__ import annotations

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, cast

from laptop.clients import LaptopClients
from laptop.environment import ACCOUNT, REGION
from laptop.resources import ADDRESS_KEY, LEDGER_TABLE, LINK_KEY, PREFIX, PROVIDER_KEY, SESSION_KEY, topic_policy
from laptop.time_scale import TimeScale
from webapp.aws import table as books

__all__ = ["RECEIVES", "Provisioned", "make_stores", "queue_arn", "redrive_to"]

#: After so many receives `notify` gives up by itself; the queue's own redrive is only the backstop.
RECEIVES = 200


@dataclass(slots=True)
class Provisioned:
    """Everything that was made, each by its name without the prefix: tables by name, topics by ARN, queues by URL."""

    tables: dict[str, str] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)


def make_stores(clients: LaptopClients, time_scale: TimeScale) -> Provisioned:
    """Make tables, topics, queues and the keys."""
    made = Provisioned()
    with ThreadPoolExecutor(3) as pool:
        jobs = [
            pool.submit(_tables, clients, made),
            pool.submit(_make_messaging, clients, made, str(time_scale.visibility)),
            pool.submit(_parameters, clients),
        ]
        for job in jobs:
            job.result()
    return made


def _tables(clients: LaptopClients, made: Provisioned) -> None:
    definitions = {"books": (books.DEFINITION, books.EXPIRES_AT), "ledger": (LEDGER_TABLE, "expires_at")}
    for part, (definition, expiry) in definitions.items():
        name = f"{PREFIX}-{part}"
        clients.dynamodb.create_table(TableName=name, **cast("Any", definition))
        clients.dynamodb.update_time_to_live(
            TableName=name, TimeToLiveSpecification={"AttributeName": expiry, "Enabled": True}
        )
        made.tables[part] = name


def _make_messaging(clients: LaptopClients, made: Provisioned, visibility: str) -> None:
    for part in ("events", "feedback"):
        made.topics[part] = clients.sns.create_topic(Name=f"{PREFIX}-{part}")["TopicArn"]
    backstop = {"deadLetterTargetArn": queue_arn("dead"), "maxReceiveCount": RECEIVES + 1}
    attributes = {
        "dead": {
            "MessageRetentionPeriod": "1209600",
            "Policy": topic_policy(f"{PREFIX}-dead", made.topics["feedback"]),
        },
        "retry": {
            "VisibilityTimeout": visibility,
            "RedrivePolicy": json.dumps(backstop),
            "Policy": topic_policy(f"{PREFIX}-retry", made.topics["events"]),
        },
        "feedback": {
            "VisibilityTimeout": visibility,
            "RedrivePolicy": json.dumps({**backstop, "maxReceiveCount": 10}),
            "Policy": topic_policy(f"{PREFIX}-feedback", made.topics["feedback"]),
        },
    }
    for part, wanted in attributes.items():
        created = clients.sqs.create_queue(QueueName=f"{PREFIX}-{part}", Attributes=cast("Any", wanted))
        made.queues[part] = created["QueueUrl"]
    clients.sns.subscribe(
        TopicArn=made.topics["feedback"],
        Protocol="sqs",
        Endpoint=queue_arn("feedback"),
        Attributes=redrive_to("dead"),
    )


def _parameters(clients: LaptopClients) -> None:
    for name in (ADDRESS_KEY, LINK_KEY, SESSION_KEY):
        clients.any("ssm").put_parameter(Name=name, Value=secrets.token_hex(32), Type="SecureString")
    name, key = PROVIDER_KEY
    clients.any("ssm").put_parameter(Name=name, Value=key, Type="SecureString")


def redrive_to(queue: str) -> dict[str, str]:
    """The attribute of a subscription by which SNS puts what it cannot deliver into a queue."""
    return {"RedrivePolicy": json.dumps({"deadLetterTargetArn": queue_arn(queue)})}


def queue_arn(part: str) -> str:
    """The ARN of a queue by its name without the prefix."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{PREFIX}-{part}"
