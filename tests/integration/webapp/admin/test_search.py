"""The search answers why a person got no mail, or two."""

from __future__ import annotations

import json
import re

import pytest

from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key, event_key
from function.reason_codes import ReasonCode
from operations.why import ledger_scan
from tests.integration.webapp.admin.conftest import bury, queue_url, record
from tests.integration.webapp.conftest import Browser, Cloud
from tests.integration.webapp.pages.test_pages import add
from webapp.auth.identity import Identity
from webapp.composition import Services
from webapp.pages.state_labels import label_for

_REQUEST = ledger_scan._request


def test_the_story_of_a_mail_that_went_once_more_begins_with_the_first(
    operator: Browser, services: Services, cloud: Cloud
) -> None:
    book_id = add(operator)
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    at = 1_795_248_000_000
    first = [
        {"state": "bounced", "at": at, "release": "r", "detail": "no mailbox", "reason_code": "bounced"},
        {
            "state": "bounced",
            "at": at + 1,
            "release": "r",
            "detail": "sent again as m-1-2",
            "reason_code": "sent_again",
        },
    ]
    record(cloud, "m-1", state="bounced", successor="m-1-2")
    record(cloud, "m-1-2", state="delivered", instead_of="m-1")
    cloud.dynamodb.update_item(
        TableName="herald-ledger",
        Key={"pk": {"S": "message#m-1"}},
        UpdateExpression="SET timeline = :rows",
        ExpressionAttributeValues=serialize_item({":rows": first}),
    )
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": "m-1-2"}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(owner))
    [told] = services.book_service.notifications(Identity(event.owner, "ada@example.com", "Ada", "en"), book_id)
    assert (told.state, told.reason_code) == ("delivered", None)
    assert [row.reason_code for row in told.rows if row.release] == ["bounced", "sent_again", None]
    text = operator.get(f"/books/{book_id}").text
    assert "Again by" in text
    assert "An operator had the mail sent again, as another message." in text


def test_a_mail_is_found_by_book_event_message_and_address(operator: Browser, services: Services, cloud: Cloud) -> None:
    book_id = add(operator)
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    key = address_key(services.secrets.address()[0], "ada@example.com")
    record(cloud, "m-7", state="delivered", address=key, type="book.created")
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": "m-7"}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(owner))
    for wanted in (book_id, event.id, "m-7", "Ada@Example.com"):
        page = operator.submit("/operations/search", wanted=wanted).text
        assert "m-7" in page, wanted
        assert "Delivered" in page
    page = operator.submit("/operations/search", wanted="ada@example.com").text
    assert 'value="ada@example.com"' not in page, "an address is not kept on the page"
    assert "Nothing was found" in operator.submit("/operations/search", wanted="<script>").text


def test_by_its_address_a_mail_is_told_as_by_its_message_id(
    operator: Browser, services: Services, cloud: Cloud
) -> None:
    key = address_key(services.secrets.address()[0], "ada@example.com")
    told = {"tenant": "acme", "trace": "4bf92f3577b34da6a3ce929d0e0e4736", "parked": "a/1"}
    record(cloud, "m-8", state="unknown", address=key, type="book.created", **told)
    for wanted in ("m-8", "ada@example.com"):
        page = operator.submit("/operations/search", wanted=wanted).text
        assert "tenant <code>acme</code>" in page, wanted
        assert f"trace <code>{told['trace']}</code>" in page, wanted
        assert label_for("unknown", parked=True).label in page, wanted


def test_an_event_of_another_publisher_that_failed_its_schema_is_found_in_every_way(
    operator: Browser, services: Services, cloud: Cloud
) -> None:
    key = address_key(services.secrets.address()[0], "ada@example.com")
    names = {"source": "urn:shop", "id": "order-7", "subject": "orders/7"}
    bury(cloud, "m-9", "data must contain ['book']", code=ReasonCode.EVENT_INVALID)
    record(
        cloud, "m-9", state="rejected", address=key, reason="data must contain", reason_code="event_invalid", **names
    )
    for wanted in ("order-7", "orders/7", "ada@example.com", "m-9"):
        page = operator.submit("/operations/search", wanted=wanted).text
        assert "No mail: the event could not become one." in page, wanted
        assert "Event <code>order-7</code> of <code>urn:shop</code>" in page
        assert "herald redrive --" in page
    assert "1 dead letter looked at" in operator.submit("/operations/search", wanted="order-7").text


def test_a_message_id_is_not_called_an_event(operator: Browser, cloud: Cloud) -> None:
    record(cloud, "m-7", state="delivered")
    page = operator.submit("/operations/search", wanted="m-7").text
    assert "MessageId <code>m-7</code>" in page
    assert "Event <code>" not in page


def test_a_letter_without_a_record_is_found_too(operator: Browser, cloud: Cloud) -> None:
    body = json.dumps({"source": "urn:shop", "id": "e-1", "data": {"recipient": {"email": "ada@example.com"}}})
    notification = json.dumps({"Type": "Notification", "MessageId": "m-8", "TopicArn": "t", "Message": body})
    cloud.sqs.send_message(QueueUrl=queue_url(cloud, "dead"), MessageBody=notification)
    for wanted in ("e-1", "Ada@example.com"):
        page = operator.submit("/operations/search", wanted=wanted).text
        assert "No mail: it lies in dead, and the ledger has no record of it." in page
        assert "ada@example.com" not in page.lower()


def test_a_reader_who_unsubscribed_is_told_as_that(operator: Browser, services: Services) -> None:
    key = address_key(services.secrets.address()[0], "ada@example.com").removeprefix("address#")
    services.preferences.unsubscribe("books", key, 1, "link")
    page = operator.submit("/operations/search", wanted="ada@example.com").text
    assert "its reader has unsubscribed from books" in page


def test_every_attempt_is_shown_with_its_provider_and_release(operator: Browser, cloud: Cloud) -> None:
    rows = [
        {"state": "released", "at": 1, "release": "r1", "provider": "ses://eu-west-1", "detail": "throttled"},
        {"state": "sent", "at": 2, "release": "r2", "provider": "ses://eu-central-1", "ms": 31},
    ]
    item = {"pk": "message#m-1", "state": "sent", "owner": "a", "timeline": rows}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(item))
    page = operator.submit("/operations/search", wanted="m-1").text
    assert "ses://eu-west-1 · throttled · release r1" in page
    assert "ses://eu-central-1 · release r2" in page


def test_a_large_ledger_is_searched_part_by_part(
    operator: Browser, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.admin.search._MOST", 0)
    record(cloud, "m-1", state="sent", id="e-1")
    monkeypatch.setattr(
        "operations.why.ledger_scan._request",
        lambda *asked: {**_REQUEST(*asked), "Limit": 1},
    )
    record(cloud, "m-2", state="sent", id="e-1")
    page = operator.submit("/operations/search", wanted="e-1").text
    seen = {message for message in ("m-1", "m-2") if f"<code>{message}</code>" in page}
    assert len(seen) == 1
    [rest] = re.findall('name="start" value="([^"]+)"', page)
    page = operator.submit("/operations/search", wanted="e-1", start=rest).text
    assert seen | {message for message in ("m-1", "m-2") if f"<code>{message}</code>" in page} == {"m-1", "m-2"}
