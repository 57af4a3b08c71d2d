"""A year after a book was added: what DynamoDB's TTL has deleted is missed on no page and no route."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from function.ledger.attributes import serialize_item
from function.ledger.keys import event_key
from tests.integration.webapp.conftest import Browser, Clock, Cloud
from tests.integration.webapp.pages.test_pages import add
from webapp.composition import Services
from webapp.outbox.outbox import OutboxEvent
from webapp.outbox.publisher import Publisher

pytestmark = pytest.mark.slow

DAY = 24 * 3600


def expire(cloud: Cloud, clock: Clock) -> None:
    """What TTL does: delete every item whose time has come."""
    for table, names in (("herald-books", ("pk", "sk")), ("herald-ledger", ("pk",))):
        for item in cloud.dynamodb.scan(TableName=table)["Items"]:
            if "expires_at" in item and int(item["expires_at"]["N"]) <= clock.at // 1000:
                cloud.dynamodb.delete_item(TableName=table, Key={name: item[name] for name in names})


@pytest.fixture
def book_id(browser: Browser, services: Services, cloud: Cloud, clock: Clock, publisher: Publisher) -> str:
    """A book of Ada's whose mail was delivered, heard of by the ledger, and settled in the outbox."""
    book_id = add(browser)
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    deliver(event, services, cloud, clock, publisher)
    return book_id


def deliver(event: OutboxEvent, services: Services, cloud: Cloud, clock: Clock, publisher: Publisher) -> None:
    """Publish an event, have its mail delivered, and settle it."""
    publisher.publish([event])
    event = next(each for each in services.outbox.list_by_subject(event.subject) if each.id == event.id)
    kept = {"expires_at": clock.at // 1000 + 90 * DAY}
    rows = [{"state": "delivered", "at": clock.at, "release": "r1"}]
    record = {"pk": f"message#{event.message_id}", "state": "delivered", "timeline": rows, **kept}
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": event.message_id, **kept}
    for item in (record, owner):
        cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(item))
    assert services.outbox.mark_settled(event, clock.at)


@pytest.mark.parametrize("days", [0, 60, 100, 200, 365])
def test_every_page_and_route_answers(
    browser: Browser, ada: TestClient, cloud: Cloud, clock: Clock, book_id: str, days: int
) -> None:
    clock.forward(days * DAY)
    expire(cloud, clock)
    browser.sign_in()
    for page in ("/", "/why", "/settings", f"/books/{book_id}", f"/mails?book={book_id}"):
        answer = browser.get(page)
        assert answer.status_code == 200, page
        assert "On the way" not in answer.text
        assert 'data-open="yes"' not in answer.text, "nothing is polled for ever"
        assert "Did not reach you" not in answer.text
    for route in ("/v1/books", f"/v1/books/{book_id}", f"/v1/books/{book_id}/notifications"):
        assert ada.get(route).status_code == 200, route
    assert ada.get(f"/v1/books/{book_id}/notifications").json()["final"] is True
    page = browser.get(f"/books/{book_id}").text
    assert ("not kept any more" in page) == (days >= 90)
    assert browser.submit(f"/books/{book_id}/delete").status_code == 200
    assert ada.get(f"/v1/books/{book_id}").status_code == 404


def test_a_rejected_row_goes_too(browser: Browser, services: Services, cloud: Cloud, clock: Clock) -> None:
    [event] = services.outbox.list_by_subject(f"books/{add(browser)}")
    assert services.outbox.mark_rejected(event, "no", clock.at)
    clock.forward(365 * DAY)
    expire(cloud, clock)
    assert not cloud.rows("outbox")


def test_a_book_that_never_was_the_readers_stays_unknown(ada: TestClient, bob: TestClient) -> None:
    path = ada.post("/v1/books", json={"title": "T", "author": "A"}).headers["location"]
    assert bob.get(f"{path}/notifications").status_code == 404
