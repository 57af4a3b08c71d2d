"""Releases that do not go well, each with its outcome; afterwards the next one goes through."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest

from operations.errors import UserError
from release import deployments
from release.appspec import render
from release.follow import follow
from release.lambda_versions.companions import list_companions, publish_companions, ship_hooks
from release.lambda_versions.publish import publish
from release.lambda_versions.versions import read_live
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller
from release.progress.promotion_policy import ApprovalGate, PromotionPolicy
from release.release_context import ALIAS
from release.rollback import plan_rollback, start_rollback
from release.strategy import read_config
from tests.stack.release.conftest import CANARY, LONG_CANARY, ReleaseHarness
from tests.waiting import LIMIT, eventually

#: What stands at the end of a module, and makes the hook go wrong in its own way.
HOOKS = {
    "finds fault": ("function/notify.py", "\n\nraise RuntimeError('this version does not start')\n"),
    "crashes": ("function/canary/deployment_check.py", "\n\nraise ImportError('the hook is broken')\n"),
}
EVEN_STEPS = "CodeDeployDefault.LambdaLinear10PercentEvery2Minutes"
#: What stands at the end of `feedback`, and what its hook says of it.
FEEDBACKS = {
    "raises in its first line": ("\n\nhandler = lambda *_: 1 / 0\n", ": it raised: "),
    "writes nothing": ("\n\nhandler = lambda *_: {}\n", "after its reports on a mail to success@ the ledger says None"),
}
#: Fails only what comes through the alias, when all traffic has moved, and feedback with it.
LATE = (
    "function/hooks.py",
    """

def _late(event, client, seconds):
    check_deployment(event, client, seconds, through_the_alias=True)
    return HookResult("not through the alias")


after = Hook(_late, make_codedeploy, _make_telemetry, put_back)
""",
)


def assert_refused(harness: ReleaseHarness, wrong: tuple[str, str]) -> None:
    before = harness.version
    assert harness.release(harness.artifact(*wrong)) is ReleaseOutcome.ROLLED_BACK
    last = harness.screen.looks[-1]
    assert last.deployment.error is not None
    assert last.deployment.error[0] == "HOOK_EXECUTION_FAILURE"
    assert last.deployment.stages["BeforeAllowTraffic"] == "Failed"
    assert all(look.traffic == {before: 100.0} for look in harness.screen.looks)


@pytest.mark.parametrize("wrong", ["finds fault", "crashes"])
def test_what_a_hook_does_not_pass_gets_no_traffic(harness: ReleaseHarness, wrong: str) -> None:
    assert_refused(harness, HOOKS[wrong])


@pytest.mark.parametrize("wrong", FEEDBACKS)
def test_a_bad_feedback_is_refused_and_nothing_of_its_release_is_live(harness: ReleaseHarness, wrong: str) -> None:
    addition, said = FEEDBACKS[wrong]
    before = live_parts(harness)
    assert_refused(harness, ("function/feedback.py", addition))
    assert said in harness.screen.text
    assert live_parts(harness) == before


def test_notify_and_feedback_move_together_and_come_back_together(harness: ReleaseHarness) -> None:
    before = live_parts(harness)
    assert harness.release(harness.artifact()) is ReleaseOutcome.RELEASED, harness.screen.text
    after = live_parts(harness)
    assert len({*after.values()}) == 1, "all of it is one release's"
    assert not {*before.values()} & {*after.values()}
    watch = start_rollback(harness.context, plan_rollback(harness.context))
    assert watch is not None
    assert follow(watch, harness.screen, lambda: None) is ReleaseOutcome.RELEASED
    assert live_parts(harness) == before


def live_parts(harness: ReleaseHarness) -> dict[str, str]:
    """The SHA-256 of the code that each part runs: notify and its companions by their alias, and the hooks."""
    names, functions = harness.context.names, harness.context.functions
    aliased = {
        name: functions.get_function_configuration(FunctionName=name, Qualifier=ALIAS)["CodeSha256"]
        for name in (names.notify, *list_companions(harness.context))
    }
    return aliased | {
        hook: functions.get_function_configuration(FunctionName=hook)["CodeSha256"] for hook in names.hooks.values()
    }


def test_a_version_that_fails_only_through_the_alias_is_taken_back_by_the_second_hook(harness: ReleaseHarness) -> None:
    before = live_parts(harness)
    assert harness.release(harness.artifact(*LATE)) is ReleaseOutcome.ROLLED_BACK
    assert harness.screen.looks[-1].deployment.stages["AfterAllowTraffic"] == "Failed"
    assert live_parts(harness) == before


def test_one_that_nobody_takes_back_has_failed_and_rollback_fixes_it(harness: ReleaseHarness) -> None:
    before, names, artifact = harness.version, harness.context.names, harness.artifact(*LATE)
    publish_companions(harness.context, artifact)
    ship_hooks(harness.context, artifact.content)
    target = publish(harness.context, names.notify, artifact)
    revision = render(names.notify, ALIAS, before, target, names.hooks).location()
    config, _ = read_config(harness.context, "all-at-once")
    id_ = deployments.create(harness.context, revision, config, "by hand", [], auto_rollback=False)
    watch = Poller(harness.context, id_, [], 0, time.monotonic() + LIMIT)
    assert follow(watch, harness.screen, lambda: None) is ReleaseOutcome.FAILED
    assert harness.version == target
    back = start_rollback(harness.context, plan_rollback(harness.context))
    assert back is not None
    assert follow(back, harness.screen, lambda: None) is ReleaseOutcome.RELEASED
    assert harness.version == before


def test_an_alarm_takes_it_back(harness: ReleaseHarness) -> None:
    before = harness.version
    ringing = threading.Event()

    def ring() -> None:
        """One error of the candidate's, as Lambda writes it while the canary runs."""
        while not ringing.wait(0.2):
            for version in read_live(harness.context).weights:
                _error(harness, version)

    thread = threading.Thread(target=ring)
    thread.start()
    try:
        outcome = harness.release(harness.artifact(), LONG_CANARY)
    finally:
        ringing.set()
        thread.join()
    assert outcome is ReleaseOutcome.ROLLED_BACK, harness.screen.text
    last = harness.screen.looks[-1]
    assert last.deployment.error is not None
    assert last.deployment.error[0] == "ALARM_ACTIVE"
    assert f"herald-release-{last.deployment.target}-errors" in last.deployment.error[1]
    assert harness.version == before


