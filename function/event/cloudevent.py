"""The event: one CloudEvents 1.0 event in structured JSON, at most 64 KiB.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md

A release tests a version with synthetic events, which are counted separately. An event is synthetic only if it says so
*and* goes to SES's mailbox simulator, so no source name can take a mail to a person out of the counts.
https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from function.errors import InvalidEvent
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass
from function.runtime.trace_context import read_traceparent

__all__ = [
    "LARGEST_EVENT",
    "OWN_LIST_TAG",
    "PROBE_RECIPIENT",
    "PROBE_TAG",
    "PROVIDER",
    "RECIPIENT_TAG",
    "SYNTHETIC_SOURCE",
    "SYNTHETIC_TAG",
    "TENANT_TAG",
    "TRACE_TAG",
    "Event",
    "build_simulator_address",
    "build_synthetic_event",
    "decode",
    "is_synthetic",
    "mark_recipient",
    "parse",
]

#: In bytes of UTF-8. SNS bills in units of 64 KiB, and an event carries links, not blobs.
LARGEST_EVENT = 64 * 1024
#: Digits of an integer: more than any id or amount has, and few enough to parse quickly.
_LONGEST_NUMBER = 100
#: Nesting depth: more than any event has, and far below the recursion limit of any parser.
_DEEPEST = 100
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]', re.DOTALL)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")

SYNTHETIC_SOURCE = "urn:herald:synthetic"
#: Name and value of the SES tag of a synthetic mail, which SES repeats in its feedback.
SYNTHETIC_TAG = ("synthetic", "yes")
#: The attribute by which a synthetic event names the provider to test; it is ignored on any other event.
PROVIDER = "heraldprovider"
#: Name and value of the tag of a probe, which only asks whether feedback comes: it has no message and makes no record.
PROBE_TAG = ("probe", "yes")
#: Name of the tag for the mail's tenant, and name and value of the tag which says that this tenant has its own
#: suppression list: the version that reads the feedback may not know the tenant.
TENANT_TAG, OWN_LIST_TAG = "tenant", ("suppression", "own")
#: Name of the tag that holds a traced mail's span, so that feedback continues the trace.
TRACE_TAG = "traceparent"
#: Name of the tag that identifies the recipient among the addresses of a mail with copies.
RECIPIENT_TAG = "recipient"
_SIMULATOR = "simulator.amazonses.com"
#: A simulator address that accepts every mail; SES reports the delivery.
PROBE_RECIPIENT = f"success+probe@{_SIMULATOR}"


@dataclass(frozen=True, slots=True)
class Event:
    """An event as published; `data` is not yet validated by its type's schema."""

    source: str
    id: str
    type: str
    time: str
    data: Mapping[str, Any]
    traceparent: str | None = None
    subject: str | None = None
    #: When the mail is to be sent; None: at once.
    sendat: str | None = None
    #: The tenant; None: the deployment itself.
    tenant: str | None = None
    #: The URL of the provider that a synthetic event tests.
    provider: str | None = None

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of the type, data, `sendat` and tenant. The event's time, its trace and the order of keys do not
        matter."""
        content: list[object] = [self.type, self.data]
        if self.sendat is not None or self.tenant is not None:
            content.append(self.sendat)
        if self.tenant is not None:
            content.append(self.tenant)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).digest()


def decode(body: str, largest: int = LARGEST_EVENT) -> object:
    """Parse the JSON value in `body`, which may begin with byte order marks and has at most `largest` bytes.

    Raises InvalidEvent, with the position, if it is too large, nested too deeply, not JSON, or contains a duplicate key
    or a number that JSON does not allow.
    https://www.rfc-editor.org/rfc/rfc8259
    """
    size = len(body.encode("utf-8", "surrogatepass"))
    if size > largest:
        raise InvalidEvent(f"the event has {size} bytes; {largest} are allowed", code=ReasonCode.EVENT_TOO_LARGE)
    body = body.lstrip("\ufeff")
    _refuse_deep(body)
    reader = _Reader()
    try:
        value = json.loads(
            body,
            object_pairs_hook=reader.read_object,
            parse_constant=reader.refuse,
            parse_int=reader.read_int,
            parse_float=reader.read_float,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidEvent(f"the event is not JSON: {error.msg} at {place}") from error
    if reader.refused and (found := _find_flaw(value)):
        what, where = found
        raise InvalidEvent(f"the event is not JSON: {what}", where)
    return value


def _refuse_deep(body: str) -> None:
    if body.count("[") + body.count("{") <= _DEEPEST:
        return
    depth = 0
    for found in _BRACKET.finditer(body):
        depth += (found[0] in "[{") - (found[0] in "]}")
        if depth > _DEEPEST:
            line, column = body.count("\n", 0, found.start()) + 1, found.start() - body.rfind("\n", 0, found.start())
            raise InvalidEvent(f"the event is nested more than {_DEEPEST} levels deep at line {line}, column {column}")


def parse(value: object, validate: Callable[[object], None]) -> Event:
    """Return the event in a decoded JSON value; `validate` checks it against the envelope's schema and raises
    InvalidEvent.

    A null attribute counts as missing, and so does an invalid `traceparent`, since nothing depends on it.
    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#32-examples
    """
    if isinstance(value, dict):
        value = {name: given for name, given in value.items() if given is not None}
        if "traceparent" in value and read_traceparent(value["traceparent"]) is None:
            del value["traceparent"]
    validate(value)
    if not isinstance(value, dict):
        raise InvalidEvent("the event is not a JSON object")
    if _HALF_CHARACTER.search(f"{value['source']}{value['id']}{value['type']}"):
        raise InvalidEvent("the event's source, id or type contains half a character")
    return Event(
        source=value["source"],
        id=value["id"],
        type=value["type"],
        time=value["time"],
        data=value["data"],
        traceparent=value.get("traceparent"),
        subject=value.get("subject"),
        sendat=value.get("sendat"),
        tenant=value.get("tenant"),
        provider=_read_provider(value),
    )


def _read_provider(value: Mapping[str, Any]) -> str | None:
    named = value.get(PROVIDER)
    return named if isinstance(named, str) else None


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Takes the place of an invalid value in the decoded JSON, since the decoder itself does not know the path."""

    what: str


