"""A release that is killed at each of its steps, and run again: it goes on, and does nothing twice."""

from __future__ import annotations

import subprocess
import sys

from laptop.state import ROOT
from release import deployments
from release.lambda_versions.companions import list_companions
from release.lambda_versions.versions import list_versions, read_code_hash
from release.release_context import ALIAS
from release.version_alarms import create
from tests.stack.release.conftest import ReleaseHarness
from tests.waiting import LIMIT

STEPS = [
    "UpdateFunctionCode herald-feedback",
    "PublishVersion herald-feedback",
    "UpdateFunctionCode herald-notify",
    "PublishVersion herald-notify",
    "PutMetricAlarm",
    "UpdateFunctionCode CodeDeployHook_herald-before",
    "UpdateFunctionCode CodeDeployHook_herald-after",
    "CreateDeployment",
    "shared traffic",
    "question",
    "bake",
]


def test_a_release_killed_at_every_step_is_done_by_running_it_again(harness: ReleaseHarness) -> None:
    before, artifact, context = harness.version, harness.artifact(), harness.context
    known, deployed = list_versions(context), {one.id for one in deployments.list_ended(context)}
    create(context, "0")
    command = [
        sys.executable,
        "-m",
        "tests.stack.release.kill_at_every_step",
        harness.cloud.descriptor.state,
        str(artifact.path),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=2 * LIMIT, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    *died, ended = done.stdout.splitlines()
    assert died[: len(STEPS)] == STEPS
    # Versions beyond the tenth go, if so many lie there.
    assert {*died[len(STEPS) :]} <= {"UpdateAlias herald-feedback", "DeleteAlarms", "DeleteFunction herald-notify"}
    assert ended == "released" or "is live already" in ended
    (new,) = [one for one in list_versions(context) if one not in known and one.number != before]
    assert (harness.version, new.sha256) == (new.number, artifact.sha256)
    assert read_code_hash(context, harness.version) == artifact.sha256
    for companion in list_companions(context):
        shipped = context.functions.get_function_configuration(FunctionName=companion, Qualifier=ALIAS)
        assert shipped["CodeSha256"] == artifact.sha256
    (deployment,) = [one for one in deployments.list_ended(context) if one.id not in deployed]
    assert (deployment.current, deployment.target, deployment.status) == (before, new.number, "Succeeded")
