"""With SES down, mails go by the second provider, one each, and its webhooks settle them, whatever happens to those."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from doctor.aws_api import Boto3AwsApi, Memo
from doctor.check import CheckStatus, run
from doctor.check_context import CheckContext
from doctor.checks.providers import CHECKS
from function.ledger.keys import message_key
from herald.doctor_context import send_request
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.environment import REGION
from laptop.providers.webhooks import QUOTA
from laptop.state import ROOT
from tests.stack.conftest import HASTE, Herald, Inbox, settle
from tests.stack.events import new_address, new_event
from tests.waiting import LIMIT, eventually

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def two() -> Iterator[LaptopCloud]:
    state = ROOT / "build" / "tests" / f"two-providers-{os.getpid()}"
    with run_cloud(
        Options(state, scale=HASTE, providers=(f"ses://{REGION}", "resend://", "smtp://127.0.0.1:587"), tracing=True)
    ) as started:
        yield started


@pytest.fixture
def inbox(two: LaptopCloud) -> Iterator[Inbox]:
    with httpx.Client(base_url=two.descriptor.endpoints["inbox"], trust_env=False, timeout=LIMIT) as http:
        yield Inbox(http, lambda: settle(two))
        http.delete("/faults").raise_for_status()


def publish(two: LaptopCloud, to: str, **changes: str) -> str:
    """Publish an event; its MessageId."""
    topic = two.descriptor.topics["events"]
    return two.clients.sns.publish(TopicArn=topic, Message=json.dumps(new_event(to, **changes)))["MessageId"]


def state(two: LaptopCloud, message_id: str) -> str | None:
    """The state of its record."""
    key = {"pk": {"S": message_key(message_id)}}
    item = two.clients.dynamodb.get_item(TableName=two.descriptor.tables["ledger"], Key=key, ConsistentRead=True)
    return item["Item"]["state"]["S"] if "Item" in item else None


def ends(two: LaptopCloud, message_id: str, wanted: str) -> None:
    assert eventually(lambda: state(two, message_id), lambda found: found == wanted) == wanted


def test_with_ses_down_mails_go_by_the_second_provider_one_each(two: LaptopCloud, inbox: Inbox) -> None:
    """Those of tenants from their own addresses."""
    senders = {"Herald <books@herald.example>": {}, "Acme Books <mail@acme.example>": {"tenant": "acme"}}
    recipients = {new_address(): sender for sender in (*senders, *senders)}  # fewer than make SES rest
    assert inbox.http.post("/play/ses-down").status_code == 303
    assert "SES is down" in inbox.http.get("/stories").text
    sent = [publish(two, to, **senders[sender]) for to, sender in recipients.items()]
    for to, sender in recipients.items():
        (mail,) = inbox.exactly(to, 1)
        assert (mail["configuration_set"], mail["from"]) == ("resend", sender)
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
    cloud = Memo(Boto3AwsApi(two.clients.make_client))
    context = CheckContext(
        cloud, "herald", REGION, where[0][0], where, datetime.now(UTC), 14.0, 4, local=True, http=send_request
    )
    found = run(CHECKS, context)
    assert {one.status for one in found} == {CheckStatus.OK}
    assert "resend://: its webhook is registered, and answers" in found[2].finding


def find_trace(inbox: Inbox, trace: str) -> list[dict[str, Any]]:
    """What the receiver has of a trace."""
    answer = inbox.http.get(f"/traces/{trace}.json")
    spans: list[dict[str, Any]] = answer.json() if answer.status_code == 200 else []
    return spans


def await_spans(inbox: Inbox, trace: str, *names: str) -> list[dict[str, Any]]:
    """A trace, once it has spans of these names: each function sends its own when it ends, in any order."""
    return eventually(lambda: find_trace(inbox, trace), lambda found: set(names) <= {span["name"] for span in found})


def follow_back(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The spans from the mail's delivery back to the first that is there."""
    by_id = {span["id"]: span for span in spans}
    road = [span for span in spans if span["name"] == "delivered"]
    while road and road[-1]["parent"] in by_id:
        road.append(by_id[road[-1]["parent"]])
    return road


def test_one_trace_leads_from_the_request_to_the_delivered_mail(two: LaptopCloud, inbox: Inbox) -> None:
    """On a busy machine the sweeper publishes, too, what the relay has published and not marked: so from the end on."""
    trace, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    herald = Herald(two.descriptor, two.clients, inbox, inbox.http)
    with herald.sign_in() as ada:
        parent = {"traceparent": f"00-{trace}-{caller}-01"}
        added = ada.post("/v1/books", json={"title": "Traced", "author": "Ada"}, headers=parent)
        assert added.status_code == 201, added.text
    names = ["delivered", "process book.created", "publish book.created", "POST /v1/books"]
    road = eventually(
        lambda: follow_back(find_trace(inbox, trace)), lambda found: [one["name"] for one in found] == names
    )
    spans = await_spans(inbox, trace, "send ses")
    assert road[-1]["parent"] == caller
    services = [span["service"] for span in road]
    assert services[:2] == ["herald-feedback", "herald-notify"]
    assert services[2] in {"herald-relay", "herald-sweeper"}
    assert [span["name"] for span in spans if span["kind"] == "client"] == ["send ses"]
    assert "process book.created" in inbox.http.get(f"/traces/{trace}").text


def test_a_providers_report_ends_the_trace_too(two: LaptopCloud, inbox: Inbox) -> None:
    trace = "5bf92f3577b34da6a3ce929d0e0e4736"
    to = new_address()
    inbox.fault(fault="throttle", times=None, recipient=to)
    body = json.dumps(new_event(to, traceparent=f"00-{trace}-00f067aa0ba902b7-01"))
    two.clients.sns.publish(TopicArn=two.descriptor.topics["events"], Message=body)
    spans = await_spans(inbox, trace, "delivered", "send ses", "send resend")
    [last] = [span for span in spans if span["name"] == "delivered"]
    assert last["attributes"]["herald.provider"] == "resend"
    calls = {span["name"]: span["error"] for span in spans if span["kind"] == "client"}
    assert calls == {"send ses": "provider_throttled", "send resend": ""}
