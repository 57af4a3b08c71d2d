"""A release that goes well, and everything that is refused before one begins."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from herald.account import choose_release_context
from laptop.cloud import LaptopCloud
from operations.errors import UsageError, UserError
from package import build
from release import deployments
from release.appspec import render
from release.lambda_versions.companions import list_companions
from release.lambda_versions.publish import Artifact, publish
from release.lambda_versions.versions import list_versions, read_live
from release.progress.outcome import ReleaseOutcome
from release.release import plan
from release.release_context import ALIAS
from release.rollback import plan_rollback, start_rollback
from release.strategy import read_config
from release.version_alarms import create
from tests.stack.release.conftest import CANARY, SCALE, Recorder, ReleaseHarness, make_harness
from tests.waiting import LIMIT


@dataclass(frozen=True, slots=True)
class Good:
    """A canary that went well: what was released, the version before it and its own, and what was shown."""

    artifact: Artifact
    before: str
    version: str
    screen: Recorder


@pytest.fixture(scope="module")
def good(release_cloud: LaptopCloud, tmp_path_factory: pytest.TempPathFactory) -> Good:
    harness = make_harness(release_cloud, tmp_path_factory.mktemp("good"), build("laptop").function_zip)
    before, artifact = harness.version, harness.artifact()
    for version in ("0", before):
        create(harness.context, version)
    assert harness.release(artifact, CANARY) is ReleaseOutcome.RELEASED
    return Good(artifact, before, harness.version, harness.screen)


def code(harness: ReleaseHarness, function: str, qualifier: str = "$LATEST") -> str:
    answer = harness.context.functions.get_function_configuration(FunctionName=function, Qualifier=qualifier)
    return answer["CodeSha256"]


def test_it_moves_the_alias_step_by_step(good: Good) -> None:
    assert int(good.version) > int(good.before)
    steps = [look.traffic for look in good.screen.looks]
    assert {good.before: 90.0, good.version: 10.0} in steps, "a tenth first"
    assert steps.index({good.before: 90.0, good.version: 10.0}) < steps.index({good.version: 100.0})
    left = [look.left for look in good.screen.looks if len(look.traffic) > 1 and look.left is not None]
    assert left == sorted(left, reverse=True)
    assert 0 <= left[-1] < left[0] <= 900 * SCALE, "seconds until all traffic has moved"
    stages = ("Start", "BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic", "End")
    assert good.screen.looks[-1].deployment.stages == dict.fromkeys(stages, "Succeeded")


def test_it_ships_and_moves_the_others_too(harness: ReleaseHarness, good: Good) -> None:
    digest = base64.b64encode(hashlib.sha256(good.artifact.path.read_bytes()).digest()).decode()
    names = harness.context.names
    assert {code(harness, hook) for hook in names.hooks.values()} == {digest}
    assert {code(harness, name, ALIAS) for name in (names.notify, *list_companions(harness.context))} == {digest}


def test_it_says_by_how_many_mails_it_was_proved(good: Good) -> None:
    """Before traffic every example in every language and four other mailboxes; after it each type and the four; and
    both times one of each of the two tenants."""
    assert re.search(r"^proved by 39 synthetic and \d+ real mails$", good.screen.text, re.M), good.screen.text


def test_its_hooks_tried_it_with_mails_that_went_to_nobody(harness: ReleaseHarness, good: Good) -> None:
    inbox = harness.cloud.descriptor.endpoints["inbox"]
    mails = httpx.get(f"{inbox}/messages", trust_env=False, timeout=LIMIT).json()
    assert mails
    assert {mail["to"][0].partition("@")[2] for mail in mails} == {"simulator.amazonses.com"}
    assert {mail["tags"]["synthetic"] for mail in mails} == {"yes"}
    (listed,) = [one for one in list_versions(harness.context) if one.number == good.version]
    assert (listed.release, listed.percent) == (good.artifact.release, 100.0)


def test_its_own_alarm_watches_the_alias_and_the_version_and_goes_when_it_is_old(
    harness: ReleaseHarness, good: Good
) -> None:
    answer: Any = harness.context.cloudwatch.describe_alarms(AlarmNamePrefix="herald-release-")
    alarms = {alarm["AlarmName"]: alarm for alarm in answer["MetricAlarms"]}
    assert alarms.keys() >= {f"herald-release-{version}-errors" for version in (good.before, good.version)}
    assert "herald-release-0-errors" not in alarms, "nobody rolls back to it any more"
    alarm = alarms[f"herald-release-{good.version}-errors"]
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "FunctionName": "herald-notify",
        "Resource": "herald-notify:live",
        "ExecutedVersion": good.version,
    }


def test_the_deployment_watches_the_group_s_alarms_and_the_candidate_s(harness: ReleaseHarness, good: Good) -> None:
    id_ = good.screen.looks[-1].deployment.id
    info: Any = harness.context.codedeploy.get_deployment(deploymentId=id_)["deploymentInfo"]
    watched = {alarm["name"] for alarm in info["overrideAlarmConfiguration"]["alarms"]}
    groups = {"herald-notify-errors", "herald-feedback-errors", "herald-unknown-outcomes"}
    assert watched == {*groups, f"herald-release-{good.version}-errors"}


def test_if_it_is_to_fix_an_alarm_it_watches_its_own_only(harness: ReleaseHarness) -> None:
    groups = {"herald-notify-errors", "herald-feedback-errors", "herald-unknown-outcomes"}
    assert {*plan(harness.context, harness.artifact(), None).group_alarms} == groups
    fixing = plan(harness.context, harness.artifact(), None, own_alarms_only=True)
    assert (fixing.group_alarms, {*fixing.alarms_to_fix}) == ([], groups)


def test_what_is_live_already_is_refused(harness: ReleaseHarness, good: Good) -> None:
    with pytest.raises(UserError, match=rf"^version {good.version} .* is live already.*--again"):
        harness.release(good.artifact)


def test_weights_that_nobody_moves_are_refused_and_rollback_clears_them(harness: ReleaseHarness) -> None:
    now, other = harness.version, publish(harness.context, harness.context.names.notify, harness.artifact())
    harness.weigh(other, 0.25)
    with pytest.raises(UserError, match="carries weights") as told:
        plan(harness.context, harness.artifact(), None)
    assert f"75 % version {now}, 25 % version {other}" in str(told.value)
    assert start_rollback(harness.context, plan_rollback(harness.context)) is None
    assert harness.version == now


def test_another_deployment_that_runs_is_refused_and_rollback_stops_it(harness: ReleaseHarness) -> None:
    now, names = harness.version, harness.context.names
    other = publish(harness.context, names.notify, harness.artifact())
    revision = render(names.notify, ALIAS, now, other, {}).location()
    config, _ = read_config(harness.context, "CodeDeployDefault.LambdaCanary10Percent30Minutes")
    id_ = deployments.create(harness.context, revision, config, "somebody else's", create(harness.context, other))
    with pytest.raises(UserError, match=f"deployment {id_} to version {other} is under way"):
        plan(harness.context, harness.artifact(), None)
    watch = start_rollback(harness.context, plan_rollback(harness.context))
    assert watch is not None
    assert [*watch], "until it has ended"
    assert watch.outcome is ReleaseOutcome.STOPPED
    assert harness.version == now


def test_a_paused_herald_is_not_released_to(harness: ReleaseHarness) -> None:
    functions, name = harness.context.functions, harness.context.names.notify
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(UserError, match="is paused"):
            plan(harness.context, harness.artifact(), None)
    finally:
        functions.delete_function_concurrency(FunctionName=name)


def test_a_herald_that_is_not_there_is_told_with_what_to_do(harness: ReleaseHarness) -> None:
    with pytest.raises(UserError, match=r"there is no nothing-notify .* make apply"):
        read_live(choose_release_context(True, Path(harness.cloud.descriptor.state), "nothing"))


def test_a_strategy_that_there_is_not_is_a_wrong_call(harness: ReleaseHarness) -> None:
    with pytest.raises(UsageError, match="there is no strategy overnight"):
        plan(harness.context, harness.artifact(), "overnight")
