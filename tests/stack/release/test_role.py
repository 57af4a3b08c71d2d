"""A release with the rights of the release role and no others; and a webhook that moves with it where there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from laptop.cloud import LaptopCloud
from release.analysis.traffic import compare_last_release
from release.companions import list_companions
from release.follow import follow
from release.progress.outcome import ReleaseOutcome
from release.release import plan
from release.rollback import plan_rollback, start_rollback
from release.stack import ALIAS
from release.version_alarms import create
from tests.stack.release.conftest import CANARY, Desk, open_desk
from tests.stack.release.role import Role, render_statements

#: Rights that not every release uses: for a canary longer than any of CodeDeploy's, a person's no, a hook's second
#: answer, old versions.
UNUSED = {
    *("codedeploy:CreateDeploymentConfig", "codedeploy:StopDeployment", "lambda:DeleteFunction"),
    "lambda:InvokeFunction",
}
SECRET = "arn:aws:ssm:us-east-1:000000000000:parameter/herald/address-key"
BROKEN = "\n\nraise RuntimeError('this version does not start')\n"


@pytest.fixture
def webhook(desk: Desk) -> Iterator[str]:
    """A webhook as Terraform makes it: the code that is live, published, under the alias."""
    functions, name = desk.stack.functions, "herald-webhook"
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
        Code={"ZipFile": desk.artifact().content},
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
    desk, role = open_desk(release_cloud, tmp_path, quick_package), Role(render_statements(tmp_path))
    role.hold(desk.stack)
    create(desk.stack, "0")
    assert webhook in list_companions(desk.stack)
    assert desk.release(desk.artifact(), CANARY) is ReleaseOutcome.RELEASED, desk.screen.text
    assert f"{webhook}: version 2 published" in desk.screen.text
    assert _live(desk, webhook) == "2"
    assert compare_last_release(desk.stack)[0].target == desk.version
    back = start_rollback(desk.stack, plan_rollback(desk.stack))
    assert back is not None
    assert follow(back, desk.screen, lambda: None) is ReleaseOutcome.RELEASED
    before = _live(desk, webhook)

    bad = desk.artifact("function/webhook.py", BROKEN)
    assert desk.release(bad) is ReleaseOutcome.ROLLED_BACK, desk.screen.text
    assert f"CodeDeployHook_herald-before: {webhook}:3: it raised: " in desk.screen.text
    assert _live(desk, webhook) == before

    granted = {action for one in role.statements for action in _each(one["Action"])}
    assert granted - role.used <= UNUSED


def test_without_a_right_it_is_refused(desk: Desk, tmp_path: Path) -> None:
    """The control: the role is asked."""
    statements = [one for one in render_statements(tmp_path) if one["Sid"] != "ReadNotify"]
    Role(statements).hold(desk.stack)
    with pytest.raises(ClientError, match=r"not authorized to perform: lambda:GetFunctionConcurrency on .*notify$"):
        plan(desk.stack, desk.artifact(), None)


def _live(desk: Desk, function: str) -> str:
    return desk.stack.functions.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"]


def _each(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
