"""Feedback events, in the shape that SES publishes, for every address of the mailbox simulator."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from starlette.testclient import TestClient

from laptop.ses.api import Ses
from tests.integration.ses.conftest import TOPIC, Recorder, send

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

AT = "@simulator.amazonses.com"


@pytest.mark.parametrize(
    ("address", "types"),
    [
        ("ada@example.com", ["Send", "Delivery"]),
        (f"success{AT}", ["Send", "Delivery"]),
        (f"success+anything{AT}", ["Send", "Delivery"]),
        (f"bounce{AT}", ["Send", "Bounce"]),
        (f"Bounce+Label{AT}", ["Send", "Bounce"]),
        (f"ooto{AT}", ["Send", "Delivery", "Bounce"]),
        (f"complaint{AT}", ["Send", "Delivery", "Complaint"]),
        (f"suppressionlist{AT}", ["Send", "Bounce"]),
    ],
)
def test_an_address_has_its_fate(account: SESV2Client, recorder: Recorder, address: str, types: list[str]) -> None:
    mail_id = send(account, address)
    events = recorder.events(len(types))
    assert [event["eventType"] for event in events] == types
    assert {topic for topic, _ in recorder.published} == {TOPIC}
    assert {event["mail"]["messageId"] for event in events} == {mail_id}
    assert recorder.types() == types


def test_several_recipients_are_told_of_in_one_event_or_in_one_each(account: SESV2Client, recorder: Recorder) -> None:
    destination = {
        "ToAddresses": ["ada@example.com"],
        "CcAddresses": ["books@example.com", f"bounce{AT}"],
        "BccAddresses": ["archive@shop.example", f"complaint{AT}"],
    }
    send(account, Destination=destination)
    events = recorder.events(6)
    told = sorted((event["eventType"], *_list_recipients(event)) for event in events)
    assert told == [
        ("Bounce", f"bounce{AT}"),
        ("Complaint", f"complaint{AT}"),
        ("Delivery", "archive@shop.example"),
        ("Delivery", "books@example.com", "ada@example.com"),
        ("Delivery", f"complaint{AT}"),
        ("Send",),
    ]
    everybody = sorted(address for addresses in destination.values() for address in addresses)
    assert {tuple(sorted(event["mail"]["destination"])) for event in events} == {tuple(everybody)}
    assert [event["mail"]["destination"][0] for event in events] != ["ada@example.com"] * 6, "AWS promises no order"
    assert {header["name"] for header in events[0]["mail"]["headers"]} & {"Cc", "Bcc"} == {"Cc"}


def _list_recipients(event: dict[str, Any]) -> list[str]:
    details = event[event["eventType"].lower()]
    named = details.get("recipients") or details.get("bouncedRecipients") or details.get("complainedRecipients") or []
    return [one["emailAddress"] if isinstance(one, dict) else one for one in named]


def test_every_event_carries_the_mail_and_its_tags(account: SESV2Client, recorder: Recorder) -> None:
    send(account, EmailTags=[{"Name": "message_id", "Value": "m-7"}])
    mail = recorder.events(1)[0]["mail"]
    assert mail["destination"] == ["ada@example.com"]
    assert mail["source"] == "Herald <books@herald.example>"
    assert mail["sendingAccountId"] == "000000000000"
    assert mail["commonHeaders"]["subject"] == "A book"
    assert mail["commonHeaders"]["to"] == ["ada@example.com"]
    assert mail["tags"]["message_id"] == ["m-7"]
    assert mail["tags"]["ses:configuration-set"] == ["herald"]
    assert mail["tags"]["ses:from-domain"] == ["herald.example"]
    assert {"ses:source-ip", "ses:caller-identity", "ses:operation"} <= mail["tags"].keys()
    assert {"name": "Subject", "value": "A book"} in mail["headers"]


@pytest.mark.parametrize(
    ("address", "kind", "subtype"),
    [
        (f"bounce{AT}", "Permanent", "General"),
        (f"ooto{AT}", "Transient", "General"),
        (f"suppressionlist{AT}", "Permanent", "Suppressed"),
    ],
)
def test_a_bounce_says_of_what_kind_it_is(
    account: SESV2Client, recorder: Recorder, address: str, kind: str, subtype: str
) -> None:
    send(account, address)
    bounce = recorder.events(3 if "ooto" in address else 2)[-1]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == (kind, subtype)
    assert bounce["bouncedRecipients"][0]["emailAddress"] == address
    assert bounce["feedbackId"]
    assert bounce["timestamp"].endswith("Z")


def test_a_complaint_and_a_delivery_name_their_recipients(account: SESV2Client, recorder: Recorder) -> None:
    send(account, f"complaint{AT}")
    _, delivery, complaint = recorder.events(3)
    assert delivery["delivery"]["recipients"] == [f"complaint{AT}"]
    assert complaint["complaint"]["complainedRecipients"] == [{"emailAddress": f"complaint{AT}"}]
    assert complaint["complaint"]["complaintFeedbackType"] == "abuse"


def test_a_virus_is_accepted_then_rejected(account: SESV2Client, recorder: Recorder) -> None:
    body = {"Text": {"Data": "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"}}
    send(account, Content={"Simple": {"Subject": {"Data": "s"}, "Body": body}})
    assert recorder.events(2)[1]["reject"] == {"reason": "Bad content"}


def test_a_suppressed_address_is_accepted_and_bounces(account: SESV2Client, recorder: Recorder) -> None:
    account.put_suppressed_destination(EmailAddress="Ada@Example.com", Reason="BOUNCE")
    assert send(account, "ada@example.com")
    bounce = recorder.events(2)[1]["bounce"]
    assert (bounce["bounceType"], bounce["bounceSubType"]) == ("Permanent", "OnAccountSuppressionList")
    assert recorder.types() == ["Send", "Bounce"]
    account.delete_suppressed_destination(EmailAddress="ada@example.com")
    send(account, "ada@example.com")
    assert recorder.events(4)[3]["eventType"] == "Delivery"


def test_only_the_chosen_types_are_published(account: SESV2Client, recorder: Recorder) -> None:
    account.update_configuration_set_event_destination(
        ConfigurationSetName="herald",
        EventDestinationName="feedback",
        EventDestination={"Enabled": True, "MatchingEventTypes": ["BOUNCE"], "SnsDestination": {"TopicArn": TOPIC}},
    )
    send(account, f"bounce{AT}")
    recorder.events(1)
    assert recorder.types() == ["Bounce"]


def test_nothing_is_published_without_a_configuration_set(account: SESV2Client, recorder: Recorder) -> None:
    account.send_email(
        FromEmailAddress="books@herald.example",
        Destination={"ToAddresses": ["ada@example.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    )
    assert recorder.types() == []


@pytest.mark.parametrize(
    ("type_", "key"), [("DeliveryDelay", "deliveryDelay"), ("Rendering Failure", "failure"), ("Bounce", "bounce")]
)
def test_any_event_can_be_called_for(
    account: SESV2Client, recorder: Recorder, web: TestClient, type_: str, key: str
) -> None:
    mail_id = send(account)
    recorder.events(2)
    details = {"delayType": "MailboxFull"}
    answer = web.post(f"/messages/{mail_id}/events", json={"type": type_, "details": details})
    assert answer.status_code == 202
    event = recorder.events(3)[2]
    assert event["eventType"] == type_
    assert details.items() <= event[key].items()


def fault(web: TestClient, **given: Any) -> None:
    assert web.post("/faults", json=given).status_code == 201


def test_feedback_can_be_withheld(account: SESV2Client, recorder: Recorder, web: TestClient) -> None:
    fault(web, fault="withhold-feedback")
    send(account)
    assert recorder.types() == []
    send(account)
    recorder.events(2)


def test_feedback_can_be_late(account: SESV2Client, recorder: Recorder, web: TestClient) -> None:
    fault(web, fault="delay-feedback", seconds=60)
    send(account)
    assert recorder.types(within=59) == []
    assert [event["eventType"] for event in recorder.events(2)] == ["Send", "Delivery"]


def test_feedback_can_be_repeated(account: SESV2Client, recorder: Recorder, web: TestClient) -> None:
    fault(web, fault="repeat-feedback", copies=3)
    send(account)
    types = [event["eventType"] for event in recorder.events(6)]
    assert [(name, len(list(run))) for name, run in itertools.groupby(types)] == [("Send", 3), ("Delivery", 3)]


def test_feedback_can_come_in_the_wrong_order(account: SESV2Client, recorder: Recorder, web: TestClient) -> None:
    fault(web, fault="reorder-feedback")
    send(account, f"complaint{AT}")
    assert [event["eventType"] for event in recorder.events(3)] == ["Complaint", "Delivery", "Send"]


def test_two_recipients_have_one_send_and_a_fate_each(account: SESV2Client, recorder: Recorder, ses: Ses) -> None:
    mail_id = send(account, Destination={"ToAddresses": [f"success{AT}"], "CcAddresses": [f"bounce{AT}"]})
    recorder.events(3)
    mail = ses.mailbox.get(mail_id)
    assert mail is not None
    assert sorted(mail.events) == ["Bounce", "Delivery", "Send"]
