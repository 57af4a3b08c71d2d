"""What of a refused release AWS need not tell, and tells most times: the stage it stands in, and how its hook ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from release.progress.outcome import ReleaseOutcome
from tests.stack.release.conftest import ReleaseHarness, make_harness, run_released
from tests.stack.release.test_commands import run
from tests.stack.release.test_endings import assert_refused

#: All in here ask for it.
pytestmark = [pytest.mark.exact, pytest.mark.xdist_group("rehearsal")]
HANGS = ("function/hooks.py", "\n\nbefore = Hook(lambda *_: time.sleep(120), make_codedeploy, _make_telemetry)\n")


@pytest.fixture(scope="module")
def first_harness(quick_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseHarness]:
    with run_released("exact", quick_package, tmp_path_factory.mktemp("first")) as cloud:
        yield make_harness(cloud, tmp_path_factory.mktemp("exact"), quick_package)


@pytest.fixture
def harness(first_harness: ReleaseHarness, quick_package: Path, tmp_path: Path) -> ReleaseHarness:
    return make_harness(first_harness.cloud, tmp_path, quick_package)


@pytest.fixture
def hurried(harness: ReleaseHarness) -> Iterator[None]:
    """A hook that is stopped after twenty seconds, not five minutes: half of them are kept for its answer."""
    hook = harness.context.names.hooks["BeforeAllowTraffic"]
    before = harness.context.functions.get_function_configuration(FunctionName=hook)["Timeout"]
    harness.context.functions.update_function_configuration(FunctionName=hook, Timeout=20)
    yield
    harness.context.functions.update_function_configuration(FunctionName=hook, Timeout=before)


def diagnosis(harness: ReleaseHarness) -> str:
    """What CodeDeploy says of the first hook of the last deployment."""
    id_ = harness.screen.looks[-1].deployment.id
    targets = harness.context.codedeploy.list_deployment_targets(deploymentId=id_)["targetIds"]
    answer: Any = harness.context.codedeploy.batch_get_deployment_targets(deploymentId=id_, targetIds=targets)
    events = answer["deploymentTargets"][0]["lambdaTarget"]["lifecycleEvents"]
    code: str = next(each for each in events if each["lifecycleEventName"] == "BeforeAllowTraffic")["diagnostics"][
        "errorCode"
    ]
    return code


@pytest.mark.usefixtures("hurried")
def test_a_hook_that_hangs_says_no_before_it_is_stopped(harness: ReleaseHarness) -> None:
    assert_refused(harness, HANGS)
    assert diagnosis(harness) == "ScriptFailed", "it answered: nobody had to wait for it"


def test_one_that_its_hook_refuses_is_told_in_plain_lines(harness: ReleaseHarness) -> None:
    bad = harness.artifact("function/notify.py", "\n\nraise RuntimeError('this version does not start')\n")
    done = run(harness, "release", "--package", str(bad.path), "--yes")
    assert done.returncode == ReleaseOutcome.ROLLED_BACK.code, done.stderr
    assert "\x1b" not in done.stdout
    assert "BeforeAllowTraffic InProgress" in done.stdout
    *said, last = done.stdout.splitlines()
    (reason,) = [line for line in said if line.startswith("CodeDeployHook_herald-before: herald-notify:")]
    assert ": it raised: " in reason
    assert "this version does not start" in reason
    assert last.startswith("rolled back: HOOK_EXECUTION_FAILURE")
    assert last.endswith(f"Version {harness.version} has all traffic.")
