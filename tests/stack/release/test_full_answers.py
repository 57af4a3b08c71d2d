"""What of a refused release AWS need not tell, and tells most times: the stage it stands in, and how its hook ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from release.progress.outcome import ReleaseOutcome
from tests.stack.release.conftest import Desk, open_desk, run_released
from tests.stack.release.test_commands import run
from tests.stack.release.test_endings import refused

#: All in here ask for it.
pytestmark = [pytest.mark.exact, pytest.mark.xdist_group("rehearsal")]
HANGS = ("function/hooks.py", "\n\nbefore = Hook(lambda *_: time.sleep(120), make_codedeploy, _make_telemetry)\n")


@pytest.fixture(scope="module")
def first_desk(quick_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with run_released("exact", quick_package, tmp_path_factory.mktemp("first")) as cloud:
        yield open_desk(cloud, tmp_path_factory.mktemp("exact"), quick_package)


@pytest.fixture
def desk(first_desk: Desk, quick_package: Path, tmp_path: Path) -> Desk:
    return open_desk(first_desk.cloud, tmp_path, quick_package)


@pytest.fixture
def hurried(desk: Desk) -> Iterator[None]:
    """A hook that is stopped after twenty seconds, not five minutes: half of them are kept for its answer."""
    hook = desk.stack.names.hooks["BeforeAllowTraffic"]
    before = desk.stack.functions.get_function_configuration(FunctionName=hook)["Timeout"]
    desk.stack.functions.update_function_configuration(FunctionName=hook, Timeout=20)
    yield
    desk.stack.functions.update_function_configuration(FunctionName=hook, Timeout=before)


def diagnosis(desk: Desk) -> str:
    """What CodeDeploy says of the first hook of the last deployment."""
    id_ = desk.screen.looks[-1].deployment.id
    targets = desk.stack.codedeploy.list_deployment_targets(deploymentId=id_)["targetIds"]
    answer: Any = desk.stack.codedeploy.batch_get_deployment_targets(deploymentId=id_, targetIds=targets)
    events = answer["deploymentTargets"][0]["lambdaTarget"]["lifecycleEvents"]
    code: str = next(each for each in events if each["lifecycleEventName"] == "BeforeAllowTraffic")["diagnostics"][
        "errorCode"
    ]
    return code


@pytest.mark.usefixtures("hurried")
def test_a_hook_that_hangs_says_no_before_it_is_stopped(desk: Desk) -> None:
    refused(desk, HANGS)
    assert diagnosis(desk) == "ScriptFailed", "it answered: nobody had to wait for it"


def test_one_that_its_hook_refuses_is_told_in_plain_lines(desk: Desk) -> None:
    bad = desk.artifact("function/notify.py", "\n\nraise RuntimeError('this version does not start')\n")
    done = run(desk, "release", "--package", str(bad.path), "--yes")
    assert done.returncode == ReleaseOutcome.ROLLED_BACK.code, done.stderr
    assert "\x1b" not in done.stdout
    assert "BeforeAllowTraffic InProgress" in done.stdout
    *said, last = done.stdout.splitlines()
    (reason,) = [line for line in said if line.startswith("CodeDeployHook_herald-before: herald-notify:")]
    assert ": it raised: " in reason
    assert "this version does not start" in reason
    assert last.startswith("rolled back: HOOK_EXECUTION_FAILURE")
    assert last.endswith(f"Version {desk.version} has all traffic.")
