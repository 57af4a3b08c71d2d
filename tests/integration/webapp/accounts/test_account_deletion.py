"""Deleting an account: what goes, what stays, in which order, and again after every failure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError
from fastapi.testclient import TestClient

from fakes.oidc_issuer import Issuer
from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key, event_key, own_list_key
from function.message.addressing.tenant import pack_tenants
from tests.integration.webapp.accounts.conftest import Functions, UserPool
from tests.integration.webapp.conftest import Browser, Clock, Cloud, client_with
from tests.integration.webapp.pages.test_pages import add
from webapp.accounts.deletion import FRESH_SECONDS
from webapp.app import create_app
from webapp.composition import Services
from webapp.outbox.event import write_user_welcome
from webapp.outbox.publisher import Publisher

BOOK = {"title": "Dawn", "author": "Octavia E. Butler"}


def sign_in(services: Services, issuer: Issuer, clock: Clock, ago: int = 60, **claims: Any) -> TestClient:
    """A client of Ada's, who signed in so many seconds ago."""
    return client_with(services, issuer.token(auth_time=clock.at // 1000 - ago, **claims))


@pytest.fixture
def ada(services: Services, issuer: Issuer, clock: Clock) -> TestClient:
    return sign_in(services, issuer, clock)


@pytest.fixture
def browser(stranger: Browser, clock: Clock) -> Browser:
    stranger.sign_in(auth_time=clock.at // 1000 - 60)
    return stranger


def dump_tables(cloud: Cloud) -> str:
    """Whatever both tables hold."""
    items = [cloud.dynamodb.scan(TableName=f"herald-{table}")["Items"] for table in ("books", "ledger")]
    return json.dumps(items, default=lambda value: value.decode("latin-1") if isinstance(value, bytes) else str(value))


def publish(cloud: Cloud, services: Services, publisher: Publisher, subject: str, **record: object) -> str:
    """SNS has the event about this, and the ledger a record of it with the event itself; the MessageId."""
    [event] = services.outbox.list_by_subject(subject)
    publisher.publish([event])
    [event] = services.outbox.list_by_subject(subject)
    address = address_key(services.secrets.address()[0], "ada@example.com")
    message = {"pk": f"message#{event.message_id}", "address": address, "timeline": [], **record}
    owner = {"pk": event_key("urn:herald:webapp", event.id), "message_id": event.message_id}
    for item in (message, owner | {"body": b"ada@example.com"}):
        cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(item))
    return str(event.message_id)


@pytest.fixture
def shelf(ada: TestClient, services: Services, cloud: Cloud, clock: Clock, publisher: Publisher) -> list[str]:
    """Two books of Ada's, one deleted and one kept, her greeting, what the ledger knows, and a choice; the paths."""
    from webapp.auth.identity import Identity

    reader = Identity("ada-1815", "ada@example.com", "Ada", "en", signed_in_at=clock.at)
    source = {"source": "urn:herald:webapp", "public_url": "https://herald.example"}
    services.outbox.add(write_user_welcome(reader, at=clock.at, traceparent="00-1", **source), clock.at)
    paths = [ada.post("/v1/books", json=BOOK, headers={"Idempotency-Key": f'"k{n}"'}).headers["location"] for n in "12"]
    publish(cloud, services, publisher, paths[0].removeprefix("/v1/"), state="delivered")
    assert ada.delete(paths[1]).status_code == 204
    services.preferences.unsubscribe(
        "books", address_key(services.secrets.address()[0], reader.email)[8:], 1, "settings"
    )
    services.accounts.choose(reader, "de", "Europe/Berlin")
    return paths


def test_everything_that_names_the_person_goes(
    ada: TestClient, cloud: Cloud, shelf: list[str], pool: UserPool, bob: TestClient
) -> None:
    theirs = bob.post("/v1/books", json=BOOK).headers["location"]
    assert {"ada@example.com", "Dawn", "stopped:books", "Europe/Berlin"} <= {
        each for each in ("ada@example.com", "Dawn", "stopped:books", "Europe/Berlin") if each in dump_tables(cloud)
    }
    answer = ada.delete("/v1/me")
    assert (answer.status_code, answer.json()["books"], answer.json()["identity_deleted"]) == (200, 2, True)
    left = dump_tables(cloud)
    for gone in ("ada@example.com", "Ada", "stopped:books", "Europe/Berlin", '"address"'):
        assert gone not in left, gone
    assert pool.deleted == [("us-east-1_herald", "ada-1815")]
    assert [row["pk"]["S"] for row in cloud.rows("book")] == ["user#bob-1900"]
    assert not cloud.rows("key")
    assert not cloud.rows("deleted book")
    assert bob.get(theirs).status_code == 200
    assert bob.get(f"{theirs}/notifications").json()["notifications"][0]["state"] == "committed"


def test_what_the_reader_chose_of_a_tenants_mail_goes_as_well(
    ada: TestClient, cloud: Cloud, services: Services, functions: Functions, pool: UserPool
) -> None:
    """What is on a suppression list stays there, whosever list it is: mail would start again."""
    declared = {"acme": {"from": "mail@acme.example", "suppression": "own"}, "globex": {"from": "mail@globex.example"}}
    functions.settings = {"HERALD_TENANTS": pack_tenants(declared)}
    addresses = [address_key(services.secrets.address()[0], f"{name}@example.com") for name in ("ada", "bob")]
    lists = [own_list_key(address, "acme") for address in addresses]
    for key in lists:
        services.preferences.unsubscribe("books", key.removeprefix("address#"), 1, "link")
    entry = {"pk": addresses[0], "since": 1, "reason": "bounced", "message_id": "m1"}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=serialize_item(entry))
    functions.error = "TooManyRequestsException"
    assert (ada.delete("/v1/me").status_code, pool.deleted) == (503, [])
    functions.error = ""
    assert ada.delete("/v1/me").status_code == 200
    ours, theirs = (services.preferences.find_stopped(["books"], key.removeprefix("address#")) for key in lists)
    assert (ours, theirs) == (set(), {"books"})
    assert '"bounced"' in dump_tables(cloud)


def test_an_account_is_kept_while_no_notifier_says_where_choices_are(
    ada: TestClient, functions: Functions, pool: UserPool
) -> None:
    functions.is_there = False
    answer = ada.delete("/v1/me")
    assert (answer.status_code, answer.headers["retry-after"], pool.deleted) == (503, "60", [])
    functions.is_there = True
    assert ada.delete("/v1/me").status_code == 200
    assert pool.deleted


def test_what_was_not_published_never_is_and_says_so(
    ada: TestClient, cloud: Cloud, publisher: Publisher, services: Services, clock: Clock
) -> None:
    path = ada.post("/v1/books", json=BOOK).headers["location"].removeprefix("/v1/")
    assert ada.delete("/v1/me").json()["mails_under_way"] == 0
    [event] = services.outbox.list_by_subject(path)
    assert (event.state, event.body, event.reason) == ("rejected", "", "The event was erased before it was published.")
    clock.forward(3600)
    assert publisher.publish(services.outbox.find_overdue(clock())).published == 0
    assert cloud.receive() == []


def test_an_event_that_sns_took_meanwhile_counts_as_published(
    ada: TestClient, cloud: Cloud, services: Services, clock: Clock
) -> None:
    path = ada.post("/v1/books", json=BOOK).headers["location"].removeprefix("/v1/")
    [event] = services.outbox.list_by_subject(path)
    ada.delete("/v1/me")
    assert services.outbox.mark_published(event, "m-1", clock())
    [event] = services.outbox.list_by_subject(path)
    assert (event.state, event.message_id, event.reason, event.body) == ("published", "m-1", None, "")


def test_a_mail_on_its_way_is_counted_and_the_choice_not_to_get_it_stays(
    ada: TestClient, cloud: Cloud, services: Services, publisher: Publisher, shelf: list[str]
) -> None:
    path = ada.post("/v1/books", json=BOOK).headers["location"].removeprefix("/v1/")
    publish(cloud, services, publisher, path, state="released")
    assert ada.delete("/v1/me").json()["mails_under_way"] == 1
    assert "stopped:books" in dump_tables(cloud)
    assert "ada@example.com" not in dump_tables(cloud)


def test_the_letter_of_a_dead_mail_goes_and_others_stay(
    ada: TestClient, cloud: Cloud, services: Services, publisher: Publisher
) -> None:
    path = ada.post("/v1/books", json=BOOK).headers["location"].removeprefix("/v1/")
    message = publish(cloud, services, publisher, path, state="rejected")
    queue = services.notifier.names.dead
    for each in (message, "of-somebody-else"):
        body = {"Type": "Notification", "MessageId": each, "Message": "{}", "TopicArn": "t"}
        cloud.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(body))
    assert ada.delete("/v1/me").status_code == 200
    [left] = cloud.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    assert "of-somebody-else" in left["Body"]


