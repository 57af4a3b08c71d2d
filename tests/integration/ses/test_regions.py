"""One account in two regions: what a region has of its own, and the one inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import HTTPClientError
from starlette.testclient import TestClient

from tests.integration.ses.conftest import TOPIC, Recorder, make_client, send, set_up

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

OTHER = "eu-central-1"
_OTHER_TOPIC = TOPIC.replace("us-east-1", OTHER)


@pytest.fixture
def other(account: SESV2Client, endpoint: str) -> SESV2Client:
    """SES in the second region, set up there too."""
    client = make_client(endpoint, region=OTHER)
    set_up(client, _OTHER_TOPIC)
    return client


def test_a_region_reports_to_its_own_topic_in_its_own_name(
    account: SESV2Client, other: SESV2Client, recorder: Recorder, web: TestClient
) -> None:
    sent = {send(account): "us-east-1", send(other): OTHER}
    recorder.forward(3600)
    assert {topic for topic, _ in recorder.published} == {TOPIC, _OTHER_TOPIC}
    for topic, event in recorder.published:
        region = sent[event["mail"]["messageId"]]
        assert topic.split(":")[3] == region
        assert event["mail"]["sourceArn"].split(":")[3] == region
    assert {mail["id"]: mail["region"] for mail in web.get("/messages").json()} == sent


def test_an_identity_of_one_region_is_none_of_the_other(account: SESV2Client, endpoint: str) -> None:
    stranger = make_client(endpoint, region=OTHER)
    with pytest.raises(stranger.exceptions.NotFoundException):
        stranger.get_email_identity(EmailIdentity="herald.example")
    with pytest.raises(stranger.exceptions.NotFoundException):
        send(stranger)
    assert send(account)


def test_quota_and_pause_are_a_regions_own(account: SESV2Client, other: SESV2Client, web: TestClient) -> None:
    web.put(f"/limits?region={OTHER}", json={"per_second": 0}).raise_for_status()
    with pytest.raises(other.exceptions.TooManyRequestsException):
        send(other)
    assert account.get_account()["SendQuota"]["MaxSendRate"] != other.get_account()["SendQuota"]["MaxSendRate"]
    account.put_account_sending_attributes(SendingEnabled=False)
    with pytest.raises(account.exceptions.SendingPausedException):
        send(account)
    web.put(f"/limits?region={OTHER}", json={"per_second": 1000}).raise_for_status()
    assert send(other)


def test_the_suppression_list_is_a_regions_own(account: SESV2Client, other: SESV2Client, recorder: Recorder) -> None:
    other.put_suppressed_destination(EmailAddress="ada@example.com", Reason="BOUNCE")
    with pytest.raises(account.exceptions.NotFoundException):
        account.get_suppressed_destination(EmailAddress="ada@example.com")
    here, there = send(account), send(other)
    recorder.forward(3600)
    ends = {event["mail"]["messageId"]: event["eventType"] for _, event in recorder.published}
    assert ends == {here: "Delivery", there: "Bounce"}


@pytest.mark.parametrize("kind", ["throttle", "close-before-reading"])
def test_a_fault_strikes_the_region_that_it_names(
    account: SESV2Client, other: SESV2Client, web: TestClient, kind: str
) -> None:
    armed = web.post("/faults", json={"fault": kind, "times": None, "provider": f"ses://{OTHER}"})
    assert armed.status_code == 201
    assert [fault["provider"] for fault in web.get("/faults").json()] == [f"ses://{OTHER}"]
    with pytest.raises((other.exceptions.TooManyRequestsException, HTTPClientError)):
        send(other)
    assert send(account)
    assert web.delete("/faults").json() == {"deleted": 1}
    assert send(other)
