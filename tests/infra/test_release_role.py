"""The release role's rights are the calls that the code of a release makes, and docs/releasing.md lists them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.loaders
import pytest
from botocore import xform_name

from herald.terraform.runner import INFRA
from laptop.state import ROOT
from release.release_context import COMPANIONS, OPTIONAL

#: What `release.release_context.ReleaseContext` calls its clients.
CLIENTS = {"functions": "lambda", "codedeploy": "codedeploy", "cloudwatch": "cloudwatch", "logs": "logs"}

#: Operations whose right has another name: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
RIGHTS = {"lambda:Invoke": "lambda:InvokeFunction"}

#: Rights that no call of ours names: what AWS asks for besides, by the call that needs it.
BESIDES = {
    "codedeploy:UpdateDeploymentGroup": "CreateDeployment with overrideAlarmConfiguration (its service model)",
    "codedeploy:RegisterApplicationRevision": "CreateDeployment registers the revision that it is given",
    "kms:CreateGrant": "UpdateFunctionCode and PublishVersion of a function whose settings a customer key encrypts",
    "kms:Decrypt": "the same",
    "kms:Encrypt": "the same",
}


def _find_granted() -> set[str]:
    text = (INFRA / "modules" / "release-role" / "permissions.tf").read_text()
    return set(re.findall(r'"((?:lambda|codedeploy|cloudwatch|logs|kms|iam|s3|sts):\w+)"(?! =)', text))


def _find_called() -> set[str]:
    return {RIGHTS.get(call, call) for path in (ROOT / "release").rglob("*.py") for call in _calls(path)}


def _calls(path: Path) -> Iterator[str]:
    """IAM's names of the operations that a file calls on the clients of a context, by method, paginator or waiter."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            client = node.func.value
            name = client.attr if isinstance(client, ast.Attribute) else getattr(client, "id", "")
            if service := CLIENTS.get(name):
                yield from (f"{service}:{name}" for name in _operations(service, node.func.attr, node.args))


def _operations(service: str, method: str, arguments: list[ast.expr]) -> Iterator[str]:
    loader = botocore.loaders.Loader()
    if method == "get_waiter":
        named = {one.value for one in arguments if isinstance(one, ast.Constant)} or _WAITERS
        waiters = loader.load_service_model(service, "waiters-2")["waiters"]
        yield from (waiter["operation"] for name, waiter in waiters.items() if xform_name(name) in named)
        return
    name = str(ast.literal_eval(arguments[0])) if method == "get_paginator" else method
    found = [one for one in loader.load_service_model(service, "service-2")["operations"] if xform_name(one) == name]
    assert found or method in ("exceptions", "meta"), f"{service} has no {name}"
    yield from found


#: The waiters whose names release/lambda_versions/publish.py hands on.
_WAITERS = frozenset({"function_updated", "published_version_active"})


def test_the_role_may_do_exactly_what_a_release_does() -> None:
    assert _find_granted() == _find_called() | BESIDES.keys()


def test_what_moves_with_notify_is_the_same_list_everywhere() -> None:
    made, granted = (
        re.search(r"^  companions += (.*)$", (INFRA / "modules" / path).read_text(), re.M)
        for path in ("notifier/functions.tf", "release-role/permissions.tf")
    )
    assert made
    assert granted
    always, *optional = re.findall(r"\[([^]]+)\]", made[1])
    assert f"[{', '.join([always, *optional])}]" == json.dumps(COMPANIONS) == granted[1].partition(" #")[0]
    conditional = r'(local\.webhooks_enabled|var\.mail_events|local\.events_api_enabled) \? \["([\w-]+)"\] : \[\]'
    assert re.findall(conditional, made[1]) == [
        ("local.webhooks_enabled", OPTIONAL[0]),
        ("var.mail_events", OPTIONAL[1]),
        ("local.events_api_enabled", OPTIONAL[2]),
    ]


def test_create_deployment_says_that_it_needs_the_groups_update() -> None:
    model = botocore.loaders.Loader().load_service_model("codedeploy", "service-2")
    said = model["shapes"]["CreateDeploymentInput"]["members"]["overrideAlarmConfiguration"]["documentation"]
    assert "you need the <code>UpdateDeploymentGroup</code> IAM permission" in said


@pytest.mark.parametrize("action", sorted(_find_granted()))
def test_the_releasing_page_lists_the_right(action: str) -> None:
    assert f"`{action}`" in (ROOT / "docs" / "releasing.md").read_text()


def test_the_workflow_takes_the_role_that_the_configuration_makes_from_its_environment() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    assert "id-token: write" in workflow
    assert "environment: ${{ inputs.environment }}" in workflow
    assert "/bin/herald release --yes" in workflow, "make would end with 2 for each of its exit codes"
    assert "role-to-assume: ${{ vars.HERALD_RELEASE_ROLE }}" in workflow
    assert "HERALD_RELEASE_ROLE" in (INFRA / "outputs.tf").read_text()
    assert not re.search(r"aws-(access-key-id|secret-access-key)", workflow), "no key that lasts"
