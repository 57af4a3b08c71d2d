"""What the OpenAPI document tells beside its operations, and that the API does as it tells."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fakes.oidc_issuer import Issuer
from function.ledger.states import State
from tests.integration.webapp.conftest import client_with
from tests.npm import install
from tests.waiting import LIMIT
from webapp.app import create_app
from webapp.auth.rate_limit import RateLimiter
from webapp.composition import Services

pytestmark = pytest.mark.slow

SPECTRAL = Path(__file__).parent / "spectral"
BOOK = {"title": "T", "author": "A"}


@pytest.fixture
def document(services: Services) -> dict[str, Any]:
    return create_app(services).openapi()


def test_spectral_has_nothing_against_it(document: dict[str, Any], tmp_path: Path) -> None:
    """Its recommended rules; the weakest finding is one too many."""
    folder = install(SPECTRAL, "spectral")
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    rules = SPECTRAL / ".spectral.yaml"
    program = str(folder / "node_modules" / ".bin" / "spectral")
    command = [program, "lint", "--quiet", "-F", "hint", "-r", str(rules), "-f", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode in {0, 1}, done.stderr
    assert json.loads(done.stdout or "[]") == []
    assert done.returncode == 0, done.stdout


def test_it_says_where_and_how_to_authenticate(document: dict[str, Any], services: Services) -> None:
    assert document["servers"] == [{"url": "https://herald.example", "description": "this installation"}]
    [scheme] = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["openIdConnectUrl"]) == ("openIdConnect", services.settings.oidc_discovery_url)
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert bool(operation.get("security")) == path.startswith("/v1/")


def test_states_are_listed_and_moments_are_dates(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("RowOut", "NotificationOut"):
        assert {*map(str, State), "committed", "published", "received", "expired"} == set(
            schemas[name]["properties"]["state"]["enum"]
        )
    moments = [schemas["BookOut"]["properties"][name] for name in ("created_at", "updated_at")]
    moments.append(schemas["RowOut"]["properties"]["at"])
    assert {each["format"] for each in moments} == {"date-time"}


def test_headers_are_told_where_they_are_sent(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                named = set(answer.get("headers", {}))
                if status in {"409", "429", "503"}:
                    assert "Retry-After" in named, (path, status)
                if status == "401":
                    assert "WWW-Authenticate" in named, path
                if path.startswith("/v1/"):
                    assert {"RateLimit", "RateLimit-Policy", "X-Request-Id"} <= named, (path, status)
    asked = {
        method: {each["name"] for each in document["paths"]["/v1/books/{book_id}"][method]["parameters"]}
        for method in ("get", "patch", "delete")
    }
    assert "If-None-Match" in asked["get"]
    assert "If-Match" in asked["patch"] & asked["delete"]
    assert "traceparent" in asked["delete"]
    assert "traceparent" in {each["name"] for each in document["paths"]["/v1/books"]["post"]["parameters"]}


def test_every_answer_tells_where_the_caller_stands(services: Services, issuer: Issuer) -> None:
    ada = client_with(replace(services, limiter=RateLimiter(2, lambda: 100.0)), issuer.token())
    answers = [ada.get("/v1/books"), ada.post("/v1/books", json=BOOK), ada.post("/v1/books"), ada.get("/v1/books/x")]
    assert [answer.status_code for answer in answers] == [200, 201, 415, 404]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"requests";q=4;w=2'}
    stood = [answer.headers["RateLimit"] for answer in answers]
    assert stood == [f'"requests";r={left};t={full}' for left, full in ((3, 1), (2, 1), (1, 2), (0, 2))]
    refused = ada.get("/v1/books")
    assert (refused.status_code, refused.headers["RateLimit"]) == (429, '"requests";r=0;t=2')
    assert refused.headers["Retry-After"] == "1"


def test_a_stranger_is_counted_by_address_and_told_so(services: Services) -> None:
    stranger = TestClient(create_app(replace(services, limiter=RateLimiter(1, lambda: 100.0))))
    answers = [stranger.get("/v1/books") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert [answer.headers["RateLimit"] for answer in answers] == [
        '"requests";r=1;t=1',
        '"requests";r=0;t=2',
        '"requests";r=0;t=2',
    ]


@pytest.mark.parametrize("path", ["/", "/livez", "/nowhere"])
def test_what_is_not_limited_tells_of_no_limit(anyone: TestClient, path: str) -> None:
    assert "RateLimit" not in anyone.get(path).headers
