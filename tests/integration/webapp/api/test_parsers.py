"""Whatever a caller sends is answered as the caller's fault: no parser raises into a 500."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from fakes.oidc_issuer import Issuer
from tests.integration.webapp.conftest import HERE, Browser, client_with
from webapp.composition import Services

#: What a header may hold on the wire: any byte but those that end it.
VALUES = some.binary(max_size=60).map(lambda raw: raw.translate(None, b"\r\n\0").strip())
HEADERS = [
    "accept",
    "authorization",
    "content-length",
    "accept-language",
    "content-type",
    "cookie",
    "host",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "origin",
    "range",
    "sec-fetch-site",
    "traceparent",
    "x-request-id",
]
NASTY = [b"http://[", "\u00b2".encode("latin-1"), b"9" * 5000, b"text/html; charset=utf-7", b"\xff\xfe", b'"' * 9, b"*"]
EXAMPLES = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def nest(depth: int) -> str:
    """JSON that is nested deeper than a parser goes."""
    return "[" * depth + "]" * depth


def token(header: str, payload: str = "{}") -> str:
    parts = [base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in (header, payload)]
    return ".".join([*parts, "c2ln"])


@pytest.fixture
def ada(services: Services, issuer: Issuer) -> Iterator[TestClient]:
    yield client_with(services, issuer.token())


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "//", "\u00e9", "http://herald.example:x"])
def test_an_origin_that_is_no_origin_is_another_site(browser: Browser, origin: str) -> None:
    csrf = browser.csrf()
    answer = browser.post("/sign-out", data={"csrf": csrf}, headers={b"Origin": origin.encode("latin-1")})
    assert answer.status_code == 403


@EXAMPLES
@given(name=some.sampled_from(HEADERS), value=some.one_of(some.sampled_from(NASTY), VALUES))
def test_no_header_of_a_call_breaks_anything(ada: TestClient, name: str, value: bytes) -> None:
    for method, path in (("POST", "/v1/books"), ("GET", "/v1/books")):
        headers = {b"content-type": b"application/json"} | {name.encode(): value}
        answer = ada.request(method, path, headers=headers, content=b'{"title": "T", "author": "A"}')
        assert answer.status_code < 500, (name, value)


@EXAMPLES
@given(name=some.sampled_from(HEADERS), value=some.one_of(some.sampled_from(NASTY), VALUES))
def test_no_header_of_a_form_breaks_anything(stranger: Browser, name: str, value: bytes) -> None:
    headers = {b"content-type": b"application/x-www-form-urlencoded"} | {name.encode(): value}
    answer = stranger.post("/books", headers=headers, content=b"title=T&csrf=%ED%A0%80", follow_redirects=False)
    assert answer.status_code < 500, (name, value)


@pytest.mark.parametrize(
    "bearer",
    [
        token(nest(20_000)),
        token('{"alg": ["RS256"], "kid": {}}'),
        token('{"alg": "RS256", "kid": "first"}', nest(20_000)),
        token('{"alg": "RS256", "kid": "first", "crit": 7}'),
        "a.b.c",
        "...",
        "\u00e9.\u00e9.\u00e9",
    ],
)
def test_no_token_breaks_anything(anyone: TestClient, bearer: str) -> None:
    headers = {b"Authorization": b"Bearer " + bearer.encode("latin-1")}
    assert anyone.get("/v1/books", headers=headers).status_code == 401
    assert anyone.get(f"/unsubscribe/{bearer[:900]}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        b'{"\\ud800": 1}',
        b'{"title": "\\ud800", "author": "A"}',
        nest(20_000).encode(),
        b"\xff",
        b"",
        b"null",
        b"NaN",
        b'{"title": 1e999}',
    ],
)
def test_no_body_breaks_anything(ada: TestClient, body: bytes) -> None:
    answer = ada.post("/v1/books", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.json()["status"] == answer.status_code


def test_half_a_character_in_a_form_is_said_beside_its_field(browser: Browser) -> None:
    boundary = "x"
    fields = {"csrf": browser.csrf().encode(), "title": b"+2AA-", "author": b"A"}
    body = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in fields.items()
    )
    answer = browser.post(
        "/books",
        content=body + b"--x--\r\n",
        headers=HERE | {"content-type": f"multipart/form-data; boundary={boundary}; charset=utf-7"},
    )
    assert answer.status_code < 500


def test_a_thousand_wrong_fields_are_counted_and_twenty_named(ada: TestClient) -> None:
    answer = ada.post("/v1/books", json={f"field-{number}": 1 for number in range(1000)})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("1002 fields")
    assert len(answer.json()["errors"]) == 20
    assert len(answer.content) < 4000


@pytest.mark.parametrize("names", [["n" * 60_000], [f"{number}{'ä' * 300}" for number in range(60)]])
def test_names_of_a_callers_own_make_no_long_answer(ada: TestClient, names: list[str]) -> None:
    answer = ada.post("/v1/books", json={"title": "T", "author": "A"} | dict.fromkeys(names, 1))
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"#"}, "what holds them is named"
    assert len(answer.content) < 4000


@pytest.mark.parametrize("media_type", ["multipart/form-data", "multipart/form-data; boundary=", "text/plain", "x"])
@pytest.mark.parametrize("path", ["/books", "/settings", "/sign-out", "/unsubscribe/x", "/operations/search"])
def test_no_form_breaks_anything(browser: Browser, path: str, media_type: str) -> None:
    for body in (b"--x\r\nfoo", b"\xff", b"a" * 3000, b"&".join(b"f%d=1" % number for number in range(1500))):
        answer = browser.post(path, content=body, headers={"content-type": media_type}, follow_redirects=False)
        assert 400 <= answer.status_code < 500, (path, media_type, body[:20])


def test_a_failure_is_logged_by_type_and_place_and_without_values(
    ada: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LookupError("ada@example.com of account 123456789012")

    monkeypatch.setattr(type(services.books), "page", fail)
    answer = ada.get("/v1/books")
    assert answer.status_code == 500
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [failed] = [line for line in lines if line["event"] == "request failed"]
    assert failed["error"] == "LookupError"
    assert any(place.endswith(" fail") for place in failed["places"])
    assert "ada@example.com" not in json.dumps(lines) + answer.text
    assert "123456789012" not in json.dumps(lines) + answer.text
