"""Parses what an OpenTelemetry exporter posts to `/v1/traces` in OTLP's JSON encoding. No I/O.

Stricter than a collector, which ignores unknown fields: here they are rejected, because Herald's exporter should never
send any.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["BadTraces", "SpanRecord", "read_spans"]

_KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}
_ERROR = 2
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
_UINT64 = re.compile(r"[0-9]{1,20}")
_SPAN_FIELDS = frozenset(
    {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes"}
    | {"status"}
)
_VALUES: Mapping[str, type] = {"stringValue": str, "intValue": str, "boolValue": bool}


class BadTraces(ValueError):
    """The request is not valid OTLP/JSON; the message says where."""


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """One span; times are in nanoseconds since 1970.

    `parent` is the parent's span id, empty for a root span; `error` is empty unless the span failed.
    """

    trace: str
    id: str
    parent: str
    service: str
    name: str
    kind: str
    began: int
    ended: int
    error: str
    attributes: Mapping[str, Any]


def read_spans(body: bytes) -> list[SpanRecord]:
    """Parse the spans of one ExportTraceServiceRequest. Raises `BadTraces`."""
    try:
        request = json.loads(body)
    except ValueError as error:
        raise BadTraces("the body is not JSON") from error
    return [
        _read_span(span, service)
        for resource in _list_items(_select_fields(request, {"resourceSpans"}), "resourceSpans")
        for service in [_read_service(_select_fields(resource, {"resource", "scopeSpans"}))]
        for scope in _list_items(resource, "scopeSpans")
        for span in _list_items(_select_fields(scope, {"scope", "spans"}), "spans")
    ]


def _read_service(resource: Mapping[str, Any]) -> str:
    attributes = _read_attributes(_select_fields(resource.get("resource"), {"attributes"}))
    service = attributes.get("service.name")
    if not isinstance(service, str) or not service:
        raise BadTraces("a resource has no service.name")
    return service


def _read_span(span: Any, service: str) -> SpanRecord:
    _select_fields(span, _SPAN_FIELDS)
    trace, own, parent = (str(span.get(name, "")) for name in ("traceId", "spanId", "parentSpanId"))
    if not _TRACE_ID.fullmatch(trace) or not _SPAN_ID.fullmatch(own) or (parent and not _SPAN_ID.fullmatch(parent)):
        raise BadTraces("a span's ids are not lower-case hex of 16 and 8 bytes")
    began, ended = (_read_time(span.get(name)) for name in ("startTimeUnixNano", "endTimeUnixNano"))
    if began > ended:
        raise BadTraces("a span ends before it begins")
    if span.get("kind") not in _KINDS or not isinstance(span.get("name"), str) or not span["name"]:
        raise BadTraces("a span has no name or no kind")
    status = _select_fields(span.get("status", {}), {"code", "message"})
    error = str(status.get("message") or "failed") if status.get("code") == _ERROR else ""
    return SpanRecord(
        trace, own, parent, service, span["name"], _KINDS[span["kind"]], began, ended, error,
        _read_attributes(span),
    )  # fmt: skip


def _read_time(text: object) -> int:
    if not isinstance(text, str) or not _UINT64.fullmatch(text):
        raise BadTraces("a span's times are not nanoseconds as text")
    return int(text)


def _read_attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_read_attribute(each) for each in _list_items(holder, "attributes"))


def _read_attribute(attribute: Any) -> tuple[str, Any]:
    _select_fields(attribute, {"key", "value"})
    [(kind, value)] = [*_select_fields(attribute.get("value"), set(_VALUES)).items()] or [("", None)]
    if kind not in _VALUES or type(value) is not _VALUES[kind] or not isinstance(attribute.get("key"), str):
        raise BadTraces("an attribute has no key, or a value that is not of its type")
    return str(attribute["key"]), int(str(value)) if kind == "intValue" else value


def _select_fields(value: Any, fields: frozenset[str] | set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or value.keys() - fields:
        raise BadTraces(f"expected an object of {', '.join(sorted(fields))}")
    return value


def _list_items(holder: Mapping[str, Any], name: str) -> Iterator[Any]:
    found = holder.get(name, [])
    if not isinstance(found, list):
        raise BadTraces(f"{name} is not a list")
    yield from found
