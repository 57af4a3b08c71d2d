"""Faults on command, as a botocore client meets them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError, ReadTimeoutError
from starlette.testclient import TestClient

from laptop.ses.api import Ses
from laptop.ses.faults import FaultKind
from tests.integration.ses.conftest import make_client, send
from tests.waiting import eventually

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


def arm(web: TestClient, fault: FaultKind, **more: Any) -> None:
    assert web.post("/faults", json={"fault": fault, **more}).status_code == 201


@pytest.mark.parametrize(
    ("given", "code", "status", "words"),
    [
        ({"fault": FaultKind.THROTTLE}, "TooManyRequestsException", 429, "Maximum sending rate exceeded."),
        ({"fault": FaultKind.EXHAUST_QUOTA}, "TooManyRequestsException", 429, "Daily message quota exceeded."),
        ({"fault": FaultKind.REFUSE}, "MessageRejected", 400, "Refused on command."),
        ({"fault": FaultKind.REFUSE, "code": "AccountSuspendedException"}, "AccountSuspendedException", 400, ""),
        (
            {"fault": FaultKind.REFUSE, "code": "InternalServiceErrorException"},
            "InternalServiceErrorException",
            500,
            "",
        ),
        ({"fault": FaultKind.REFUSE, "code": "ServiceUnavailable", "status": 503}, "ServiceUnavailable", 503, ""),
    ],
)
def test_a_refusal_takes_no_mail(
    account: SESV2Client, web: TestClient, ses: Ses, given: dict[str, Any], code: str, status: int, words: str
) -> None:
    arm(web, **given)
    with pytest.raises(ClientError, match=words or None) as caught:
        send(account)
    response: Any = caught.value.response
    assert (response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert ses.mailbox.find() == []
    send(account)
    assert len(ses.mailbox.find()) == 1


@pytest.mark.parametrize("warm", [False, True], ids=["new-connection", "kept-alive"])
def test_a_connection_closed_before_reading_takes_no_mail(
    account: SESV2Client, endpoint: str, web: TestClient, ses: Ses, warm: bool
) -> None:
    client = account if warm else make_client(endpoint)
    arm(web, FaultKind.CLOSE_BEFORE_READING)
    with pytest.raises(BotoCoreError, match=r"(?i)connection"):
        send(client)
    assert ses.mailbox.find() == []
    send(client)


def test_other_calls_pass_while_that_fault_waits(account: SESV2Client, web: TestClient) -> None:
    arm(web, FaultKind.CLOSE_BEFORE_READING)
    assert account.get_account()["SendingEnabled"]
    with pytest.raises(BotoCoreError):
        send(account)


def test_a_mail_taken_and_the_connection_closed(account: SESV2Client, web: TestClient, ses: Ses) -> None:
    arm(web, FaultKind.ACCEPT_THEN_CLOSE)
    with pytest.raises(ConnectionClosedError):
        send(account)
    assert len(ses.mailbox.find()) == 1


def test_a_mail_taken_and_never_answered(account: SESV2Client, endpoint: str, web: TestClient, ses: Ses) -> None:
    arm(web, FaultKind.ACCEPT_THEN_HANG)
    with pytest.raises(ReadTimeoutError):
        send(make_client(endpoint, read_timeout=0.5))
    eventually(ses.mailbox.find, lambda mails: len(mails) == 1)


def test_a_slow_answer_comes(account: SESV2Client, web: TestClient, ses: Ses, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("laptop.ses.faulty_connection.time", SimpleNamespace(sleep=waits.append))
    arm(web, FaultKind.ANSWER_SLOWLY, seconds=4)
    send(account)
    assert waits == [4]
    assert len(ses.mailbox.find()) == 1


def test_a_fault_strikes_as_often_as_it_was_told(account: SESV2Client, web: TestClient) -> None:
    arm(web, FaultKind.THROTTLE, times=2)
    for _ in range(2):
        with pytest.raises(account.exceptions.TooManyRequestsException):
            send(account)
    send(account)
    assert web.get("/faults").json() == []


def test_a_fault_without_a_count_stands_until_it_is_removed(account: SESV2Client, web: TestClient) -> None:
    arm(web, FaultKind.THROTTLE, times=None)
    for _ in range(3):
        with pytest.raises(account.exceptions.TooManyRequestsException):
            send(account)
    assert web.get("/faults").json()[0]["injected"] == 3
    assert web.delete("/faults").json() == {"deleted": 1}
    send(account)


def test_a_fault_can_wait_for_one_recipient(account: SESV2Client, web: TestClient) -> None:
    arm(web, FaultKind.THROTTLE, recipient="Unlucky@example.com")
    send(account, "lucky@example.com")
    with pytest.raises(account.exceptions.TooManyRequestsException):
        send(account, "unlucky@example.com")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "object"),
        ({}, "fault must be one of throttle"),
        ({"fault": "explode"}, "fault must be one of"),
        ({"fault": "throttle", "tims": 2}, "'tims'"),
        ({"fault": "throttle", "times": 0}, "times"),
        ({"fault": "throttle", "times": True}, "times"),
        ({"fault": "answer-slowly", "seconds": -1}, "seconds"),
        ({"fault": "repeat-feedback", "copies": 1}, "copies"),
        ({"fault": "refuse", "status": 200}, "status"),
        ({"fault": "refuse", "code": 7}, "code"),
        ({"fault": "close-before-reading", "recipient": "a@b.example"}, "never read"),
    ],
)
def test_a_wrong_fault_is_refused_with_a_reason(web: TestClient, given: Any, words: str) -> None:
    answer = web.post("/faults", json=given)
    assert answer.status_code == 422
    assert words in answer.json()["error"]
    assert web.get("/faults").json() == []


def test_a_mail_taken_and_its_sender_killed(account: SESV2Client, web: TestClient, ses: Ses, posted: list[str]) -> None:
    arm(web, FaultKind.ACCEPT_THEN_KILL, function="shop-notify")
    with pytest.raises(ConnectionClosedError):
        send(account)
    assert len(ses.mailbox.find()) == 1
    assert posted == ["/_herald/functions/shop-notify/kill"]
