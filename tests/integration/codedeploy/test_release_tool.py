"""The release tool reads deployments as AWS describes them, and as meanly as AWS may."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
import yaml
from botocore.exceptions import EndpointConnectionError
from rich.console import Console

from laptop.codedeploy.http_server import CodeDeployCalls
from operations.errors import UserError
from release import deployments
from release.appspec import TEMPLATE
from release.follow import follow
from release.lambda_versions.versions import AliasRouting, await_rest, find_previous
from release.progress.display import Lines
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Poller
from release.release_context import Names, ReleaseContext
from release.rollback import plan_rollback
from tests.documented.worst_case import WorstCase
from tests.integration.codedeploy.conftest import Stage, appspec, content
from tests.integration.codedeploy.stage import NOON, Functions

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient

INFINITE = float("inf")


@pytest.fixture(params=["as it is", "worst case"])
def as_played(request: pytest.FixtureRequest) -> Callable[[CodeDeployCalls], CodeDeployCalls]:
    """Every test of this file once more with answers that keep to the letter of the documentation."""
    return (lambda player: WorstCase(player, "codedeploy")) if request.param == "worst case" else lambda player: player


@pytest.fixture
def context(stage: Stage) -> ReleaseContext:
    """The tool's view of the group `herald`, whose alarms nobody watches here."""
    functions, alarms = cast("LambdaClient", stage.functions), cast("CloudWatchClient", stage.alarms)
    return ReleaseContext(functions, stage.codedeploy, alarms, Names(), "000000000000", "us-east-1", scale=0.0)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def end_of(context: ReleaseContext, deployment: str) -> Poller:
    poller = Poller(context, deployment, [], 0.0, INFINITE)
    for _ in poller:
        pass
    return poller


@pytest.mark.parametrize(
    "text",
    [
        appspec("1", "2"),
        None,
        appspec("1", "2").replace("TargetVersion", "targetversion").replace("Resources", "resources"),
    ],
    ids=["JSON", "YAML", "small letters"],
)
def test_versions_are_read_from_the_deployments_target(stage: Stage, context: ReleaseContext, text: str | None) -> None:
    found = deployments.read(context, stage.deploy(text or read_own_appspec()))
    assert (found.current, found.target, found.status) == ("1", "2", "Succeeded")
    assert found.stages["AllowTraffic"] == "Succeeded"


@pytest.mark.parametrize("kind", ["appSpecContent", "string"])
@pytest.mark.parametrize(
    "text",
    [
        appspec("1", "2"),
        None,
        appspec("1", "2").replace("TargetVersion", "targetversion").replace("Resources", "resources"),
    ],
    ids=["JSON", "YAML", "small letters"],
)
def test_before_it_has_started_versions_are_read_from_the_appspec(
    stage: Stage, context: ReleaseContext, text: str | None, kind: str
) -> None:
    revision = content(text or read_own_appspec())
    if kind == "string":
        revision = {"revisionType": "String", "string": revision["appSpecContent"]}
    found = deployments.read(context, stage.create(revision=revision))
    assert (found.current, found.target, found.status, found.stages) == ("1", "2", "Created", {})


def read_own_appspec() -> str:
    """appspec.yml as the AWS CLI sends it, without hooks, which are no functions here."""
    document = yaml.safe_load(TEMPLATE.read_text("utf-8"))
    del document["Hooks"]
    text: str = yaml.safe_dump(document)
    return text


def test_a_deployment_under_way_is_found(stage: Stage, context: ReleaseContext) -> None:
    assert deployments.find_running(context) is None
    deployment = stage.create()
    found = deployments.find_running(context)
    assert found is not None
    assert (found.id, found.target) == (deployment, "2")


def test_what_was_live_before_is_found_in_a_list_without_order(stage: Stage, context: ReleaseContext) -> None:
    stage.functions.versions |= {"4", "5"}
    for current, target in (("1", "2"), ("2", "3"), ("3", "4")):
        stage.deploy(appspec(current, target))
        stage.clock.restart()
    assert [one.target for one in deployments.list_ended(context)] == ["4", "3", "2"]
    assert find_previous(context) == "3"
    stage.deploy(appspec("4", "2"))
    stage.clock.restart()
    stage.deploy(appspec("2", "5"))
    assert find_previous(context) == "2", "what was live last, not the highest number: 4 had been rolled back"


def test_a_release_that_fails_is_rolled_back_by_a_new_deployment(proven: Stage, context: ReleaseContext) -> None:
    proven.answers("after", "Failed")
    poller = end_of(context, proven.deploy(appspec(after="after")))
    assert poller.outcome is ReleaseOutcome.ROLLED_BACK
    assert poller.last is not None
    rollback = deployments.read(context, poller.last.rollback or "")
    assert (rollback.is_rollback, rollback.target, rollback.status) == (True, "1", "Succeeded")


def test_a_first_release_that_fails_has_nothing_to_roll_back_to(stage: Stage, context: ReleaseContext) -> None:
    stage.clock.at(60, lambda: stage.alarms.states.update({"herald-errors": "ALARM"}))
    poller = end_of(context, stage.deploy())
    assert poller.outcome is ReleaseOutcome.FAILED
    assert poller.unrestored is not None
    assert poller.unrestored.rollback_message
    assert plan_rollback(context).clears is not None, "the weights that it left"


def test_a_first_release_that_its_hook_refuses_has_moved_nothing(stage: Stage, context: ReleaseContext) -> None:
    stage.answers("before", "Failed")
    assert end_of(context, stage.deploy(appspec(before="before"))).outcome is ReleaseOutcome.ROLLED_BACK


