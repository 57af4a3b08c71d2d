"""CloudEvents over HTTP: reads the events of one request, in each of the three content modes.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from function.errors import InvalidEvent
from function.event.cloudevent import decode
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["LARGEST_BODY", "MOST_EVENTS", "Posted", "UnreadableRequest", "encode", "read_request"]

#: Most bytes of one request.
LARGEST_BODY = 1_000_000
#: Most events of one batch.
MOST_EVENTS = 100
_STRUCTURED = "application/cloudevents+json"
_BATCHED = "application/cloudevents-batch+json"
_JSON = re.compile(r"[^/;]+/([^/;]+\+)?json")
#: Lower-case letters and digits: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#attribute-naming-convention
_ATTRIBUTE = re.compile("[a-z0-9]+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
#: Characters that an SQS message cannot contain, to which SNS may forward it; they are escaped in the JSON.
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_NOT_IN_XML = re.compile("[\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class UnreadableRequest(Exception):
    """The request cannot be read; `status` is the HTTP status to answer, `pointer` the JSON Pointer of the value at
    fault."""

    def __init__(self, status: int, line: str, pointer: str = "") -> None:
        super().__init__(line)
        self.status = status
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Posted:
    """The JSON values posted as events, not yet validated; `batch` says that the request was a batch, even of one
    event."""

    events: list[object]
    batch: bool


def read_request(headers: Mapping[str, str], body: bytes) -> Posted:
    """Read a request's events; header names must be in lower case.

    Raises UnreadableRequest: 400 for invalid JSON or an invalid `ce-` header, 413 if it is too large, 415 for another
    format.
    """
    if len(body) > LARGEST_BODY:
        raise UnreadableRequest(413, f"the request has {len(body)} bytes; {LARGEST_BODY} are allowed")
    content_type = headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if not _is_utf8(content_type):
        raise UnreadableRequest(415, "only JSON in UTF-8 is read")
    if media_type == _STRUCTURED:
        return Posted([_decode(body)], batch=False)
    if media_type == _BATCHED:
        return Posted(_read_batch(body), batch=True)
    if media_type.startswith("application/cloudevents") or "ce-specversion" not in headers:
        raise UnreadableRequest(
            415,
            f"Content-Type is {_STRUCTURED} for one event and {_BATCHED} for several; "
            "with application/json, headers such as ce-specversion and ce-type hold its attributes",
        )
    return Posted([_read_binary(headers, content_type, media_type, body)], batch=False)


def encode(event: object) -> str:
    """Serialize the event as structured JSON that SNS and SQS accept."""
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _read_batch(body: bytes) -> list[object]:
    found = _decode(body)
    if not isinstance(found, list):
        raise UnreadableRequest(400, "a batch is a JSON array of events")
    if len(found) > MOST_EVENTS:
        raise UnreadableRequest(413, f"the batch has {len(found)} events; {MOST_EVENTS} are allowed")
    return found


def _read_binary(headers: Mapping[str, str], content_type: str, media_type: str, body: bytes) -> dict[str, object]:
    """Build the event of a request in binary mode: `ce-` headers are its attributes, the body is its data."""
    if not _JSON.fullmatch(media_type):
        raise UnreadableRequest(415, "the data of an event is JSON, and Content-Type says so")
    event: dict[str, object] = {}
    for header, value in headers.items():
        prefix, name = header[:3], header[3:]
        if prefix == "ce-":
            if not _ATTRIBUTE.fullmatch(name) or name in ("data", "datacontenttype"):
                raise UnreadableRequest(400, "a header that begins with ce- names no attribute of an event")
            event[name] = _unescape(name, value)
    event["datacontenttype"] = content_type
    if body:
        event["data"] = _decode(body)
    return event


def _unescape(name: str, value: str) -> str:
    """Decode a header's value: remove the quotes, then percent-decode once."""
    if quoted := _QUOTED.fullmatch(value.strip()):
        value = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    try:
        text = unquote_to_bytes(value).decode()
    except ValueError:
        text = ""
    if not text or _PERCENT.search(value):
        raise UnreadableRequest(400, f"the header ce-{name} is empty, or not percent-encoded UTF-8")
    return text


def _decode(body: bytes) -> object:
    try:
        return decode(body.decode(), LARGEST_BODY)
    except UnicodeDecodeError as error:
        raise UnreadableRequest(400, "the body is not UTF-8") from error
    except InvalidEvent as error:
        status = 413 if error.reason.code is ReasonCode.EVENT_TOO_LARGE else 400
        raise UnreadableRequest(status, str(error), error.pointer) from error


def _is_utf8(content_type: str) -> bool:
    found = re.search(r';\s*charset\s*=\s*"?([^";\s]*)', content_type, re.IGNORECASE)
    return found is None or found[1].lower() in ("utf-8", "utf8")
