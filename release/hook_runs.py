"""The traffic hooks: finds why one refused a deployment, and runs both against the live version.

CodeDeploy learns only that a hook refused, so the reason is read from the hook's log:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from operations.function_log import read_lines
from release.deployments import Deployment
from release.lambda_versions.companions import list_companions
from release.lambda_versions.versions import list_versions, read_live
from release.release_context import ALIAS, ReleaseContext
from release.reporter import ProgressReporter

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

__all__ = ["check_live", "count_synthetic", "find_hook_reason"]

#: How often the log is read: its lines arrive seconds late.
_TRIES = 3


def find_hook_reason(context: ReleaseContext, deployment: Deployment) -> str:
    """Which hook failed this deployment, and why, in one line; empty if none did, or if its log cannot be read."""
    failed = next((event for event in context.names.hooks if deployment.stages.get(event) == "Failed"), None)
    if failed is None or context.logs is None:
        return ""
    hook = context.names.hooks[failed]
    for number in range(_TRIES):
        if number:
            time.sleep(context.pause)
        try:
            found = next(_read_reasons(context, hook, deployment.id), "")
        except (BotoCoreError, ClientError):
            return ""
        if found:
            return f"{hook}: {found}"
    return f"{hook} failed and logged no reason"


def count_synthetic(context: ReleaseContext, deployment: str) -> int | None:
    """How many synthetic mails a deployment's hooks followed to their end; None if a log does not say."""
    if context.logs is None:
        return None
    try:
        counts = [next(_read_mail_counts(context, hook, deployment), None) for hook in context.names.hooks.values()]
    except (BotoCoreError, ClientError):
        return None
    return None if None in counts else sum(mails or 0 for mails in counts)


def _read_mail_counts(context: ReleaseContext, hook: str, deployment: str) -> Iterator[int]:
    """The numbers of mails that a hook logged; the log is read again while its lines may still arrive."""
    for number in range(_TRIES):
        if number:
            time.sleep(context.pause)
        yield from (int(answer["mails"]) for answer in _read_results(context, hook, deployment) if "mails" in answer)


def _read_reasons(context: ReleaseContext, hook: str, deployment: str) -> Iterator[str]:
    return (str(answer["reason"]) for answer in _read_results(context, hook, deployment) if answer.get("reason"))


def _read_results(context: ReleaseContext, hook: str, deployment: str) -> Iterator[dict[str, Any]]:
    """The results that a hook logged for a deployment."""
    return (line for _, line in read_lines(context.logs, hook, deployment) if line.get("deployment") == deployment)


def check_live(context: ReleaseContext, functions: LambdaClient, reporter: ProgressReporter) -> bool:
    """Invoke both hooks for the live version, and report what each found; return whether both passed it.

    `functions` must wait as long as a hook may take, and must not retry.
    """
    now = read_live(context)
    release = next((one.release for one in list_versions(context) if one.number == now.version), "?")
    aliases = {name: context.functions.get_alias(FunctionName=name, Name=ALIAS) for name in list_companions(context)}
    request = {
        "Version": now.version,
        "Release": "" if release == "?" else release,
        "Companions": {name: alias["FunctionVersion"] for name, alias in aliases.items()},
    }
    reporter.say(f"version {now.version} (release {release}) is live: running its hooks again")
    passed = [_invoke(functions, reporter, hook, request) for hook in context.names.hooks.values()]
    return all(passed)


def _invoke(functions: LambdaClient, reporter: ProgressReporter, hook: str, request: Mapping[str, Any]) -> bool:
    answer = functions.invoke(FunctionName=hook, Payload=json.dumps(request).encode())
    found: Any = json.loads(answer["Payload"].read())
    passed = not answer.get("FunctionError") and found.get("status") == "Succeeded"
    reason = found.get("reason") or found.get("errorMessage") or "it gave no reason"
    reporter.say(f"{hook}: {'Succeeded' if passed else f'Failed: {reason}'}")
    return passed
