"""The same request sent again is answered again, not done again."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from fastapi.testclient import TestClient

from tests.integration.webapp.conftest import Browser, Clock, Cloud
from webapp.books.repository import BookRepository
from webapp.composition import Services

BOOK = {"title": "Kindred", "author": "Octavia E. Butler"}
KEY = {"Idempotency-Key": '"8e03978e-40d5-43e8-bc93-6894a57f9324"'}


def test_the_same_key_and_body_get_the_same_answer(ada: TestClient, cloud: Cloud) -> None:
    first = ada.post("/v1/books", json=BOOK, headers=KEY)
    again = ada.post("/v1/books", json=BOOK, headers=KEY)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    for header in ("location", "etag"):
        assert first.headers[header] == again.headers[header]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(cloud.rows("book")) == len(cloud.rows("outbox")) == 1


def test_the_answer_stays_what_it_was_when_the_book_changes_or_goes(ada: TestClient) -> None:
    first = ada.post("/v1/books", json=BOOK, headers=KEY).json()
    path = first["links"]["self"]
    ada.patch(path, json={"title": "Wild Seed"}, headers={"If-Match": "*"})
    assert ada.post("/v1/books", json=BOOK, headers=KEY).json() == first
    ada.delete(path)
    assert ada.post("/v1/books", json=BOOK, headers=KEY).json() == first
    assert ada.get(path).status_code == 404


@pytest.mark.parametrize(
    "text", [b'{"author":"Octavia E. Butler","title":"Kindred"}', json.dumps(BOOK, indent=4).encode()]
)
def test_only_what_the_body_says_counts(ada: TestClient, cloud: Cloud, text: bytes) -> None:
    ada.post("/v1/books", json=BOOK, headers=KEY)
    again = ada.post("/v1/books", content=text, headers=KEY | {"content-type": "application/json"})
    assert again.headers["idempotency-replayed"] == "true"
    assert len(cloud.rows("book")) == 1


def test_with_and_without_quotes_it_is_the_same_key(ada: TestClient, cloud: Cloud) -> None:
    ada.post("/v1/books", json=BOOK, headers=KEY)
    ada.post("/v1/books", json=BOOK, headers={"Idempotency-Key": KEY["Idempotency-Key"].strip('"')})
    assert len(cloud.rows("book")) == 1


def test_another_body_under_the_same_key_is_refused(ada: TestClient, cloud: Cloud) -> None:
    ada.post("/v1/books", json=BOOK, headers=KEY)
    answer = ada.post("/v1/books", json=BOOK | {"title": "Fledgling"}, headers=KEY)
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/problems/idempotency-key-reused")
    assert len(cloud.rows("book")) == 1


def test_a_body_that_is_not_valid_takes_no_key(ada: TestClient) -> None:
    assert ada.post("/v1/books", json=BOOK | {"title": ""}, headers=KEY).status_code == 422
    assert ada.post("/v1/books", json=BOOK, headers=KEY).status_code == 201


def test_another_users_key_is_another_key(ada: TestClient, bob: TestClient, cloud: Cloud) -> None:
    hers = ada.post("/v1/books", json=BOOK, headers=KEY)
    his = bob.post("/v1/books", json=BOOK, headers=KEY)
    assert his.status_code == 201
    assert "idempotency-replayed" not in his.headers
    assert his.json()["id"] != hers.json()["id"]
    assert len(cloud.rows("book")) == 2


def test_a_key_is_free_again_after_a_day_even_if_its_item_is_still_there(
    ada: TestClient, cloud: Cloud, clock: Clock
) -> None:
    ada.post("/v1/books", json=BOOK, headers=KEY)
    clock.forward(24 * 3600 - 1)
    assert ada.post("/v1/books", json=BOOK, headers=KEY).headers["idempotency-replayed"] == "true"
    clock.forward(1)
    assert "idempotency-replayed" not in ada.post("/v1/books", json=BOOK, headers=KEY).headers
    assert len(cloud.rows("book")) == 2
    [key] = cloud.rows("key")
    assert int(key["expires_at"]["N"]) == clock() // 1000 + 24 * 3600


@pytest.mark.parametrize("key", ["", '""', '"' + "a" * 256 + '"', "a b", '"a', "é".encode().decode("latin-1"), "a,b"])
def test_what_is_no_key_is_refused(ada: TestClient, cloud: Cloud, key: str) -> None:
    answer = ada.post("/v1/books", json=BOOK, headers={b"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == 400
    assert not cloud.rows("book")


def test_two_keys_in_one_request_are_refused(ada: TestClient) -> None:
    headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    assert ada.post("/v1/books", json=BOOK, headers=headers).status_code == 400


def cancel(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    told: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
    return ClientError(told, "TransactWriteItems")


def test_while_the_first_is_under_way_the_second_is_told_to_wait(
    ada: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def conflict(*_: object) -> None:
        raise cancel("None", "None", "TransactionConflict")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(BookRepository, "_transact", conflict)
        answer = ada.post("/v1/books", json=BOOK, headers=KEY)
    assert answer.status_code == 409
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["type"].endswith("/problems/idempotency-key-in-flight")
    assert ada.post("/v1/books", json=BOOK, headers=KEY).status_code == 201


def test_a_store_that_is_busy_is_no_conflict(ada: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def throttle(*_: object) -> None:
        raise cancel("ThrottlingError", "None", "None")

    monkeypatch.setattr(BookRepository, "_transact", throttle)
    answer = ada.post("/v1/books", json=BOOK, headers=KEY)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_killed_between_commit_and_answer_the_repetition_gets_the_first_answer(
    ada: TestClient, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = BookRepository._transact

    def commit_and_die(self: BookRepository, writes: Any) -> None:
        commit(self, writes)
        raise ConnectionError("the process is gone")

    with monkeypatch.context() as killed:
        killed.setattr(BookRepository, "_transact", commit_and_die)
        assert ada.post("/v1/books", json=BOOK, headers=KEY).status_code == 500
    answer = ada.post("/v1/books", json=BOOK, headers=KEY)
    assert (answer.status_code, answer.headers["idempotency-replayed"]) == (201, "true")
    [book], [event] = cloud.rows("book"), cloud.rows("outbox")
    assert book["id"]["S"] == answer.json()["id"]
    assert event["sk"]["S"] == answer.json()["event_id"]


def test_twenty_at_once_make_one_book(ada: TestClient, cloud: Cloud) -> None:
    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(lambda _: ada.post("/v1/books", json=BOOK, headers=KEY), range(20)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert len(cloud.rows("book")) == len(cloud.rows("outbox")) == 1


def test_a_form_sent_twice_adds_one_book(browser: Browser, services: Services, cloud: Cloud) -> None:
    key = services.new_id()
    for _ in range(2):
        browser.submit("/books", key=key, title="Middlemarch", author="George Eliot")
    assert len(cloud.rows("book")) == 1
