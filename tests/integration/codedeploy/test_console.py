"""What the laptop's console tells of a release: the canary as it moves, and what became of the last one."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from laptop.console.release import Comparer, Release, describe_release
from tests.integration.codedeploy.conftest import Stage, appspec
from tests.unit.release.analysis.test_traffic import Log

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from laptop.clients import LaptopClients


def look(stage: Stage) -> Release:
    return describe_release(cast("LambdaClient", stage.functions), stage.account)


def test_before_the_first_release_there_is_only_the_live_version(bare: Stage) -> None:
    assert look(bare) == Release((("1", 100),))


def test_the_canary_is_told_as_it_moves(stage: Stage) -> None:
    looks: dict[float, Release] = {}

    def look_at(seconds: float) -> None:
        looks[seconds] = look(stage)

    for seconds in (0.5, 60, 299):
        stage.clock.at(seconds, partial(look_at, seconds))
    deployment = stage.create()
    assert look(stage) == Release((("1", 100),), deployment, "Created", running=True)
    stage.spawned.run()
    canary = Release((("1", 90), ("2", 10)), deployment, "InProgress, AllowTraffic", running=True)
    assert looks[60] == looks[299] == canary
    assert look(stage) == Release((("2", 100),), deployment, "Succeeded")


def test_what_both_versions_do_is_told_while_they_share_the_traffic_and_afterwards(stage: Stage) -> None:
    log = Log()
    comparer = Comparer(cast("LaptopClients", SimpleNamespace(functions=None, make_client=lambda _: log)))
    looks: list[Release] = []

    def look_at() -> None:
        looks.append(describe_release(cast("LambdaClient", stage.functions), stage.account, comparer))

    stage.clock.at(0.5, look_at)
    stage.clock.at(60, look_at)
    stage.deploy()
    look_at()
    assert looks[0].comparison is None
    for one in looks[1:]:
        assert one.comparison is not None
        assert (one.comparison.candidate, one.comparison.before) == ("2", "1")
        assert one.comparison.figures["1"].runs == 90
    assert log.asked, "the log was read"


def test_one_that_was_taken_back_is_told_with_its_reason_and_its_rollback(proven: Stage) -> None:
    proven.answers("no", "Failed")
    deployment = proven.deploy(appspec(before="no"))
    back = proven.info(deployment)["rollbackInfo"]["rollbackDeploymentId"]
    told = f"Failed, HOOK_EXECUTION_FAILURE, taken back by {back}"
    assert look(proven) == Release((("1", 100),), deployment, told)
