"""Entry points of the traffic hooks: CodeDeploy asks whether a release may go on, and is answered whatever happens.

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

__all__ = ["Hook", "after", "before", "within"]

#: Kept back for the answer, in seconds, of invocations that have the time.
_RESERVE = 20.0
_CODEDEPLOY = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})

#: From a deployment's id, what speaks against it, or None.
Judge = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Hook:
    """Judges one deployment and tells CodeDeploy. `codedeploy` makes its client."""

    judge: Judge
    codedeploy: Callable[[], Any]
    telemetry: Callable[[], Telemetry]

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Handle one invocation by CodeDeploy. Raises only if CodeDeploy cannot be told."""
        deployment: str = event["DeploymentId"]
        codedeploy = self.codedeploy()
        remaining = context.get_remaining_time_in_millis() / 1000
        wrong = within(remaining - min(_RESERVE, remaining / 2), lambda: self.judge(deployment))
        status = "Failed" if wrong else "Succeeded"
        self.telemetry().note("judged", deployment=deployment, verdict=status, detail=wrong)
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


def within(seconds: float, judge: Callable[[], str | None]) -> str | None:
    """What `judge` returns, if it does so in time; else why not. Whatever it raises becomes its offence."""
    found = [f"no verdict within {seconds:.0f} s"]

    def run() -> None:
        try:
            offence = judge()
        except BaseException as error:
            offence = f"the hook crashed: {type(error).__name__}: {str(error)[:200]}"
        found[:] = [offence] if offence else []

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return next(iter(found), None)


def _judge(through_the_alias: bool) -> Judge:
    """All that could fail, imports included, happens inside the verdict's guard."""

    def judge(deployment: str) -> str | None:
        from function.canary.judging import offence  # noqa: PLC0415  an import that fails is an offence too

        return offence(deployment, through_the_alias, os.environ, codedeploy())

    return judge


def codedeploy() -> Any:
    """The client that asks about a deployment and answers."""
    return botocore.session.get_session().create_client("codedeploy", config=_CODEDEPLOY)


def _telemetry() -> Telemetry:
    name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "hook")
    return Telemetry(name, "", lambda: time.time_ns() // 1_000_000)


#: Lambda's handlers.
before = Hook(_judge(through_the_alias=False), codedeploy, _telemetry)
after = Hook(_judge(through_the_alias=True), codedeploy, _telemetry)
gc.enable()  # off since the package was imported