def test_the_account_can_write_nothing_with_what_it_had(
    ada: TestClient, browser: Browser, services: Services, issuer: Issuer, clock: Clock, cloud: Cloud
) -> None:
    path = ada.post("/v1/books", json=BOOK).headers["location"]
    csrf = browser.csrf()
    clock.forward(1)
    assert ada.delete("/v1/me").status_code == 200
    for answer in (ada.post("/v1/books", json=BOOK), ada.delete(path)):
        assert answer.status_code in {401, 404}
    refused = ada.post("/v1/books", json=BOOK)
    assert refused.json()["detail"] == "The account was deleted after this sign-in."
    fields = {"csrf": csrf, "title": "T", "author": "A"}
    answer = browser.post("/books", data=fields)
    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (
        browser.post("/settings/reading", data={"csrf": csrf, "language": "de"}, follow_redirects=False).status_code
        == 303
    )
    assert not [row for row in cloud.rows("outbox") if "body" in row]
    clock.forward(5)
    again = sign_in(services, issuer, clock, ago=1)
    assert again.post("/v1/books", json=BOOK).status_code == 201


def test_a_write_that_began_before_comes_too_late(
    ada: TestClient, services: Services, cloud: Cloud, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The choices are read before the transaction; it looks once more."""
    from webapp.preferences.account import Account, AccountRepository

    ada.delete("/v1/me")
    monkeypatch.setattr(AccountRepository, "get", lambda *_: Account())
    assert ada.post("/v1/books", json=BOOK).status_code == 401
    assert not cloud.rows("book")


@pytest.mark.parametrize("ago", [FRESH_SECONDS + 1, 7 * 24 * 3600])
def test_an_old_sign_in_is_not_enough(
    services: Services, issuer: Issuer, clock: Clock, pool: UserPool, ago: int
) -> None:
    answer = sign_in(services, issuer, clock, ago).delete("/v1/me")
    assert answer.status_code == 401
    assert answer.json()["type"].endswith("/problems/sign-in-too-old")
    assert 'error="insufficient_user_authentication"' in answer.headers["WWW-Authenticate"]
    assert f'max_age="{FRESH_SECONDS}"' in answer.headers["WWW-Authenticate"]
    assert pool.deleted == []


def test_the_identity_goes_by_the_name_that_the_pool_knows(
    services: Services, issuer: Issuer, clock: Clock, pool: UserPool
) -> None:
    sign_in(services, issuer, clock, 60, **{"cognito:username": "google_1815"}).delete("/v1/me")
    assert pool.deleted == [("us-east-1_herald", "google_1815")]


def test_whoever_is_gone_already_counts_as_deleted(ada: TestClient, pool: UserPool) -> None:
    pool.error = "UserNotFoundException"
    assert ada.delete("/v1/me").json()["identity_deleted"] is True


@pytest.fixture
def calls(cloud: Cloud) -> Iterator[Callable[[int], None]]:
    """Have the call of this number to DynamoDB, counted from now, fail once."""
    left: list[int] = []

    def fail(**_: object) -> None:
        if left:
            left[0] -= 1
            if not left[0]:
                left.clear()
                raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "Any")

    cloud.dynamodb.meta.events.register("before-call.dynamodb", fail, unique_id="failing")
    yield lambda number: left.__setitem__(slice(None), [number])
    cloud.dynamodb.meta.events.unregister("before-call.dynamodb", unique_id="failing")


@pytest.mark.parametrize("first", [1, 2, 9, 16, 23])
def test_it_is_asked_for_again_after_any_failures(
    ada: TestClient, cloud: Cloud, shelf: list[str], pool: UserPool, calls: Callable[[int], None], first: int
) -> None:
    """It fails at a call, then at the one after that, and so on, until it is through."""
    for number in count(first):
        calls(number)
        if (answer := ada.delete("/v1/me")).status_code == 200:
            break
        assert answer.status_code == 503
        assert not pool.deleted, "the identity goes last"
    calls(10**9)
    left = dump_tables(cloud)
    for gone in ("ada@example.com", "stopped:books", "Europe/Berlin"):
        assert gone not in left, gone
    assert not cloud.rows("book")
    assert pool.deleted


def test_a_pool_that_does_not_answer_leaves_it_to_be_asked_again(ada: TestClient, pool: UserPool) -> None:
    pool.error = "TooManyRequestsException"
    assert ada.delete("/v1/me").status_code == 503
    pool.error = ""
    assert ada.delete("/v1/me").status_code == 200
    assert pool.deleted


def test_the_page_asks_and_names_what_goes_and_what_stays(browser: Browser, cloud: Cloud, pool: UserPool) -> None:
    add(browser)
    page = browser.get("/settings/delete").text
    for named in ("books", "outbox", "ledger", "choices", "sign-in", "operators did", "backups", "on their way"):
        assert named in page
    assert "Nothing has been deleted yet" in page
    assert cloud.rows("book")
    assert not pool.deleted


def test_the_page_deletes_signs_out_and_leads_to_the_issuer(browser: Browser, cloud: Cloud, pool: UserPool) -> None:
    add(browser)
    answer = browser.submit("/settings/delete")
    assert answer.status_code == 200
    assert "Your account is deleted." in answer.text
    assert "With 1 book," in answer.text
    assert "/logout" in answer.headers["Refresh"]
    assert not cloud.rows("book")
    assert pool.deleted
    assert "Sign in" in browser.get("/").text


@pytest.mark.parametrize("form", [{"csrf": "x"}, {}])
def test_a_form_from_elsewhere_deletes_nothing(
    browser: Browser, cloud: Cloud, pool: UserPool, form: dict[str, str]
) -> None:
    add(browser)
    assert browser.post("/settings/delete", data=form).status_code == 403
    assert (
        browser.post(
            "/settings/delete", data={"csrf": browser.csrf()}, headers={"Sec-Fetch-Site": "cross-site"}
        ).status_code
        == 403
    )
    assert cloud.rows("book")
    assert not pool.deleted


def test_an_old_session_is_asked_to_sign_in_first(
    browser: Browser, issuer: Issuer, clock: Clock, pool: UserPool
) -> None:
    browser.sign_in(auth_time=clock.at // 1000 - FRESH_SECONDS - 1)
    page = browser.get("/settings/delete").text
    assert "Delete my account" not in page
    assert "/sign-in?then=/settings/delete&amp;fresh=yes" in page
    assert "Delete my account" not in browser.submit("/settings/delete").text
    assert pool.deleted == []
    place = browser.get("/sign-in?then=/settings/delete&fresh=yes", follow_redirects=False).headers["location"]
    assert "prompt=login" in place
    assert "max_age=0" in place
    issuer.claims = {"auth_time": clock.at // 1000}
    done = browser.get("/sign-in/done", params=issuer.sign_in(place), follow_redirects=False)
    assert done.headers["location"] == "/settings/delete"
    assert "Delete my account" in browser.get("/settings/delete").text


def test_an_interrupted_deletion_says_so_and_goes_on(browser: Browser, pool: UserPool) -> None:
    pool.error = "InternalErrorException"
    answer = browser.submit("/settings/delete")
    assert answer.status_code == 503
    assert "The deletion was begun and is not finished." in answer.text
    pool.error = ""
    assert "Your account is deleted." in browser.submit("/settings/delete").text


def test_another_issuers_identity_stays_and_the_page_says_where(
    services: Services, issuer: Issuer, clock: Clock, cloud: Cloud, pool: UserPool
) -> None:
    other = replace(services, settings=services.settings.model_copy(update={"user_pool": None}))
    browser = Browser(other, issuer)
    browser.sign_in(auth_time=clock.at // 1000 - 5)
    add(browser)
    assert "cognito-idp.us-east-1.amazonaws.com" in browser.get("/settings/delete").text
    page = browser.submit("/settings/delete").text
    assert "Your identity lives at <strong>cognito-idp.us-east-1.amazonaws.com</strong>" in page
    assert not cloud.rows("book")
    assert not pool.deleted
    clock.forward(60)
    stale = browser.sign_in(auth_time=clock.at // 1000 - 65)
    assert stale.headers["location"] == "/sign-in?then=%2F&fresh=yes", "the issuer is to ask again"
    assert browser.sign_in(auth_time=clock.at // 1000).headers["location"] == "/"
    assert add(browser)


def test_a_session_elsewhere_is_not_renewed(browser: Browser, services: Services, issuer: Issuer, clock: Clock) -> None:
    elsewhere = Browser(services, issuer)
    elsewhere.sign_in(auth_time=clock.at // 1000 - 50)
    browser.submit("/settings/delete")
    clock.forward(3600)
    assert "Sign in" in elsewhere.get("/").text


def test_a_deleted_accounts_table_is_the_app_of_a_stranger(services: Services) -> None:
    assert TestClient(create_app(services)).delete("/v1/me").status_code == 401
