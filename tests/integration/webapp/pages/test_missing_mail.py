"""*Why did I not get mail?* answered for a reader, whatever the reason is."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key, event_key
from function.reason_codes import ReasonCode
from tests.integration.operations.ses_lists import Region
from tests.integration.operations.test_pause import Lambda
from tests.integration.webapp.admin.conftest import record, ses, suppress, switch
from tests.integration.webapp.conftest import Browser, Cloud
from tests.integration.webapp.pages.test_pages import add
from webapp.composition import Services

__all__ = ["ses", "switch"]


def let_happen(services: Services, cloud: Cloud, book_id: str, **values: object) -> None:
    """The mail about a book, as the ledger tells of it."""
    [event] = services.outbox.list_by_subject(f"books/{book_id}")
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": "m-1"}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(owner))
    record(cloud, "m-1", **values)


def test_a_reader_learns_why_no_mail_came(browser: Browser, services: Services, cloud: Cloud) -> None:
    assert "No mail was due yet" in browser.get("/why").text
    book_id = add(browser, "<i>Middlemarch</i>")
    assert "On the way" in browser.get("/why").text
    code = ReasonCode.EVENT_TOO_LARGE
    let_happen(services, cloud, book_id, state="rejected", reason="the mail is too large", reason_code=code)
    suppress(cloud, address_key(services.secrets.address()[0], "ada@example.com"))
    page = browser.get("/why").text
    assert "&lt;i&gt;Middlemarch&lt;/i&gt;" in page
    assert "Because: The event or its mail is larger than allowed." in page
    assert "on the list of those that get no mail" in page


def test_a_reader_whose_mail_came_is_told_where_to_look(browser: Browser, services: Services, cloud: Cloud) -> None:
    let_happen(services, cloud, add(browser), state="delivered")
    assert "look in your spam folder" in browser.get("/why").text


@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_a_mail_that_nobody_knows_of_is_neither_lost_nor_on_the_way(
    browser: Browser, services: Services, cloud: Cloud, state: str
) -> None:
    let_happen(services, cloud, add(browser), state=state, parked="an attempt", reason_code=ReasonCode.MAY_HAVE_GONE)
    page = browser.get("/why").text
    assert "May not have reached you" in page
    assert "ask the operator to send it once more" in page
    assert "Did not reach you" not in page
    assert "On the way" not in page


def test_a_mail_that_was_reported_as_spam_has_reached_its_reader(
    browser: Browser, services: Services, cloud: Cloud
) -> None:
    let_happen(services, cloud, add(browser), state="complained")
    page = browser.get("/why").text
    assert "Did not reach you" not in page
    assert "took the one mail" in page


def test_a_reader_who_unsubscribed_is_not_sent_to_the_operator(
    browser: Browser, services: Services, cloud: Cloud
) -> None:
    let_happen(
        services,
        cloud,
        add(browser),
        state="suppressed",
        reason="any words",
        reason_code=ReasonCode.RECIPIENT_UNSUBSCRIBED,
    )
    page = browser.get("/why").text
    assert "You have stopped mails of this kind." in page
    assert "operator" not in page


@pytest.mark.parametrize("code", [ReasonCode.PROVIDER_UNAVAILABLE, None])
def test_what_aws_says_of_account_and_role_is_for_operators(
    stranger: Browser, ada: TestClient, services: Services, cloud: Cloud, switch: Lambda, ses: Region, code: str | None
) -> None:
    said = "SES answered 403 AccessDenied: arn:aws:sts::123456789012:assumed-role/herald-notify may not"
    stranger.sign_in()
    book_id = add(stranger)
    why = {"reason_code": code} if code else {}
    row = {"state": "rejected", "at": 1_795_248_000_500, "release": "r1", "detail": said, **why}
    let_happen(services, cloud, book_id, state="rejected", reason=said, timeline=[row], **why)
    for path in ("/", "/why", f"/books/{book_id}", f"/mails?book={book_id}"):
        for language in ("en", "de"):
            page = stranger.get(path, headers={"Accept-Language": language}).text
            assert "123456789012" not in page, (path, language)
    assert (code is not None) == ("The provider could not be reached" in stranger.get("/why").text)
    assert "123456789012" not in ada.get(f"/v1/books/{book_id}/notifications").text
    groups: dict[str, Any] = {"cognito:groups": ["operators"]}
    stranger.sign_in(sub="grace-1906", email="grace@example.com", **groups)
    assert said in stranger.submit("/operations/search", wanted=book_id).text
