"""Every rule stands in the installed model and is held by a test; every call and every operation played has one."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from laptop.codedeploy.api import CodeDeployApi
from laptop.ses.api import Ses
from tests.documented.calls import operations_called
from tests.documented.rule import NOTHING_SPECIAL, READ_IN, Rule, documentation
from tests.documented.rules import RULES
from tests.documented.worst_case import keep_promised

ROOT = Path(__file__).parents[2]
PACKAGES = ("function", "operations", "webapp", "package", "release", "doctor", "laptop", "herald", "bench")
SOURCES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
#: Played by functions of the emulator's that Herald replaces, beside what Herald calls itself.
PATCHED = {"cloudwatch:SetAlarmState"}


def name_of(rule: Rule) -> str:
    return f"{rule.operation} {rule.quotation[:24]}"


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_the_quotation_still_stands_in_the_model(rule: Rule) -> None:
    assert rule.quotation in documentation(rule.model), f"read in botocore {READ_IN}: read the documentation again"


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_the_test_of_a_rule_exists(rule: Rule) -> None:
    path, _, name = rule.test.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_what_a_rule_promises_is_a_member_of_the_answer(rule: Rule) -> None:
    for promise in rule.promises:
        top = "deploymentsInfo[]" if rule.operation.endswith(":BatchGetDeployments") else "deploymentInfo"
        if promise.partition(".")[0] in ("deploymentInfo", "deploymentsInfo[]") and not promise.startswith(f"{top}."):
            continue  # of the other of the two operations that describe deployments
        shape: Any = rule.model.output_shape
        for step in promise.replace("[]", ".[]").split("."):
            shape = shape.member if step == "[]" else shape.members[step]


def test_every_call_of_a_client_has_a_rule() -> None:
    called = operations_called(SOURCES)
    missing = called.keys() - {rule.operation for rule in RULES}
    assert not missing, {name: sorted(called[name]) for name in missing}


def test_every_operation_that_is_played_has_a_rule() -> None:
    assert operations_played() <= {rule.operation for rule in RULES}


def test_no_rule_is_about_what_nobody_calls_or_plays() -> None:
    assert {rule.operation for rule in RULES} <= operations_called(SOURCES).keys() | operations_played()


def operations_played() -> set[str]:
    """What the simulators and the replaced functions of the emulator play."""
    no_call: Any = None
    ses = Ses(lambda *_: None).operations
    codedeploy = CodeDeployApi(no_call, no_call, 1.0).operations
    return {f"sesv2:{name}" for name in ses} | {f"codedeploy:{name}" for name in codedeploy} | PATCHED


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("client.get_item(TableName=t, Key=k)", {"dynamodb:GetItem"}),
        ("request.query(x)", set()),
        ("book.publish()", set()),
        ("client.get_paginator('list_aliases').paginate(FunctionName=f)", {"lambda:ListAliases"}),
        ("client.get_waiter('function_updated_v2').wait(FunctionName=f)", {"lambda:GetFunction"}),
        ("system.ask('kms', 'DescribeKey', KeyId=k)", {"kms:DescribeKey"}),
        ("system.find('kms', 'DescribeKey', KeyId=k)", {"kms:DescribeKey"}),
        ("FastClient(made(), 'SendEmail')", {"sesv2:SendEmail"}),
        ("self._ask('sign_up', silent, Username=u)", {"cognito-idp:SignUp"}),
        ("client.tag_resource(Resource=r, Tags=t)", {"lambda:TagResource"}),
        ("client.scan(**request)", {"dynamodb:Scan"}),
    ],
)
def test_a_call_is_found_in_every_form_that_is_used(text: str, found: set[str], tmp_path: Path) -> None:
    source = tmp_path / "source.py"
    source.write_text(text)
    assert operations_called([source]).keys() == found


def test_an_operation_that_says_nothing_special_has_no_other_rule() -> None:
    plain = {rule.operation for rule in RULES if rule.quotation == NOTHING_SPECIAL}
    assert not plain & {rule.operation for rule in RULES if rule.quotation != NOTHING_SPECIAL}


def test_a_lean_answer_keeps_what_is_promised_only() -> None:
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "text", "sha256": "5e55"}}
    info = {"deploymentId": "d-1", "revision": revision, "computePlatform": "Lambda", "rollbackInfo": {}}
    kept = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "5e55"}}
    answer = keep_promised("codedeploy", "GetDeployment", {"deploymentInfo": info})
    assert answer == {"deploymentInfo": {"deploymentId": "d-1", "revision": kept}}
