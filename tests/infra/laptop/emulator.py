"""Where the emulator (ministack 1.5.33) is not AWS, one by one, each with what follows from it here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from laptop.clients import LaptopClients

__all__ = ["publish_meanwhile"]

_SNS = "arn:aws:sns:us-east-1:000000000000"
#: Each topic, and the roles that publish to it.
PUBLISHERS = {
    f"{_SNS}:herald-events": ("herald-us-east-1-relay", "herald-us-east-1-sweeper", "herald-us-east-1-reconcile"),
    f"{_SNS}:herald-mail-events": ("herald-us-east-1-mail-events",),
}


@contextmanager
def publish_meanwhile(clients: LaptopClients) -> Iterator[None]:
    """Let the publishers publish, which two differences from AWS keep them from; take it back afterwards.

    `PublishBatch` needs the action `sns:PublishBatch` here, which AWS does not have: there it is `sns:Publish`
    (https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html). And `aws:PrincipalArn` of an assumed role is the
    session here; on AWS it is the role
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    iam: Any = clients.make_client("iam")
    policies = {topic: _policy(clients, topic) for topic in PUBLISHERS}
    for topic, roles in PUBLISHERS.items():
        batch = {"Effect": "Allow", "Action": "sns:PublishBatch", "Resource": topic}
        document = json.dumps({"Version": "2012-10-17", "Statement": [batch]})
        for role in roles:
            iam.put_role_policy(RoleName=role, PolicyName="emulator", PolicyDocument=document)
        _set_policy(clients, topic, _with_sessions(policies[topic], roles))
    try:
        yield
    finally:
        for topic, roles in PUBLISHERS.items():
            _set_policy(clients, topic, policies[topic])
            for role in roles:
                iam.delete_role_policy(RoleName=role, PolicyName="emulator")


def _with_sessions(policy: str, roles: Sequence[str]) -> str:
    document = json.loads(policy)
    for statement in document["Statement"]:
        named = statement.get("Condition", {}).pop("ArnNotEquals", None)
        if named:
            arns = named["aws:PrincipalArn"]
            sessions = [f"arn:aws:sts::000000000000:assumed-role/{role}/*" for role in roles]
            allowed = [*([arns] if isinstance(arns, str) else arns), *sessions]
            statement["Condition"] = {"ArnNotLike": {"aws:PrincipalArn": allowed}}
    return json.dumps(document)


def _policy(clients: LaptopClients, topic: str) -> str:
    return clients.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]


def _set_policy(clients: LaptopClients, topic: str, policy: str) -> None:
    clients.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
