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
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import Telemetry

__all__ = ["Hook", "after", "before", "run_within"]

#: Kept back for the answer, in seconds, of invocations that have the time.
_RESERVE = 20.0
_CODEDEPLOY = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})

#: From a deployment's id, why it must not go on, or None.
Check = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Hook:
    """Checks one deployment and answers CodeDeploy. `codedeploy` makes its client."""

    check: Check
    codedeploy: Callable[[], Any]
    telemetry: Callable[[], Telemetry]

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Handle one invocation by CodeDeploy. Raises only if CodeDeploy does not take the answer."""
        deployment: str = event["DeploymentId"]
        codedeploy = self.codedeploy()
        remaining = context.get_remaining_time_in_millis() / 1000
        reason = run_within(remaining - min(_RESERVE, remaining / 2), lambda: self.check(deployment))
        status = "Failed" if reason else "Succeeded"
        self.telemetry().note("hook answered", deployment=deployment, status=status, reason=reason)
        try:
            codedeploy.put_lifecycle_event_hook_execution_status(
                deploymentId=deployment,
                lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
                status=status,
            )
        except ClientError as error:  # Lambda may have run this twice: the first answer stands
            if error.response["Error"]["Code"] != "LifecycleEventAlreadyCompletedException":
                raise
        return {"status": status}


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


def _check(through_the_alias: bool) -> Check:
    """All that can fail, imports included, happens inside `run_within`."""

    def check(deployment: str) -> str | None:
        from function.canary.deployment_check import failure_reason  # noqa: PLC0415  a failing import must answer, too

        return failure_reason(deployment, through_the_alias, os.environ, codedeploy())

    return check


def codedeploy() -> Any:
    """The client that asks about a deployment and answers."""
    return botocore.session.get_session().create_client("codedeploy", config=_CODEDEPLOY)


def _telemetry() -> Telemetry:
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "hook")
    return Telemetry(name, "", lambda: time.time_ns() // 1_000_000)


#: Lambda's handlers.
before = Hook(_check(through_the_alias=False), codedeploy, _telemetry)
after = Hook(_check(through_the_alias=True), codedeploy, _telemetry)
gc.enable()  # off since the package was imported
