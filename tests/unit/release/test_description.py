"""What a deployment's description says is read back whole, by the hook and by the release tool."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from function.canary.deployment_description import (
    LONGEST_DESCRIPTION,
    Companion,
    read_companions,
    read_described_release,
    write_description,
)
from operations.errors import UserError
from release.deployments import Deployment, create, read
from release.lambda_versions.publish import Artifact
from release.lambda_versions.versions import AliasRouting
from release.release import ReleasePlan, start
from release.release_context import Names, ReleaseContext

RELEASE = "3f2a9c1b7d4e"
VARIABLES = Path(__file__).parents[3] / "infra" / "modules" / "notifier" / "variables.tf"
#: It allows no longer `name`.
LONGEST_PREFIX = "a" * 24


class CodeDeploy:
    """Keeps the description of one deployment, and answers with it."""

    description = ""

    def create_deployment(self, description: str, **_: Any) -> dict[str, str]:
        self.description = description
        return {"deploymentId": "d-1"}

    def get_deployment(self, deploymentId: str) -> Any:
        info = {"status": "Succeeded", "createTime": datetime.now(UTC), "description": self.description}
        return {"deploymentInfo": {"deploymentId": deploymentId, **info}}

    def list_deployment_targets(self, deploymentId: str) -> Any:
        return {"targetIds": [deploymentId]}

    def batch_get_deployment_targets(self, **_: Any) -> Any:
        versions = {"currentVersion": "123456", "targetVersion": "123457"}
        return {"deploymentTargets": [{"lambdaTarget": {"lambdaFunctionInfo": versions}}]}


def stack_of(names: Names) -> ReleaseContext:
    nothing: Any = None
    return ReleaseContext(nothing, cast("Any", CodeDeploy()), nothing, names, "1", "eu-west-1")


def test_the_longest_name_with_every_companion_fits_and_is_read_back_whole() -> None:
    assert f"{{0,{len(LONGEST_PREFIX) - 2}}}[a-z0-9]$" in VARIABLES.read_text()
    context = stack_of(Names(LONGEST_PREFIX))
    companions = [Companion(one, "123456", "123457") for one in context.names.companions]
    description = write_description(context.names.notify, "123456", "123457", companions, RELEASE)
    deployment: Deployment = read(context, create(context, {}, "config", description, []))
    assert list(deployment.companions) == companions
    assert read_companions(description, context.names.notify) == companions
    assert read_described_release(description) == RELEASE
    assert description.startswith(f"release={RELEASE} notify=123456>123457 feedback=123456>123457 ")


def test_a_description_that_would_be_cut_off_is_an_error_and_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    context = stack_of(Names())
    companions = [Companion("herald-feedback", "1", "2")]
    monkeypatch.setattr("release.release._publish", lambda *_: (companions, "2"))
    artifact = Artifact(tmp_path / "function.zip", "r" * LONGEST_DESCRIPTION)
    plan = ReleasePlan(artifact, AliasRouting("1", {}), "config", {}, [])
    with pytest.raises(UserError, match=r"^the deployment's description would have 2.* 256; nothing was released$"):
        start(context, plan, cast("Any", None))


@pytest.mark.parametrize(
    "description",
    ["", "by hand", "Rollback of d-1", "release=r1", "release=r1 feedback=1>2", "release=r1 notify=1>2 of 3"],
)
def test_what_somebody_else_wrote_names_no_release_and_no_companions(description: str) -> None:
    assert read_described_release(description) == ""
    assert read_companions(description, "herald-notify") == []


NAMES = st.sampled_from([Names("herald"), Names("release-of-notify"), Names("a1")])
VERSIONS = st.integers(1, 999_999).map(str)


@given(NAMES, st.lists(st.tuples(st.integers(0, 3), VERSIONS, VERSIONS), max_size=4), st.sampled_from(["", RELEASE]))
def test_what_is_written_is_read_back(names: Names, moves: list[tuple[int, str, str]], release: str) -> None:
    companions = [Companion(names.companions[index], before, after) for index, before, after in moves]
    description = write_description(names.notify, "1", "2", companions, release)
    assert read_companions(description, names.notify) == companions
    assert read_described_release(description) == release
