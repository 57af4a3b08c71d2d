"""What SES says of a mail, in each of its documented shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.envelopes import ses_event, sns_notification
from function.ledger.states import Action, State
from function.providers.ses.events import FeedbackEvent, Ignored, parse
from function.reason_codes import ReasonCode

ADA = "ada@example.com"
#: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html
SAID: list[tuple[str, dict[str, Any], State, str | None]] = [
    ("Send", {}, State.SENT, None),
    (
        "Delivery",
        {
            "timestamp": "2026-11-21T08:00:03.000Z",
            "processingTimeMillis": 11_893,
            "recipients": [ADA],
            "smtpResponse": "250 2.6.0 Message received",
            "remoteMtaIp": "192.0.2.1",
            "reportingMTA": "mta.example.com",
        },
        State.DELIVERED,
        None,
    ),
    (
        "DeliveryDelay",
        {
            "timestamp": "2026-11-21T08:10:03.000Z",
            "delayType": "TransientCommunicationFailure",
            "expirationTime": "2026-11-22T08:00:03.000Z",
            "delayedRecipients": [
                {"emailAddress": ADA, "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 Unable to connect"}
            ],
        },
        State.DELAYED,
        "TransientCommunicationFailure",
    ),
    (
        "Bounce",
        {
            "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": ADA,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": f"smtp; 550 5.1.1 <{ADA}>... User\r\n unknown",
                }
            ],
            "timestamp": "2026-11-21T08:00:03.000Z",
            "reportingMTA": "dsn; mta.example.com",
        },
        State.BOUNCED,
        "Permanent General smtp; 550 5.1.1 <address> User unknown",
    ),
    (
        "Bounce",
        {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": ADA}]},
        State.SOFT_BOUNCED,
        "Transient MailboxFull",
    ),
    (
        "Bounce",
        {"bounceType": "Undetermined", "bounceSubType": "Undetermined", "bouncedRecipients": []},
        State.SOFT_BOUNCED,
        "Undetermined Undetermined",
    ),
    (
        "Complaint",
        {
            "complainedRecipients": [{"emailAddress": ADA}],
            "timestamp": "2026-11-21T09:00:03.000Z",
            "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
            "complaintSubType": None,
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": "2026-11-21T09:00:03.000Z",
        },
        State.COMPLAINED,
        "abuse",
    ),
    ("Reject", {"reason": "Bad content"}, State.REFUSED, "Bad content"),
    (
        "Rendering Failure",
        {"errorMessage": f"Attribute 'name' is not present for {ADA}.", "templateName": "none"},
        State.REFUSED,
        "Attribute 'name' is not present for <address>",
    ),
]


def parse_one(body: object) -> FeedbackEvent:
    found = parse(body if isinstance(body, str) else json.dumps(body))
    assert isinstance(found, FeedbackEvent), found
    return found


@pytest.mark.parametrize("enveloped", [False, True], ids=["raw", "enveloped"])
@pytest.mark.parametrize(("type_", "details", "state", "detail"), SAID, ids=lambda part: str(part)[:24])
def test_every_event_of_ses_has_its_meaning(
    type_: str, details: dict[str, Any], state: State, detail: str | None, enveloped: bool
) -> None:
    event = json.dumps(ses_event(type_, details, "m7"))
    found = parse_one(sns_notification(event) if enveloped else event)
    assert (found.message_id, found.state, found.action) == ("m7", state, Action[f"FEEDBACK_{state.name}"])
    assert found.detail == detail
    assert found.address == ADA
    assert found.suppress is (state in (State.BOUNCED, State.COMPLAINED))


@pytest.mark.parametrize(("type_", "details", "state", "detail"), SAID, ids=lambda part: str(part)[:24])
def test_no_address_is_in_what_is_written_down(
    type_: str, details: dict[str, Any], state: State, detail: str | None
) -> None:
    found = parse_one(ses_event(type_, details))
    assert "@" not in (found.detail or "") + found.metric + found.message_id


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        ("550 <ada@example.com>: unknown", "550 <address> unknown"),
        ("550 ada@example.com, bob@example.com", "550 <address> <address>"),
        ('550 "ada b"@example.com', "550 <address>"),
        ("550 ünal@exämple.com", "550 <address>"),
        ("550 a line\nand\tanother", "550 a line and another"),
        ("550 " + "x" * 300, "550 " + "x" * 186),
    ],
)
def test_the_servers_answer_is_one_short_line_without_addresses(answer: str, written: str) -> None:
    details = {"bounceType": "Permanent", "bouncedRecipients": [{"diagnosticCode": answer}]}
    assert parse_one(ses_event("Bounce", details)).detail == f"Permanent {written}"


@pytest.mark.parametrize("type_", ["Open", "Click", "Subscription", "", "Bounced", "send"])
def test_what_means_nothing_for_the_mail_is_ignored(type_: str) -> None:
    assert isinstance(parse(json.dumps(ses_event(type_, {}))), Ignored)


@pytest.mark.parametrize(
    "tags",
    [
        {},
        *({"message_id": odd} for odd in ([], [7], "m1", None, [""], ["../m1 m2"], ["m" * 201])),
        [],
        None,
        "m1",
    ],
)
def test_a_mail_that_is_not_ours_is_ignored(tags: object) -> None:
    event = ses_event("Delivery", {})
    event["mail"]["tags"] = tags
    assert parse(json.dumps(event)) == Ignored("no message_id tag: not a mail of ours")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "7",
        "{}",
        '{"eventType": 7}',
        '{"Type": "Notification"}',
        '{"Type": "Notification", "Message": 7}',
        '{"Type": "Notification", "Message": "not json"}',
        '{"Type": "SubscriptionConfirmation", "Token": "2336412f37"}',
        "[" * 100_000,
    ],
    ids=lambda body: body[:40] or "empty",
)
def test_what_is_no_event_of_ses_is_ignored(body: str) -> None:
    assert parse(body) == Ignored("not an SES event")


def test_a_verdict_without_a_recipient_suppresses_nobody_by_name() -> None:
    event = ses_event("Complaint", {})
    for destination in ([], None, [7], "ada@example.com"):
        event["mail"]["destination"] = destination
        assert parse_one(event).address is None


@pytest.mark.parametrize("odd", [[], {}, [["a"]], 7, None])
def test_a_subtype_or_a_time_of_another_shape_stops_nothing(odd: object) -> None:
    told = ses_event("Complaint", {"complaintSubType": odd, "complaintFeedbackType": odd})
    told["mail"]["timestamp"] = odd
    assert parse_one(told).state is State.COMPLAINED


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999-23:59", "2026-11-21T08:00:00.5Z"])
def test_no_date_is_too_far_to_be_read(moment: str) -> None:
    told = ses_event("Delivery", {})
    told["mail"]["timestamp"] = moment
    assert parse_one(told).state is State.DELIVERED


@pytest.mark.parametrize("part", [None, [], "text", 7, {"bouncedRecipients": "none"}, {"bouncedRecipients": [None]}])
def test_a_verdict_without_its_details_is_still_a_verdict(part: object) -> None:
    event = ses_event("Bounce", {}) | {"bounce": part}
    assert (parse_one(event).state, parse_one(event).detail) == (State.SOFT_BOUNCED, None)


@pytest.mark.parametrize("type_", ["Bounce", "Complaint"])
@pytest.mark.parametrize("subtype", ["OnAccountSuppressionList", "Suppressed"])
def test_what_ses_did_not_try_for_its_own_list_is_bounced_with_that_reason(type_: str, subtype: str) -> None:
    details = {"bounceType": "Permanent", "bounceSubType": subtype}
    found = parse_one(ses_event(type_, details if type_ == "Bounce" else {"complaintSubType": subtype}))
    assert (found.state, found.reason_code) == (State.BOUNCED, ReasonCode.PROVIDER_SUPPRESSED)


@pytest.mark.parametrize(
    ("type_", "details"),
    [
        ("Bounce", {"bounceType": "Transient", "bounceSubType": "OnAccountSuppressionList"}),
        ("Bounce", {"bounceType": "Undetermined", "bounceSubType": "Suppressed"}),
        ("Complaint", {"complaintSubType": "OnAccountSuppressionList", "complaintFeedbackType": "not-spam"}),
    ],
)
def test_what_stands_on_its_list_was_not_tried_whatever_else_is_said(type_: str, details: dict[str, str]) -> None:
    found = parse_one(ses_event(type_, details))
    assert (found.state, found.reason_code) == (State.BOUNCED, ReasonCode.PROVIDER_SUPPRESSED)


@pytest.mark.parametrize("written", ["not-spam", "Not-Spam", "NOT-SPAM", " not-spam "])
@pytest.mark.parametrize("subtype", [None, "", "General"])
def test_a_complaint_that_is_taken_back_is_a_delivery_however_it_is_written(written: str, subtype: str | None) -> None:
    told = {"complaintFeedbackType": written, "complaintSubType": subtype}
    found = parse_one(ses_event("Complaint", told))
    assert (found.state, found.suppress) == (State.DELIVERED, False)


@pytest.mark.parametrize(
    ("type_", "code"),
    [
        ("Send", None),
        ("Delivery", None),
        ("DeliveryDelay", ReasonCode.DELIVERY_DELAYED),
        ("Bounce", ReasonCode.BOUNCED_SOFTLY),
        ("Complaint", ReasonCode.COMPLAINED),
        ("Reject", ReasonCode.REFUSED_AFTER_ACCEPTANCE),
        ("Rendering Failure", ReasonCode.REFUSED_AFTER_ACCEPTANCE),
    ],
)
def test_what_went_wrong_has_its_code(type_: str, code: ReasonCode | None) -> None:
    assert parse_one(ses_event(type_, {})).reason_code == code


@pytest.mark.parametrize(
    "text",
    [
        "550 ada@example.com unknown",
        "550 ada%40example.com unknown",
        "550 mailto:Ada=40example.com unknown",
        '550 "ada lovelace"@example.com unknown',
        "550 <bounces+ada=example.com@herald.example> unknown",
        "550 user=ADA unknown",
        "550 ada: unknown",
        "550 %61da unknown",
        "550 %2561da unknown",
        "550 ada%2540example.com unknown",
        "550 &#97;&#100;&#97; unknown",
        "550 =61=64=61 unknown",
        "550 \\u0061da unknown",
        "550 id=YWRhQGV4YW1wbGUuY29t unknown",
        "550 YWRh unknown",
        "550 <616461> unknown",
        "550 \uff41\uff44\uff41 unknown",
        "550 a\u200bd\u00ada unknown",
        "550 a\\da unknown",
        "550 someone\uff20else.example unknown",
        "550 someone%252540else.example unknown",
        "550 someone+AEA-else.example unknown",
        "550 someone (at) else.example unknown",
        "550 c29tZW9uZUBlbHNlLmV4YW1wbGU= unknown",
    ],
)
def test_no_way_of_writing_the_recipient_is_kept(text: str) -> None:
    details = {"bouncedRecipients": [{"emailAddress": "ada@example.com", "diagnosticCode": text}]}
    assert parse_one(ses_event("Bounce", details)).detail == "550 <address> unknown"


def test_a_quoted_local_part_with_a_space_is_cut_out_wherever_it_stands() -> None:
    details = {
        "bouncedRecipients": [{"emailAddress": '"ada lovelace"@example.com', "diagnosticCode": "no ada lovelace"}]
    }
    detail = parse_one(ses_event("Bounce", details, to='"ada lovelace"@example.com')).detail or ""
    assert "ada" not in detail
    assert "lovelace" not in detail


@pytest.mark.parametrize("said", ["adalovelace", "ada.lovelace", "ada.lovelace+books", "x-adalovelace-y"])
def test_what_a_server_makes_of_the_local_part_is_cut_out_too(said: str) -> None:
    to = "Ada.Lovelace+books@example.com"
    details = {"bouncedRecipients": [{"emailAddress": to, "diagnosticCode": f"550 {said} unknown"}]}
    assert parse_one(ses_event("Bounce", details, to=to)).detail == "550 <address> unknown"


@pytest.mark.parametrize("said", ["smtp; 550 5.1.1 Mailbox DEADBEEF0123 is full", "4.4.7 q1w2e3r4t5y6 Message expired"])
def test_a_servers_own_codes_are_left_alone(said: str) -> None:
    details = {"bouncedRecipients": [{"emailAddress": "lovelace@example.com", "diagnosticCode": said}]}
    assert parse_one(ses_event("Bounce", details, to="lovelace@example.com")).detail == said


def test_a_short_local_part_leaves_other_words_alone() -> None:
    details = {"bouncedRecipients": [{"emailAddress": "a@example.com", "diagnosticCode": "550 no mailbox a here"}]}
    assert parse_one(ses_event("Bounce", details, to="a@example.com")).detail == "550 no mailbox <address> here"
