"""From the request to the topic in one trace, where mails are traced; its id on the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from fakes.oidc_issuer import Issuer
from function.runtime.otlp import Tracer
from tests.collector import Collector, collecting
from tests.integration.webapp.admin.conftest import operator, record, ses, switch
from tests.integration.webapp.conftest import Browser, Clock, Cloud, client_with
from tests.integration.webapp.outbox.test_publisher import stream_of
from tests.integration.webapp.pages.test_missing_mail import let_happen
from tests.integration.webapp.pages.test_pages import add
from webapp.composition import Services
from webapp.functions import relay
from webapp.outbox.publisher import Publisher

__all__ = ["operator", "ses", "switch"]

BOOK = {"title": '"traceparent":"00-' + "e" * 32 + "-" + "e" * 16 + '-01"', "author": "A"}
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = {"traceparent": f"00-{TRACE}-{SPAN}-01"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as receiver:
        yield receiver


@pytest.fixture
def traced(services: Services, issuer: Issuer, collector: Collector) -> TestClient:
    """Ada, at a web app whose mails are traced."""
    settings = services.settings.model_copy(update={"otlp_endpoint": collector.url})
    return client_with(replace(services, settings=settings), issuer.token())


def read_trace(cloud: Cloud) -> str:
    """The trace in the one event that was committed."""
    [outbox] = cloud.rows("outbox")
    trace: str = json.loads(outbox["body"]["S"])["traceparent"]
    return trace


def publish(services: Services, cloud: Cloud, clock: Clock, tracer: Tracer | None, patch: pytest.MonkeyPatch) -> str:
    """The relay's work; what the message says of its trace."""
    publisher = Publisher(cloud.sns, cloud.topic_arn, services.outbox, clock, tracer)
    patch.setattr(relay, "compose", lambda: publisher)
    assert relay.handler(stream_of(cloud), None)["published"] == 1
    [heard] = cloud.receive()
    attribute: dict[str, str] = heard["MessageAttributes"]["traceparent"]
    assert attribute["Type"] == "String"
    return attribute["Value"]


def test_a_request_is_a_span_of_its_callers_trace_and_its_event_says_so(
    traced: TestClient, collector: Collector, cloud: Cloud
) -> None:
    assert traced.post("/v1/books", json=BOOK, headers=PARENT).status_code == 201
    span = collector.named("POST /v1/books")
    assert (span.trace, span.parent, span.kind) == (TRACE, SPAN, "server")
    assert span.attributes["http.response.status_code"] == 201
    assert read_trace(cloud) == f"00-{TRACE}-{span.id}-01"


@pytest.mark.parametrize("trace", ["nonsense", f"00-{'0' * 32}-{SPAN}-01", "é".encode().decode("latin-1")])
def test_a_trace_that_is_none_begins_a_new_one(
    traced: TestClient, collector: Collector, cloud: Cloud, trace: str
) -> None:
    assert traced.post("/v1/books", json=BOOK, headers=[(b"traceparent", trace.encode("latin-1"))]).status_code == 201
    span = collector.named("POST /v1/books")
    assert (span.parent, read_trace(cloud)) == ("", f"00-{span.trace}-{span.id}-01")


def test_what_only_reads_and_what_is_refused_goes_on_without_mail(traced: TestClient, collector: Collector) -> None:
    assert traced.get("/v1/books").status_code == 200
    assert traced.post("/v1/books", json={}, headers=PARENT).status_code == 422
    [span] = collector.spans
    assert (span.attributes["http.response.status_code"], span.error) == (422, "")


def test_the_message_names_the_span_of_its_publication(
    traced: TestClient,
    collector: Collector,
    services: Services,
    cloud: Cloud,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced.post("/v1/books", json=BOOK, headers=PARENT)
    said = publish(services, cloud, clock, Tracer(collector.url, "herald-relay", "", clock), monkeypatch)
    span = collector.named("publish book.created")
    assert (span.trace, span.parent, span.kind) == (TRACE, collector.named("POST /v1/books").id, "producer")
    assert said == f"00-{TRACE}-{span.id}-01"


def test_without_tracing_the_message_names_the_events_own_trace(
    ada: TestClient, services: Services, cloud: Cloud, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada.post("/v1/books", json=BOOK, headers=PARENT)
    said = publish(services, cloud, clock, None, monkeypatch)
    assert said == read_trace(cloud)
    assert re.fullmatch(f"00-{TRACE}-(?!{SPAN})[0-9a-f]{{16}}-01", said)


def test_a_reader_sees_the_trace_of_a_mail_that_was_traced(browser: Browser, services: Services, cloud: Cloud) -> None:
    book_id = add(browser)
    let_happen(services, cloud, book_id, state="delivered")
    assert "Trace" not in browser.get(f"/books/{book_id}").text
    let_happen(services, cloud, book_id, state="delivered", trace=TRACE)
    assert f"Trace <code>{TRACE}</code>" in browser.get(f"/books/{book_id}").text


def test_the_json_api_names_the_trace_of_a_mail_that_was_traced(
    ada: TestClient, services: Services, cloud: Cloud
) -> None:
    book_id = ada.post("/v1/books", json=BOOK).json()["id"]
    for trace in ({}, {"trace": TRACE}):
        let_happen(services, cloud, book_id, state="delivered", **trace)
        [told] = ada.get(f"/v1/books/{book_id}/notifications").json()["notifications"]
        assert told["trace"] == trace.get("trace")


@pytest.mark.usefixtures("switch")
def test_an_operator_sees_it_too(operator: Browser, cloud: Cloud) -> None:
    record(cloud, "m-1", state="delivered", trace=TRACE)
    assert f"trace <code>{TRACE}</code>" in operator.submit("/operations/search", wanted="m-1").text
