"""What each role must not do, tried for real with the emulator's IAM on; and beside it what it must, as a control.

Not here, because the emulator cannot tell: SES (its simulator knows no IAM), CodeDeploy's role (only CodeDeploy assumes
it), the permissions that SNS, API Gateway and EventBridge need on functions, the key's policy, and the conditions on
DynamoDB's leading keys and attributes that hold the web app to choices and suppressions. Their policies are asserted in
infra/tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from laptop.clients import LaptopClients
from tests.infra.laptop.applied import Applied
from tests.infra.laptop.probe import Call, outcomes

ACCOUNT = "000000000000"
QUEUES = f"http://sqs.us-east-1.amazonaws.com/{ACCOUNT}"
KEY = {"pk": {"S": "message#none"}}
BOOK = {"pk": {"S": "user#nobody"}, "sk": {"S": "book#none"}}


def _function(name: str) -> str:
    return f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"


def _topic(name: str) -> str:
    return f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"


READ_LEDGER: Call = ("dynamodb", "get_item", {"TableName": "herald-ledger", "Key": KEY})
#: As the web app reads it: named, and without the event.
READ_STATE: Call = (
    "dynamodb",
    "get_item",
    {
        "TableName": "herald-ledger",
        "Key": KEY,
        "ProjectionExpression": "pk, #state",
        "ExpressionAttributeNames": {"#state": "state"},
    },
)
SCAN_STATES: Call = (
    "dynamodb",
    "scan",
    {
        "TableName": "herald-ledger",
        "ProjectionExpression": "pk, #state",
        "ExpressionAttributeNames": {"#state": "state"},
    },
)
READ_EVENT: Call = ("dynamodb", "get_item", {"TableName": "herald-ledger", "Key": KEY, "ProjectionExpression": "body"})
PUT_LEDGER: Call = ("dynamodb", "put_item", {"TableName": "herald-ledger", "Item": KEY})
DELETE_LEDGER: Call = ("dynamodb", "delete_item", {"TableName": "herald-ledger", "Key": KEY})
CHOOSE: Call = (
    "dynamodb",
    "update_item",
    {
        "TableName": "herald-ledger",
        "Key": {"pk": {"S": "address#none"}},
        "UpdateExpression": "REMOVE #choice",
        "ConditionExpression": "attribute_exists(#choice)",
        "ExpressionAttributeNames": {"#choice": "stopped:books"},
    },
)
SCAN_LEDGER: Call = ("dynamodb", "scan", {"TableName": "herald-ledger"})
DROP_LEDGER: Call = ("dynamodb", "delete_table", {"TableName": "herald-ledger"})
READ_BOOK: Call = ("dynamodb", "get_item", {"TableName": "herald-books", "Key": BOOK})
PUT_BOOK: Call = ("dynamodb", "put_item", {"TableName": "herald-books", "Item": BOOK})
SCAN_BOOKS: Call = ("dynamodb", "scan", {"TableName": "herald-books"})
QUERY_BOOKS: Call = (
    "dynamodb",
    "query",
    {
        "TableName": "herald-books",
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": BOOK["pk"]},
    },
)
QUERY_PENDING: Call = (
    "dynamodb",
    "query",
    {
        "TableName": "herald-books",
        "IndexName": "pending",
        "KeyConditionExpression": "queue = :queue",
        "ExpressionAttributeValues": {":queue": {"S": "none"}},
    },
)
MARK_BOOK: Call = (
    "dynamodb",
    "update_item",
    {
        "TableName": "herald-books",
        "Key": BOOK,
        "UpdateExpression": "SET x = :x",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":x": {"S": "x"}},
    },
)
PUBLISH: Call = ("sns", "publish", {"TopicArn": _topic("herald-events"), "Message": "{}"})
PUBLISH_FEEDBACK: Call = ("sns", "publish", {"TopicArn": _topic("herald-feedback"), "Message": "{}"})
READ_SECRET: Call = ("ssm", "get_parameter", {"Name": "/herald/address-key"})
WRITE_SECRET: Call = ("ssm", "put_parameter", {"Name": "/herald/address-key", "Value": "x", "Overwrite": True})
READ_OTHER_SECRET: Call = ("ssm", "get_parameter", {"Name": "/other/secret"})
MOVE_ALIAS: Call = ("lambda", "update_alias", {"FunctionName": "herald-notify", "Name": "live", "FunctionVersion": "1"})
CHANGE_ROLE: Call = (
    "iam",
    "put_role_policy",
    {"RoleName": "herald-us-east-1-notify", "PolicyName": "more", "PolicyDocument": "{}"},
)
ASSUME: Call = (
    "sts",
    "assume_role",
    {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/herald-us-east-1-deployer", "RoleSessionName": "me"},
)


def _send(queue: str) -> Call:
    return "sqs", "send_message", {"QueueUrl": f"{QUEUES}/herald-{queue}", "MessageBody": "{}", "DelaySeconds": 900}


def _receive(queue: str) -> Call:
    return "sqs", "receive_message", {"QueueUrl": f"{QUEUES}/herald-{queue}", "VisibilityTimeout": 0}


def _invoke(function: str, qualifier: str) -> Call:
    return "lambda", "invoke", {"FunctionName": f"{_function(function)}:{qualifier}", "InvocationType": "DryRun"}


def _concurrency(function: str) -> Call:
    return "lambda", "get_function_concurrency", {"FunctionName": function}


# Its alias they may move too: the emulator takes UpdateAlias for ListAliases, so that is not tried here.
HOOK_MAY = [
    READ_LEDGER,
    _invoke("herald-notify", "live"),
    _invoke("herald-notify", "1"),
    _invoke("herald-feedback", "1"),
]
HOOK_MUST_NOT = [PUT_LEDGER, SCAN_LEDGER, READ_BOOK, PUBLISH, _send("retry"), _receive("dead"), READ_SECRET]
HOOK_MUST_NOT += [MOVE_ALIAS, CHANGE_ROLE, _invoke("herald-web", "$LATEST")]

MAY: dict[str, list[Call]] = {
    "herald-us-east-1-notify": [READ_LEDGER, PUT_LEDGER, _send("retry"), _send("dead"), _receive("retry"), READ_SECRET],
    "herald-us-east-1-feedback": [READ_LEDGER, PUT_LEDGER, _receive("feedback"), READ_SECRET],
    "herald-us-east-1-before": HOOK_MAY,
    "herald-us-east-1-after": HOOK_MAY,
    "herald-us-east-1-web": [
        *(READ_STATE, SCAN_STATES, READ_BOOK, PUT_BOOK, QUERY_BOOKS, _receive("dead"), _send("retry")),
        *(_send("feedback"), _concurrency("herald-notify"), CHOOSE),
    ],
    "herald-us-east-1-relay": [MARK_BOOK],
    "herald-us-east-1-sweeper": [QUERY_PENDING, READ_BOOK, MARK_BOOK],
    "herald-us-east-1-reconcile": [QUERY_PENDING, READ_BOOK, MARK_BOOK, READ_STATE],
    "herald-us-east-1-post-confirmation": [PUT_BOOK],
}
MUST_NOT: dict[str, list[Call]] = {
    "herald-us-east-1-notify": [
        *(DELETE_LEDGER, SCAN_LEDGER, DROP_LEDGER, READ_BOOK, PUBLISH, PUBLISH_FEEDBACK, _receive("dead")),
        *(_send("feedback"), _receive("feedback"), WRITE_SECRET, READ_OTHER_SECRET, MOVE_ALIAS, CHANGE_ROLE, ASSUME),
    ],
    "herald-us-east-1-feedback": [
        *(DELETE_LEDGER, SCAN_LEDGER, READ_BOOK, PUBLISH, PUBLISH_FEEDBACK, _send("retry"), _send("dead")),
        *(_receive("retry"), _receive("dead"), WRITE_SECRET, READ_OTHER_SECRET, MOVE_ALIAS, CHANGE_ROLE),
    ],
    "herald-us-east-1-before": HOOK_MUST_NOT,
    "herald-us-east-1-after": HOOK_MUST_NOT,
    "herald-us-east-1-web": [
        *(READ_LEDGER, READ_EVENT, SCAN_LEDGER, PUT_LEDGER, DELETE_LEDGER, DROP_LEDGER, SCAN_BOOKS, PUBLISH),
        *(_send("dead"), _receive("retry"), _receive("feedback")),
        *(READ_SECRET, MOVE_ALIAS, CHANGE_ROLE, _invoke("herald-notify", "live"), _concurrency("herald-feedback")),
    ],
    "herald-us-east-1-relay": [
        *(READ_BOOK, PUT_BOOK, SCAN_BOOKS, QUERY_PENDING, READ_LEDGER, PUBLISH_FEEDBACK, _send("retry"), READ_SECRET),
        CHANGE_ROLE,
    ],
    "herald-us-east-1-sweeper": [
        *(PUT_BOOK, SCAN_BOOKS, QUERY_BOOKS, READ_LEDGER, PUT_LEDGER, PUBLISH_FEEDBACK, _receive("dead"), READ_SECRET),
        CHANGE_ROLE,
    ],
    "herald-us-east-1-reconcile": [
        *(PUT_BOOK, SCAN_BOOKS, QUERY_BOOKS, PUT_LEDGER, SCAN_LEDGER, PUBLISH_FEEDBACK, _receive("dead")),
        *(READ_SECRET, CHANGE_ROLE),
    ],
    "herald-us-east-1-post-confirmation": [
        *(READ_BOOK, MARK_BOOK, QUERY_BOOKS, READ_LEDGER, PUT_LEDGER, PUBLISH, _send("retry"), READ_SECRET),
        CHANGE_ROLE,
    ],
}


def _pair_with_calls(calls: list[Call], found: list[str]) -> dict[str, str]:
    return {
        f"{service}:{operation} {arguments}": outcome
        for (service, operation, arguments), outcome in zip(calls, found, strict=True)
    }


@pytest.mark.parametrize("role", MUST_NOT)
def test_a_role_is_refused_what_it_must_not_do(applied: Applied, role: str) -> None:
    said = _pair_with_calls(MUST_NOT[role], outcomes(applied.clients, role, MUST_NOT[role]))
    assert [call for call, outcome in said.items() if outcome != "refused"] == []


@pytest.mark.parametrize("role", MAY)
def test_a_role_is_allowed_its_work(applied: Applied, role: str) -> None:
    said = _pair_with_calls(MAY[role], outcomes(applied.clients, role, MAY[role]))
    assert [call for call, outcome in said.items() if outcome == "refused"] == []


def test_what_does_not_come_by_tls_is_refused_by_every_queue(applied: Applied) -> None:
    calls = [_send("retry"), _send("dead"), _receive("retry")]
    assert outcomes(applied.clients, "herald-us-east-1-notify", calls, plain=True) == ["refused"] * 3


@pytest.fixture
def stranger(clients: LaptopClients) -> Iterator[str]:
    """A role of the same account that IAM allows to publish anywhere."""
    iam: Any = clients.make_client("iam")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": ["sns:*", "sqs:*"], "Resource": "*"}
    iam.create_role(RoleName="stranger", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName="stranger", PolicyName="all", PolicyDocument=_policy(allow))
    yield "stranger"
    iam.delete_role_policy(RoleName="stranger", PolicyName="all")
    iam.delete_role(RoleName="stranger")


def test_a_stranger_does_not_publish_however_much_iam_allows_him(applied: Applied, stranger: str) -> None:
    assert outcomes(applied.clients, stranger, [PUBLISH]) == ["refused"]
    assert outcomes(applied.clients, stranger, [_send("retry")]) == ["allowed"], "the control: IAM does allow him"


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
