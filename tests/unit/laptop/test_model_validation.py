"""The gate holds requests to patterns, lengths and ranges of AWS's models, also in the spelling of Java's."""

from __future__ import annotations

from typing import Any

import pytest

from laptop.model_validation import leave_blanks, request_violations

SIGN_UP = {"ClientId": "c", "Password": "Lovelace-1815"}


@pytest.mark.parametrize(
    ("service", "operation", "request_", "found"),
    [
        ("cognito-idp", "SignUp", SIGN_UP | {"Username": "ada@bücher.example"}, False),
        ("cognito-idp", "SignUp", SIGN_UP | {"Username": "日本語-語+1"}, False),
        ("cognito-idp", "SignUp", SIGN_UP | {"Username": "ada lovelace"}, True),
        ("cognito-idp", "SignUp", SIGN_UP | {"Username": "ada\u200b"}, True),
        ("cognito-idp", "SignUp", SIGN_UP | {"Username": "a" * 129}, True),
        ("iam", "TagRole", {"RoleName": "r", "Tags": [{"Key": "Zoë_1", "Value": "a b@c"}]}, False),
        ("iam", "TagRole", {"RoleName": "r", "Tags": [{"Key": "a#b", "Value": ""}]}, True),
        ("logs", "PutRetentionPolicy", {"logGroupName": "/aws/lambda/herald", "retentionInDays": 7}, False),
        ("logs", "PutRetentionPolicy", {"logGroupName": "/aws/lambda/herald x", "retentionInDays": 7}, True),
        ("sqs", "SendMessage", {"QueueUrl": 1, "MessageBody": "x"}, True),
    ],
)
def test_a_request_is_held_to_its_model(service: str, operation: str, request_: dict[str, Any], found: bool) -> None:
    assert bool(request_violations(service, operation, request_)) is found


def test_blank_members_are_left_out_wherever_they_stand() -> None:
    assert leave_blanks({"a": "", "b": [{"c": None, "d": 0, "e": False, "f": []}]}) == {
        "b": [{"d": 0, "e": False, "f": []}]
    }
