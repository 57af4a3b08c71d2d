"""Builds the AsyncAPI document of a folder of notifications: what a publisher may send and can receive.

https://www.asyncapi.com/docs/reference/specification/v3.1.0
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from function.ledger.mail_event import SOURCE, TYPES
from function.message.addressing.recipients import MOST
from package.notifications.catalogue import NOTIFICATIONS, list_types, read_examples
from package.notifications.schemas import read_data_schema, read_schema
from package.notifications.settings import read_settings

__all__ = ["build_asyncapi", "build_data_schema", "to_yaml"]

_ENVELOPE = NOTIFICATIONS.parent / "contracts" / "event.schema.json"
_TOLD = NOTIFICATIONS.parent / "contracts" / "mail-event.schema.json"
#: The meaning of each of Herald's own events.
_MEANING = {
    "mail.scheduled": "it is kept until its time comes",
    "mail.cancelled": "no mail went out: it was cancelled, or its reader's data were erased",
    "mail.sent": "the provider accepted the mail",
    "mail.delivered": "the recipient's server took the mail",
    "mail.bounced": "it did not arrive and will not",
    "mail.complained": "the recipient reported the mail as spam",
    "mail.suppressed": "no mail went out: the reader gets none, or this deployment may not mail it",
    "mail.rejected": "no mail went out and none will, until an operator redrives it",
}
_DROPPED = frozenset({"$schema", "$id", "title"})
#: Sample values for the attributes that differ in each event.
_EXAMPLE = {"specversion": "1.0", "id": "order-4711", "source": "urn:example:shop", "time": "2026-11-21T08:00:00Z"}
_INTRODUCTION = (
    "Each event becomes exactly one mail, or a dead letter with the reason. The body of the SNS message is one "
    "CloudEvents 1.0 event in structured JSON of at most 64 KiB; the message attribute `type` repeats its type."
)

Document = dict[str, Any]


def build_data_schema(type_: str, notifications: Path) -> Document:
    """The schema of the data of one type, for every validator. Raises `PackageError`."""
    schema = read_data_schema(notifications / type_ / "schema.json")
    return _build_published_schema(schema) if _takes_several(type_, notifications) else schema


def build_asyncapi(notifications: Path, version: str) -> Document:
    """The document of all types of `notifications`: a channel, an operation that receives, and a message for each type;
    and the same for the mail events, which Herald sends."""
    known, types = list_types(notifications), [*dict.fromkeys(TYPES.values())]
    messages = {type_: _build_message(type_, notifications) for type_ in known} | {
        type_: _tell(type_) for type_ in types
    }
    return {
        "asyncapi": "3.1.0",
        "id": "urn:herald",
        "info": {
            "title": "Events that become mails",
            "version": version,
            "description": _INTRODUCTION,
            "license": {"name": "MIT", "url": "https://opensource.org/license/mit"},
            "tags": [{"name": "mail"}],
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "sns": {
                "host": "sns.{region}.amazonaws.com",
                "protocol": "sns",
                "description": "Amazon SNS",
                "variables": {"region": {"default": "us-east-1", "description": "where Herald is deployed"}},
            }
        },
        "channels": {
            "events": {
                "address": "herald-events",
                "title": "Events",
                "description": "An SNS standard topic: it keeps no order. Its ARN is an output of the module.",
                "messages": {type_: _build_reference("components", "messages", type_) for type_ in known},
            },
            "mail-events": {
                "address": "herald-mail-events",
                "title": "Mail events",
                "description": "An SNS standard topic, where it is wanted (`mail_events`): it keeps no order, and an "
                "event may come again under the same id.",
                "messages": {type_: _build_reference("components", "messages", type_) for type_ in types},
            },
        },
        "operations": {
            "mail": {
                "action": "receive",
                "title": "Mail",
                "description": "Herald writes and sends the mail of each event, once.",
                "channel": _build_reference("channels", "events"),
                "messages": [_build_reference("channels", "events", "messages", type_) for type_ in known],
            },
            "tell": {
                "action": "send",
                "title": "Tell",
                "description": "Herald tells what became of a mail, if and only if its ledger says so.",
                "channel": _build_reference("channels", "mail-events"),
                "messages": [_build_reference("channels", "mail-events", "messages", type_) for type_ in types],
            },
        },
        "components": {
            "messages": messages,
            "schemas": {
                "event": _drop_names(read_schema(_ENVELOPE)),
                "mail-event": _drop_names(json.loads(_TOLD.read_text("utf-8"))),
            },
        },
    }


def _read_examples(type_: str, notifications: Path) -> dict[str, Any]:
    found = read_examples(type_, notifications)
    return _build_published_examples(found) if _takes_several(type_, notifications) else found


def _takes_several(type_: str, notifications: Path) -> bool:
    return "recipients" in read_settings(notifications / type_ / "notification.json")


def to_yaml(document: Mapping[str, Any]) -> str:
    """The document in YAML, for people."""
    text: str = yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True, width=140)
    return f"# Written by herald contracts from the schemas and examples of the notifications.\n{text}"


def _build_message(type_: str, notifications: Path) -> Document:
    schema = build_data_schema(type_, notifications)
    own = {"type": {"const": type_, "description": "the event's type"}, "data": _drop_names(schema)}
    return {
        "name": type_,
        "title": type_,
        "summary": schema["description"],
        "contentType": "application/cloudevents+json",
        "headers": _build_headers(type_),
        "payload": {
            "allOf": [_build_reference("components", "schemas", "event"), {"type": "object", "properties": own}]
        },
        "examples": [
            {"name": name, "headers": {"type": type_}, "payload": {**_EXAMPLE, "type": type_, "data": data}}
            for name, data in _read_examples(type_, notifications).items()
        ],
    }


def _tell(type_: str) -> Document:
    states = [state.value for state, known in TYPES.items() if known == type_]
    own = {"type": {"const": type_}, "data": {"type": "object", "properties": {"state": {"enum": states}}}}
    names = {"source": _EXAMPLE["source"], "id": _EXAMPLE["id"], "type": "order.shipped"}
    data = {"message_id": "0d9e1f0a-6f0e-5b6b-9a40-42d3c2b1a5f7", "state": states[0], "event": names}
    example = {**_EXAMPLE, "id": "5b0c" * 16, "source": SOURCE, "type": type_}
    return {
        "name": type_,
        "title": type_,
        "summary": _MEANING[type_],
        "contentType": "application/cloudevents+json",
        "headers": _build_headers(type_),
        "payload": {
            "allOf": [_build_reference("components", "schemas", "mail-event"), {"type": "object", "properties": own}]
        },
        "examples": [
            {
                "name": "typical",
                "headers": {"type": type_},
                "payload": {**example, "datacontenttype": "application/json", "data": data},
            }
        ],
    }


def _build_headers(type_: str) -> Document:
    return {
        "type": "object",
        "description": "attributes of the SNS message",
        "required": ["type"],
        "properties": {"type": {"const": type_, "description": "the event's type, for a subscription's filter"}},
    }


def _build_reference(*path: str) -> Document:
    return {"$ref": "#/" + "/".join(path)}


def _drop_names(schema: Document) -> Document:
    """The schema without a name and a dialect of its own, to be embedded in a document."""
    kept: Document = json.loads(json.dumps({key: value for key, value in schema.items() if key not in _DROPPED}))
    return kept


def _build_published_schema(schema: Document) -> Document:
    """The schema of the data with either `recipient` or `recipients`, a list of the same.

    https://json-schema.org/draft/2020-12/json-schema-core#section-10.2.1.3
    """
    properties = dict(schema["properties"])
    others = [name for name in schema["required"] if name != "recipient"]
    properties["recipients"] = {
        "description": f"1 to {MOST} recipients, instead of one: each gets a mail of their own",
        "type": "array",
        "minItems": 1,
        "maxItems": MOST,
        "items": copy.deepcopy(properties["recipient"]),
    }
    either = [{"required": ["recipient"]}, {"required": ["recipients"]}]
    return {**schema, "required": others, "properties": properties, "oneOf": either}


def _build_published_examples(examples: Mapping[str, Any]) -> dict[str, Any]:
    """The examples, and one whose recipients are those of all of them."""
    several = {name: value for name, value in next(iter(examples.values())).items() if name != "recipient"}
    several["recipients"] = [data["recipient"] for data in examples.values()]
    return {**examples, "several-recipients": several}
