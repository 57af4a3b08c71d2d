"""Every rule stands in the installed model, is held by a test, and every call of a release has one."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.documented.calls import operations_called
from tests.documented.mean import lean
from tests.documented.rule import NOTHING_SPECIAL, READ_IN, Rule, documentation
from tests.documented.rules import RULES

ROOT = Path(__file__).parents[2]
SOURCES = [*(ROOT / "release").glob("*.py"), *(ROOT / "function" / "canary").glob("*.py"), ROOT / "function/hooks.py"]


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


def test_every_call_of_a_release_and_its_hooks_has_a_rule() -> None:
    assert operations_called(SOURCES) == {rule.operation for rule in RULES}


def test_an_operation_that_says_nothing_special_has_no_other_rule() -> None:
    plain = {rule.operation for rule in RULES if rule.quotation == NOTHING_SPECIAL}
    assert not plain & {rule.operation for rule in RULES if rule.quotation != NOTHING_SPECIAL}


def test_a_lean_answer_keeps_what_is_promised_only() -> None:
    revision = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "text", "sha256": "5e55"}}
    info = {"deploymentId": "d-1", "revision": revision, "computePlatform": "Lambda", "rollbackInfo": {}}
    kept = {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "5e55"}}
    answer = lean("codedeploy", "GetDeployment", {"deploymentInfo": info})
    assert answer == {"deploymentInfo": {"deploymentId": "d-1", "revision": kept}}
