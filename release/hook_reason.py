"""Why a traffic hook refused a deployment. CodeDeploy learns only that it did, so this reads the hook's log.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from release.deployments import Deployment
from release.stack import Stack

__all__ = ["hook_reason"]

#: Looks at the log, because its lines come seconds later.
_TRIES = 3


def hook_reason(stack: Stack, deployment: Deployment) -> str:
    """Which hook failed this deployment, and why, in one line; empty if none did, or if its log cannot be read."""
    failed = next((event for event in stack.names.hooks if deployment.stages.get(event) == "Failed"), None)
    if failed is None or stack.logs is None:
        return ""
    hook = stack.names.hooks[failed]
    for number in range(_TRIES):
        if number:
            time.sleep(stack.pause)
        try:
            found = next(_reasons(stack, hook, deployment.id), "")
        except (BotoCoreError, ClientError):
            return ""
        if found:
            return f"{hook}: {found}"
    return f"{hook} failed and logged no reason"


def _reasons(stack: Stack, hook: str, deployment: str) -> Iterator[str]:
    pages = stack.logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{hook}", filterPattern=f'"{deployment}"'
    )
    for page in pages:
        for event in page.get("events", []):
            try:
                line = json.loads(event["message"])
            except (ValueError, KeyError):
                continue
            if isinstance(line, dict) and line.get("deployment") == deployment and line.get("reason"):
                yield str(line["reason"])
