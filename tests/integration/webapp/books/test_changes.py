"""Changing and deleting: nobody overwrites what he has not seen, and each deletion is told by one mail."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from tests.integration.webapp.conftest import Clock, Cloud
from webapp.books.book import Book
from webapp.books.repository import BookRepository
from webapp.composition import Services

BOOK = {"title": "Dawn", "author": "Octavia E. Butler", "isbn": "9780446603775"}


@pytest.fixture
def path(ada: TestClient) -> str:
    return str(ada.post("/v1/books", json=BOOK).headers["location"])


def test_a_change_makes_a_new_state(ada: TestClient, path: str, clock: Clock) -> None:
    before = ada.get(path)
    clock.forward(5)
    after = ada.patch(path, json={"title": "Adulthood Rites"}, headers={"If-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    changed = before.json() | {"title": "Adulthood Rites", "updated_at": "2026-11-21T08:00:05.000Z"}
    assert after.json() == changed == ada.get(path).json()


def test_null_takes_the_isbn_away_and_nothing_else(ada: TestClient, path: str) -> None:
    headers = {"If-Match": '"1"', "content-type": "application/merge-patch+json"}
    assert ada.patch(path, content=b'{"isbn": null}', headers=headers).json()["isbn"] is None
    answer = ada.patch(path, content=b'{"title": null}', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/title"


@pytest.mark.parametrize("body", [{}, {"title": "Dawn"}, {"title": " Dawn ", "isbn": "0-446-60377-5"}])
def test_a_change_that_changes_nothing_makes_no_new_state(ada: TestClient, path: str, body: dict[str, str]) -> None:
    answer = ada.patch(path, json=body, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')


@pytest.mark.parametrize(
    "body", [{"title": ""}, {"id": "x"}, {"version": 9}, {"isbn": "9780446603770"}, {"author": "a\nb"}, [], "x"]
)
def test_a_change_is_checked_as_a_new_book_is(ada: TestClient, path: str, body: object) -> None:
    assert ada.patch(path, json=body, headers={"If-Match": '"1"'}).status_code == 422
    assert ada.get(path).headers["etag"] == '"1"'


def test_a_change_must_say_what_it_changes(ada: TestClient, path: str) -> None:
    answer = ada.patch(path, json={"title": "Imago"})
    assert answer.status_code == 428
    assert answer.json()["type"].endswith("/problems/precondition-required")


@pytest.mark.parametrize("tag", ['"2"', 'W/"1"', "1", '"1', '"x", "y"'])
def test_another_state_is_not_changed(ada: TestClient, path: str, tag: str) -> None:
    assert ada.patch(path, json={"title": "Imago"}, headers={"If-Match": tag}).status_code == 412
    assert ada.delete(path, headers={"If-Match": tag}).status_code == 412
    assert ada.get(path).json()["title"] == "Dawn"


@pytest.mark.parametrize("tag", ["*", '"9", "1"'])
def test_ways_to_say_this_state(ada: TestClient, path: str, tag: str) -> None:
    assert ada.patch(path, json={"title": "Imago"}, headers={"If-Match": tag}).status_code == 200


def test_of_two_changes_to_one_state_the_second_fails(
    ada: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = BookRepository.change

    def overtake(self: BookRepository, owner: str, book: Book) -> bool:
        monkeypatch.setattr(BookRepository, "change", write)
        assert ada.patch(path, json={"title": "First"}, headers={"If-Match": '"1"'}).status_code == 200
        return write(self, owner, book)

    monkeypatch.setattr(BookRepository, "change", overtake)
    assert ada.patch(path, json={"title": "Second"}, headers={"If-Match": '"1"'}).status_code == 412
    assert ada.get(path).json()["title"] == "First"


def test_an_empty_precondition_is_none(ada: TestClient, path: str) -> None:
    assert ada.patch(path, json={"title": "Imago"}, headers={"If-Match": " , "}).status_code == 428
    assert ada.delete(path, headers={"If-Match": ""}).status_code == 204


def test_what_the_caller_has_is_not_sent_again(ada: TestClient, path: str) -> None:
    answer = ada.get(path, headers={"If-None-Match": 'W/"1", "7"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
    assert ada.get(path, headers={"If-None-Match": '"7"'}).status_code == 200


def test_someone_elses_book_cannot_be_changed(bob: TestClient, path: str) -> None:
    for tag in ('"1"', "*"):
        assert bob.patch(path, json={"title": "Mine"}, headers={"If-Match": tag}).status_code == 404
        assert bob.delete(path, headers={"If-Match": tag}).status_code == 404


def test_only_a_merge_patch_changes(ada: TestClient, path: str) -> None:
    headers = {"If-Match": '"1"', "content-type": "application/json-patch+json"}
    assert ada.patch(path, content=b"[]", headers=headers).status_code == 415


def test_a_deletion_is_told_by_one_event_to_the_owner(ada: TestClient, cloud: Cloud, path: str, clock: Clock) -> None:
    clock.forward(5)
    answer = ada.delete(path)
    assert answer.headers["link"] == f'<{path}/notifications>; rel="related"'
    created, deleted = ada.get(f"{path}/notifications").json()["notifications"]
    assert (created["type"], deleted["type"]) == ("book.created", "book.deleted")
    [event] = [json.loads(row["body"]["S"]) for row in cloud.rows("outbox") if row["type"] == {"S": "book.deleted"}]
    assert event["id"] == deleted["event_id"]
    assert event["data"]["recipient"]["email"] == "ada@example.com"
    assert event["data"]["shelf"] == {"url": "https://herald.example/"}
    assert event["time"] == "2026-11-21T08:00:05.000Z"
    ada.delete(path)
    assert len(cloud.rows("outbox")) == 2


def test_a_book_that_changes_while_it_is_deleted_is_deleted_all_the_same(
    ada: TestClient, cloud: Cloud, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove = BookRepository.remove

    def overtake(self: BookRepository, *asked: object) -> bool:
        monkeypatch.setattr(BookRepository, "remove", remove)
        ada.patch(path, json={"title": "Imago"}, headers={"If-Match": "*"})
        return remove(self, *asked)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(BookRepository, "remove", overtake)
    assert ada.delete(path).status_code == 204
    assert not cloud.rows("book")
    assert len(cloud.rows("outbox")) == 2


def test_a_book_that_never_keeps_still_is_not_deleted_blindly(
    ada: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BookRepository, "remove", lambda *_: False)
    assert ada.delete(path).status_code == 503
    assert ada.delete(path, headers={"If-Match": '"1"'}).status_code == 412


def test_links_lead_through_the_list(ada: TestClient, services: Services) -> None:
    for _ in range(5):
        ada.post("/v1/books", json=BOOK)
    page = ada.get("/v1/books", params={"limit": 2})
    pages = 1
    while "next" in page.links:
        page = ada.get(page.links["next"]["url"])
        pages += 1
    assert pages == 3
    assert ada.get(page.links["first"]["url"]).json()["next_cursor"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_caller_who_means_any_state_does_not_fail_of_a_change_beside_it(
    ada: TestClient, cloud: Cloud, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ada.post("/v1/books", json={"title": "T", "author": "A"}).headers["location"]
    find, changes = BookRepository.get, iter(["U", "V"])

    def change_after_read(repository: BookRepository, owner: str, book_id: str) -> Book | None:
        """Somebody changes the book right after it was read, twice."""
        book = find(repository, owner, book_id)
        if book and (title := next(changes, None)):
            repository.change(owner, replace(book, title=title, version=book.version + 1))
        return book

    monkeypatch.setattr(BookRepository, "get", change_after_read)
    headers = {"If-Match": "*", "Content-Type": "application/merge-patch+json"}
    body = None if method == "DELETE" else '{"author": "B"}'
    assert ada.request(method, path, content=body, headers=headers).status_code in {200, 204}
    books = [(row["title"]["S"], row["author"]["S"]) for row in cloud.rows("book")]
    assert books == ([] if method == "DELETE" else [("V", "B")])
