"""Which version a traffic hook is asked about, and whether that version passes the smoke test."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from function.bootstrap import Clients, clock
from function.canary.smoke_test import Candidate, SmokeTest, examples
from function.ledger.table import Table
from function.settings import HookSettings

__all__ = ["candidate_of", "failure_reason"]

#: A first invocation of a version takes its init, too. It is not repeated by botocore: the smoke test decides.
_INVOKE = Config(connect_timeout=2, read_timeout=65, retries={"total_max_attempts": 1})
#: In the description of every deployment that `herald release` creates.
_RELEASE = re.compile(r"\brelease ([\w.-]+)")


def failure_reason(
    info: Mapping[str, Any], through_the_alias: bool, environment: Mapping[str, str], codedeploy: Any, seconds: float
) -> str | None:
    """Why the version that is asked about fails, or None; `info` is GetDeployment's `deploymentInfo`, or names a
    `Version`."""
    settings = HookSettings.read(environment)
    candidate = candidate_of(info, settings, through_the_alias, codedeploy)
    functions = botocore.session.get_session().create_client("lambda", config=_INVOKE)
    table = Table(Clients().dynamodb(), settings.table)
    return SmokeTest(functions, table, examples(), clock, time.sleep).failure_reason(candidate, seconds)


def candidate_of(
    info: Mapping[str, Any], settings: HookSettings, through_the_alias: bool, codedeploy: Any
) -> Candidate:
    """The candidate of a deployment, or the `Version` of a `Release` that is named. Raises ValueError for another
    function."""
    if "Version" in info:
        qualifier = settings.alias if through_the_alias else info["Version"]
        return Candidate(f"{settings.function}:{qualifier}", info["Version"], info.get("Release") or "")
    name, version = _from_target(codedeploy, info) or _from_appspec(codedeploy, info)
    if name != settings.function:
        raise ValueError(f"the deployment is about {name}, and this hook tests {settings.function}")
    match = _RELEASE.search(info.get("description") or "")
    qualifier = settings.alias if through_the_alias else version
    return Candidate(f"{settings.function}:{qualifier}", version, match[1] if match else "")


def _from_target(codedeploy: Any, info: Mapping[str, Any]) -> tuple[str, str] | None:
    """Function and target version, as the deployment's target tells them; None if it does not.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_LambdaFunctionInfo.html
    """
    deployment = info["deploymentId"]
    try:
        ids = codedeploy.list_deployment_targets(deploymentId=deployment).get("targetIds")
        found = codedeploy.batch_get_deployment_targets(deploymentId=deployment, targetIds=ids) if ids else {}
    except ClientError:
        return None
    for target in found.get("deploymentTargets", ()):
        function = target.get("lambdaTarget", {}).get("lambdaFunctionInfo") or {}
        if "functionName" in function and "targetVersion" in function:
            return function["functionName"], function["targetVersion"]
    return None


def _from_appspec(codedeploy: Any, info: Mapping[str, Any]) -> tuple[str, str]:
    """The same as the AppSpec says, if it is JSON. GetDeployment never has its content: it is fetched by its hash.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html
    """
    answer = codedeploy.get_application_revision(applicationName=info["applicationName"], revision=info["revision"])
    revision = answer["revision"]
    content = (revision.get("string") or revision.get("appSpecContent") or {}).get("content") or ""
    try:
        (resource,) = (each for named in json.loads(content)["Resources"] for each in named.values())
        return resource["Properties"]["Name"], str(resource["Properties"]["TargetVersion"])
    except (ValueError, KeyError, TypeError):
        raise ValueError("neither the deployment's target nor its AppSpec says which version it is about") from None
