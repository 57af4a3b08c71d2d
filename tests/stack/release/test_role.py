"""A release with the rights of the release role and no others; and a webhook that moves with it where there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from laptop.cloud import LaptopCloud
from release.analysis.traffic import compare_last_release
from release.follow import follow
from release.lambda_versions.companions import list_companions
from release.progress.outcome import ReleaseOutcome
from release.release import plan
from release.release_context import ALIAS
from release.rollback import plan_rollback, start_rollback
from release.version_alarms import create
from tests.stack.release.conftest import CANARY, ReleaseHarness, make_harness
from tests.stack.release.role import Role, list_values, render_statements

#: Rights that not every release uses: for a canary longer than any of CodeDeploy's, a person's no, a hook's second
#: answer, old versions.
UNUSED = {
    *("codedeploy:CreateDeploymentConfig", "codedeploy:StopDeployment", "lambda:DeleteFunction"),
    "lambda:InvokeFunction",
}
SECRET = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/address-key"
BROKEN = "\n\nraise RuntimeError('this version does not start')\n"


@pytest.fixture
def webhook(harness: ReleaseHarness) -> Iterator[str]:
    """A webhook as Terraform makes it: the code that is live, published, under the alias."""
    functions, name = harness.context.functions, "herald-webhook"
    live = functions.get_function_configuration(FunctionName="herald-notify", Qualifier=ALIAS)
    environment = {
        "HERALD_LEDGER_TABLE": "herald-ledger",
        "HERALD_FEEDBACK_QUEUE_URL": live["Environment"]["Variables"]["HERALD_RETRY_QUEUE_URL"],
        "HERALD_WEBHOOK_SECRETS": json.dumps({"mailgun://mg.herald.example": SECRET}),
    }
    functions.create_function(
        FunctionName=name,
        Runtime=live["Runtime"],
        Role=live["Role"],
        Handler="function.webhook.handler",
        Code={"ZipFile": harness.artifact().content},
        Environment={"Variables": {**live["Environment"]["Variables"], **environment}},
        Timeout=60,
        MemorySize=512,
        Publish=True,
    )
    functions.create_alias(FunctionName=name, Name=ALIAS, FunctionVersion="1")
    yield name
    functions.delete_function(FunctionName=name)


def test_the_release_role_releases_takes_back_and_judges_all_that_moves_together(
    webhook: str, release_cloud: LaptopCloud, quick_package: Path, tmp_path: Path
) -> None:
    harness, role = make_harness(release_cloud, tmp_path, quick_package), Role(render_statements(tmp_path))
    role.hold(harness.context)
    create(harness.context, "0")
    assert webhook in list_companions(harness.context)
    assert harness.release(harness.artifact(), CANARY) is ReleaseOutcome.RELEASED, harness.screen.text
    assert f"{webhook}: version 2 published" in harness.screen.text
    assert _live(harness, webhook) == "2"
    assert compare_last_release(harness.context)[0].target == harness.version
    back = start_rollback(harness.context, plan_rollback(harness.context))
    assert back is not None
    assert follow(back, harness.screen, lambda: None) is ReleaseOutcome.RELEASED
    before = _live(harness, webhook)

    bad = harness.artifact("function/webhook.py", BROKEN)
    assert harness.release(bad) is ReleaseOutcome.ROLLED_BACK, harness.screen.text
    assert f"CodeDeployHook_herald-before: {webhook}:3: it raised: " in harness.screen.text
    assert _live(harness, webhook) == before

    granted = {action for one in role.statements for action in list_values(one["Action"])}
    assert granted - role.used <= UNUSED


def test_without_a_right_it_is_refused(harness: ReleaseHarness, tmp_path: Path) -> None:
    """The control: the role is asked."""
    statements = [one for one in render_statements(tmp_path) if one["Sid"] != "ReadNotify"]
    Role(statements).hold(harness.context)
    with pytest.raises(ClientError, match=r"not authorized to perform: lambda:GetFunctionConcurrency on .*notify$"):
        plan(harness.context, harness.artifact(), None)


def _live(harness: ReleaseHarness, function: str) -> str:
    return harness.context.functions.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"]