def test_a_stop_is_followed(proven: Stage, context: ReleaseContext) -> None:
    deployment = proven.create()
    proven.clock.at(60, lambda: _stop(proven, deployment))
    proven.spawned.run()
    assert end_of(context, deployment).outcome is ReleaseOutcome.STOPPED


def test_a_codedeploy_that_is_out_of_reach_for_a_while_is_looked_at_again(
    proven: Stage, context: ReleaseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = proven.deploy()
    out, unreachable = io.StringIO(), [EndpointConnectionError(endpoint_url="https://codedeploy")] * 2

    def get(context: ReleaseContext, name: str) -> deployments.Deployment:
        if unreachable:
            raise unreachable.pop()
        return deployments.read(context, name)

    monkeypatch.setattr("release.progress.poller.read", get)
    monkeypatch.setattr("release.follow.follow_live", lambda *_: None)
    poller = Poller(context, deployment, [], 0.0, INFINITE)
    assert follow(poller, Lines(Console(file=out, width=200)), lambda: None) is ReleaseOutcome.RELEASED
    assert out.getvalue().count("out of reach, and the deployment goes on") == 2


@pytest.mark.parametrize(
    ("hook", "outcome", "version"),
    [("Succeeded", ReleaseOutcome.RELEASED, "2"), ("Failed", ReleaseOutcome.ROLLED_BACK, "1")],
)
def test_the_others_go_with_what_the_deployment_came_to_though_the_alias_is_read_as_it_was(
    proven: Stage,
    context: ReleaseContext,
    monkeypatch: pytest.MonkeyPatch,
    hook: str,
    outcome: ReleaseOutcome,
    version: str,
) -> None:
    """UpdateAlias takes effect soon, not at once."""
    proven.answers("after", hook)
    deployment = proven.deploy(appspec(after="after"))
    behind, given, read = ["1" if hook == "Succeeded" else "2"] * 3, [], Functions.get_alias

    def get_alias(functions: Functions, **asked: str) -> dict[str, Any]:
        return read(functions, **asked) | ({"FunctionVersion": behind.pop()} if behind else {})

    monkeypatch.setattr(Functions, "get_alias", get_alias)
    monkeypatch.setattr("release.lambda_versions.companions.move_companions", lambda *_: [])
    monkeypatch.setattr("release.lambda_versions.companions.find_paired_versions", lambda *_: {})
    monkeypatch.setattr("release.lambda_versions.companions.ship_hooks_of", lambda *said: given.append(said[-1]))
    monkeypatch.setattr("release.follow.collect_evidence", lambda *_: None)
    poller = Poller(context, deployment, [], 0.0, INFINITE)
    assert follow(poller, Lines(Console(file=io.StringIO())), lambda: None) is outcome
    assert given == [version]


@pytest.mark.exact  # once with all that the simulator says, once with no more than AWS promises
@pytest.mark.parametrize(
    ("after", "goes_on"),
    [(310.0, True), (3600.0, True), (2 * 3600.0, None), (3 * 3600.0, False)],
    ids=["just live", "baking", "told or not", "long ago"],
)
def test_a_bake_that_broke_off_goes_on_although_codedeploy_need_not_tell_when_it_began(
    stage: Stage, context: ReleaseContext, monkeypatch: pytest.MonkeyPatch, after: float, goes_on: bool | None
) -> None:
    """It lasts an hour from the end; where no end is told, from the latest that there can be."""
    stage.answers("before", "Succeeded")
    deployment = stage.deploy(appspec(before="before"))
    last = deployments.read(context, deployment)
    if goes_on is None:
        goes_on = last.completed is None
    monkeypatch.setattr("time.time", lambda: NOON + after)
    found = deployments.find_baking(context, "2", bake=3600 if after > 310 else 60, longest=80 * 60)
    assert (found.id if found else None) == (deployment if goes_on else None)
    assert deployments.find_baking(context, "2", bake=0, longest=80 * 60) is None
    assert deployments.find_baking(context, "1", bake=3600, longest=80 * 60) is None


def test_weights_that_were_cleared_just_now_are_read_again_before_they_refuse_a_release(
    stage: Stage, context: ReleaseContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UpdateAlias takes effect soon, not at once; what stays is still told."""
    routing = {"AdditionalVersionWeights": {"2": 0.1}}
    stale, read = [routing] * 3, Functions.get_alias

    def get_alias(functions: Functions, **asked: str) -> dict[str, Any]:
        return read(functions, **asked) | ({"RoutingConfig": stale.pop()} if stale else {})

    monkeypatch.setattr(Functions, "get_alias", get_alias)
    assert await_rest(context) == AliasRouting("1", {})
    stale += [routing] * 9
    assert await_rest(context) == AliasRouting("1", {"2": 0.1})


def _stop(stage: Stage, deployment: str) -> None:
    stage.codedeploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)


def test_a_rollback_that_runs_is_waited_for(proven: Stage, context: ReleaseContext) -> None:
    asked: list[str] = []

    def plan() -> None:
        with pytest.raises(UserError, match="is a rollback to version 1 already: wait for it"):
            plan_rollback(context)
        asked.append("refused")

    proven.answers("after", "Failed")
    proven.create(appspec(after="after"))
    proven.clock.at(303, plan)  # the rollback waits for its turn
    proven.spawned.run()
    assert asked == ["refused"]