def mark_recipient(address: str) -> str:
    """Return the value of the recipient tag: an unkeyed hash of the lower-cased address, since whoever sees it has the
    address too."""
    return hashlib.sha256(address.strip().lower().encode("utf-8", "surrogatepass")).hexdigest()[:32]


def is_synthetic(event: Event) -> bool:
    """Whether a release made this event to test a version; the event must be valid by its type's schema."""
    domain: str = event.data["recipient"]["email"].rpartition("@")[2]
    return event.source == SYNTHETIC_SOURCE and domain.lower() == _SIMULATOR


def build_simulator_address(mailbox: str, label: str) -> str:
    """Return an address of SES's simulator: `mailbox` decides what happens to the mail, `label` makes the address
    unique."""
    return f"{mailbox}+{label}@{_SIMULATOR}"


def build_synthetic_event(
    name: str, type_: str, data: Mapping[str, Any], time: str, mailbox: str = "success", provider: str | None = None
) -> dict[str, Any]:
    """Build a CloudEvent from an example's data, to a mailbox of the simulator (by default one that accepts every
    mail). With `provider`, only that provider sends it, to its own test mailbox."""
    recipient = {**data["recipient"], "email": build_simulator_address(mailbox, name)}
    return {
        "specversion": "1.0",
        "id": name,
        "source": SYNTHETIC_SOURCE,
        "type": type_,
        "time": time,
        "datacontenttype": "application/json",
        **({PROVIDER: provider} if provider else {}),
        "data": {**data, "recipient": recipient},
    }


class _Reader:
    """Hooks for the JSON decoder; `refused` says whether any value was invalid."""

    def __init__(self) -> None:
        self.refused = False

    def refuse(self, what: str) -> _Flaw:
        self.refused = True
        return _Flaw(what)

    def read_object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Flaw:
        """Return the object if its keys are unique: parsers disagree on which of two equal keys wins."""
        found = dict(pairs)
        return found if len(found) == len(pairs) else self.refuse("a key stands twice")

    def read_int(self, text: str) -> int | _Flaw:
        return int(text) if len(text) <= _LONGEST_NUMBER else self.refuse(f"a number of {len(text)} digits")

    def read_float(self, text: str) -> float | _Flaw:
        value = float(text)
        return value if math.isfinite(value) else self.refuse("a number too large")


def _find_flaw(value: object, where: str = "") -> tuple[str, str] | None:
    """Return the first flaw and its JSON Pointer. A key that is not a plain name is not repeated, as it may be
    personal."""
    if isinstance(value, _Flaw):
        return value.what, where or "/"
    inner: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        inner = ((name if _PLAIN_NAME.fullmatch(name) else "?", each) for name, each in value.items())
    elif isinstance(value, list):
        inner = enumerate(value)
    return next((found for name, each in inner if (found := _find_flaw(each, f"{where}/{name}"))), None)
