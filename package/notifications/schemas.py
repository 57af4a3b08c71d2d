"""Generates validators in plain Python from JSON Schemas when the package is built.

The generator knows drafts up to 2019-09 and ignores what it does not know, so a schema may only use the keywords below,
which mean the same to it and in draft 2020-12; `format` does, once its pattern is added.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import fastjsonschema

from package.errors import PackageError
from package.notifications.formats import LONGEST, PATTERNS
from package.notifications.strict_json import escape_unprintable, locate_member, read_json

__all__ = ["list_descriptions", "read_data_schema", "read_schema", "write_validator"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ITS_DIALECT = "http://json-schema.org/draft-07/schema#"
_ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "title", "description"})
#: The assertions allowed for each type. Validators ignore one that is not of the value's type; here it is a mistake.
_ASSERTIONS: Mapping[str, frozenset[str]] = {
    "object": frozenset({"properties", "required"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"const", "enum", "format", "minLength", "maxLength", "pattern"}),
    "integer": frozenset({"enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "number": frozenset({"enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "boolean": frozenset(),
}
#: The most levels of nested objects and arrays. Python compiles no validator with more than 20 nested loops, nor one
#: that is indented by more than 100 levels.
_DEEPEST = 16
_LENGTHS = ("minItems", "maxItems", "minLength", "maxLength")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_PAIRS = (("minItems", "maxItems"), ("minLength", "maxLength"), ("minimum", "maximum"))
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OUR_IMPORT = "from function.message.catalogue import ViolationError as JsonSchemaValueException\n"
#: JSON is parsed without decimals, and the function has no schema library.
_REPLACED = {
    "from fastjsonschema import JsonSchemaValueException, JsonSchemaValuesException\n": _OUR_IMPORT,
    "from decimal import Decimal\n": "",
    "(int, float, Decimal)": "(int, float)",
}

Schema = dict[str, Any]


def read_schema(path: Path) -> Schema:
    """Read one schema, each `format` as its pattern; raises `PackageError` with a line for each thing that is not draft
    2020-12 or not on the list."""
    schema: Schema = read_json(path)
    if not isinstance(schema, dict) or schema.get("$schema") != _DIALECT:
        raise PackageError(f'{path}: a schema is an object with "$schema": "{_DIALECT}"')
    if faults := [f"{_locate(path, at)}: {escape_unprintable(fault)}" for at, fault in _list_faults(schema)]:
        raise PackageError("\n".join(faults))
    return _with_patterns(schema)


def read_data_schema(path: Path) -> Schema:
    """Read the schema of a notification's data, which must have the recipient's address and language."""
    schema = read_schema(path)
    recipient = schema.get("properties", {}).get("recipient", {})
    properties = recipient.get("properties", {})
    required = {"email", "locale"} <= set(recipient.get("required", [])) and "recipient" in schema.get("required", [])
    if not required or any(properties.get(name, {}).get("type") != "string" for name in ("email", "locale")):
        raise PackageError(f"{path}: it must require recipient, with the texts email and locale: see book.created")
    if properties["email"].get("pattern") != PATTERNS["email"]:
        raise PackageError(f'{_locate(path, "/recipient/email")}: give it "format": "email"')
    return schema


def list_descriptions(schema: Schema) -> dict[str, str]:
    """The schema's descriptions of each value, by JSON Pointer into the data, with `*` for any item."""
    return {where: part["description"] for where, part in _list_parts(schema)}


def write_validator(schema: Schema) -> str:
    """The source of a module with `validate(data, name_prefix=...)`, which raises `ViolationError`."""
    code = fastjsonschema.compile_to_code({"$schema": _ITS_DIALECT, **_drop_annotations(schema)})
    for theirs, ours in _REPLACED.items():
        code = code.replace(theirs, ours)
    if _OUR_IMPORT not in code or "Decimal" in code:
        raise PackageError("fastjsonschema generates other code than it did: look at package/notifications/schemas.py")
    return code


def _locate(path: Path, at: str) -> str:
    """The line of a value's schema, and the value's pointer in the data."""
    steps = [("items",) if name == "*" else ("properties", name) for name in at.split("/")[1:]]
    return f"{locate_member(path, [name for step in steps for name in step])} at {escape_unprintable(at) or '/'}"


def _list_parts(schema: Schema, where: str = "") -> Iterator[tuple[str, Schema]]:
    """Each value's schema, with the value's pointer, down to the first that is nested too deeply."""
    yield where, schema
    for name, part in _list_inner(schema).items() if where.count("/") <= _DEEPEST else ():
        if isinstance(part, dict):
            yield from _list_parts(part, f"{where}/{name}")


def _list_inner(part: Schema) -> dict[str, Any]:
    """The schemas inside of one, by the name of the property, or `*` for the items of an array."""
    properties = part.get("properties", {})
    inner = dict(properties) if isinstance(properties, dict) else {}
    return inner | ({"*": part["items"]} if "items" in part else {})


