"""Entry points of the traffic hooks: CodeDeploy asks whether a release may go on, and gets an answer whatever happens.

`before` invokes the new version itself, `after` the alias. Each sends one synthetic mail of every type and reads the
ledger. A hook that says nothing holds a deployment for an hour, so one that crashes or runs out of time says Failed.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html#reference-appspec-file-structure-hooks-section-structure-lambda-sample-function
"""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import Telemetry

__all__ = ["Hook", "after", "before", "check_version", "run_within"]

#: Kept back for the answer, in seconds, of invocations that have the time.
_RESERVE = 20.0
#: `creator` of a deployment that CodeDeploy made to roll another back.
_ROLLBACK = "codeDeployRollback"
_CODEDEPLOY = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})

#: From what it is invoked with, CodeDeploy's client and the seconds left, why the version must not go on, or None.
Check = Callable[[Mapping[str, Any], Any, float], str | None]


@dataclass(frozen=True, slots=True)
class Hook:
    """Checks one version, and answers CodeDeploy if that is who asks. `codedeploy` makes its client."""

    check: Check
    codedeploy: Callable[[], Any]
    telemetry: Callable[[], Telemetry]

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Handle one invocation: by CodeDeploy, or by `herald release --again`, which names `Version` and `Release`.

        Raises only if CodeDeploy does not take the answer.
        """
        client = self.codedeploy()
        remaining = context.get_remaining_time_in_millis() / 1000
        seconds = remaining - min(_RESERVE, remaining / 2)
        reason = run_within(seconds, lambda: self.check(event, client, seconds))
        status = "Failed" if reason else "Succeeded"
        deployment = event.get("DeploymentId")
        self.telemetry().note("hook answered", deployment=deployment, status=status, reason=reason)
        if deployment:
            _answer(client, event, status)
        return {"status": status, "reason": reason}


def run_within(seconds: float, check: Callable[[], str | None]) -> str | None:
    """What `check` returns, or that it took too long; what it raises becomes the reason to fail."""
    found = [f"no result within {seconds:.0f} s"]

    def run() -> None:
        try:
            reason = check()
        except BaseException as error:
            reason = f"the hook crashed: {type(error).__name__}: {str(error)[:200]}"
        found[:] = [reason] if reason else []

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return next(iter(found), None)


def check_version(event: Mapping[str, Any], client: Any, seconds: float, *, through_the_alias: bool) -> str | None:
    """Why the version that is asked about must not go on, or None. All that can fail happens inside `run_within`.

    A rollback always may: CodeDeploy runs these hooks in it too, and its version has served before.
    """
    info = event
    if "DeploymentId" in event:
        info = client.get_deployment(deploymentId=event["DeploymentId"])["deploymentInfo"]
        if info.get("creator") == _ROLLBACK:
            return None
    from function.canary.deployment_check import failure_reason  # noqa: PLC0415  an import that fails must answer, too

    return failure_reason(info, through_the_alias, os.environ, client, seconds)


def _answer(client: Any, event: Mapping[str, Any], status: str) -> None:
    try:
        client.put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status=status,
        )
    except ClientError as error:  # Lambda may have run this twice: the first answer stands
        if error.response["Error"]["Code"] != "LifecycleEventAlreadyCompletedException":
            raise


def codedeploy() -> Any:
    """The client that asks about a deployment and answers."""
    return botocore.session.get_session().create_client("codedeploy", config=_CODEDEPLOY)


def _telemetry() -> Telemetry:
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "hook")
    return Telemetry(name, "", lambda: time.time_ns() // 1_000_000)


#: Lambda's handlers.
before = Hook(partial(check_version, through_the_alias=False), codedeploy, _telemetry)
after = Hook(partial(check_version, through_the_alias=True), codedeploy, _telemetry)
gc.enable()  # off since the package was imported
