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

from function.canary.companion_aliases import move, move_back
from function.canary.deployment_check import check_release, find_candidate, take_back
from function.canary.deployment_description import Companion
from function.canary.smoke_test import Candidate
from function.hooks import Hook, HookResult, check_deployment, run_within
from function.runtime.metrics import Telemetry
from function.settings import HookSettings
from laptop.codedeploy.appspec import read as read_appspec
from laptop.model_validation import hold_to_model

DESCRIPTION = "release=3f2a9c1b7d4e notify=6>7"
ASKED = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "h-1"}
ENVIRONMENT = {
    "HERALD_LEDGER_TABLE": "ledger",
    "HERALD_NOTIFY_FUNCTION": "herald-notify",
    "HERALD_FEEDBACK_FUNCTION": "herald-feedback",
    "HERALD_CONFIGURATION_SET": "herald",
}
SETTINGS = HookSettings("herald-ledger", "herald-notify", "herald-feedback", "live", "herald")
PROPERTIES = {"Name": "herald-notify", "Alias": "live", "CurrentVersion": "6", "TargetVersion": "7"}
FUNCTION = {"functionName": "herald-notify", "functionAlias": "live", "currentVersion": "6", "targetVersion": "7"}


#: One AppSpec in many hands, version 7 of herald-notify each.
YAML = [
    """
version: 0.0
Resources:
  - notify:
      Type: AWS::Lambda::Function
      Properties:
        Name: "herald-notify"  # the function
        Alias: live
        CurrentVersion: '6'
        TargetVersion: 7 # TargetVersion: 8
# TargetVersion: 9
Hooks:
  - BeforeAllowTraffic: CodeDeployHook_herald-before
""",
    """
shared: &next 7
VERSION: 0.0
RESOURCES: [{notify: {TYPE: 'AWS::Lambda::Function',
  PROPERTIES: {NAME: herald-notify, ALIAS: live, CURRENTVERSION: 6, TARGETVERSION: *next}}}]
""",
    """
version: 0.0
resources:
- Name:
    type: AWS::Lambda::Function
    properties:
      name: &function herald-notify
      alias: live
      currentversion: !!str 6
      targetversion: &target !!str 7
""",
    """
base: &base
  Name: herald-notify
  Alias: live
version: 0.0
Resources:
  - notify:
      Type: AWS::Lambda::Function
      Properties:
        <<: *base
        "CurrentVersion" : 6
        'TargetVersion' : "7"
""",
]


@dataclass
class CodeDeploy:
    """Keeps the answers that it gets, and describes one deployment as AWS does."""

    refuses: str = ""
    told: list[dict[str, str]] = field(default_factory=list)
    creator: str = "user"
    kind: str = "appSpecContent"
    function: dict[str, str] | None = field(default_factory=lambda: dict(FUNCTION))
    content: str = ""
    denies_targets: bool = False
    describes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get_deployment(self, deploymentId: str) -> dict[str, Any]:
        if deploymentId in self.describes:
            return {"deploymentInfo": self.describes[deploymentId]}
        revision = {self.kind: {"content": None, "sha256": "5e55"}}
        described = {"applicationName": "herald", "revision": revision, "description": DESCRIPTION}
        return {"deploymentInfo": {"deploymentId": deploymentId, "creator": self.creator, **described}}

    def list_deployment_targets(self, deploymentId: str) -> dict[str, Any]:
        if self.denies_targets:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListDeploymentTargets")
        return {"targetIds": [deploymentId]}

    def batch_get_deployment_targets(self, deploymentId: str, targetIds: list[str]) -> dict[str, Any]:
        assert targetIds == [deploymentId]
        target = {"lambdaFunctionInfo": self.function} if self.function else {}
        return {"deploymentTargets": [{"deploymentTargetType": "LambdaTarget", "lambdaTarget": target}]}

    def get_application_revision(self, applicationName: str, revision: dict[str, Any]) -> dict[str, Any]:
        assert (applicationName, revision[self.kind]["sha256"]) == ("herald", "5e55")
        return {"revision": {"revisionType": "String", "string": {"content": self.content}}}

    def put_lifecycle_event_hook_execution_status(self, **request: str) -> None:
        self.told.append(request)
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses, "Message": "no"}}, "Put")


