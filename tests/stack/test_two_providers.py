"""With SES down, mails go by the second provider, one each, and its webhooks settle them, whatever happens to those."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from doctor.check import CheckStatus, run
from doctor.checks.providers import CHECKS
from doctor.cloud import Boto3Cloud, Memo
from doctor.system import System
from function.ledger.keys import message_key
from herald.examination import ask_vendor
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.environment import REGION
from laptop.providers.webhooks import QUOTA
from laptop.state import ROOT
from tests.stack.conftest import HASTE, Inbox, settle
from tests.stack.events import new_address, new_event
from tests.waiting import LIMIT, eventually


@pytest.fixture(scope="module")
def two() -> Iterator[LaptopCloud]:
    state = ROOT / "build" / "tests" / f"two-providers-{os.getpid()}"
    with run_cloud(
        Options(state, scale=HASTE, providers=(f"ses://{REGION}", "resend://", "smtp://127.0.0.1:587"))
    ) as started:
        yield started


@pytest.fixture
def inbox(two: LaptopCloud) -> Iterator[Inbox]:
    with httpx.Client(base_url=two.description.endpoints["inbox"], trust_env=False, timeout=LIMIT) as http:
        yield Inbox(http, lambda: settle(two))
        http.delete("/faults").raise_for_status()


def publish(two: LaptopCloud, to: str) -> str:
    """Publish an event; its MessageId."""
    topic = two.description.topics["events"]
    return two.clients.sns.publish(TopicArn=topic, Message=json.dumps(new_event(to)))["MessageId"]


def state(two: LaptopCloud, message_id: str) -> str | None:
    """The state of its record."""
    key = {"pk": {"S": message_key(message_id)}}
    item = two.clients.dynamodb.get_item(TableName=two.description.tables["ledger"], Key=key, ConsistentRead=True)
    return item["Item"]["state"]["S"] if "Item" in item else None


def ends(two: LaptopCloud, message_id: str, wanted: str) -> None:
    assert eventually(lambda: state(two, message_id), lambda found: found == wanted) == wanted


def test_with_ses_down_mails_go_by_the_second_provider_one_each(two: LaptopCloud, inbox: Inbox) -> None:
    recipients = [new_address() for _ in range(4)]  # fewer than make SES rest
    assert inbox.http.post("/play/ses-down").status_code == 303
    assert "SES is down" in inbox.http.get("/stories").text
    sent = [publish(two, to) for to in recipients]
    for to in recipients:
        (mail,) = inbox.exactly(to, 1)
        assert mail["configuration_set"] == "resend"
    for message_id in sent:
        ends(two, message_id, "delivered")
    assert inbox.http.post("/play/ses-back").status_code == 303
    assert "SES is down" not in inbox.http.get("/stories").text
    to = new_address()
    ends(two, publish(two, to), "delivered")
    assert [mail["configuration_set"] for mail in inbox.mails(to)] == ["herald"]


def test_a_lost_answer_of_ses_goes_by_nobody_else(two: LaptopCloud, inbox: Inbox) -> None:
    to = new_address()
    inbox.fault(fault="accept-then-close", recipient=to)
    publish(two, to)
    (mail,) = inbox.exactly(to, 1)
    assert mail["configuration_set"] == "herald"


@pytest.mark.parametrize("fault", ["accept-then-close", "repeat-feedback", "reorder-feedback"])
def test_the_second_providers_webhooks_settle_the_one_mail(two: LaptopCloud, inbox: Inbox, fault: str) -> None:
    to = new_address()
    inbox.fault(fault="throttle", times=None, recipient=to)
    inbox.fault(fault=fault, recipient=to, provider="resend")
    message_id = publish(two, to)
    ends(two, message_id, "delivered")
    inbox.exactly(to, 1)


def test_a_webhook_that_somebody_else_signed_is_not_believed(two: LaptopCloud, inbox: Inbox) -> None:
    to = new_address()
    inbox.fault(fault="throttle", times=None, recipient=to)
    inbox.fault(fault="withhold-feedback", recipient=to, provider="resend")
    message_id = publish(two, to)
    (mail,) = inbox.exactly(to, 1)
    ends(two, message_id, "sent")
    inbox.fault(fault="sign-wrongly", recipient=to, provider="resend")
    inbox.http.post(f"/messages/{mail['id']}/events", json={"type": "Complaint"}).raise_for_status()
    wanted = {"mail": mail["id"], "event": "Complaint", "status": 401}
    eventually(
        lambda: inbox.http.get("/webhooks").json()["resend"],
        lambda seen: any(wanted.items() <= o.items() for o in seen),
    )
    assert state(two, message_id) == "sent"
    inbox.http.post(f"/messages/{mail['id']}/events", json={"type": "Delivery"}).raise_for_status()
    ends(two, message_id, "delivered")


def test_a_mail_server_that_speaks_smtp_takes_what_the_others_refuse(two: LaptopCloud, inbox: Inbox) -> None:
    to = new_address()
    for provider in ("ses", "resend"):
        inbox.fault(fault="throttle", times=None, recipient=to, provider=provider)
    ends(two, publish(two, to), "sent")
    (mail,) = inbox.exactly(to, 1)
    assert mail["configuration_set"] == "smtp"
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_what_a_provider_never_tried_for_its_quota_goes_by_the_next_one(two: LaptopCloud, inbox: Inbox) -> None:
    to = new_address()
    inbox.fault(fault="throttle", times=None, recipient=to)
    inbox.fault(fault="withhold-feedback", recipient=to, provider="resend")
    first = publish(two, to)
    (mail,) = inbox.exactly(to, 1)
    quota = {"type": "Reject", "details": {"reason": QUOTA}}
    for _ in range(2):
        inbox.http.post(f"/messages/{mail['id']}/events", json=quota).raise_for_status()
    ends(two, f"{first}-2", "sent")
    assert [each["configuration_set"] for each in inbox.exactly(to, 2)] == ["resend", "smtp"]
    assert state(two, first) == "refused"


def test_the_doctor_finds_key_domain_and_webhook_of_the_second_provider_in_order(two: LaptopCloud) -> None:
    where = (("the laptop cloud", REGION),)
    cloud = Memo(Boto3Cloud(two.clients.any))
    system = System(
        cloud, "herald", REGION, where[0][0], where, datetime.now(UTC), 14.0, 4, local=True, http=ask_vendor
    )
    found = run(CHECKS, system)
    assert {one.status for one in found} == {CheckStatus.OK}
    assert "resend://: its webhook is registered, and answers" in found[2].finding
