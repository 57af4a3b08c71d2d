"""Reading a resource's policy for whom it lets in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from doctor.policies import Grant, list_grants

_TOPIC = "arn:aws:sns:eu-west-1:111122223333:herald-events"


def policy(**changes: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    return json.dumps({"Statement": statement | changes})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (policy(), [Grant(())]),
        (policy(Principal="*"), [Grant(())]),
        (policy(Principal={"Service": ["ses.amazonaws.com", "sns.amazonaws.com"]}), [Grant(())]),
        (policy(Principal={"AWS": "*"}), []),
        (policy(Principal={"Service": "ses.amazonaws.com"}), []),
        (policy(Action=["SQS:Send*"]), [Grant(())]),
        (policy(Action="sqs:ReceiveMessage"), []),
        (policy(Effect="Deny"), []),
        (policy(Condition={"ArnEquals": {"aws:SourceArn": _TOPIC}}), [Grant(())]),
        (policy(Condition={"ArnLike": {"AWS:SourceArn": [f"{_TOPIC}2", "arn:aws:sns:*:111122223333:*"]}}), [Grant(())]),
        (policy(Condition={"ArnEquals": {"aws:SourceArn": f"{_TOPIC}2"}}), []),
        (policy(Condition={"StringEquals": {"aws:SourceAccount": "1"}}), [Grant(("aws:sourceaccount",))]),
    ],
)
def test_who_is_let_in(text: str, found: list[Grant]) -> None:
    assert list_grants(text, "sns.amazonaws.com", "sqs:SendMessage", _TOPIC) == found


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        list_grants(text, "sns.amazonaws.com", "sqs:SendMessage")
