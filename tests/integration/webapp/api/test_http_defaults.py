"""What HTTP expects and the framework does not do by itself."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from tests.integration.webapp.conftest import Browser


@pytest.mark.parametrize("path", ["/operations/", "/v1/books/", "/settings/", "/why/"])
def test_nobody_is_led_to_the_host_that_the_caller_names(anyone: TestClient, path: str) -> None:
    answer = anyone.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
    assert answer.status_code in {401, 404}
    assert "evil.example" not in answer.headers.get("location", "") + answer.text


@pytest.mark.parametrize("path", ["/", "/settings", "/why", "/problems", "/livez", "/static/herald.css", "/sign-in"])
def test_head_is_answered_as_get_is_without_the_body(browser: Browser, path: str) -> None:
    get = browser.get(path, follow_redirects=False)
    head = browser.head(path, follow_redirects=False)
    assert (head.status_code, head.content) == (get.status_code, b"")
    if "set-cookie" not in get.headers:
        assert head.headers["content-length"] == get.headers["content-length"]


def test_head_of_the_api_needs_a_token_too(anyone: TestClient, ada: TestClient) -> None:
    assert anyone.head("/v1/books").status_code == 401
    assert (ada.head("/v1/books").status_code, ada.head("/v1/books").content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/books", "GET, HEAD, POST"),
        ("/v1/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8", "DELETE, GET, HEAD, PATCH"),
        ("/settings", "GET, HEAD, POST"),
        ("/books", "POST"),
    ],
)
def test_a_405_names_every_method_of_the_address(ada: TestClient, path: str, allowed: str) -> None:
    answer = ada.put(path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/v1/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"),
        ("PATCH", "/v1/books/no-id"),
        ("DELETE", "/v1/books/no-id"),
        ("DELETE", "/v1/me"),
        ("GET", "/v1/books?limit=x&cursor=y"),
        ("GET", "/v1/books/no-id/notifications"),
        ("HEAD", "/v1/books?limit=x"),
    ],
)
def test_a_stranger_learns_nothing_of_any_route(anyone: TestClient, method: str, path: str) -> None:
    answer = anyone.request(method, path, content=b"{", headers={"content-type": "text/plain"})
    assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (401, True)


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/books", "/static", "/static/", "/operations//"])
def test_no_odd_path_leads_anywhere(anyone: TestClient, path: str) -> None:
    answer = anyone.get(f"https://herald.example{path}", headers={"Host": "evil.example"}, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == (404, None)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"title": 7}', b"x" * 1000])
def test_a_stranger_learns_nothing_of_the_body(anyone: TestClient, body: bytes) -> None:
    answer = anyone.post("/v1/books", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers
    path = "/v1/books/not-an-id"
    assert anyone.patch(path, content=body, headers={"content-type": "text/plain"}).status_code == 401
