"""The lifecycle events of a deployment.

Two of them are hooks: functions that are invoked once, and report their result by an API call.
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_LifecycleEvent.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from laptop.codedeploy.errors import CodeDeployError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

__all__ = ["EventStatus", "HookAnswer", "LifecycleEvent", "invoke_hook", "record_answer"]

log = logging.getLogger("codedeploy")

EventStatus = Literal["Pending", "InProgress", "Succeeded", "Failed", "Skipped"]
HookAnswer = Literal["Succeeded", "Failed"]


@dataclass(slots=True)
class LifecycleEvent:
    """One lifecycle event. `execution` is the id of its hook's only execution, `answer` the status that the hook
    reported.
    """

    name: str
    status: EventStatus = "Pending"
    started: float | None = None
    ended: float | None = None
    hook: str | None = None
    execution: str = field(default_factory=lambda: str(uuid4()))
    answer: HookAnswer | None = None
    diagnostics: dict[str, str] | None = None

    def begin(self, now: float) -> None:
        """Record that the event has started."""
        self.status, self.started = "InProgress", now

    def end(self, status: EventStatus, now: float) -> None:
        """Record how the event ended."""
        self.status, self.ended = status, now

    def diagnose(self, code: str, message: str) -> None:
        """Record what went wrong with the hook; `code` is one of the service model's error codes."""
        self.diagnostics = {"errorCode": code, "scriptName": str(self.hook), "message": message}

    def list_times(self) -> Iterator[float]:
        """Yield the times at which the event started and ended."""
        yield from (moment for moment in (self.started, self.ended) if moment is not None)

    def describe(self) -> dict[str, Any]:
        """Return the event as `LifecycleEvent`."""
        known = {"startTime": self.started, "endTime": self.ended, "diagnostics": self.diagnostics}
        return {
            "lifecycleEventName": self.name,
            "status": self.status,
            **{name: value for name, value in known.items() if value is not None},
        }


def invoke_hook(functions: LambdaClient, deployment: str, event: LifecycleEvent) -> None:
    """Invoke an event's hook once. Neither its return value nor a crash counts as its answer.

    A hook that cannot be invoked counts as failed.
    """
    payload = {"DeploymentId": deployment, "LifecycleEventHookExecutionId": event.execution}
    try:
        response = functions.invoke(FunctionName=str(event.hook), Payload=json.dumps(payload))
    except ClientError as refusal:
        event.diagnose("UnknownError", str(refusal))
        event.answer = event.answer or "Failed"
    except BotoCoreError as problem:
        log.warning("the hook %s gave no answer: %s", event.hook, problem)
    else:
        if response.get("FunctionError"):
            log.warning("the hook %s raised; only its own call to CodeDeploy counts", event.hook)


def record_answer(events: Iterable[LifecycleEvent], request: Mapping[str, Any]) -> None:
    """Record the status reported for a hook's execution. Raises `CodeDeployError`."""
    execution, status = request.get("lifecycleEventHookExecutionId"), request.get("status")
    event = next((event for event in events if event.execution == execution and event.hook), None)
    if event is None:
        raise CodeDeployError("InvalidLifecycleEventHookExecutionIdException", f"No hook runs as {execution}.")
    if status not in ("Succeeded", "Failed"):
        raise CodeDeployError(
            "InvalidLifecycleEventHookExecutionStatusException", "A hook has Succeeded or Failed, nothing else."
        )
    if event.answer or event.status != "InProgress":
        raise CodeDeployError("LifecycleEventAlreadyCompletedException", f"{event.name} is over.")
    event.answer = "Succeeded" if status == "Succeeded" else "Failed"
    if status == "Failed":
        event.diagnose("ScriptFailed", "The hook answered Failed.")