@dataclass(frozen=True)
class Invocation:
    milliseconds: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def answer(check: Callable[[], str | None], codedeploy: CodeDeploy | None = None, milliseconds: int = 60_000) -> str:
    codedeploy = codedeploy or CodeDeploy()
    hook = Hook(lambda *_: HookResult(check()), lambda: codedeploy, make_telemetry)
    hook(ASKED, Invocation(milliseconds))
    (told,) = codedeploy.told
    assert (told["deploymentId"], told["lifecycleEventHookExecutionId"]) == ("d-1", "h-1")
    return told["status"]


def test_no_reason_to_fail_is_a_success() -> None:
    assert answer(lambda: None) == "Succeeded"


def test_a_reason_to_fail_is_a_failure() -> None:
    assert answer(lambda: "it raised") == "Failed"


@pytest.mark.parametrize("error", [ZeroDivisionError, ImportError, MemoryError, SystemExit, KeyboardInterrupt])
def test_a_crash_is_a_failure(error: type[BaseException]) -> None:
    def crash() -> None:
        raise error("a bug")

    assert answer(crash) == "Failed"


def test_a_hook_that_hangs_fails() -> None:
    released = threading.Event()
    assert answer(lambda: str(released.wait()), milliseconds=1_000) == "Failed"
    released.set()


