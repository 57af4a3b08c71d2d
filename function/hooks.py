"""Entry points of the traffic hooks: CodeDeploy asks whether a release may continue, and always gets an answer.

`before` invokes the new versions directly: a synthetic mail for every example, and SES's reports on each. `after` moves
the companions' aliases, sends a few mails through the alias, and waits for SES's own reports. Both read the ledger. A
hook that does not answer blocks a deployment for an hour, so one that crashes or runs out of time answers Failed.

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
from function.runtime.metrics import Telemetry, find_service

__all__ = ["Hook", "HookResult", "after", "before", "check_deployment", "put_back", "run_within"]

#: Seconds reserved for the answer, at most half of the remaining time.
_RESERVE = 20.0
#: `creator` of a rollback deployment that CodeDeploy started itself.
_ROLLBACK = "codeDeployRollback"
_CODEDEPLOY = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 3})

#: Seconds of the reserve that moving the aliases back may take.
_UNDO = 8.0


@dataclass(frozen=True, slots=True)
class HookResult:
    """Why a release must not continue (None: it may), and how many synthetic mails tested it."""

    reason: str | None = None
    mails: int = 0


#: Takes the invocation's event, the CodeDeploy client and the seconds left.
Check = Callable[[Mapping[str, Any], Any, float], HookResult]


@dataclass(frozen=True, slots=True)
class Hook:
    """Checks one release, and answers CodeDeploy if it asked. `codedeploy` makes the client; `undo` reverts what a
    failed check may have moved."""

    check: Check
    codedeploy: Callable[[], Any]
    telemetry: Callable[[], Telemetry]
    undo: Callable[[Mapping[str, Any], Any], None] = lambda _event, _client: None

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Handle one invocation: by CodeDeploy, or by `herald release --again`, whose event names `Version` and
        `Release`.

        Raises only if CodeDeploy does not accept the answer.
        """
        client = self.codedeploy()
        remaining = context.get_remaining_time_in_millis() / 1000
        seconds = remaining - min(_RESERVE, remaining / 2)
        answer = run_within(seconds, lambda: self.check(event, client, seconds))
        status = "Failed" if answer.reason else "Succeeded"
        deployment, reason = event.get("DeploymentId"), answer.reason
        if reason:
            run_within(_UNDO, lambda: self._undo(event, client))
        result = {"status": status, "reason": reason, "mails": answer.mails}
        self.telemetry().note("hook answered", deployment=deployment, **result)
        if deployment:
            _answer_codedeploy(client, event, status)
        return result

    def _undo(self, event: Mapping[str, Any], client: Any) -> HookResult:
        self.undo(event, client)
        return HookResult()


def run_within(seconds: float, check: Callable[[], HookResult]) -> HookResult:
    """Return the result of `check`, or a failure if it takes too long or raises."""
    found = [HookResult(f"no result within {seconds:.0f} s")]

    def run() -> None:
        try:
            answer = check()
        except BaseException as error:
            answer = HookResult(f"the hook crashed: {type(error).__name__}: {str(error)[:200]}")
        found[:] = [answer]

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0]


def check_deployment(event: Mapping[str, Any], client: Any, seconds: float, *, through_the_alias: bool) -> HookResult:
    """Check whether the release may continue. Everything that can fail runs inside `run_within`.

    A rollback always may: CodeDeploy runs the hooks for it too, and its versions have served before. Companions that
    the failed deployment moved are moved back.
    """
    info = _describe(event, client)
    if info.get("creator") == _ROLLBACK:
        put_back(event, client)
        return HookResult()
    from function.canary.deployment_check import check_release  # noqa: PLC0415  an import that fails must answer, too

    return HookResult(*check_release(info, through_the_alias, os.environ, client, seconds))


def put_back(event: Mapping[str, Any], client: Any) -> None:
    """Move the companions' aliases back. Never raises: if this fails, `herald release` moves them as well."""
    try:
        from function.canary.deployment_check import take_back  # noqa: PLC0415  as above

        take_back(_describe(event, client), os.environ, client)
    except Exception as error:
        _make_telemetry().note("not put back", detail=f"{type(error).__name__}: {str(error)[:200]}")


def _describe(event: Mapping[str, Any], client: Any) -> Mapping[str, Any]:
    """Return `deploymentInfo`, or the event itself if it names a version."""
    if "DeploymentId" not in event:
        return event
    info: Mapping[str, Any] = client.get_deployment(deploymentId=event["DeploymentId"])["deploymentInfo"]
    return info


def _answer_codedeploy(client: Any, event: Mapping[str, Any], status: str) -> None:
    try:
        client.put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status=status,
        )
    except ClientError as error:  # Lambda may have run this twice: the first answer counts
        if error.response["Error"]["Code"] != "LifecycleEventAlreadyCompletedException":
            raise


def make_codedeploy() -> Any:
    """Return the CodeDeploy client."""
    return botocore.session.get_session().create_client("codedeploy", config=_CODEDEPLOY)


def _make_telemetry() -> Telemetry:
    name = find_service(os.environ, "hook")
    return Telemetry(name, "", lambda: time.time_ns() // 1_000_000)


#: Lambda's handlers.
before = Hook(partial(check_deployment, through_the_alias=False), make_codedeploy, _make_telemetry)
after = Hook(partial(check_deployment, through_the_alias=True), make_codedeploy, _make_telemetry, put_back)
gc.enable()  # turned off when the package was imported
