"""How many mails one account may cause, whichever process it asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from fakes.oidc_issuer import Issuer
from tests.integration.webapp.conftest import Browser, Clock, Cloud, client_with
from webapp.books.mail_budget import MailBudget
from webapp.books.repository import BookRepository
from webapp.composition import Services

BOOK = {"title": "T", "author": "A"}
JSON = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}


@pytest.fixture
def services(services: Services, cloud: Cloud) -> Services:
    """Three mails in ten minutes, five in a day."""
    return replace(services, books=BookRepository(cloud.dynamodb, "herald-books", MailBudget(3, 5)))


def process(services: Services, issuer: Issuer) -> TestClient:
    """Another process: it shares nothing with this one but the table."""
    return client_with(replace(services, books=replace_budget(services)), issuer.token())


def replace_budget(services: Services) -> BookRepository:
    return BookRepository(services.notifier.dynamodb, "herald-books", MailBudget(3, 5))


def test_the_limit_holds_across_processes(services: Services, issuer: Issuer, cloud: Cloud, clock: Clock) -> None:
    processes = [process(services, issuer) for _ in range(5)]
    answers = [each.post("/v1/books", json=BOOK) for each in processes]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429, 429]
    assert len(cloud.rows("outbox")) == 3
    refused = answers[-1]
    assert refused.json()["type"] == "https://herald.example/problems/too-many-requests"
    assert refused.headers["RateLimit-Policy"] == '"mails-in-ten-minutes";q=3;w=600'
    assert refused.headers["RateLimit"] == f'"mails-in-ten-minutes";r=0;t={refused.headers["Retry-After"]}'
    clock.forward(int(refused.headers["Retry-After"]) - 1)
    assert processes[0].post("/v1/books", json=BOOK).status_code == 429
    clock.forward(1)
    assert processes[0].post("/v1/books", json=BOOK).status_code == 201


def test_requests_at_once_are_no_way_around_it(services: Services, issuer: Issuer, cloud: Cloud) -> None:
    processes = [process(services, issuer) for _ in range(4)]
    with ThreadPoolExecutor(12) as crowd:
        answers = list(crowd.map(lambda number: processes[number % 4].post("/v1/books", json=BOOK), range(12)))
    assert {answer.status_code for answer in answers} == {201, 429}
    assert len(cloud.rows("outbox")) == len(cloud.rows("book")) == 3


def test_a_day_has_a_budget_of_its_own(ada: TestClient, clock: Clock) -> None:
    for expected in (201, 201, 201, 429):
        assert ada.post("/v1/books", json=BOOK).status_code == expected
    clock.forward(600)
    for expected in (201, 201, 429):
        answer = ada.post("/v1/books", json=BOOK)
        assert answer.status_code == expected
    clock.forward(600)
    assert ada.post("/v1/books", json=BOOK).status_code == 429
    clock.forward(int(answer.headers["Retry-After"]) - 600)
    assert ada.post("/v1/books", json=BOOK).status_code == 201


def test_one_account_does_not_use_up_anothers(ada: TestClient, bob: TestClient) -> None:
    for _ in range(4):
        ada.post("/v1/books", json=BOOK)
    assert bob.post("/v1/books", json=BOOK).status_code == 201


def test_a_deletion_sends_a_mail_and_is_counted(ada: TestClient, cloud: Cloud) -> None:
    paths = [ada.post("/v1/books", json=BOOK).headers["location"] for _ in range(2)]
    assert ada.delete(paths[0]).status_code == 204
    assert ada.delete(paths[1]).status_code == 429
    assert len(cloud.rows("book")) == 1


def test_what_creates_no_mail_is_not_counted(ada: TestClient, cloud: Cloud) -> None:
    key = {"Idempotency-Key": '"one"'}
    path = ada.post("/v1/books", json=BOOK, headers=key).headers["location"]
    for _ in range(5):
        assert ada.post("/v1/books", json=BOOK, headers=key).status_code == 201
        assert ada.patch(path, json={"title": "U"}, headers=JSON).status_code == 200
        assert ada.get("/v1/books").status_code == 200
        assert ada.post("/v1/books", json={"title": "T"}).status_code == 422
    [budget] = cloud.rows("budget")
    assert budget["mails"] == {"N": "1"}


def test_a_request_sent_again_is_answered_though_nothing_is_left(ada: TestClient) -> None:
    key = {"Idempotency-Key": '"one"'}
    first = ada.post("/v1/books", json=BOOK, headers=key)
    for _ in range(4):
        ada.post("/v1/books", json=BOOK)
    again = ada.post("/v1/books", json=BOOK, headers=key)
    assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert ada.post("/v1/books", json=BOOK, headers={"Idempotency-Key": '"two"'}).status_code == 429


def test_the_form_keeps_what_was_typed(browser: Browser) -> None:
    for _ in range(3):
        browser.submit("/books", **BOOK)  # type: ignore[arg-type]  # only texts
    page = browser.submit("/books", title="Middlemarch", author="George Eliot")
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) <= 600
    assert 'value="Middlemarch"' in page.text
    assert "one account may send 3 in ten minutes" in page.text


def test_the_counts_go_by_themselves(ada: TestClient, cloud: Cloud, clock: Clock) -> None:
    ada.post("/v1/books", json=BOOK)
    [budget] = cloud.rows("budget")
    assert clock.at // 1000 + 86_400 <= int(budget["expires_at"]["N"]) <= clock.at // 1000 + 2 * 86_400