@pytest.mark.parametrize(("milliseconds", "seconds"), [(1_000, 0.5), (60_000, 40.0), (300_000, 280.0)])
def test_a_check_must_end_while_there_is_time_to_answer(
    milliseconds: int, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def note(seconds: float, _: object) -> HookResult:
        given.append(seconds)
        return HookResult()

    monkeypatch.setattr("function.hooks.run_within", note)
    assert answer(lambda: None, milliseconds=milliseconds) == "Succeeded"
    assert given == [seconds]


def test_what_comes_too_late_changes_nothing() -> None:
    released = threading.Event()
    assert run_within(0.05, lambda: HookResult("late" if released.wait() else None)) == HookResult(
        "no result within 0 s"
    )
    released.set()


def test_a_second_run_of_the_same_hook_leaves_the_first_answer() -> None:
    assert answer(lambda: None, CodeDeploy("LifecycleEventAlreadyCompletedException")) == "Succeeded"


def test_a_codedeploy_that_does_not_take_the_answer_is_an_error_so_that_lambda_tries_again() -> None:
    with pytest.raises(ClientError):
        answer(lambda: None, CodeDeploy("ThrottlingException"))


@pytest.mark.parametrize(("reason", "undone"), [(None, []), ("it raised", [ASKED])])
def test_what_a_check_moved_is_put_back_if_it_fails(reason: str | None, undone: list[dict[str, str]]) -> None:
    found: list[Any] = []
    hook = Hook(lambda *_: HookResult(reason), CodeDeploy, make_telemetry, lambda event, _: found.append(event))
    hook(ASKED, Invocation())
    assert found == undone


def test_a_failure_is_told_even_if_nothing_can_be_put_back() -> None:
    codedeploy = CodeDeploy()
    hook = Hook(lambda *_: HookResult("it raised"), lambda: codedeploy, make_telemetry, lambda *_: 1 / 0)  # type: ignore[arg-type]
    hook(ASKED, Invocation())
    assert [told["status"] for told in codedeploy.told] == ["Failed"]


def test_the_log_tells_how_many_mails_proved_it() -> None:
    log = io.StringIO()
    hook = Hook(lambda *_: HookResult(None, 28), CodeDeploy, lambda: Telemetry("hook", "", lambda: 0, log))
    hook(ASKED, Invocation())
    assert json.loads(log.getvalue()).items() >= {"deployment": "d-1", "status": "Succeeded", "mails": 28}.items()


def test_a_rollback_is_never_refused() -> None:
    """CodeDeploy redeploys the last revision that succeeded, hooks included: they must not stand in its way."""
    codedeploy = CodeDeploy(creator="codeDeployRollback", function=None)
    assert check_deployment(ASKED, codedeploy, 60, through_the_alias=False) == HookResult()


def test_asked_by_herald_release_again_a_hook_answers_its_caller() -> None:
    codedeploy = CodeDeploy()
    hook = Hook(lambda event, *_: HookResult(f"tested {event['Version']}", 3), lambda: codedeploy, make_telemetry)
    assert hook({"Version": "7"}, Invocation()) == {"status": "Failed", "reason": "tested 7", "mails": 3}
    assert codedeploy.told == []


def make_telemetry() -> Telemetry:
    return Telemetry("hook", "", lambda: 0, io.StringIO())


def candidate(codedeploy: CodeDeploy, through_the_alias: bool = False) -> Candidate:
    info = codedeploy.get_deployment("d-1")["deploymentInfo"]
    return find_candidate(info, SETTINGS, through_the_alias, codedeploy)


def test_before_traffic_the_version_itself_is_tested() -> None:
    assert candidate(CodeDeploy()) == Candidate("herald-notify:7", "7", "3f2a9c1b7d4e")


def test_after_traffic_the_alias_is_tested_and_must_lead_to_the_version() -> None:
    assert candidate(CodeDeploy(), True) == Candidate("herald-notify:live", "7", "3f2a9c1b7d4e")


def test_a_deployment_made_by_hand_names_no_release() -> None:
    codedeploy = CodeDeploy()
    info = {**codedeploy.get_deployment("d-1")["deploymentInfo"], "description": "by hand"}
    assert find_candidate(info, SETTINGS, False, codedeploy).release == ""


def test_a_version_that_is_named_is_tested_without_a_deployment() -> None:
    named = {"Version": "7", "Release": "3f2a9c1b7d4e"}
    assert find_candidate(named, SETTINGS, False, None) == Candidate("herald-notify:7", "7", "3f2a9c1b7d4e")
    assert find_candidate(named, SETTINGS, True, None) == Candidate("herald-notify:live", "7", "3f2a9c1b7d4e")


@pytest.mark.parametrize("kind", ["appSpecContent", "string"])
@pytest.mark.parametrize("denies_targets", [False, True])
def test_where_the_target_does_not_tell_the_appspec_is_fetched_by_its_hash(kind: str, denies_targets: bool) -> None:
    codedeploy = CodeDeploy(kind=kind, function=None, content=appspec(), denies_targets=denies_targets)
    assert candidate(codedeploy) == Candidate("herald-notify:7", "7", "3f2a9c1b7d4e")


def test_a_deployment_of_another_function_fails_the_hook() -> None:
    with pytest.raises(ValueError, match="is about other"):
        candidate(CodeDeploy(function=FUNCTION | {"functionName": "other"}))


@pytest.mark.parametrize("content", YAML, ids=["comments", "flow and capitals", "tags and anchors", "merged"])
def test_an_appspec_is_read_in_every_form_of_yaml_that_people_write(content: str) -> None:
    assert read_appspec({"revisionType": "String", "string": {"content": content}}).target == "7"
    assert candidate(CodeDeploy(function=None, content=content)).version == "7"


@pytest.mark.parametrize("content", ["", "version: 0.0", "{}", f"{YAML[0]}\n{YAML[0]}"])
def test_a_deployment_that_names_no_version_fails_the_hook(content: str) -> None:
    with pytest.raises(ValueError, match="which version it is about"):
        candidate(CodeDeploy(function=None, content=content))


FEEDBACK = [Companion("herald-feedback", "4", "5")]
DEPLOYMENT = {"description": f"{DESCRIPTION} feedback=4>5"}


def test_check_release_asks_the_companions_that_the_description_or_the_invocation_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("function.canary.deployment_check.find_candidate", lambda *said: asked.append(said[-1]))
    monkeypatch.setattr("function.canary.deployment_check.list_all_smoke_mails", list)
    monkeypatch.setattr("function.canary.deployment_check.list_tenant_smoke_mails", list)
    monkeypatch.setattr("function.canary.deployment_check.SmokeTest.failure_reason", lambda *_: None)
    named = {"Version": "7", "Companions": {"herald-feedback": "5"}}
    for info in (DEPLOYMENT, {"description": "by hand"}, named):
        check_release(info, False, ENVIRONMENT, None, 60)
    assert asked == [FEEDBACK, [], [Companion("herald-feedback", "5", "5")]]


@pytest.mark.parametrize("through_the_alias", [False, True])
def test_before_traffic_feedback_is_handed_reports_and_after_it_ses_s_own_are_waited_for(
    through_the_alias: bool,
) -> None:
    named = {"Version": "7", "Release": "r1"}
    found = find_candidate(named, SETTINGS, through_the_alias, None, [Companion("herald-feedback", "4", "5")])
    wanted = Candidate("herald-notify:7", "7", "r1", "herald-feedback:5")
    assert found == (Candidate("herald-notify:live", "7", "r1", reported=True) if through_the_alias else wanted)


@pytest.mark.parametrize("through_the_alias", [False, True])
def test_before_traffic_what_takes_requests_or_reads_the_stream_is_asked_by_its_version(
    through_the_alias: bool,
) -> None:
    all_ = [Companion(f"herald-{name}", "2", "3") for name in ("feedback", "webhook", "mail-events")]
    found = find_candidate({"Version": "7"}, SETTINGS, through_the_alias, None, all_)
    assert found.webhooks == (() if through_the_alias else ("herald-webhook:3",))
    assert found.mail_events == (() if through_the_alias else ("herald-mail-events:3",))


@dataclass
class Aliases:
    """Lambda with one alias of each function; `stale` reads answer with what it was before."""

    versions: dict[str, str]
    before: dict[str, str] = field(default_factory=dict)
    stale: int = 0

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, str]:
        assert Name == "live"
        self.stale -= 1
        version = (self.before if self.stale >= 0 else self.versions)[FunctionName]
        return hold_to_model("lambda", "GetAlias", {"FunctionVersion": version, "RevisionId": f"r-{version}"})

    def update_alias(self, FunctionName: str, Name: str, FunctionVersion: str, RevisionId: str) -> None:
        assert Name == "live"
        if RevisionId != f"r-{self.versions[FunctionName]}":
            raise ClientError({"Error": {"Code": "PreconditionFailedException", "Message": "no"}}, "UpdateAlias")
        self.versions[FunctionName] = FunctionVersion


