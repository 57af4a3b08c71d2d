"""Releases that do not go well, each with its outcome; afterwards the next one goes through."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from ops.errors import UserError
from ops.release import deployments
from ops.release.going_back import carry_out, way_back
from ops.release.outcome import Outcome
from ops.release.versions import live
from tests.stack.release.conftest import Desk

#: What stands at the end of a module, and makes the hook go wrong in its own way.
HOOKS = {
    "finds fault": ("function/notify.py", "\n\nraise RuntimeError('this version does not start')\n"),
    "crashes": ("function/judging.py", "\n\nraise ImportError('the hook is broken')\n"),
    "hangs": (
        "function/hooks.py",
        "\n\n_RESERVE = 298.0\nbefore = Hook(lambda _: time.sleep(120), codedeploy, _telemetry)\n",
    ),
    "never answers": ("function/hooks.py", "\n\n\ndef before(event, context):\n    return {}\n"),
}


@pytest.mark.parametrize("wrong", HOOKS.values(), ids=HOOKS.keys())
def test_whatever_a_hook_does_no_traffic_reaches_what_it_did_not_pass(desk: Desk, wrong: tuple[str, str]) -> None:
    before = desk.version
    assert desk.release(desk.artifact(*wrong)) is Outcome.ROLLED_BACK
    last = desk.screen.looks[-1]
    assert last.deployment.error is not None
    assert last.deployment.error[0] == "HOOK_EXECUTION_FAILURE"
    assert last.stages["BeforeAllowTraffic"] == "Failed"
    assert all(look.traffic == {before: 100.0} for look in desk.screen.looks)
    assert desk.release(desk.artifact()) is Outcome.RELEASED, "the next one is not held up"


def test_a_version_that_fails_only_through_the_alias_is_taken_back_by_the_second_hook(desk: Desk) -> None:
    before = desk.version
    fails = "\n\nafter = Hook(lambda _: 'not through the alias', codedeploy, _telemetry)\n"
    assert desk.release(desk.artifact("function/hooks.py", fails)) is Outcome.ROLLED_BACK
    assert desk.screen.looks[-1].stages["AfterAllowTraffic"] == "Failed"
    assert desk.version == before


def test_an_alarm_takes_it_back(desk: Desk) -> None:
    before = desk.version
    ringing = threading.Event()

    def ring() -> None:
        """One error of the candidate's, as Lambda writes it while the canary runs."""
        while not ringing.wait(0.2):
            for version in live(desk.place).weights:
                _error(desk, version)

    thread = threading.Thread(target=ring)
    thread.start()
    try:
        outcome = desk.release(desk.artifact(), "CodeDeployDefault.LambdaCanary10Percent30Minutes")
    finally:
        ringing.set()
        thread.join()
    assert outcome is Outcome.ROLLED_BACK, desk.screen.text
    last = desk.screen.looks[-1]
    assert last.deployment.error is not None
    assert last.deployment.error[0] == "ALARM_ACTIVE"
    assert f"herald-release-{last.deployment.target}-errors" in last.deployment.error[1]
    assert desk.version == before


def _error(desk: Desk, version: str) -> None:
    values = {"FunctionName": "herald-notify", "Resource": "herald-notify:live", "ExecutedVersion": version}
    dimensions: Any = [{"Name": name, "Value": value} for name, value in values.items()]
    data: Any = [{"MetricName": "Errors", "Dimensions": dimensions, "Value": 1.0, "Unit": "Count"}]
    desk.place.cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)


@pytest.mark.parametrize(("answer", "ends"), [(True, Outcome.STOPPED), (False, Outcome.RELEASED), (None, Outcome.LEFT)])
def test_ctrl_c_asks_whether_to_stop_and_roll_back(desk: Desk, answer: bool | None, ends: Outcome) -> None:
    before, artifact = desk.version, desk.artifact()
    assert desk.release(artifact, "canary", interrupt=True, ask=lambda: answer) is ends
    if ends is Outcome.STOPPED:
        assert desk.version == before
    if ends is Outcome.LEFT:
        assert desk.release(artifact, "canary") is Outcome.RELEASED, "run again, it watches what goes on"
        assert "of an earlier run is under way" in desk.screen.text
    if ends is not Outcome.STOPPED:
        assert int(desk.version) > int(before)


def test_one_that_is_slower_than_its_deadline_goes_on_and_can_be_watched_again(desk: Desk) -> None:
    artifact = desk.artifact()
    assert desk.release(artifact, "canary", deadline=0.02) is Outcome.TIMED_OUT
    assert desk.release(artifact, "canary") is Outcome.RELEASED


def test_after_one_that_was_stopped_without_rollback_the_next_is_refused_until_the_weights_are_cleared(
    desk: Desk,
) -> None:
    before = desk.version
    assert desk.release(desk.artifact(), "canary", interrupt=True) is Outcome.LEFT
    running = deployments.running(desk.place)
    assert running is not None
    desk.place.codedeploy.stop_deployment(deploymentId=running.id, autoRollbackEnabled=False)
    while not deployments.read(desk.place, running.id).ended:
        time.sleep(0.1)
    with pytest.raises(UserError, match="carries weights"):
        desk.release(desk.artifact())
    assert carry_out(desk.place, way_back(desk.place)) is None
    assert desk.version == before
    assert desk.release(desk.artifact()) is Outcome.RELEASED


def test_rollback_puts_back_the_version_that_was_live_before_not_one_that_failed(desk: Desk) -> None:
    assert desk.release(desk.artifact()) is Outcome.RELEASED
    before = desk.version
    assert desk.release(desk.artifact(*HOOKS["crashes"])) is Outcome.ROLLED_BACK
    assert desk.release(desk.artifact()) is Outcome.RELEASED
    way = way_back(desk.place)
    assert way.version == before
    watch = carry_out(desk.place, way)
    assert watch is not None
    assert [*watch][-1].traffic == {before: 100.0}
    assert watch.outcome is Outcome.RELEASED
