"""JSON Schemas to validators, and what a refusal says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from function.message.catalogue import ViolationError, build_pointer
from package.errors import PackageError
from package.notifications.schemas import list_descriptions, read_schema, write_validator

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:example",
    "description": "an object",
    "type": "object",
    "required": ["a"],
    "properties": {
        "a": {
            "description": "an object with b",
            "type": "object",
            "properties": {"b": {"description": "two letters", "type": "string", "maxLength": 2}},
        },
        "properties": {"description": "a text", "type": "string"},
    },
}


def validate(value: object) -> None:
    names: dict[str, Any] = {}
    exec(write_validator(SCHEMA), names)
    names["validate"](value, name_prefix="it")


def test_a_violation_names_the_value_and_the_rule() -> None:
    with pytest.raises(ViolationError) as violation:
        validate({"a": {"b": "abc"}})
    assert (violation.value.name, violation.value.rule) == ("it.a.b", "maxLength")
    assert build_pointer(violation.value.name) == "/a/b"


def test_a_violation_at_the_top_points_at_the_whole() -> None:
    with pytest.raises(ViolationError) as violation:
        validate([])
    assert build_pointer(violation.value.name) == ""


def test_a_violation_does_not_keep_the_value() -> None:
    with pytest.raises(ViolationError) as violation:
        validate({"a": {"b": "personal"}})
    assert "personal" not in repr(vars(violation.value)) + str(violation.value)


def test_what_is_sound_passes() -> None:
    validate({"a": {"b": "ab", "more": None}, "properties": "x"})


def test_descriptions_are_found_by_pointer() -> None:
    assert list_descriptions(SCHEMA) == {
        "": "an object",
        "/a": "an object with b",
        "/a/b": "two letters",
        "/properties": "a text",
    }


def test_the_code_needs_no_schema_library() -> None:
    assert "fastjsonschema" not in write_validator(SCHEMA)


def nest(kind: str, levels: int) -> dict[str, Any]:
    """A schema of so many objects, or arrays, inside one another."""
    inner: dict[str, Any] = {"description": "a text", "type": "string"}
    for _ in range(levels):
        more = {"properties": {"a": inner}} if kind == "object" else {"maxItems": 2, "items": inner}
        inner = {"description": "a level", "type": kind, **more}
    return SCHEMA | {"properties": SCHEMA["properties"] | {"deep": inner}}


@pytest.mark.parametrize("kind", ["object", "array"])
@pytest.mark.parametrize("levels", [17, 24, 300])
def test_what_is_nested_too_deeply_to_be_a_validator_is_refused_in_a_line(
    tmp_path: Path, kind: str, levels: int
) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(nest(kind, levels)))
    with pytest.raises(PackageError, match="more than 16 levels of objects and arrays inside one another") as refused:
        read_schema(path)
    assert len(str(refused.value).splitlines()) == 1
    assert str(refused.value).startswith(f"{path}:1 at /deep")


@pytest.mark.parametrize("kind", ["object", "array"])
def test_the_deepest_schema_that_is_taken_is_a_validator(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(nest(kind, 15)))
    compile(write_validator(read_schema(path)), str(path), "exec")
