"""*Why did I not get mail?* answered for a reader, whatever the reason is."""

from __future__ import annotations

from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key, event_key
from function.reason_codes import ReasonCode
from tests.integration.webapp.admin.conftest import record, suppress
from tests.integration.webapp.conftest import Browser, Cloud
from tests.integration.webapp.pages.test_pages import add
from webapp.composition import Parts


def let_happen(parts: Parts, cloud: Cloud, book_id: str, **values: object) -> None:
    """The mail about a book, as the ledger tells of it."""
    [event] = parts.outbox.of_subject(f"books/{book_id}")
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": "m-1"}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(owner))
    record(cloud, "m-1", **values)


def test_a_reader_learns_why_no_mail_came(browser: Browser, parts: Parts, cloud: Cloud) -> None:
    assert "No mail was due yet" in browser.get("/why").text
    book_id = add(browser, "<i>Middlemarch</i>")
    assert "On the way" in browser.get("/why").text
    let_happen(parts, cloud, book_id, state="rejected", reason="the mail is too large")
    suppress(cloud, address_key(parts.secrets.address()[0], "ada@example.com"))
    page = browser.get("/why").text
    assert "&lt;i&gt;Middlemarch&lt;/i&gt;" in page
    assert "Because: the mail is too large" in page
    assert "on the list of those that get no mail" in page


def test_a_reader_whose_mail_came_is_told_where_to_look(browser: Browser, parts: Parts, cloud: Cloud) -> None:
    let_happen(parts, cloud, add(browser), state="delivered")
    assert "look in your spam folder" in browser.get("/why").text


def test_a_reader_who_unsubscribed_is_not_sent_to_the_operator(browser: Browser, parts: Parts, cloud: Cloud) -> None:
    let_happen(
        parts,
        cloud,
        add(browser),
        state="suppressed",
        reason="any words",
        reason_code=ReasonCode.RECIPIENT_UNSUBSCRIBED,
    )
    page = browser.get("/why").text
    assert "You have stopped mails of this kind." in page
    assert "operator" not in page