def _list_faults(schema: Schema) -> Iterator[tuple[str, str]]:
    for at, part in _list_parts(schema):
        if at.count("/") > _DEEPEST:
            yield at, f"more than {_DEEPEST} levels of objects and arrays inside one another: make the data flatter"
            continue
        for fault in _find_faults(part):
            yield at, fault
        for name, inner in _list_inner(part).items():
            if (name != "*" and not _NAME.fullmatch(name)) or not isinstance(inner, dict):
                yield f"{at}/{name}", "a property is a plain name and an object"


def _find_faults(part: Schema) -> Iterator[str]:
    type_ = part.get("type")
    if not isinstance(type_, str) or type_ not in _ASSERTIONS:
        yield f"the type is one of {', '.join(_ASSERTIONS)}"
        return
    for keyword in sorted(part.keys() - _ANNOTATIONS - {"type"} - _ASSERTIONS[type_]):
        allowed = ", ".join(sorted(_ASSERTIONS[type_])) or "none"
        yield f"the keyword {keyword!r} is not on the list of {type_} ({allowed})"
    if not isinstance(part.get("description"), str) or not part["description"]:
        yield "the description is missing that a publisher reads when refused"
    part = {keyword: value for keyword, value in part.items() if keyword in _ASSERTIONS[type_]}
    yield from _find_value_faults(part, type_)
    if "pattern" in part:
        yield from _find_pattern_faults(part["pattern"])


def _find_value_faults(part: Schema, type_: str) -> Iterator[str]:
    required, properties = part.get("required", []), part.get("properties", {})
    if not isinstance(properties, dict):
        yield "properties is not an object"
    elif not isinstance(required, list) or not all(isinstance(name, str) and name in properties for name in required):
        yield "required is a list of names, each of a property"
    yield from _find_bound_faults(part)
    if type_ == "array" and not {"items", "maxItems"} <= part.keys():
        yield "an array needs items and maxItems: a mail has an end"
    if "format" in part and (part["format"] not in list(PATTERNS) or "pattern" in part):
        yield f"the format is one of {', '.join(PATTERNS)}, and no pattern stands beside it"
    named = part.keys() & {"enum", "const"}
    if named and not _are_of(part.get("enum") if "enum" in named else [part["const"]], type_):
        yield f"const and enum name values of type {type_}, each once"


def _find_bound_faults(part: Schema) -> Iterator[str]:
    for keyword in part.keys() & set(_LENGTHS):
        if not _is_number(part[keyword], "integer") or part[keyword] < 0:
            yield f"{keyword} is a whole number, 0 or more"
    for keyword in part.keys() & set(_BOUNDS):
        if not _is_number(part[keyword], "number"):
            yield f"{keyword} is a number"
    for least, most in _PAIRS:
        if _is_number(part.get(least), "number") and _is_number(part.get(most), "number") and part[least] > part[most]:
            yield f"{least} is more than {most}, so nothing fits: make it less"


def _are_of(values: object, type_: str) -> bool:
    if not isinstance(values, list) or not values:
        return False
    sound = all(isinstance(value, str) if type_ == "string" else _is_number(value, type_) for value in values)
    return sound and len(set(values)) == len(values)


def _is_number(value: object, type_: str) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole or (type_ == "number" and isinstance(value, float) and math.isfinite(value))


def _find_pattern_faults(pattern: object) -> Iterator[str]:
    if not isinstance(pattern, str):
        yield "the pattern is a text"
        return
    if re.search(r"\\[dDwWsSbBAZ]|\$", pattern.replace(r"(?![\s\S])", "")):
        yield (
            r"\d, \w, \s, \b and $ mean different things to different engines;"
            r" name the characters, and write the end of the text as (?![\s\S])"
        )
    try:
        re.compile(pattern)
    except re.error as error:
        yield f"the pattern is not a regular expression: {error}"


def _with_patterns(part: Schema) -> Schema:
    """The schema with the pattern of each `format` added."""
    more: Schema = {}
    if name := part.get("format"):
        more = {"pattern": PATTERNS[name], "maxLength": min(LONGEST[name], part.get("maxLength", LONGEST[name]))}
    return _map_inner(part, _with_patterns) | more


def _drop_annotations(part: Schema) -> Schema:
    """The schema without keywords that assert nothing."""
    bare = {keyword: value for keyword, value in part.items() if keyword not in _ANNOTATIONS | {"format"}}
    return _map_inner(bare, _drop_annotations)


def _map_inner(part: Schema, change: Callable[[Schema], Schema]) -> Schema:
    changed = dict(part)
    if "properties" in part:
        changed["properties"] = {name: change(inner) for name, inner in part["properties"].items()}
    if "items" in part:
        changed["items"] = change(part["items"])
    return changed
