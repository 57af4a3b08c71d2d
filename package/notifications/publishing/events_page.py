"""Renders an AsyncAPI document as a page in Markdown: each event with its fields and an example."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["render_events_page"]

Document = Mapping[str, Any]

_NOTE = "<!-- Written by herald contracts from the schemas and examples of the notifications. -->"
_TYPICAL = "typical"


def render_events_page(document: Document) -> str:
    """The page of a document that `asyncapi` made: a section for each channel, with its messages."""
    lines = [_NOTE, f"# {document['info']['title']}", document["info"]["description"]]
    for operation in document["operations"].values():
        channel = _resolve(document, operation["channel"])
        lines += [f"## {channel['title']}", f"Topic `{channel['address']}`. {channel['description']}"]
        lines.append(operation["description"])
        for reference in channel["messages"].values():
            lines += _render_message(document, _resolve(document, reference))
    return "\n\n".join(lines) + "\n"


def _render_message(document: Document, message: Document) -> Iterator[str]:
    yield f"### {message['name']}"
    yield f"{message['summary'][:1].upper()}{message['summary'][1:]}."
    common, own = (_resolve(document, part) for part in message["payload"]["allOf"])
    data = own["properties"]["data"]
    shown = data if "required" in data else common["properties"]["data"]
    rows = [
        f"| `{name}` | {_describe_kind(each)} | {need} | {_render_cell(each)} |"
        for name, each, need in _list_fields(shown)
    ]
    yield "\n".join(["| in `data` | type | needed | what it is |", "|---|---|---|---|", *rows])
    examples = {each["name"]: each["payload"] for each in message["examples"]}
    example = examples.get(_TYPICAL) or next(iter(examples.values()))
    yield f"```json\n{json.dumps(example, ensure_ascii=False, indent=2)}\n```"


def _list_fields(schema: Document, prefix: str = "") -> Iterator[tuple[str, Document, str]]:
    """Every field at any depth: its path, its schema, and whether an event must have it."""
    for name, each in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield path, each, "yes" if name in schema.get("required", ()) else ""
        yield from _list_fields(each, f"{path}.")
        yield from _list_fields(each.get("items", {}), f"{path}[].")


def _describe_kind(schema: Document) -> str:
    """The schema's type; a schema with listed values and no type is a string."""
    found = schema.get("type") or ("string" if "enum" in schema or "const" in schema else "")
    return " or ".join(found) if isinstance(found, list) else str(found)


def _render_cell(schema: Document) -> str:
    values = ", ".join(f"`{value}`" for value in schema.get("enum", ()))
    text = ": ".join(filter(None, [schema.get("description", ""), values]))
    return text.replace("|", "\\|").replace("\n", " ")


def _resolve(document: Document, part: Document) -> Any:
    """The part itself, or what its `$ref` points to in this document."""
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part
