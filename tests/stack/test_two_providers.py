"""With SES down, mails go by the second provider, one each; with SES's answer lost, by nobody else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import httpx
import pytest

from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.environment import ACCOUNT, REGION
from laptop.resources import PROVIDER_KEY
from laptop.state import ROOT
from tests.stack.conftest import HASTE, Inbox, settle
from tests.stack.events import new_address, new_event
from tests.waiting import LIMIT

KEY = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{PROVIDER_KEY[0]}"
SETTINGS = {
    "HERALD_PROVIDERS": f"ses://{REGION},resend://",
    "HERALD_PROVIDER_SECRETS": json.dumps({"resend://": {"key": KEY}}),
}


@pytest.fixture(scope="module")
def two() -> Iterator[LaptopCloud]:
    state = ROOT / "build" / "tests" / f"two-providers-{os.getpid()}"
    with run_cloud(Options(state, scale=HASTE, settings=SETTINGS)) as started:
        yield started


@pytest.fixture
def inbox(two: LaptopCloud) -> Iterator[Inbox]:
    with httpx.Client(base_url=two.description.endpoints["inbox"], trust_env=False, timeout=LIMIT) as http:
        yield Inbox(http, lambda: settle(two))
        http.delete("/faults").raise_for_status()


def publish(two: LaptopCloud, to: str) -> None:
    two.clients.sns.publish(TopicArn=two.description.topics["events"], Message=json.dumps(new_event(to)))


def test_with_ses_down_mails_go_by_the_second_provider_one_each(two: LaptopCloud, inbox: Inbox) -> None:
    recipients = [new_address() for _ in range(5)]
    inbox.fault(fault="throttle", times=None)
    for to in recipients:
        publish(two, to)
    for to in recipients:
        (mail,) = inbox.exactly(to, 1)
        assert mail["configuration_set"] == "resend"


def test_a_lost_answer_of_ses_goes_by_nobody_else(two: LaptopCloud, inbox: Inbox) -> None:
    to = new_address()
    inbox.fault(fault="accept-then-close", recipient=to)
    publish(two, to)
    (mail,) = inbox.exactly(to, 1)
    assert mail["configuration_set"] == "herald"
