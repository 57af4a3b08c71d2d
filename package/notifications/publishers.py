"""Typed publishers, made from the schemas: modules in Python and TypeScript without dependencies.

Each has, for every type of event, the type of its data and a function that gives what SNS's `Publish` takes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from package.notifications.asyncapi import data_schema
from package.notifications.catalogue import types

__all__ = ["python_publisher", "typescript_publisher"]

Schema = dict[str, Any]
#: A value's name in each language, by the schema's type.
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


def _publish(topic_arn: str, type_: str, source: str, id_: str, data: Any, time: datetime | None) -> Publish:
    moment = (time or datetime.now(timezone.utc)).isoformat()
    event = {"specversion": "1.0", "id": id_, "source": source, "type": type_, "time": moment, "data": data}
    attributes = {"type": {"DataType": "String", "StringValue": type_}}
    return {"TopicArn": topic_arn, "Message": json.dumps(event), "MessageAttributes": attributes}
'''
_PYTHON_FUNCTION = '''

def {function}_event(
    topic_arn: str, source: str, id_: str, data: {data}, time: datetime | None = None
) -> Publish:
    """{description}.

    `source` and `id_` name the event for ever; `time`, with its zone, is when it happened.
    """
    return _publish(topic_arn, "{type}", source, id_, data, time)
'''
_TYPESCRIPT_HEAD = """// Events that become mails, typed. Written by `herald contracts`: change the schemas, not this.

/** What `new PublishCommand(…)` of @aws-sdk/client-sns takes. */
export interface Publish {
  TopicArn: string;
  Message: string;
  MessageAttributes: { type: { DataType: "String"; StringValue: string } };
}

/** `source` and `id` name the event for ever; `time` is when it happened. */
export interface Event {
  topicArn: string;
  source: string;
  id: string;
  time?: Date;
}

function publish(event: Event, type: string, data: unknown): Publish {
  const time = (event.time ?? new Date()).toISOString();
  const message = { specversion: "1.0", id: event.id, source: event.source, type, time, data };
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


def python_publisher(notifications: Path) -> str:
    """A module for Python 3.11 and newer."""
    parts = [_PYTHON_HEAD]
    for type_ in types(notifications):
        schema = data_schema(type_, notifications)
        parts += [_python_class(name, part) for name, part in _objects(_data_name(type_), schema)]
        words = {"description": _sentence(schema), "type": type_, "data": _data_name(type_)}
        parts.append(_PYTHON_FUNCTION.format(function=re.sub(r"\W", "_", type_), **words))
    return "".join(parts)


def typescript_publisher(notifications: Path) -> str:
    """A module for TypeScript in its strict mode."""
    parts = [_TYPESCRIPT_HEAD]
    for type_ in types(notifications):
        schema = data_schema(type_, notifications)
        parts += [_typescript_interface(name, part) for name, part in _objects(_data_name(type_), schema)]
        name = _pascal(type_)
        words = {"description": _sentence(schema), "type": type_, "data": _data_name(type_)}
        parts.append(_TYPESCRIPT_FUNCTION.format(function=f"{name[0].lower()}{name[1:]}", **words))
    return "".join(parts)


def _objects(name: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every object in a schema with the name of its type, inner ones first."""
    for key, part in schema.get("properties", {}).items():
        inner = part
        while inner["type"] == "array":
            inner = inner["items"]
        if inner["type"] == "object":
            yield from _objects(name + _pascal(key), inner)
    yield name, schema


def _python_class(name: str, schema: Schema) -> str:
    required = set(schema.get("required", []))
    fields = [
        f'    "{key}": {hint},\n'
        for key, part in schema.get("properties", {}).items()
        for hint in [_hint(part, name + _pascal(key), _PYTHON, "list[{}]", "Literal[{}]", ", ")]
        for hint in [hint if key in required else f"NotRequired[{hint}]"]
    ]
    return f'\n\n#: {_sentence(schema)}.\n{name} = TypedDict("{name}", {{\n{"".join(fields)}}})\n'


def _typescript_interface(name: str, schema: Schema) -> str:
    required = set(schema.get("required", []))
    fields = [
        f"  /** {_sentence(part)}. */\n  {key}{'' if key in required else '?'}: {hint};\n"
        for key, part in schema.get("properties", {}).items()
        for hint in [_hint(part, name + _pascal(key), _TYPESCRIPT, "Array<{}>", "{}", " | ")]
    ]
    return f"\n/** {_sentence(schema)}. */\nexport interface {name} {{\n{''.join(fields)}}}\n"


def _hint(part: Schema, name: str, plain: dict[str, str], many: str, literal: str, between: str) -> str:
    """The type of a value, as a language writes it."""
    if part["type"] == "array":
        return many.format(_hint(part["items"], name, plain, many, literal, between))
    if part["type"] == "object":
        return name
    values = part.get("enum", [part["const"]] if "const" in part else None)
    if values and part["type"] in ("string", "integer"):
        return literal.format(between.join(json.dumps(value) for value in values))
    return plain[part["type"]]


def _sentence(part: Schema) -> str:
    """A description that ends no comment and no string early."""
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", str(part["description"]))
    text = text.replace("\\", "/").replace("*/", "* /").replace('"""', "'''").rstrip('. "')
    return text[:1].upper() + text[1:]


def _data_name(type_: str) -> str:
    """What the data of a type is called: no name that the modules have themselves."""
    return f"{_pascal(type_)}Data"


def _pascal(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[._-]", name) if word)
