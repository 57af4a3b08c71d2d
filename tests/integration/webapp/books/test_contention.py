"""AWS refuses a call for the moment: it is tried again, and what stays refused is a 503 that says when to come back."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.retries import standard
from fastapi import Request, Response
from fastapi.testclient import TestClient

from function.ledger.keys import address_key
from function.message.unsubscribe import UnsubscribeLinks
from operations.suppressions import find_suppression, remove_suppression
from tests.integration.refusals import refuse_calls
from tests.integration.webapp.admin.conftest import operator, ses, suppress, switch
from tests.integration.webapp.conftest import Browser, Cloud
from webapp.app import create_app
from webapp.composition import Services
from webapp.http.error_handlers import on_aws_error

__all__ = ["operator", "ses", "switch"]

CONFLICT = "TransactionConflictException"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that would have been waited."""
    waited: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waited.append)
    return waited


@pytest.fixture
def link(services: Services) -> str:
    """The path of the unsubscribe link in a mail to Ada."""
    [key, *_] = services.secrets.link()
    address = address_key(services.secrets.address()[0], "ada@example.com")
    return UnsubscribeLinks("/unsubscribe", key).link("books", address)


def add(ada: TestClient) -> str:
    return str(ada.post("/v1/books", json={"title": "T", "author": "A"}).headers["location"])


@pytest.mark.exact  # it counts attempts
def test_a_one_click_unsubscribe_while_a_mail_is_claimed_is_kept(
    anyone: TestClient, cloud: Cloud, link: str, waits: list[float]
) -> None:
    with refuse_calls(cloud.dynamodb, "UpdateItem", CONFLICT, times=3) as refused:
        assert anyone.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert (len(refused), len(waits)) == (3, 3)
    [item] = cloud.dynamodb.scan(TableName="herald-ledger")["Items"]
    assert "stopped:books" in item


def test_a_change_of_a_book_that_is_being_deleted_is_tried_again(ada: TestClient, cloud: Cloud) -> None:
    path = add(ada)
    with refuse_calls(cloud.dynamodb, "PutItem", CONFLICT, times=2):
        assert ada.patch(path, json={"title": "U"}, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.parametrize("reason", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_deletion_that_is_cancelled_for_a_moment_is_no_failed_precondition(
    ada: TestClient, cloud: Cloud, reason: str
) -> None:
    path = add(ada)
    reasons: list[dict[str, Any]] = [{"Code": reason}, {"Code": "None"}]
    with refuse_calls(
        cloud.dynamodb, "TransactWriteItems", "TransactionCanceledException", 2, CancellationReasons=reasons
    ):
        assert ada.delete(path, headers={"If-Match": '"1"'}).status_code == 204


def test_a_conflict_that_stays_is_a_503_with_the_time_to_come_back(
    ada: TestClient, anyone: TestClient, cloud: Cloud, link: str
) -> None:
    path = add(ada)
    reasons: list[dict[str, Any]] = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    with (
        refuse_calls(cloud.dynamodb, "UpdateItem", CONFLICT),
        refuse_calls(cloud.dynamodb, "PutItem", CONFLICT),
        refuse_calls(cloud.dynamodb, "TransactWriteItems", "TransactionCanceledException", CancellationReasons=reasons),
    ):
        answers = [
            anyone.post(link, data={"List-Unsubscribe": "One-Click"}),
            ada.patch(path, json={"title": "U"}, headers={"If-Match": "*"}),
            ada.delete(path, headers={"If-Match": '"1"'}),
        ]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert all(re.fullmatch("[0-9]+", answer.headers["Retry-After"]) for answer in answers)


@pytest.mark.parametrize("code", ["KmsThrottled", "OverLimit", "RequestThrottled"])
def test_a_queue_that_is_throttled_is_asked_again_and_then_said(operator: Browser, cloud: Cloud, code: str) -> None:
    with refuse_calls(cloud.sqs, "GetQueueAttributes", code, times=2):
        assert operator.get("/operations").status_code == 200
    with refuse_calls(cloud.sqs, "GetQueueAttributes", code):
        answer = operator.get("/operations")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


@pytest.mark.parametrize("code", ["Throttled", "KMSThrottling", "KMSThrottlingException"])
def test_a_throttled_topic_is_asked_again(cloud: Cloud, code: str) -> None:
    with refuse_calls(cloud.sns, "Publish", code, times=2) as refused:
        cloud.sns.publish(TopicArn=cloud.topic_arn, Message="{}")
    assert len(refused) == 2


def test_a_function_whose_queue_is_being_changed_is_a_503(services: Services) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html"""
    answer: Any = {"Error": {"Code": "ResourceInUseException", "Message": ""}}
    assert refuse(services, answer).status_code == 503


def test_a_throttled_function_is_said(operator: Browser, cloud: Cloud) -> None:
    with refuse_calls(cloud.functions, "GetFunction", "TooManyRequestsException"):
        answer = operator.get("/operations")
    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("ThrottledException", 400),
        ("RequestThrottledException", 400),
        ("SlowDown", 400),
        ("ReplicatedWriteConflictException", 400),
        ("SomethingNew", 429),
        ("InternalErrorException", 500),
    ],
)
def test_whatever_aws_calls_a_refusal_of_the_moment(services: Services, code: str, status: int) -> None:
    answer: Any = {"Error": {"Code": code, "Message": "arn:aws"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    said = refuse(services, answer)
    assert (said.status_code, "Retry-After" in said.headers) == (503, True)


def test_every_code_that_botocore_knows_to_pass_does(services: Services) -> None:
    throttled: Any = standard.ThrottledRetryableChecker
    transient: Any = standard.TransientRetryableChecker
    for code in {*throttled._THROTTLED_ERROR_CODES, *transient._TRANSIENT_ERROR_CODES}:
        answer: Any = {"Error": {"Code": code, "Message": ""}}
        assert refuse(services, answer).status_code == 503, code


def test_what_does_not_pass_is_our_fault(services: Services) -> None:
    answer: Any = {"Error": {"Code": "AccessDeniedException", "Message": "arn:aws:iam::123456789012:role/x"}}
    said = refuse(services, answer)
    assert said.status_code == 500
    assert "123456789012" not in bytes(said.body).decode()


def refuse(services: Services, answer: Any) -> Response:
    """What the web app makes of the answer; in a thread of its own: a browser's tests leave a loop in theirs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, on_aws_error(request_of(services), ClientError(answer, "Some"))).result()


def request_of(services: Services) -> Request:
    scope = {"type": "http", "method": "GET", "path": "/v1/books", "headers": [], "app": create_app(services)}
    return Request(scope)


@pytest.mark.exact  # it uses up all attempts but one
def test_an_address_is_taken_off_the_list_while_a_mail_to_it_is_claimed(services: Services, cloud: Cloud) -> None:
    suppress(cloud, address_key(services.secrets.address()[0], "ada@example.com"))
    entry = find_suppression(services.notifier.installation, "ada@example.com")
    assert entry is not None
    with refuse_calls(cloud.dynamodb, "UpdateItem", CONFLICT, times=4):
        remove_suppression(services.notifier.installation, entry)
    assert find_suppression(services.notifier.installation, "ada@example.com") is None
