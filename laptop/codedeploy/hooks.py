"""Hooks: functions that are asked about a deployment once, and answer by a call of their own.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from laptop.codedeploy.errors import CodeDeployError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_lambda import LambdaClient

    from laptop.codedeploy.lifecycle import Event

__all__ = ["ask", "judge"]

log = logging.getLogger("codedeploy")


def ask(functions: LambdaClient, deployment: str, event: Event) -> None:
    """Invoke an event's hook, once; what it returns is no verdict, and neither is a crash.

    A hook that cannot be invoked has failed.
    """
    payload = {"DeploymentId": deployment, "LifecycleEventHookExecutionId": event.execution}
    try:
        answer = functions.invoke(FunctionName=str(event.hook), Payload=json.dumps(payload))
    except ClientError as refusal:
        event.blame("UnknownError", str(refusal))
        event.verdict = event.verdict or "Failed"
    except BotoCoreError as problem:
        log.warning("the hook %s gave no answer: %s", event.hook, problem)
    else:
        if answer.get("FunctionError"):
            log.warning("the hook %s raised; only its own call to CodeDeploy counts", event.hook)


def judge(events: Iterable[Event], request: Mapping[str, Any]) -> None:
    """Keep the verdict of the hook whose execution is named; raises `CodeDeployError`."""
    execution, status = request.get("lifecycleEventHookExecutionId"), request.get("status")
    event = next((event for event in events if event.execution == execution and event.hook), None)
    if event is None:
        raise CodeDeployError("InvalidLifecycleEventHookExecutionIdException", f"No hook runs as {execution}.")
    if status not in ("Succeeded", "Failed"):
        raise CodeDeployError(
            "InvalidLifecycleEventHookExecutionStatusException", "A hook has Succeeded or Failed, nothing else."
        )
    if event.verdict or event.status != "InProgress":
        raise CodeDeployError("LifecycleEventAlreadyCompletedException", f"{event.name} is over.")
    event.verdict = "Succeeded" if status == "Succeeded" else "Failed"
    if status == "Failed":
        event.blame("ScriptFailed", "The hook answered Failed.")
