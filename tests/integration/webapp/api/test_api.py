"""The API as a caller sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from fakes.oidc_issuer import Issuer
from tests.integration.webapp.conftest import Clock, Cloud, client_with
from webapp.auth.rate_limit import RateLimiter
from webapp.composition import Services

BOOK = {"title": "The Left Hand of Darkness", "author": "Ursula K. Le Guin", "isbn": "0-441-00731-7"}


def add(client: TestClient, **changes: object) -> dict[str, str]:
    answer = client.post("/v1/books", json=BOOK | changes)
    assert answer.status_code == 201, answer.text
    body: dict[str, str] = answer.json()
    return body


def test_a_book_is_added_and_found_again(ada: TestClient) -> None:
    answer = ada.post("/v1/books", json=BOOK)
    assert answer.status_code == 201
    created = answer.json()
    assert answer.headers["location"] == f"/v1/books/{created['id']}" == created["links"]["self"]
    assert created["isbn"] == "9780441007318"
    event_id = created.pop("event_id")
    assert len(event_id) == 26 != created["id"]
    assert ada.get(answer.headers["location"]).json() == created


def test_book_and_event_are_one_transaction(ada: TestClient, cloud: Cloud) -> None:
    created = add(ada)
    [book], [outbox] = cloud.rows("book"), cloud.rows("outbox")
    assert book["sk"] == {"S": f"book#{created['id']}"}
    assert outbox["pk"] == {"S": f"outbox#books/{created['id']}"}
    event = json.loads(outbox["body"]["S"])
    assert (event["id"], event["type"]) == (created["event_id"], "book.created")


def test_the_mail_goes_to_the_verified_address_of_the_token(ada: TestClient, cloud: Cloud) -> None:
    add(ada)
    [outbox] = cloud.rows("outbox")
    assert json.loads(outbox["body"]["S"])["data"]["recipient"] == {
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "locale": "en-GB",
    }


@pytest.mark.parametrize("field", ["recipient", "email", "owner", "id"])
def test_no_body_names_a_recipient(ada: TestClient, cloud: Cloud, field: str) -> None:
    answer = ada.post("/v1/books", json=BOOK | {field: "eve@example.com"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"detail": "extra inputs are not permitted", "pointer": f"#/{field}"}]
    assert not cloud.rows("outbox")


def test_the_trace_of_the_request_goes_into_the_event(ada: TestClient, cloud: Cloud) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    ada.post("/v1/books", json=BOOK, headers={"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
    [outbox] = cloud.rows("outbox")
    assert json.loads(outbox["body"]["S"])["traceparent"].startswith(f"00-{trace_id}-")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "#/title"),
        (BOOK | {"title": ""}, "#/title"),
        (BOOK | {"title": " \t "}, "#/title"),
        (BOOK | {"title": "a\r\nBcc: eve@example.com"}, "#/title"),
        (BOOK | {"title": "a" * 501}, "#/title"),
        (BOOK | {"title": ["a"]}, "#/title"),
        (BOOK | {"title": None}, "#/title"),
        (BOOK | {"author": 7}, "#/author"),
        (BOOK | {"isbn": "9780441007311"}, "#/isbn"),
        (BOOK | {"isbn": "977-0-441-00731-8"}, "#/isbn"),
        (BOOK | {"a/b~c": 1}, "#/a~1b~0c"),
        ([BOOK], "#"),
        ("title", "#"),
    ],
)
def test_what_is_wrong_is_named_by_its_pointer(ada: TestClient, body: object, pointer: str) -> None:
    answer = ada.post("/v1/books", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


@pytest.mark.parametrize("text", [b"{", b"", b"{'title': 1}", b'{"title": NaN, "author": "x"}', b'{"title": "\xff"}'])
def test_what_is_not_json_is_told_so(ada: TestClient, text: bytes) -> None:
    answer = ada.post("/v1/books", content=text, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_lone_surrogate_is_no_text(ada: TestClient) -> None:
    answer = ada.post(
        "/v1/books", content=b'{"title": "\\ud800", "author": "x"}', headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422


def test_a_deeply_nested_body_is_turned_away(ada: TestClient) -> None:
    nested = b"[" * 30_000 + b"]" * 30_000
    answer = ada.post("/v1/books", content=nested, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}


def test_a_body_over_64_kib_is_too_large(ada: TestClient, cloud: Cloud) -> None:
    answer = ada.post("/v1/books", json=BOOK | {"title": "a" * 65536})
    assert answer.status_code == 413
    assert answer.json()["type"] == "https://herald.example/problems/content-too-large"
    assert not cloud.rows("book")


def test_a_chunked_body_over_64_kib_is_too_large(ada: TestClient) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    answer = ada.post("/v1/books", content=chunks(), headers={"content-type": "application/json"})
    assert "content-length" not in answer.request.headers
    assert answer.status_code == 413


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_only_json_is_taken(ada: TestClient, media_type: str) -> None:
    answer = ada.post("/v1/books", content=json.dumps(BOOK).encode(), headers={"content-type": media_type})
    assert answer.status_code == 415


ROUTES = [
    ("GET", "/v1/books"),
    ("POST", "/v1/books"),
    ("GET", "/v1/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"),
    ("DELETE", "/v1/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"),
    ("GET", "/v1/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8/notifications"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("header", [None, "Bearer", "Bearer nonsense", "Basic YWRhOmFkYQ=="])
def test_without_a_token_there_is_no_way_in(anyone: TestClient, method: str, path: str, header: str | None) -> None:
    answer = anyone.request(method, path, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert answer.json()["status"] == 401


def test_someone_elses_book_is_not_there(ada: TestClient, bob: TestClient) -> None:
    path = add(ada)["links"]["self"]  # type: ignore[index]  # links is an object
    missing = "/v1/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"
    for suffix in ("", "/notifications"):
        theirs, nothing = bob.get(path + suffix), bob.get(missing + suffix)
        assert theirs.status_code == nothing.status_code == 404
        assert theirs.json()["detail"] == nothing.json()["detail"]
    assert bob.delete(path).status_code == 404
    assert ada.get(path).status_code == 200
    assert bob.get("/v1/books").json()["books"] == []


def test_a_deleted_book_is_gone(ada: TestClient) -> None:
    created = add(ada)
    path = f"/v1/books/{created['id']}"
    assert ada.delete(path).status_code == 204
    assert ada.get(path).status_code == 404
    assert ada.delete(path).status_code == 404


def test_the_mails_of_a_deleted_book_are_still_told_to_its_owner(ada: TestClient, bob: TestClient) -> None:
    path = f"/v1/books/{add(ada)['id']}"
    ada.delete(path)
    assert len(ada.get(f"{path}/notifications").json()["notifications"]) == 2
    assert bob.get(f"{path}/notifications").status_code == 404


def test_books_come_newest_first_a_page_at_a_time(ada: TestClient, bob: TestClient) -> None:
    added = [add(ada, title=f"Volume {number}")["id"] for number in range(7)]
    add(bob)
    seen: list[str] = []
    cursor = None
    pages = 0
    while True:
        page = ada.get("/v1/books", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [book["id"] for book in page["books"]]
        pages += 1
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == added[::-1]
    assert pages == 3


def test_a_full_last_page_has_no_next(ada: TestClient) -> None:
    for _ in range(3):
        add(ada)
    assert ada.get("/v1/books", params={"limit": 3}).json()["next_cursor"] is None


def test_a_cursor_survives_the_deletion_of_its_book(ada: TestClient) -> None:
    added = [add(ada)["id"] for _ in range(4)]
    page = ada.get("/v1/books", params={"limit": 2}).json()
    ada.delete(f"/v1/books/{added[2]}")
    rest = ada.get("/v1/books", params={"limit": 2, "cursor": page["next_cursor"]}).json()
    assert [book["id"] for book in rest["books"]] == [added[1], added[0]]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("cursor", ["x", "../..", "é", "A" * 22 + "=", "A" * 23, "//////////////////////", ""])
def test_a_cursor_that_nobody_issued_is_refused(ada: TestClient, cursor: str) -> None:
    answer = ada.get("/v1/books", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x"])
def test_a_limit_out_of_range_is_refused(ada: TestClient, limit: str) -> None:
    answer = ada.get("/v1/books", params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "limit"


@pytest.mark.parametrize(
    "path",
    ["/v1/books/x", "/v1/books/..%2F..%2Fetc", "/v1/books/%00", "/v1/nothing", "/v1/books/01kaj8v3q0s5t2m9z6e1b4c7d8"],
)
def test_what_is_not_there_is_told_as_a_problem(ada: TestClient, path: str) -> None:
    answer = ada.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_wrong_method_is_told_as_a_problem(ada: TestClient) -> None:
    answer = ada.put("/v1/books", json=BOOK)
    assert answer.status_code == 405
    assert answer.json()["type"].endswith("/problems/method-not-allowed")
    assert "POST" in answer.headers["allow"] or "GET" in answer.headers["allow"]


def test_a_fault_of_ours_is_told_as_a_problem(ada: TestClient, cloud: Cloud) -> None:
    cloud.dynamodb.delete_table(TableName="herald-books")
    answer = ada.get("/v1/books")
    assert answer.status_code == 500
    problem = answer.json()
    assert problem["type"].endswith("/problems/internal")
    assert problem["instance"] == f"urn:herald:request:{answer.headers['x-request-id']}"
    assert "Traceback" not in answer.text
    assert "ResourceNotFound" not in answer.text


def test_a_problems_type_leads_to_a_page_about_it(ada: TestClient) -> None:
    kind = ada.get("/v1/books/x").json()["type"]
    page = ada.get(kind.removeprefix("https://herald.example"))
    assert page.status_code == 200
    assert "`" not in page.text + ada.get("/problems").text
    assert "<code>Authorization: Bearer &lt;id token&gt;</code>" in ada.get("/problems/unauthorized").text
    assert "Nothing here" in page.text


def test_every_answer_carries_an_id_and_safe_headers(ada: TestClient, anyone: TestClient) -> None:
    for answer in (ada.get("/v1/books"), anyone.get("/v1/books"), ada.get("/nothing"), anyone.get("/")):
        assert answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert answer.headers["strict-transport-security"]
        assert answer.headers["cache-control"] == "no-store"


def test_a_callers_request_id_is_kept_if_it_is_harmless(ada: TestClient) -> None:
    assert ada.get("/livez", headers={"x-request-id": "order-4711"}).headers["x-request-id"] == "order-4711"
    assert ada.get("/livez", headers={"x-request-id": "a b;c"}).headers["x-request-id"] != "a b;c"


def test_probes(anyone: TestClient, cloud: Cloud) -> None:
    assert anyone.get("/livez").json() == {"status": "alive"}
    assert anyone.get("/readyz").json() == {"status": "ready"}
    cloud.dynamodb.delete_table(TableName="herald-books")
    assert anyone.get("/livez").status_code == 200
    assert anyone.get("/readyz").status_code == 503


def test_not_ready_without_the_issuers_keys(anyone: TestClient, issuer: Issuer) -> None:
    issuer.broken = True
    assert anyone.get("/readyz").status_code == 503


def test_openapi_describes_problems_and_nothing_of_the_frameworks_own(anyone: TestClient) -> None:
    document = anyone.get("/v1/openapi.json").json()
    assert {"/v1/books", "/v1/books/{book_id}", "/v1/books/{book_id}/notifications"} <= set(document["paths"])
    assert "HTTPValidationError" not in document["components"]["schemas"]
    post = document["paths"]["/v1/books"]["post"]
    assert set(post["responses"]["422"]["content"]) == {"application/problem+json"}
    assert post["security"]


def test_an_expired_token_is_told_apart(services: Services, issuer: Issuer) -> None:
    answer = client_with(services, issuer.token(exp=1)).get("/v1/books")
    assert answer.status_code == 401
    assert answer.json()["detail"] == "The token has expired."


def test_the_timeline_begins_with_the_commit(ada: TestClient, clock: Clock) -> None:
    created = add(ada)
    told = ada.get(f"/v1/books/{created['id']}/notifications").json()
    assert told["final"] is False
    [notification] = told["notifications"]
    assert notification["event_id"] == created["event_id"]
    assert (notification["type"], notification["state"]) == ("book.created", "committed")
    assert [row["state"] for row in notification["rows"]] == ["committed"]


def test_who_asks_too_often_is_told_when_to_come_back(services: Services, issuer: Issuer) -> None:
    slow = replace(services, limiter=RateLimiter(1, lambda: 0.0))
    ada, stranger = client_with(slow, issuer.token()), client_with(slow, "nonsense")
    assert [ada.get("/v1/books").status_code for _ in range(4)] == [200, 200, 429, 429]
    assert [stranger.get("/v1/books").status_code for _ in range(4)] == [401, 401, 429, 429]
    refused = ada.get("/v1/books")
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["type"].endswith("/problems/too-many-requests")


def test_openapi_shows_an_example_of_every_field_and_every_failure(anyone: TestClient) -> None:
    document = anyone.get("/v1/openapi.json").json()
    for name in ("BookIn", "BookCreated", "RowOut"):
        fields = document["components"]["schemas"][name]["properties"]
        assert [field for field, told in fields.items() if not {"examples", "$ref", "anyOf"} & set(told)] == []
    for path in document["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                for body in (
                    answer.get("content", {})[kind] for kind in answer.get("content", {}) if "problem" in kind
                ):
                    assert str(body["example"]["status"]) == status


def test_openapi_leads_from_a_new_book_to_what_can_be_done_with_it(anyone: TestClient) -> None:
    document = anyone.get("/v1/openapi.json").json()
    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    links = operations["add_book"]["responses"]["201"]["links"]
    assert {link["operationId"] for link in links.values()} < set(operations)
    assert {"409", "413", "415", "422", "429"} < set(operations["add_book"]["responses"])
    assert {"412", "428"} < set(operations["change_book"]["responses"])
    assert set(operations["change_book"]["requestBody"]["content"]) == {"application/merge-patch+json"}
