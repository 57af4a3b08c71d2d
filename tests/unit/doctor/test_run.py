"""Running checks: whatever one of them meets, it is one line of its own, and the others go on."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
    SSOTokenLoadError,
)

from doctor.check import Check, CheckResult, CheckStatus, Finding, Scope, find_worst, ok, run, wrong
from doctor.check_context import CheckContext
from doctor.checks import CHECKS
from tests.unit.doctor.fake_cloud import HEALTHY, FakeCloud, context, error, find

WARNING, WRONG = CheckStatus.WARNING, CheckStatus.WRONG
_ACCOUNT = ("sesv2", "GetAccount")
_NOTHING = {("lambda", "GetFunctionConfiguration"): error("ResourceNotFoundException", "GetFunctionConfiguration", 404)}


@pytest.mark.parametrize(
    ("problem", "finding", "remedy"),
    [
        (error("AccessDeniedException", "GetAccount", 403), "this caller lacks ses:GetAccount", "allow ses:GetAccount"),
        (error("AccessDenied", "GetAccount", 403), "this caller lacks ses:GetAccount", "allow ses:GetAccount"),
        (error("ExpiredTokenException", "GetAccount", 403), "nobody is signed in", "aws sso login"),
        (error("UnrecognizedClientException", "GetAccount", 403), "nobody is signed in", "aws sso login"),
        (NoCredentialsError(), "nobody is signed in", "aws sso login"),
        (SSOTokenLoadError(profile_name="p", error_msg="gone"), "nobody is signed in", "aws sso login"),
        (ConnectTimeoutError(endpoint_url="https://email"), "no answer came", "proxy"),
        (ReadTimeoutError(endpoint_url="https://email"), "no answer came", "proxy"),
        (EndpointConnectionError(endpoint_url="https://email"), "no answer came", "proxy"),
        (BotoCoreError(), "not asked", "AWS settings"),
        (error("TooManyRequestsException", "GetAccount", 429), "AWS refused ses:GetAccount: TooMany", "run it again"),
    ],
)
def test_what_keeps_a_check_from_seeing_is_a_warning_of_its_own(problem: Exception, finding: str, remedy: str) -> None:
    found = find("ses-sandbox", {_ACCOUNT: problem})
    assert found.status is WARNING
    assert finding in found.finding
    assert remedy in found.remedy


@pytest.mark.parametrize(
    ("service", "operation", "code", "action"),
    [
        ("lambda", "GetAccountSettings", "AccessDeniedException", "lambda:GetAccountSettings"),
        ("sns", "ListSubscriptionsByTopic", "AuthorizationError", "sns:ListSubscriptionsByTopic"),
        ("sqs", "GetQueueAttributes", "AccessDenied", "sqs:GetQueueAttributes"),
        ("codedeploy", "GetDeploymentGroup", "AccessDeniedException", "codedeploy:GetDeploymentGroup"),
        ("cloudwatch", "DescribeAlarms", "AccessDenied", "cloudwatch:DescribeAlarms"),
        ("cognito-idp", "DescribeUserPool", "AccessDeniedException", "cognito-idp:DescribeUserPool"),
        ("kms", "GetKeyPolicy", "AccessDeniedException", "kms:GetKeyPolicy"),
    ],
)
def test_each_denial_names_the_permission_and_stops_no_other_check(
    service: str, operation: str, code: str, action: str
) -> None:
    results = run(CHECKS, context({(service, operation): error(code, operation, 403)}))
    told = [result for result in results if action in result.finding]
    assert told
    assert {result.status for result in told} == {WARNING}
    assert len(results) == len(CHECKS)
    assert WRONG not in {result.status for result in results}


@pytest.mark.parametrize(
    ("service", "operation", "check", "problem", "player"),
    [
        (
            "codedeploy",
            "GetDeploymentGroup",
            "codedeploy-group",
            error("UnknownOperationException", "x"),
            "the CodeDeploy",
        ),
        (
            "sesv2",
            "GetAccount",
            "ses-plan",
            error("NotFoundException", "x", 404, "Unknown SES v2 path: GET /"),
            "the SES",
        ),
        ("kms", "GetKeyPolicy", "key", error("InvalidAction", "x"), "ministack"),
        (
            "lambda",
            "GetPolicy",
            "lambda-permission",
            error("ResourceNotFoundException", "x", 404, "Function not found: /2"),
            "ministack",
        ),
        ("lambda", "GetAccountSettings", "lambda-concurrency", error("500", "x", 500), "ministack"),
    ],
)
def test_what_no_simulator_plays_is_never_ok(
    service: str, operation: str, check: str, problem: Exception, player: str
) -> None:
    found = find(check, {(service, operation): problem}, local=True)
    assert found.status is WARNING
    assert found.finding.startswith(f"not answered here: {player}")
    assert f"does not play {operation}" in found.finding
    assert found.remedy == "run it on AWS: only AWS can tell"


def test_before_the_first_apply_each_check_says_so_and_the_account_is_judged() -> None:
    results = {result.id: result for result in run(CHECKS, context(_NOTHING))}
    for check in CHECKS:
        if check.scope is Scope.INSTALLATION:
            assert (results[check.id].status, results[check.id].remedy) == (WARNING, "make apply")
            assert "there is no function herald-notify" in results[check.id].finding
    assert {results[one].status for one in ("credentials", "ses-sandbox", "lambda-concurrency")} == {CheckStatus.OK}


def test_a_check_that_fails_by_itself_is_wrong_and_is_told_in_one_line() -> None:
    def fail(_: CheckContext) -> Finding:
        raise KeyError("first\nsecond")

    checks = [Check("a", "A", fail, Scope.ACCOUNT), Check("b", "B", lambda _: ok("fine"), Scope.ACCOUNT)]
    told: list[CheckResult] = []
    first, second = run(checks, context(), told.append)
    assert told == [first, second]
    assert (first.status, first.remedy) == (WRONG, "report this line")
    assert "KeyError" in first.finding
    assert "\n" not in first.finding
    assert second == CheckResult("b", "B", CheckStatus.OK, "fine", "")


def test_the_worst_decides() -> None:
    def result(finding: Finding) -> CheckResult:
        return CheckResult("", "", finding.status, "", "")

    assert find_worst([]) is CheckStatus.OK
    assert find_worst([result(ok("")), result(wrong("", "x")), result(Finding(WARNING, "", "x"))]) is WRONG


def test_every_check_has_an_id_of_its_own_and_asks_only_what_changes_nothing() -> None:
    assert len({check.id for check in CHECKS}) == len(CHECKS)
    cloud = FakeCloud(HEALTHY)
    run(CHECKS, context(cloud=cloud))
    asked: set[Any] = {operation for _, operation, _ in cloud.asked}
    assert asked
    assert {operation for operation in asked if not operation.startswith(("Get", "List", "Describe"))} == set()


@pytest.mark.parametrize(
    ("changes", "resume"),
    [
        ({}, "make resume"),
        ({"local": True}, 'make resume FLAGS="--local"'),
        ({"prefix": "other"}, 'make resume FLAGS="--prefix other"'),
        ({"prefix": "other", "local": True}, 'make resume FLAGS="--local --prefix other"'),
    ],
)
def test_what_is_to_be_typed_leads_to_the_very_herald_that_was_looked_at(changes: dict[str, Any], resume: str) -> None:
    paused = {("lambda", "GetFunctionConcurrency"): {"ReservedConcurrentExecutions": 0}}
    assert find("lambda-paused", paused, **changes).remedy == resume