class Nobody:
    """Is asked, and does not answer."""

    def ask(self, _text: str) -> None:
        """Nobody hears it."""

    def answer(self) -> None:
        """None, again and again."""


def test_what_nobody_confirms_goes_back_before_it_gets_all_traffic(harness: ReleaseHarness) -> None:
    before = live_parts(harness)
    outcome = harness.release(harness.artifact(), LONG_CANARY, policy=PromotionPolicy(gate=ApprovalGate(Nobody())))
    assert outcome is ReleaseOutcome.STOPPED, harness.screen.text
    assert "nobody said yes" in harness.screen.text
    assert live_parts(harness) == before


def test_an_alarm_takes_it_back_while_it_bakes_with_all_that_moved(harness: ReleaseHarness) -> None:
    before, over = live_parts(harness), threading.Event()

    def ring() -> None:
        """One error of the candidate's after another, as soon as it bakes."""
        while not over.wait(0.2):
            looks = harness.screen.looks
            if looks and looks[-1].until == "the bake is over":
                _error(harness, looks[-1].deployment.target)

    thread = threading.Thread(target=ring)
    thread.start()
    try:
        outcome = harness.release(harness.artifact(), CANARY, policy=PromotionPolicy(bake_seconds=10 * LIMIT))
    finally:
        over.set()
        thread.join()
    assert outcome is ReleaseOutcome.ROLLED_BACK, harness.screen.text
    assert re.search(r"herald-release-\d+-errors rings while version \d+ bakes", harness.screen.text)
    assert live_parts(harness) == before


def _error(harness: ReleaseHarness, version: str) -> None:
    values = {"FunctionName": "herald-notify", "Resource": "herald-notify:live", "ExecutedVersion": version}
    dimensions: Any = [{"Name": name, "Value": value} for name, value in values.items()]
    data: Any = [{"MetricName": "Errors", "Dimensions": dimensions, "Value": 1.0, "Unit": "Count"}]
    harness.context.cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)


def test_ctrl_c_and_yes_stops_it_and_rolls_back(harness: ReleaseHarness) -> None:
    before = harness.version
    assert harness.release(harness.artifact(), LONG_CANARY, interrupt=True, ask=lambda: True) is ReleaseOutcome.STOPPED
    assert harness.version == before


def test_ctrl_c_and_no_goes_on_here_step_by_step_in_equal_shares(harness: ReleaseHarness) -> None:
    before = harness.version
    assert harness.release(harness.artifact(), EVEN_STEPS, interrupt=True, ask=lambda: False) is ReleaseOutcome.RELEASED
    assert int(harness.version) > int(before)
    shares = [look.traffic.get(harness.version, 0.0) for look in harness.screen.looks]
    assert shares == sorted(shares)
    assert len({*shares}) > 2, "0 and 100 %, and a step between"
    assert all(share % 10 == 0 for share in shares)


def test_one_that_is_slower_than_its_deadline_goes_on_and_can_be_watched_again(harness: ReleaseHarness) -> None:
    artifact = harness.artifact()
    assert harness.release(artifact, CANARY, deadline=0.001) is ReleaseOutcome.TIMED_OUT
    assert harness.release(artifact, CANARY) is ReleaseOutcome.RELEASED
    assert "of an earlier run is under way: watching it" in harness.screen.text


def test_after_one_that_was_left_and_stopped_without_rollback_the_next_waits_until_the_weights_are_cleared(
    harness: ReleaseHarness,
) -> None:
    before = harness.version
    assert harness.release(harness.artifact(), LONG_CANARY, interrupt=True) is ReleaseOutcome.LEFT
    running = deployments.find_running(harness.context)
    assert running is not None
    harness.context.codedeploy.stop_deployment(deploymentId=running.id, autoRollbackEnabled=False)
    eventually(lambda: deployments.read(harness.context, running.id), lambda one: one.has_ended)
    with pytest.raises(UserError, match="carries weights"):
        harness.release(harness.artifact())
    assert start_rollback(harness.context, plan_rollback(harness.context)) is None
    assert harness.version == before
    assert harness.release(harness.artifact()) is ReleaseOutcome.RELEASED


def test_rollback_puts_back_the_version_that_was_live_before_not_one_that_failed(harness: ReleaseHarness) -> None:
    before = harness.version
    assert_refused(harness, HOOKS["finds fault"])
    assert harness.release(harness.artifact()) is ReleaseOutcome.RELEASED
    way = plan_rollback(harness.context)
    assert way.version == before
    watch = start_rollback(harness.context, way)
    assert watch is not None
    assert [*watch][-1].deployment.has_ended  # its traffic may have been read as it was a moment before
    assert watch.outcome is ReleaseOutcome.RELEASED
    assert eventually(lambda: harness.version, lambda version: version == before)
