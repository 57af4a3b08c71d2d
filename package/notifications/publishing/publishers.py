"""Generates typed publishers from the schemas: modules in Python and TypeScript without dependencies.

Each has, for every type of event, the type of its data and a function that returns the parameters of SNS's `Publish`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

from package.notifications.catalogue import list_types
from package.notifications.publishing.asyncapi import build_data_schema

__all__ = ["write_python_publisher", "write_typescript_publisher"]

Schema = dict[str, Any]
#: The name of a value's type in each language, by the schema's type.
_PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_TYPESCRIPT = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}

_PYTHON_HEAD = '''"""Events that become mails, typed. Written by `herald contracts`: change the schemas, not this."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any, Literal, NotRequired, TypedDict


class Publish(TypedDict):
    """What `boto3.client("sns").publish(**…)` takes."""

    TopicArn: str
    Message: str
    MessageAttributes: Any


def _publish(
    topic_arn: str, type_: str, source: str, id_: str, data: Any, time: datetime | None, tenant: str | None
) -> Publish:
    moment = (time or datetime.now(timezone.utc)).isoformat()
    event = {"specversion": "1.0", "id": id_, "source": source, "type": type_, "time": moment, "data": data}
    if tenant is not None:
        event["tenant"] = tenant
    attributes = {"type": {"DataType": "String", "StringValue": type_}}
    return {"TopicArn": topic_arn, "Message": json.dumps(event), "MessageAttributes": attributes}
'''
_PYTHON_FUNCTION = '''

def {function}_event(
    topic_arn: str, source: str, id_: str, data: {data}, time: datetime | None = None, tenant: str | None = None
) -> Publish:
    """{description}.

    `source` and `id_` name the event for ever; `time`, with its zone, is when it happened; `tenant`: whose mail it is.
    """
    return _publish(topic_arn, "{type}", source, id_, data, time, tenant)
'''
_TYPESCRIPT_HEAD = """// Events that become mails, typed. Written by `herald contracts`: change the schemas, not this.

/** What `new PublishCommand(…)` of @aws-sdk/client-sns takes. */
export interface Publish {
  TopicArn: string;
  Message: string;
  MessageAttributes: { type: { DataType: "String"; StringValue: string } };
}

/** `source` and `id` name the event for ever; `time` is when it happened; `tenant` is whose mail it is. */
export interface Event {
  topicArn: string;
  source: string;
  id: string;
  time?: Date;
  tenant?: string;
}

function publish(event: Event, type: string, data: unknown): Publish {
  const time = (event.time ?? new Date()).toISOString();
  const own = event.tenant === undefined ? {} : { tenant: event.tenant };
  const message = { specversion: "1.0", id: event.id, source: event.source, type, time, data, ...own };
  return {
    TopicArn: event.topicArn,
    Message: JSON.stringify(message),
    MessageAttributes: { type: { DataType: "String", StringValue: type } },
  };
}
"""
_TYPESCRIPT_FUNCTION = """
/** {description}. */
export function {function}Event(event: Event, data: {data}): Publish {{
  return publish(event, "{type}", data);
}}
"""


def write_python_publisher(notifications: Path) -> str:
    """A module for Python 3.11 and newer."""
    parts = [_PYTHON_HEAD]
    for type_, schema in _name_schemas(notifications):
        parts += map(_write_python_class, _list_objects(schema))
        words = {"description": _write_sentence(schema), "type": type_, "data": schema["title"]}
        parts.append(_PYTHON_FUNCTION.format(function=re.sub(r"\W", "_", type_), **words))
    return "".join(parts)


def write_typescript_publisher(notifications: Path) -> str:
    """A module for TypeScript in its strict mode."""
    parts, taken = [_TYPESCRIPT_HEAD], set[str]()
    for type_, schema in _name_schemas(notifications):
        parts += map(_write_typescript_interface, _list_objects(schema))
        name = _take(_to_pascal(type_), taken)
        words = {"description": _write_sentence(schema), "type": type_, "data": schema["title"]}
        parts.append(_TYPESCRIPT_FUNCTION.format(function=f"{name[0].lower()}{name[1:]}", **words))
    return "".join(parts)


def _name_schemas(notifications: Path) -> list[tuple[str, Schema]]:
    """Each type with its schema, in which the title of every object is the unique name of its type in code."""
    schemas, taken = (
        [(type_, build_data_schema(type_, notifications)) for type_ in list_types(notifications)],
        set[str](),
    )
    for type_, schema in schemas:  # before any inner object, so that a type's own name stays when a schema grows
        schema["title"] = _take(f"{_to_pascal(type_)}Data", taken)
    for _, schema in schemas:
        _name_inner(schema, taken)
    return schemas


def _name_inner(schema: Schema, taken: set[str]) -> None:
    for key, inner in _list_inner_objects(schema):
        inner["title"] = _take(schema["title"] + _to_pascal(key), taken)
        _name_inner(inner, taken)


def _list_inner_objects(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """The objects directly inside of one, also in lists, by the name of the property."""
    for key, part in schema.get("properties", {}).items():
        inner = part
        while inner["type"] == "array":
            inner = inner["items"]
        if inner["type"] == "object":
            yield key, inner


def _list_objects(schema: Schema) -> Iterator[Schema]:
    """Every object in a schema, inner ones first."""
    for _, inner in _list_inner_objects(schema):
        yield from _list_objects(inner)
    yield schema


def _take(name: str, taken: set[str]) -> str:
    """The name, with the lowest free number if it is taken: two types may differ only in a hyphen."""
    numbered = (f"{name}_{number}" for number in count(2))
    free = next(each for each in chain([name], numbered) if each not in taken)
    taken.add(free)
    return free


def _write_python_class(schema: Schema) -> str:
    name, required = schema["title"], set(schema.get("required", []))
    fields = [
        f'    "{key}": {hint},\n'
        for key, part in schema.get("properties", {}).items()
        for hint in [_write_hint(part, _PYTHON, "list[{}]", "Literal[{}]", ", ", repr)]
        for hint in [hint if key in required else f"NotRequired[{hint}]"]
    ]
    return f'\n\n#: {_write_sentence(schema)}.\n{name} = TypedDict("{name}", {{\n{"".join(fields)}}})\n'


def _write_typescript_interface(schema: Schema) -> str:
    name, required = schema["title"], set(schema.get("required", []))
    fields = [
        f"  /** {_write_sentence(part)}. */\n  {key}{'' if key in required else '?'}: {hint};\n"
        for key, part in schema.get("properties", {}).items()
        for hint in [_write_hint(part, _TYPESCRIPT, "Array<{}>", "{}", " | ", json.dumps)]
    ]
    return f"\n/** {_write_sentence(schema)}. */\nexport interface {name} {{\n{''.join(fields)}}}\n"


def _write_hint(
    part: Schema, plain: dict[str, str], many: str, literal: str, between: str, write: Callable[[object], str]
) -> str:
    """The type of a value, as a language writes it."""
    if part["type"] == "array":
        return many.format(_write_hint(part["items"], plain, many, literal, between, write))
    if part["type"] == "object":
        return str(part["title"])
    values = part.get("enum", [part["const"]] if "const" in part else None)
    if values and part["type"] in ("string", "integer"):
        return literal.format(between.join(map(write, values)))
    return plain[part["type"]]


def _write_sentence(part: Schema) -> str:
    """A description that cannot end a comment or a string early."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", str(part["description"]))
    text = text.replace("\\", "/").replace("*/", "* /").replace('"""', "'''").rstrip('. "')
    return text[:1].upper() + text[1:]


def _to_pascal(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[._-]", name) if word)
