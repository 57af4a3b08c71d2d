"""Where the emulator (ministack 1.5.33) is not AWS, one by one, each with what follows from it here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from laptop.clients import LaptopClients

__all__ = ["publish_meanwhile"]

TOPIC = "arn:aws:sns:us-east-1:000000000000:herald-events"
PUBLISHERS = ("herald-us-east-1-relay", "herald-us-east-1-sweeper", "herald-us-east-1-reconcile")


@contextmanager
def publish_meanwhile(clients: LaptopClients) -> Iterator[None]:
    """Let the publishers publish, which two differences from AWS keep them from; take it back afterwards.

    `PublishBatch` needs the action `sns:PublishBatch` here, which AWS does not have: there it is `sns:Publish`
    (https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html). And `aws:PrincipalArn` of an assumed role is the
    session here; on AWS it is the role
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    iam: Any = clients.any("iam")
    policy = clients.sns.get_topic_attributes(TopicArn=TOPIC)["Attributes"]["Policy"]
    batch = {"Effect": "Allow", "Action": "sns:PublishBatch", "Resource": TOPIC}
    document = json.dumps({"Version": "2012-10-17", "Statement": [batch]})
    for role in PUBLISHERS:
        iam.put_role_policy(RoleName=role, PolicyName="emulator", PolicyDocument=document)
    _set_policy(clients, _with_sessions(policy))
    try:
        yield
    finally:
        _set_policy(clients, policy)
        for role in PUBLISHERS:
            iam.delete_role_policy(RoleName=role, PolicyName="emulator")


def _with_sessions(policy: str) -> str:
    document = json.loads(policy)
    for statement in document["Statement"]:
        roles = statement.get("Condition", {}).pop("ArnNotEquals", None)
        if roles:
            sessions = [f"arn:aws:sts::000000000000:assumed-role/{role}/*" for role in PUBLISHERS]
            statement["Condition"] = {"ArnNotLike": {"aws:PrincipalArn": [*roles["aws:PrincipalArn"], *sessions]}}
    return json.dumps(document)


def _set_policy(clients: LaptopClients, policy: str) -> None:
    clients.sns.set_topic_attributes(TopicArn=TOPIC, AttributeName="Policy", AttributeValue=policy)
