"""Find the release that a traffic hook has to check, and run the smoke test on its versions."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from function.bootstrap import Clients, read_clock
from function.canary.companion_aliases import move, move_back
from function.canary.deployment_description import Companion, read_companions, read_described_release
from function.canary.smoke_mails import list_all_smoke_mails, list_few_smoke_mails, list_tenant_smoke_mails
from function.canary.smoke_test import Candidate, SmokeTest
from function.ledger.table import Table
from function.settings import HookSettings

__all__ = ["check_release", "find_candidate", "take_back"]

#: The first invocation of a version includes its init. botocore does not retry it: the smoke test does.
_INVOKE = Config(connect_timeout=2, read_timeout=65, retries={"total_max_attempts": 1})
#: A move reads the alias first, so it is safe to retry.
_MOVE = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 5})
_SCALAR = r"""("[^"\n]*"|'[^'\n]*'|[^\s,{}\[\]"']++(?<!:))"""
_VALUE = rf"\s*(?:[&!]\S+\s+)*{_SCALAR}"
_ANCHOR = re.compile(rf"&(\S+)\s+(?:!\S+\s+)*{_SCALAR}")
_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")
#: How the name of the function that publishes mail events ends.
_MAIL_EVENTS = "-mail-events"


def check_release(
    info: Mapping[str, Any], through_the_alias: bool, environment: Mapping[str, str], codedeploy: Any, seconds: float
) -> tuple[str | None, int]:
    """Run the smoke test; return why the release fails (None: it passed) and how many mails tested it. `info` is
    GetDeployment's `deploymentInfo`, or an event that names a `Version`.

    Before traffic, every example is sent. After traffic, the companions' aliases are moved first; then a few mails are
    sent, and SES's own reports on them must arrive.
    """
    settings = HookSettings.read(environment)
    companions = _list_companions(info, settings)
    candidate = find_candidate(info, settings, through_the_alias, codedeploy, companions)
    if through_the_alias:
        move(_read_functions(_MOVE), settings.alias, companions)
    mails = (list_few_smoke_mails() if through_the_alias else list_all_smoke_mails()) + list_tenant_smoke_mails(
        settings.tenants
    )
    table = Table(Clients().dynamodb(), settings.table)
    test = SmokeTest(_read_functions(_INVOKE), table, settings.configuration_set, read_clock, time.sleep)
    reason = test.failure_reason(candidate, mails, seconds)
    return reason, 0 if reason else len(mails)


def take_back(info: Mapping[str, Any], environment: Mapping[str, str], codedeploy: Any) -> None:
    """Move the companions' aliases back to their previous versions: for a failed deployment, or for the one that a
    rollback deployment names."""
    triggering = (info.get("rollbackInfo") or {}).get("rollbackTriggeringDeploymentId")
    if triggering:
        info = codedeploy.get_deployment(deploymentId=triggering)["deploymentInfo"]
    settings = HookSettings.read(environment)
    if companions := _list_companions(info, settings):
        move_back(_read_functions(_MOVE), settings.alias, companions)


def _list_companions(info: Mapping[str, Any], settings: HookSettings) -> list[Companion]:
    """Return the companions in the deployment's description, or in the event's `Companions`, which maps names to
    versions."""
    if "Version" in info:
        return [Companion(name, version, version) for name, version in (info.get("Companions") or {}).items()]
    return read_companions(info.get("description") or "", settings.function)


def _read_functions(config: Config) -> Any:
    return botocore.session.get_session().create_client("lambda", config=config)


def find_candidate(
    info: Mapping[str, Any],
    settings: HookSettings,
    through_the_alias: bool,
    codedeploy: Any,
    companions: Sequence[Companion] = (),
) -> Candidate:
    """Return the candidate of a deployment, or the `Version` and `Release` that the event names. Raises ValueError if
    the deployment is of another function."""
    if "Version" in info:
        name, version, release = settings.function, info["Version"], info.get("Release") or ""
    else:
        name, version = _from_target(codedeploy, info) or _from_appspec(codedeploy, info)
        release = read_described_release(info.get("description") or "")
    if name != settings.function:
        raise ValueError(f"the deployment is about {name}, and this hook tests {settings.function}")
    versions = {one.function: f"{one.function}:{one.after}" for one in companions}
    feedback = versions.pop(settings.feedback, "")
    if through_the_alias:
        return Candidate(f"{name}:{settings.alias}", version, release, reported=bool(feedback))
    mail_events = tuple(versions.pop(one) for one in [*versions] if one.endswith(_MAIL_EVENTS))
    webhooks = tuple(versions.values())
    return Candidate(f"{name}:{version}", version, release, feedback, webhooks=webhooks, mail_events=mail_events)


def _from_target(codedeploy: Any, info: Mapping[str, Any]) -> tuple[str, str] | None:
    """Read the function and target version from the deployment's target; None if it does not name them.

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
    """Read the function and target version from the AppSpec. GetDeployment does not return its content, so it is
    fetched by its hash.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html
    """
    answer = codedeploy.get_application_revision(applicationName=info["applicationName"], revision=info["revision"])
    revision = answer["revision"]
    content = (revision.get("string") or revision.get("appSpecContent") or {}).get("content") or ""
    names, versions = (_read_values(content, key) for key in ("name", "targetversion"))
    if len(names) != 1 or len(versions) != 1:
        raise ValueError("neither the deployment's target nor its AppSpec says which version it is about")
    return names[0], versions[0]


def _read_values(content: str, key: str) -> list[str]:
    """Return the values of a key of an AppSpec (JSON or YAML), in any letter case, quoted, in braces, or as an alias
    (`*x`).

    The YAML is not parsed: a parser would be the largest part of the package, only for a fallback.
    """
    text = _COMMENT.sub("", content)
    anchors = dict(_ANCHOR.findall(text))
    found = re.findall(rf"""(?im)(?:^|[{{,\s])["']?{key}["']?\s*:\s+?{_VALUE}|"{key}"\s*:{_VALUE}""", text)
    values = (first or second for first, second in found)
    return [anchors.get(value.removeprefix("*"), value).strip("\"'") for value in values]