@pytest.mark.parametrize("before", ["4", "3"])
def test_companions_move_and_go_back_although_their_alias_is_read_as_it_was(
    before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    there = Aliases({"herald-feedback": "4"}, {"herald-feedback": before}, stale=1)
    move(there, "live", FEEDBACK)
    assert there.versions == {"herald-feedback": "5"}
    back = Aliases({"herald-feedback": "5"}, {"herald-feedback": before}, stale=1)
    move_back(back, "live", FEEDBACK)
    assert back.versions == {"herald-feedback": "4"}


def test_companions_move_and_go_back_and_both_can_be_done_twice() -> None:
    functions, companions = Aliases({"herald-feedback": "4"}), FEEDBACK
    for do, version in ((move, "5"), (move, "5"), (move_back, "4"), (move_back, "4")):
        do(functions, "live", companions)
        assert functions.versions == {"herald-feedback": version}


def test_a_companion_that_somebody_else_moved_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    functions = Aliases({"herald-feedback": "9"})
    with pytest.raises(ValueError, match="is on version 9, not on 4"):
        move(functions, "live", FEEDBACK)
    move_back(functions, "live", FEEDBACK)
    assert functions.versions == {"herald-feedback": "9"}


def test_a_rollback_puts_back_what_the_deployment_that_it_rolls_back_had_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    functions = Aliases({"herald-feedback": "5"})
    monkeypatch.setattr("function.canary.deployment_check._read_functions", lambda _: functions)
    codedeploy = CodeDeploy(describes={"d-1": DEPLOYMENT})
    rollback = {"creator": "codeDeployRollback", "rollbackInfo": {"rollbackTriggeringDeploymentId": "d-1"}}
    take_back(rollback, ENVIRONMENT, codedeploy)
    assert functions.versions == {"herald-feedback": "4"}


def appspec() -> str:
    resource = {"notify": {"Type": "AWS::Lambda::Function", "Properties": PROPERTIES}}
    return json.dumps({"version": 0.0, "Resources": [resource]})
