"""The laptop's receiver of traces: as strict as OTLP's JSON is written, and a page of each trace."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from laptop.inbox.app import make_inbox
from laptop.ses.api import Ses
from laptop.traces.otlp import BadTraces, read_spans
from laptop.traces.pages import TracePages, draw

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def span(number: int = 1, parent: int = 0, **changes: Any) -> dict[str, Any]:
    """A span of the OTLP specification's own shape."""
    return {
        "traceId": TRACE,
        "spanId": f"{number:016x}",
        "name": f"span {number}",
        "kind": 2,
        "startTimeUnixNano": f"{number * 1000}",
        "endTimeUnixNano": "9000",
        "attributes": [
            {"key": "text", "value": {"stringValue": "<b>"}},
            {"key": "number", "value": {"intValue": "7"}},
            {"key": "yes", "value": {"boolValue": True}},
        ],
        "status": {},
        **({"parentSpanId": f"{parent:016x}"} if parent else {}),
        **changes,
    }


def request(*spans: dict[str, Any]) -> bytes:
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "herald-notify"}}]}
    scopes = [{"scope": {"name": "herald", "version": "r1"}, "spans": list(spans)}]
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": scopes}]}).encode()


@pytest.fixture
def people() -> TestClient:
    app = make_inbox(Ses(lambda *_: None, 1.0), traces=TracePages())
    return TestClient(app, base_url="http://127.0.0.1", headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"traceId": TRACE.upper()},
        {"traceId": "S/kvNXezTaajzpKdDg5HNg=="},
        {"spanId": "0" * 16},
        {"parentSpanId": "7"},
        {"trace_id": TRACE},
        {"kind": 9},
        {"kind": "SPAN_KIND_SERVER"},
        {"name": ""},
        {"startTimeUnixNano": 1000},
        {"startTimeUnixNano": "9001"},
        {"attributes": [{"key": "a", "value": "text"}]},
        {"attributes": [{"key": "a", "value": {"intValue": 7}}]},
        {"attributes": {"a": "b"}},
        {"status": {"code": 2, "text": "x"}},
    ],
)
def test_what_no_collector_would_understand_is_refused(people: TestClient, wrong: dict[str, Any]) -> None:
    with pytest.raises(BadTraces):
        read_spans(request(span(**wrong)))
    assert people.post("/v1/traces", content=request(span(**wrong))).status_code == 400


def test_only_json_is_read(people: TestClient) -> None:
    asked = {"Content-Type": "application/x-protobuf"}
    assert people.post("/v1/traces", content=b"\n", headers=asked).status_code == 415


def test_spans_lie_below_their_parents_in_the_order_of_time() -> None:
    spans = read_spans(request(span(3, 2), span(1), span(4, 99), span(2, 1)))
    assert [(bar.span.name, bar.depth) for bar in draw(spans)] == [
        ("span 1", 0), ("span 2", 1), ("span 3", 2), ("span 4", 0),
    ]  # fmt: skip
    assert all(bar.left >= 0 and bar.left + bar.width <= 1000 for bar in draw(spans))


def test_a_trace_is_a_page_and_said_again_it_is_not_there_twice(people: TestClient) -> None:
    for _ in range(2):
        assert people.post("/v1/traces", content=request(span(1), span(2, 1))).json() == {}
    assert "2 spans" in people.get("/traces").text
    page = people.get(f"/traces/{TRACE}").text
    assert page.count("<tr>") == 3
    assert "&lt;b&gt;" in page
    assert [one["name"] for one in people.get(f"/traces/{TRACE}.json").json()] == ["span 1", "span 2"]
    assert people.get("/traces/none").status_code == 404
