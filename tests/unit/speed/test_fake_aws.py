"""The AWS of the bench: it counts, and tells a first delivery from a second."""

from __future__ import annotations

import json

import pytest

from bench.speed.fake_aws import FakeAws

TARGET = b"POST / HTTP/1.1\r\nX-Amz-Target: DynamoDB_20120810.%s\r\n"
CLAIM = {"Update": {"Key": {"pk": {"S": "message#1"}}, "UpdateExpression": "SET #state = :sending"}}
STOPPED = {"ConditionCheck": {"Key": {"pk": {"S": "address#1"}}, "ConditionExpression": "attribute_not_exists(#since)"}}


def claim(aws: FakeAws, *more: object) -> tuple[int, bytes]:
    return aws.answer(TARGET % b"TransactWriteItems", json.dumps({"TransactItems": [CLAIM, *more]}).encode())


def test_a_second_claim_is_refused_and_both_are_counted() -> None:
    aws = FakeAws()
    answers = [claim(aws) for _ in range(2)]
    assert [status for status, _ in answers] == [200, 400]
    assert json.loads(answers[1][1])["CancellationReasons"][0]["Item"]["state"] == {"S": "sent"}
    assert json.loads(aws.answer(b"GET /_counts HTTP/1.1\r\n", b"")[1]) == {"TransactWriteItems": 2}
    assert aws.calls == {}


def test_an_address_on_the_list_refuses_the_claim() -> None:
    aws = FakeAws()
    aws.answer(b"POST /_listed HTTP/1.1\r\n", b"address#1")
    status, said = claim(aws, STOPPED)
    assert status == 400
    assert [reason["Code"] for reason in json.loads(said)["CancellationReasons"]] == ["None", "ConditionalCheckFailed"]


@pytest.mark.parametrize(("to", "status"), [("ada@example.com", 200), ("refused@example.com", 400)])
def test_one_address_is_refused(to: str, status: int) -> None:
    body = json.dumps({"Destination": {"ToAddresses": [to]}}).encode()
    assert FakeAws().answer(b"POST /v2/email/outbound-emails HTTP/1.1\r\n", body)[0] == status


def test_a_batch_of_events_is_published_whole() -> None:
    body = b"Action=PublishBatch&PublishBatchRequestEntries.member.1.Id=0&PublishBatchRequestEntries.member.2.Id=1"
    assert FakeAws().answer(b"POST / HTTP/1.1\r\n", body)[1].count(b"<MessageId>") == 2
