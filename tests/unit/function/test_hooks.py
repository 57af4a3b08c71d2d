"""A traffic hook answers CodeDeploy whatever happens to it."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from function.canary.deployment_check import candidate_of
from function.canary.smoke_test import Candidate
from function.hooks import Hook, run_within
from function.runtime.metrics import Telemetry
from function.settings import HookSettings

ASKED = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "h-1"}
SETTINGS = HookSettings("herald-ledger", "herald-notify", "live")
PROPERTIES = {"Name": "herald-notify", "Alias": "live", "CurrentVersion": "6", "TargetVersion": "7"}


@dataclass
class CodeDeploy:
    """Keeps the answers that it gets."""

    refuses: str = ""
    told: list[dict[str, str]] = field(default_factory=list)

    def put_lifecycle_event_hook_execution_status(self, **request: str) -> None:
        self.told.append(request)
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, "Put")


@dataclass(frozen=True)
class Invocation:
    milliseconds: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def answer(check: Callable[[str], str | None], codedeploy: CodeDeploy | None = None, milliseconds: int = 60_000) -> str:
    codedeploy = codedeploy or CodeDeploy()
    hook = Hook(check, lambda: codedeploy, lambda: Telemetry("hook", "", lambda: 0, io.StringIO()))
    hook(ASKED, Invocation(milliseconds))
    (told,) = codedeploy.told
    assert (told["deploymentId"], told["lifecycleEventHookExecutionId"]) == ("d-1", "h-1")
    return told["status"]


def test_no_reason_to_fail_is_a_success() -> None:
    assert answer(lambda _: None) == "Succeeded"


def test_a_reason_to_fail_is_a_failure() -> None:
    assert answer(lambda _: "it raised") == "Failed"


@pytest.mark.parametrize("error", [ZeroDivisionError, ImportError, MemoryError, SystemExit, KeyboardInterrupt])
def test_a_crash_is_a_failure(error: type[BaseException]) -> None:
    def crash(_: str) -> None:
        raise error("a bug")

    assert answer(crash) == "Failed"


def test_a_hook_that_hangs_fails() -> None:
    released = threading.Event()
    assert answer(lambda _: str(released.wait()), milliseconds=1_000) == "Failed"
    released.set()


@pytest.mark.parametrize(("milliseconds", "seconds"), [(1_000, 0.5), (60_000, 40.0), (300_000, 280.0)])
def test_a_check_must_end_while_there_is_time_to_answer(
    milliseconds: int, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []
    monkeypatch.setattr("function.hooks.run_within", lambda seconds, _: given.append(seconds))
    assert answer(lambda _: None, milliseconds=milliseconds) == "Succeeded"
    assert given == [seconds]


def test_what_comes_too_late_changes_nothing() -> None:
    released = threading.Event()
    assert run_within(0.05, lambda: "late" if released.wait() else None) == "no result within 0 s"
    released.set()


def test_a_second_run_of_the_same_hook_leaves_the_first_answer() -> None:
    assert answer(lambda _: None, CodeDeploy("LifecycleEventAlreadyCompletedException")) == "Succeeded"


def test_a_codedeploy_that_does_not_take_the_answer_is_an_error_so_that_lambda_tries_again() -> None:
    with pytest.raises(ClientError):
        answer(lambda _: None, CodeDeploy("ThrottlingException"))


def deployment(kind: str = "appSpecContent", **changes: str) -> dict[str, Any]:
    resource = {"notify": {"Type": "AWS::Lambda::Function", "Properties": PROPERTIES | changes}}
    content = json.dumps({"version": 0.0, "Resources": [resource]})
    return {"revision": {kind: {"content": content}}, "description": "release 3f2a9c1b7d4e of herald-notify"}


@pytest.mark.parametrize("kind", ["appSpecContent", "string"])
def test_before_traffic_the_version_itself_is_tried(kind: str) -> None:
    assert candidate_of(deployment(kind), SETTINGS, False) == Candidate("herald-notify:7", "7", "3f2a9c1b7d4e")


def test_after_traffic_the_alias_is_tried_and_must_lead_to_the_version() -> None:
    assert candidate_of(deployment(), SETTINGS, True) == Candidate("herald-notify:live", "7", "3f2a9c1b7d4e")


def test_a_deployment_made_by_hand_names_no_release() -> None:
    assert candidate_of({**deployment(), "description": "by hand"}, SETTINGS, False).release == ""


def test_a_deployment_of_another_function_fails_the_hook() -> None:
    with pytest.raises(ValueError, match="is about other"):
        candidate_of(deployment(Name="other"), SETTINGS, False)


def test_a_deployment_without_an_appspec_fails_the_hook() -> None:
    with pytest.raises(ValueError, match="no AppSpec"):
        candidate_of({"revision": {"s3Location": {"bucket": "b"}}}, SETTINGS, False)
