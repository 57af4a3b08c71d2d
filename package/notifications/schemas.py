"""JSON Schemas to validators in plain Python, generated when the package is built.

The generator knows drafts up to 2019-09 and passes over what it does not know, so a schema may only use the
keywords below, which mean the same to it and in draft 2020-12. `format` does not: every validator reads it
in its own way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fastjsonschema

from package.errors import PackageError

__all__ = ["descriptions", "read_schema", "validator_code"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ITS_DIALECT = "http://json-schema.org/draft-07/schema#"
_ANNOTATIONS = frozenset({"$schema", "$id", "$comment", "title", "description"})
_ASSERTIONS = frozenset({"type", "properties", "required", "const", "minLength", "maxLength", "pattern"})
_TYPES = ("object", "string")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ITS_IMPORT = "from fastjsonschema import JsonSchemaValueException, JsonSchemaValuesException\n"
_OUR_IMPORT = "from function.message.catalogue import ViolationError as JsonSchemaValueException\n"
_UNUSED_IMPORT = "from decimal import Decimal\n"

Schema = dict[str, Any]


def read_schema(path: Path) -> Schema:
    """Read one schema; raises `PackageError` if it is not draft 2020-12, or uses another keyword."""
    try:
        schema: Schema = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise PackageError(f"{path} is not a JSON Schema: {error}") from error
    if not isinstance(schema, dict) or schema.get("$schema") != _DIALECT:
        raise PackageError(f'{path}: a schema is an object with "$schema": "{_DIALECT}"')
    for where, part in _parts(schema):
        _refuse_unknown(f"{path} at {where or '/'}", part)
    return schema


def descriptions(schema: Schema) -> dict[str, str]:
    """What each value must be, in words: the schema's descriptions by JSON Pointer into the data."""
    return {where: part["description"] for where, part in _parts(schema)}


def validator_code(schema: Schema) -> str:
    """Source of a module with `validate(data, name_prefix=...)`, which raises `ViolationError`."""
    code = fastjsonschema.compile_to_code({"$schema": _ITS_DIALECT, **_bare(schema)})
    if _ITS_IMPORT not in code or "Decimal" in code.replace(_UNUSED_IMPORT, ""):
        raise PackageError("fastjsonschema generates other code than it did: look at package/notifications/schemas.py")
    return code.replace(_ITS_IMPORT, _OUR_IMPORT).replace(_UNUSED_IMPORT, "")


def _parts(schema: Schema, where: str = "") -> Iterator[tuple[str, Schema]]:
    yield where, schema
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise PackageError(f"{where}: properties is not an object")
    for name, part in properties.items():
        if not _NAME.fullmatch(name) or not isinstance(part, dict):
            raise PackageError(f"{where}/{name}: a property is a plain name and an object")
        yield from _parts(part, f"{where}/{name}")


def _refuse_unknown(where: str, part: Mapping[str, object]) -> None:
    for keyword in part.keys() - _ANNOTATIONS - _ASSERTIONS:
        allowed = ", ".join(sorted(_ASSERTIONS))
        raise PackageError(f"{where}: the keyword {keyword!r} is not on the list ({allowed})")
    if part.get("type", "string") not in _TYPES or not isinstance(part.get("const", ""), str):
        raise PackageError(f"{where}: only the types object and string are on the list")
    if not part.get("description"):
        raise PackageError(f"{where}: the description is missing that a publisher reads when refused")
    _refuse_pattern(where, str(part.get("pattern", "")))


def _refuse_pattern(where: str, pattern: str) -> None:
    if re.search(r"\\[dDwWsSbBAZ]|\$", pattern.replace(r"(?![\s\S])", "")):
        raise PackageError(
            rf"{where}: \d, \w, \s, \b and $ mean different things to different engines;"
            r" name the characters, and write the end of the text as (?![\s\S])"
        )
    try:
        re.compile(pattern)
    except re.error as error:
        raise PackageError(f"{where}: the pattern is not a regular expression: {error}") from error


def _bare(schema: Schema) -> Schema:
    bare = {keyword: value for keyword, value in schema.items() if keyword not in _ANNOTATIONS}
    if "properties" in bare:
        bare["properties"] = {name: _bare(part) for name, part in bare["properties"].items()}
    return bare
