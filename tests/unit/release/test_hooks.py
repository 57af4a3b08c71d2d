"""The reason that a hook gave is read from its log, where CodeDeploy is told no more than that it failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from release.deployments import Deployment
from release.hook_runs import count_synthetic, find_hook_reason
from release.release_context import Names, ReleaseContext

FAILED = Deployment("d-1", "1", "2", "Failed", stages={"BeforeAllowTraffic": "Failed"})


class Logs:
    """CloudWatch Logs with these pages of messages, or with a refusal."""

    def __init__(self, *pages: list[str], refuses: bool = False) -> None:
        self._pages = pages
        self._refuses = refuses
        self.asked: list[dict[str, str]] = []

    def get_paginator(self, operation: str) -> Logs:
        assert operation == "filter_log_events"
        return self

    def paginate(self, **request: str) -> Iterator[dict[str, Any]]:
        self.asked.append(request)
        if self._refuses:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "FilterLogEvents")
        for page in self._pages:
            yield {"events": [{"timestamp": 1, "message": message} for message in page]} if page else {}


def line(deployment: str = "d-1", reason: str | None = "it raised") -> str:
    return json.dumps({"event": "hook answered", "deployment": deployment, "status": "Failed", "reason": reason})


def stack_with(logs: Logs | None) -> ReleaseContext:
    nothing = cast("Any", None)
    return ReleaseContext(nothing, nothing, nothing, Names(), "1", "eu-west-1", logs=logs)


def reason(logs: Logs, deployment: Deployment = FAILED) -> str:
    return find_hook_reason(stack_with(logs), deployment)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)


def test_the_hook_that_failed_is_named_with_its_reason() -> None:
    logs = Logs(["START RequestId: 1", line("d-0", "another"), line()])
    assert reason(logs) == "CodeDeployHook_herald-before: it raised"
    wanted = {"logGroupName": "/aws/lambda/CodeDeployHook_herald-before", "filterPattern": '"d-1"'}
    assert logs.asked == [wanted]


def test_the_reason_may_be_on_a_later_page() -> None:
    assert reason(Logs([], [], [line()])) == "CodeDeployHook_herald-before: it raised"


def test_a_hook_that_never_answered_gave_none() -> None:
    logs = Logs(["START RequestId: 1"])
    assert reason(logs) == "CodeDeployHook_herald-before failed and logged no reason"
    assert len(logs.asked) > 1, "lines of a log come seconds later"


def test_where_no_hook_failed_no_log_is_read() -> None:
    logs = Logs([line()])
    stages = {"BeforeAllowTraffic": "Succeeded", "AllowTraffic": "Failed"}
    stopped = Deployment("d-1", "1", "2", "Stopped", stages=stages)
    assert reason(logs, stopped) == ""
    assert logs.asked == []


def test_who_may_not_read_logs_still_learns_the_outcome() -> None:
    assert reason(Logs(refuses=True)) == ""


def write_answer(mails: int) -> str:
    return json.dumps({"event": "hook answered", "deployment": "d-1", "status": "Succeeded", "mails": mails})


def test_the_synthetic_mails_of_both_hooks_are_counted() -> None:
    assert count_synthetic(stack_with(Logs([line("d-0")], [write_answer(28)])), "d-1") == 56, "28 in each log"


@pytest.mark.parametrize("logs", [Logs([]), Logs([line()]), Logs(refuses=True), None])
def test_where_a_log_does_not_tell_their_number_is_unknown(logs: Logs | None) -> None:
    assert count_synthetic(stack_with(logs), "d-1") is None
