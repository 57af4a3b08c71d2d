"""What an operator can see and do on the pages, that all of it is on record, and that nobody else can."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
from botocore.config import Config

from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key, event_key, own_list_key
from function.message.addressing.tenant import pack_tenants
from function.reason_codes import ReasonCode
from operations.redrive.letter_filter import LetterFilter
from tests.integration.operations.ses_lists import Region
from tests.integration.operations.test_pause import Lambda
from tests.integration.refusals import refuse_calls
from tests.integration.webapp.admin.conftest import bury, letters, queue_url, record, suppress
from tests.integration.webapp.auth.test_hanging import Silence
from tests.integration.webapp.conftest import Browser, Cloud
from tests.integration.webapp.pages.test_pages import add
from tests.waiting import LIMIT
from webapp.admin.dead_letters import group_dead_letters, redrive
from webapp.aws.clients import CONFIG, keep_deadline
from webapp.composition import Services
from webapp.outbox.publisher import Publisher

_PAGES = ["/operations", "/operations/dead", "/operations/suppressions", "/operations/done"]
_DEEDS = [
    "/operations/search",
    "/operations/redrive",
    "/operations/publish",
    "/operations/again",
    "/operations/discard",
    "/operations/suppressions/remove",
    "/operations/pause",
    "/operations/resume",
]


def test_a_plain_user_finds_no_page_of_an_operator_and_does_nothing(
    browser: Browser, cloud: Cloud, switch: Lambda
) -> None:
    bury(cloud, "m-1")
    assert {browser.get(path).status_code for path in _PAGES} == {403}
    deeds = {browser.submit(path, message="m-1", wanted="m-1", confirmed="yes").status_code for path in _DEEDS}
    assert deeds == {403}
    assert "/operations" not in browser.get("/").text
    assert len(letters(cloud, "dead")) == 1
    assert switch.stands.running
    assert not cloud.rows("audit")


def test_a_stranger_is_led_to_the_sign_in(stranger: Browser) -> None:
    answer = stranger.get("/operations", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?then=%2Foperations")


def test_a_form_that_is_not_of_this_session_does_nothing(operator: Browser, cloud: Cloud, switch: Lambda) -> None:
    assert {operator.post(path, data={"message": "m-1"}).status_code for path in _DEEDS} == {403}
    assert switch.stands.running
    assert not cloud.rows("audit")


def test_nothing_is_done_by_a_get(operator: Browser, switch: Lambda) -> None:
    assert {operator.get(path).status_code for path in _DEEDS} == {405}


def test_the_overview_counts_what_waits(operator: Browser, cloud: Cloud) -> None:
    bury(cloud, "m-1")
    cloud.sqs.send_message(QueueUrl=queue_url(cloud, "retry"), MessageBody="x")
    text = operator.get("/operations").text
    assert '<dd><a href="/operations/dead">1</a></dd>' in text
    assert "Running" in text


def test_a_dead_letter_is_shown_with_its_reason_and_sent_again_on_record(operator: Browser, cloud: Cloud) -> None:
    bury(cloud, "m-1", "the address <b>bad</b> was refused", state="rejected")
    page = operator.get("/operations/dead").text
    assert "the address &lt;b&gt;bad&lt;/b&gt; was refused" in page
    assert "m-1" in page
    done = operator.submit("/operations/redrive", message="m-1")
    assert "1 queued again" in done.text
    assert not letters(cloud, "dead")
    [letter] = letters(cloud, "retry")
    assert letter["MessageAttributes"]["attempt"]["StringValue"] == "a/1"
    intent, outcome = cloud.rows("audit")
    assert (intent["who"], intent["about"], outcome["outcome"]) == (
        {"S": "grace@example.com"},
        {"S": "m-1"},
        {"S": "1 queued again"},
    )
    assert "grace@example.com" in operator.get("/operations").text


def test_what_may_have_gone_is_asked_about_first(operator: Browser, cloud: Cloud) -> None:
    bury(cloud, "m-1", "answer lost", state="unknown")
    asked = operator.submit("/operations/redrive", message="m-1")
    assert asked.status_code == 409
    assert "may have been sent already" in asked.text
    assert not letters(cloud, "retry")
    operator.submit("/operations/redrive", message="m-1", confirmed="yes")
    [letter] = letters(cloud, "retry")
    assert letter["MessageAttributes"]["confirmed"]["StringValue"] == "yes"
    assert len(cloud.rows("audit")) == 2 * 2, "the question is on record too"


def test_all_letters_of_a_reason_are_sent_by_one_press(operator: Browser, cloud: Cloud) -> None:
    for number in range(3):
        bury(cloud, f"m-{number}", f"answer {number} of the provider: no", code=ReasonCode.PROVIDER_UNAVAILABLE)
    bury(cloud, "m-other", "the provider: no, and more", code=ReasonCode.PROVIDER_REFUSED)
    page = operator.get("/operations/dead").text
    assert "Send all 3 again" in page
    [code] = set(re.findall('name="reason" value="([^"]+)"', page))
    assert "3 queued again" in operator.submit("/operations/redrive", reason=code).text
    assert len(letters(cloud, "retry")) == 3
    assert len(letters(cloud, "dead")) == 1


@pytest.mark.slow
def test_a_button_sends_as_many_letters_as_it_says(
    operator: Browser, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.admin.dead_letters._SECONDS", float("inf"))  # however busy this machine is
    for number in range(130):
        bury(cloud, f"m-{number}")
    assert "Send all 130 again" in operator.get("/operations/dead").text
    assert "130 queued again" in operator.submit("/operations/redrive", reason=ReasonCode.PROVIDER_REFUSED).text
    assert not letters(cloud, "dead")


def test_what_there_was_no_time_for_stays_and_is_named(services: Services, cloud: Cloud) -> None:
    for number in range(5):
        bury(cloud, f"m-{number}")
    ticks = iter([0.0, 1.0, 2.0, 30.0])
    outcome = redrive(services.notifier.installation, LetterFilter(), confirmed=False, clock=lambda: next(ticks, 30.0))
    sent = len(letters(cloud, "retry"))
    assert 0 < sent < 5
    assert outcome == f"{sent} queued again, {5 - sent} not yet: they are still in dead, send them again"
    assert len(letters(cloud, "dead")) == 5 - sent


@pytest.mark.parametrize("sentence", ["the usual sentence", "Ein anderer Satz, den niemand kennt.", ""])
def test_no_sentence_of_the_notifiers_decides_anything(
    operator: Browser, services: Services, cloud: Cloud, sentence: str
) -> None:
    book_id = add(operator)
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": "m-7"}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(owner))
    for code, shown in (
        (ReasonCode.RECIPIENT_UNSUBSCRIBED, "You have stopped mails of this kind."),
        (ReasonCode.RECIPIENT_NOT_ALLOWED, "a copy for trying things out"),
        (ReasonCode.RECIPIENT_SUPPRESSED, "Your address is on the list"),
    ):
        record(cloud, "m-7", state="suppressed", reason=sentence, reason_code=code)
        for page in (f"/books/{book_id}", "/", "/why"):
            assert shown in operator.get(page).text, (code, page)
    bury(cloud, "m-1", sentence or "-", code=ReasonCode.PROVIDER_REFUSED)
    bury(cloud, "m-2", f"{sentence} 2", code=ReasonCode.PROVIDER_REFUSED)
    bury(cloud, "m-3", sentence or "-", code=ReasonCode.RETRIES_EXHAUSTED)
    assert [(group.code, len(group.letters)) for group in group_dead_letters(services.notifier.installation)] == [
        (ReasonCode.PROVIDER_REFUSED, 2),
        (ReasonCode.RETRIES_EXHAUSTED, 1),
    ]


def test_a_letter_that_is_gone_is_said_and_recorded_as_failed(operator: Browser, cloud: Cloud) -> None:
    answer = operator.submit("/operations/redrive", message="m-none")
    assert answer.status_code == 409
    assert "The ledger knows no message m-none" in answer.text
    _, outcome = cloud.rows("audit")
    assert outcome["outcome"]["S"].startswith("failed: the ledger knows no message")


def test_an_address_is_taken_off_every_list(operator: Browser, services: Services, cloud: Cloud, ses: Region) -> None:
    for address in ("ada@example.com", "bob@example.com"):
        suppress(cloud, address_key(services.secrets.address()[0], address))
    assert "2 on Herald" in operator.get("/operations/suppressions").text
    ses.suppress("ada@example.com")
    ses.suppress("eve@example.com")
    done = operator.submit("/operations/suppressions/remove", wanted=" Ada@example.com ")
    assert "Herald&#39;s, since 2026-11-21 (bounced) and SES&#39;s in us-east-1" in done.text
    assert ses.listed == {"eve@example.com"}
    operator.submit("/operations/suppressions/remove", wanted="eve@example.com")
    assert ses.listed == frozenset(), "also what Herald's own list does not know"
    done = operator.submit("/operations/suppressions/remove", wanted="bob@example.com")
    assert "Everybody gets mail" in done.text
    assert "ada@example.com" not in json.dumps(cloud.rows("audit")), "the record knows the hash only"


def test_the_list_of_a_tenant_is_told_as_its_own_and_an_address_is_taken_off_it_too(
    operator: Browser, services: Services, cloud: Cloud, switch: Lambda
) -> None:
    declared = pack_tenants({"acme": {"from": "mail@acme.example", "suppression": "own"}})
    settings = {"HERALD_PROVIDERS": "ses://us-east-1", "HERALD_TENANTS": declared}
    switch.client.update_function_configuration(FunctionName="herald-notify", Environment={"Variables": settings})
    own = own_list_key(address_key(services.secrets.address()[0], "ada@example.com"), "acme")
    suppress(cloud, own)
    page = operator.get("/operations/suppressions").text
    assert "for the mails of <code>acme</code> alone" in page
    record(cloud, "m-1", state="suppressed", address=own, tenant="acme", reason_code="recipient_suppressed")
    found = operator.submit("/operations/search", wanted="ada@example.com").text
    assert "tenant <code>acme</code>" in found
    operator.submit("/operations/suppressions/remove", wanted="ada@example.com")
    assert "Everybody gets mail" in operator.get("/operations/suppressions").text


@pytest.mark.usefixtures("ses")
def test_a_readers_choice_is_not_on_the_list_and_outlives_a_removal(
    operator: Browser, services: Services, cloud: Cloud
) -> None:
    hashed = address_key(services.secrets.address()[0], "ada@example.com").removeprefix("address#")
    services.preferences.unsubscribe("books", hashed, 1_795_248_000_000, "link")
    assert "Everybody gets mail" in operator.get("/operations/suppressions").text
    refused = operator.submit("/operations/suppressions/remove", wanted="ada@example.com")
    assert refused.status_code == 409
    cloud.dynamodb.update_item(
        TableName="herald-ledger",
        Key={"pk": {"S": f"address#{hashed}"}},
        UpdateExpression="SET since = :since, reason = :why, message_id = :why",
        ExpressionAttributeValues={":since": {"N": "1"}, ":why": {"S": "bounced"}},
    )
    assert "1 on Herald" in operator.get("/operations/suppressions").text
    operator.submit("/operations/suppressions/remove", wanted="ada@example.com")
    assert "Everybody gets mail" in operator.get("/operations/suppressions").text
    assert services.preferences.find_stopped(["books"], hashed) == {"books"}


def test_a_ledger_too_large_to_read_in_time_is_said(
    operator: Browser, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppress(cloud, "address#" + "0" * 64)
    assert "only some" not in operator.get("/operations/suppressions").text
    monkeypatch.setattr("webapp.pages.operations._SCAN_SECONDS", -1.0)
    page = operator.get("/operations/suppressions").text
    assert "only some" in page
    assert "1 on Herald" in page


def test_an_address_that_ses_does_not_let_go_stays_listed(
    operator: Browser, services: Services, cloud: Cloud, ses: Region
) -> None:
    suppress(cloud, address_key(services.secrets.address()[0], "ada@example.com"))
    ses.suppress("ada@example.com")
    with refuse_calls(ses.client, "DeleteSuppressedDestination", "AccessDeniedException"):
        assert operator.submit("/operations/suppressions/remove", wanted="ada@example.com").status_code == 500
    assert "1 on Herald" in operator.get("/operations/suppressions").text
    assert "failed: AWS answered AccessDeniedException" in operator.get("/operations").text
    operator.submit("/operations/suppressions/remove", wanted="ada@example.com")
    assert ses.listed == frozenset()


def test_what_the_outbox_gave_up_is_published_again_on_record(
    operator: Browser, services: Services, cloud: Cloud, publisher: Publisher
) -> None:
    book_id = add(operator)
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    services.outbox.mark_rejected(event, "SNS refused the event (InvalidParameter)", 1)
    found = operator.submit("/operations/search", wanted=book_id).text
    assert "Publish again" in found
    done = operator.submit("/operations/publish", subject=event.subject, event=event.id)
    assert "handed to the sweeper" in done.text
    assert publisher.publish(services.outbox.find_overdue(2**50)).published == 1
    assert [json.loads(each["Message"])["id"] for each in cloud.receive()] == [event.id]
    assert "Publish again" not in operator.submit("/operations/search", wanted=book_id).text
    assert operator.submit("/operations/publish", subject=event.subject, event=event.id).status_code == 409


def test_what_a_provider_accepted_is_sent_once_more_after_a_question_on_record(operator: Browser, cloud: Cloud) -> None:
    record(cloud, "m-1", state="soft_bounced", event_key="event#1")
    cloud.dynamodb.put_item(
        TableName="herald-ledger", Item=serialize_item({"pk": "event#1", "message_id": "m-1", "body": b"x"})
    )
    assert "Send once more" in operator.submit("/operations/search", wanted="m-1").text
    asked = operator.submit("/operations/again", message="m-1")
    assert asked.status_code == 409
    assert "The provider accepted this mail once" in asked.text
    assert 'action="/operations/again"' in asked.text
    assert not letters(cloud, "retry")
    assert "sent again, as m-1-2" in operator.submit("/operations/again", message="m-1", confirmed="yes").text
    [letter] = letters(cloud, "retry")
    marks = {name: mark["StringValue"] for name, mark in letter["MessageAttributes"].items()}
    assert (marks["instead_of"], marks["confirmed"], marks.get("attempt")) == ("m-1", "yes", None)
    assert json.loads(letter["Body"]) | {"Timestamp": ""} == {
        "Type": "Notification", "MessageId": "m-1-2", "TopicArn": "", "Timestamp": "", "Message": "",
        "MessageInLedger": True,
    }  # fmt: skip
    for state in ("complained", "rejected"):
        record(cloud, "m-2", state=state, event_key="event#1")
        assert operator.submit("/operations/again", message="m-2", confirmed="yes").status_code == 409
    meant = [entry for entry in cloud.rows("audit") if entry.get("action") == {"S": "send once more"}]
    assert len(meant) == 4, "the question and the refusals are on record too"


@pytest.mark.usefixtures("ses")
def test_nothing_but_a_suppression_can_be_taken_off(operator: Browser, cloud: Cloud) -> None:
    record(cloud, "m-1", state="sent")
    for wanted in ("message#m-1", "address#" + "0" * 64, "nobody@example.com", ""):
        assert operator.submit("/operations/suppressions/remove", wanted=wanted).status_code == 409
    assert len(cloud.dynamodb.scan(TableName="herald-ledger")["Items"]) == 1


def test_mail_is_paused_and_resumed_on_record(operator: Browser, cloud: Cloud, switch: Lambda) -> None:
    assert "Paused" in operator.submit("/operations/pause").text
    assert switch.stands.paused
    assert "was paused already" in operator.submit("/operations/pause").text
    assert "Running" in operator.submit("/operations/resume").text
    assert switch.stands.concurrency == 16
    actions = [row["action"]["S"] for row in cloud.rows("audit") if "action" in row]
    assert actions == ["pause", "pause", "resume"]


# -- why somebody got no mail, or two -----------------------------------------------------------------------


# -- letters ------------------------------------------------------------------------------------------------


def test_a_hopeless_letter_is_discarded_after_a_question_on_record(operator: Browser, cloud: Cloud) -> None:
    for number in range(3):
        bury(cloud, f"m-{number}", code=ReasonCode.TYPE_UNKNOWN)
    asked = operator.submit("/operations/discard", message="m-1")
    assert asked.status_code == 409
    assert "Discard this dead letter?" in asked.text
    assert operator.submit("/operations/discard", message="m-1", confirmed="yes", because=" ").status_code == 409
    assert not cloud.rows("audit")
    done = operator.submit("/operations/discard", message="m-1", confirmed="yes", because="a test event")
    assert "1 discarded: a test event" in done.text
    done = operator.submit("/operations/discard", reason="type_unknown", confirmed="yes", because="no such type")
    assert "2 discarded: no such type" in done.text
    assert not letters(cloud, "dead")
    assert operator.submit("/operations/discard").status_code == 400


def test_what_would_be_stopped_is_not_sent_again_and_says_why(
    operator: Browser, services: Services, cloud: Cloud
) -> None:
    key = address_key(services.secrets.address()[0], "ada@example.com")
    suppress(cloud, key)
    bury(cloud, "m-1")
    record(cloud, "m-1", state="rejected", address=key)
    assert "It is to an address on the suppression list" in operator.get("/operations/dead").text
    refused = operator.submit("/operations/redrive", message="m-1")
    assert refused.status_code == 409
    assert "Nothing was sent again: message m-1 is to an address on the suppression list" in refused.text
    assert len(letters(cloud, "dead")) == 1


def test_long_lists_have_pages(operator: Browser, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.pages.operations._MOST_LETTERS", 2)
    monkeypatch.setattr("webapp.pages.operations._MOST_SUPPRESSIONS", 2)
    monkeypatch.setattr("webapp.pages.operations._MOST_ENTRIES", 2)
    for number in range(3):
        bury(cloud, f"m-{number}")
        suppress(cloud, f"address#{number:064}")
    for path in ("/operations/dead", "/operations/suppressions"):
        first = operator.get(path).text
        [more] = re.findall('href="([^"]+start=2)"', first)
        pages = (first, operator.get(more.replace("&amp;", "&")).text)
        listed = "<p><code>(m-[0-9])</code></p>|<code>(address#[0-9]+)</code>"
        before, after = (set(re.findall(listed, text)) for text in pages)
        assert (len(before), len(after), before & after) == (2, 1, set())
    for _ in range(3):
        operator.submit("/operations/search", wanted="m-1")
    page = operator.get("/operations/done").text
    [older] = re.findall('href="(/operations/done[?]before=[^"]+)"', page)
    assert (page.count("<tr>"), operator.get(older).text.count("<tr>")) == (3, 2)


def test_the_overview_is_shown_though_cloudwatch_never_answers(
    operator: Browser, watching: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    silence = Silence()
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    config = CONFIG.merge(Config(connect_timeout=0.2, read_timeout=0.2))
    hanging = keep_deadline(session.client("cloudwatch", endpoint_url=silence.url, config=config))
    monkeypatch.setitem(watching, "cloudwatch", hanging)
    monkeypatch.setattr("webapp.pages.operations._LOOK_SECONDS", LIMIT)
    page = operator.get("/operations")
    assert page.status_code == 200
    assert "not known" in page.text
    assert 'action="/operations/pause"' in page.text
    assert silence.connections
    silence.close()


def test_the_overview_says_how_things_stand(operator: Browser, cloud: Cloud) -> None:
    bury(cloud, "m-1", code=ReasonCode.EVENT_INVALID)
    text = operator.get("/operations").text
    assert "How things stand" in text
    assert "1 in dead; <code>herald dead</code>" in text
    assert "1 event_invalid, the oldest" in text
    assert "none rings" in text
