"""Which version a deployment is about, and whether that version passes the smoke test."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.config import Config

from function.bootstrap import Clients, clock
from function.canary.smoke_test import Candidate, SmokeTest, examples
from function.ledger import Table
from function.settings import HookSettings

__all__ = ["candidate_of", "failure_reason"]

#: A first invocation of a version takes its init, too. It is not repeated by botocore: the smoke test decides.
_INVOKE = Config(connect_timeout=2, read_timeout=65, retries={"total_max_attempts": 1})
#: In the description of every deployment that `make release` creates.
_RELEASE = re.compile(r"\brelease ([\w.-]+)")


def failure_reason(
    deployment: str, through_the_alias: bool, environment: Mapping[str, str], codedeploy: Any
) -> str | None:
    """Why the version that a deployment is about fails, or None."""
    settings = HookSettings.read(environment)
    info = codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"]
    candidate = candidate_of(info, settings, through_the_alias)
    functions = botocore.session.get_session().create_client("lambda", config=_INVOKE)
    table = Table(Clients().dynamodb(), settings.table)
    return SmokeTest(functions, table, examples(), clock, time.sleep).failure_reason(candidate)


def candidate_of(info: Mapping[str, Any], settings: HookSettings, through_the_alias: bool) -> Candidate:
    """The candidate of a deployment, from its AppSpec: it was sent as JSON. Raises ValueError for another function."""
    revision = info["revision"]
    content = (revision.get("appSpecContent") or revision.get("string") or {}).get("content")
    if not content:
        raise ValueError("the deployment carries no AppSpec as content")
    (resource,) = (each for named in json.loads(content)["Resources"] for each in named.values())
    wanted = resource["Properties"]
    if wanted["Name"] != settings.function:
        raise ValueError(f"the deployment is about {wanted['Name']}, and this hook tests {settings.function}")
    version: str = wanted["TargetVersion"]
    match = _RELEASE.search(info.get("description") or "")
    qualifier = settings.alias if through_the_alias else version
    return Candidate(f"{settings.function}:{qualifier}", version, match[1] if match else "")
