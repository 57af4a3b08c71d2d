"""The check of the key that topics and queues are encrypted with."""

from __future__ import annotations

from doctor.check import Check, Finding, ok, warning, wrong
from doctor.check_context import CheckContext, read_member
from doctor.errors import UnansweredError
from doctor.policies import list_grants

__all__ = ["CHECKS"]

#: SES publishes feedback, SNS sends to the queues, CloudWatch publishes alarms.
_SERVICES = ("ses", "sns", "cloudwatch")
_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")


def _check_key(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html

    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    topic = context.topic("events")
    key = read_member(context.ask("sns", "GetTopicAttributes", TopicArn=topic), "sns", "Attributes").get(
        "KmsMasterKeyId"
    )
    if not key and context.local:
        raise UnansweredError("kms", "of a key, because make run makes none")
    if not key:
        return warning(f"{topic} is not encrypted", context.apply)
    state = read_member(context.ask("kms", "DescribeKey", KeyId=key), "kms", "KeyMetadata", "KeyState")
    if state == "PendingDeletion":
        return wrong(
            f"{key} is about to be deleted, and with it all that it encrypts",
            f"aws kms cancel-key-deletion --key-id {key}",
        )
    if state != "Enabled":
        return wrong(f"{key} is {state}: nothing goes through topics and queues", f"aws kms enable-key --key-id {key}")
    policy = read_member(context.ask("kms", "GetKeyPolicy", KeyId=key, PolicyName="default"), "kms", "Policy")
    shut_out = [
        one for one in _SERVICES if not all(list_grants(policy, f"{one}.amazonaws.com", action) for action in _ACTIONS)
    ]
    if shut_out:
        return wrong(f"{key} does not let {', '.join(shut_out)} use it: what they send is lost", context.apply)
    return ok(f"{key} is enabled, and {', '.join(_SERVICES)} may use it")


CHECKS = (Check("key", "Key", _check_key),)
