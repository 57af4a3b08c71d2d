"""The validators that the build generates say what jsonschema says, for every schema there is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from function.errors import InvalidEvent
from function.message.catalogue import Catalogue
from package.notifications.catalogue import NOTIFICATIONS, list_types, read_examples
from package.notifications.formats import PATTERNS
from package.notifications.schemas import read_data_schema, read_schema, write_validator
from tests.unit.notifications.events import event

_BOUNDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
_SPOILERS = [
    "\n",
    "\r\n",
    "\x85",
    "\u2028",
    "\ud800",
    "\x00",
    ",",
    "<",
    ">",
    "@",
    " ",
    "ä",
    "٣",
    "\U0001d4b3",
    "$",
    "%",
    "%2",
]


def _schema(name: str) -> dict[str, Any]:
    if name == "event":
        return read_schema(NOTIFICATIONS.parent / "contracts" / "event.schema.json")
    return read_data_schema(NOTIFICATIONS / name / "schema.json")


def _seeds(name: str) -> list[dict[str, Any]]:
    return [event()] if name == "event" else list(read_examples(name).values())


def _generate(catalogue: Catalogue, name: str) -> Callable[[object], None]:
    return catalogue.validate_envelope if name == "event" else catalogue.get(name).validate


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values near what the schema wants, and values far from it."""
    wild = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
        max_leaves=4,
    )
    if "pattern" in schema:
        good = st.from_regex(schema["pattern"])
        return st.one_of(good, st.tuples(good, st.sampled_from(_SPOILERS)).map("".join), st.text(), wild)
    if named := schema.get("enum", [schema["const"]] if "const" in schema else None):
        return st.sampled_from(named) | wild
    if schema.get("type") == "array":
        return st.lists(_values(schema["items"]), max_size=schema["maxItems"] + 1) | wild
    if schema.get("type") in ("integer", "number"):
        ends = [schema[keyword] for keyword in _BOUNDS & schema.keys()]
        return st.sampled_from([0, *(end + step for end in ends for step in (-1, 0, 0.5, 1))]) | wild
    near = st.fixed_dictionaries({}, optional={k: _values(v) for k, v in schema.get("properties", {}).items()})
    return near | wild


@st.composite
def _documents(draw: st.DrawFn, schema: dict[str, Any], seeds: list[dict[str, Any]]) -> Any:
    """A sound document with one or two of its values drawn anew, spoilt or gone, or a document drawn whole."""
    if draw(st.integers(0, 3)) == 0:
        return draw(_values(schema))
    document = json.loads(json.dumps(draw(st.sampled_from(seeds))))
    for _ in range(draw(st.integers(0, 2))):
        _spoil(draw, document, schema)
    return document


def _spoil(draw: st.DrawFn, place: dict[str, Any], schema: dict[str, Any]) -> None:
    name = draw(st.sampled_from(sorted(schema["properties"])))
    part = schema["properties"][name]
    inner = place.get(name)
    if "properties" in part and isinstance(inner, dict) and draw(st.integers(0, 4)):
        _spoil(draw, inner, part)
    elif isinstance(inner, str) and "maxLength" in part and not draw(st.integers(0, 2)):
        place[name] = inner.ljust(part["maxLength"] + draw(st.integers(-1, 1)), "a")
    elif isinstance(inner, str) and draw(st.booleans()):
        at = draw(st.integers(0, len(inner)))
        place[name] = inner[:at] + draw(st.sampled_from(_SPOILERS)) + inner[at:]
    elif draw(st.booleans()):
        place[name] = draw(_values(part))
    else:
        place.pop(name, None)


@pytest.mark.parametrize("name", ["event", *list_types()])
def test_the_generated_validator_agrees_with_jsonschema(catalogue: Catalogue, name: str) -> None:
    schema = _schema(name)
    Draft202012Validator.check_schema(schema)
    referee, validate = Draft202012Validator(schema), _generate(catalogue, name)

    @settings(suppress_health_check=list(HealthCheck))
    @given(document=_documents(schema, _seeds(name)))
    def assert_agreement(document: Any) -> None:
        try:
            validate(document)
            sound = True
        except InvalidEvent:
            sound = False
        assert sound == referee.is_valid(document)

    assert_agreement()


@st.composite
def _schemas(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    """Any schema that the build takes."""
    type_ = draw(st.sampled_from(["string", "integer", "number", "boolean", *(["object", "array"] * depth)]))
    keywords: dict[str, st.SearchStrategy[Any]] = {}
    match type_:
        case "object":
            inner = st.dictionaries(st.sampled_from("abc"), _schemas(depth - 1), max_size=3)
            properties = draw(inner)
            required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
            return {"type": type_, "description": "o", "properties": properties, "required": required}
        case "array":
            least, most = sorted(draw(st.tuples(st.integers(0, 3), st.integers(0, 3))))
            items = draw(_schemas(depth - 1))
            return {"type": type_, "description": "a", "items": items, "minItems": least, "maxItems": most}
        case "string":
            keywords = {
                "minLength": st.integers(0, 3),
                "maxLength": st.integers(0, 5),
                "enum": st.lists(st.text(max_size=2), min_size=1, max_size=3, unique=True),
                "const": st.text(max_size=2),
            }
            keywords |= draw(
                st.sampled_from([{}, {"format": st.sampled_from(sorted(PATTERNS))}, {"pattern": st.just("^[a-c]+")}])
            )
        case "integer" | "number":
            number = st.integers(-3, 3) if type_ == "integer" else st.integers(-3, 3) | st.sampled_from([0.5, -1.5])
            keywords = dict.fromkeys(_BOUNDS, st.integers(-3, 3) | st.sampled_from([0.5, -0.25]))
            keywords["enum"] = st.lists(number, min_size=1, max_size=3, unique=True)
    chosen = draw(st.lists(st.sampled_from(sorted(keywords)), unique=True, max_size=2)) if keywords else []
    schema = {"type": type_, "description": "v", **{name: draw(keywords[name]) for name in chosen}}
    for low, high in (("minLength", "maxLength"), ("minimum", "maximum")):
        if {low, high} <= schema.keys():  # crossed, nothing fits, and the build refuses it
            schema[low], schema[high] = sorted((schema[low], schema[high]))
    return schema


@settings(max_examples=2 * settings().max_examples, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=_schemas(), data=st.data())
def test_every_keyword_means_what_jsonschema_says(
    tmp_path_factory: pytest.TempPathFactory, schema: dict[str, Any], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    path.write_text(json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}), "utf-8")
    read = read_schema(path)
    referee, names = Draft202012Validator(read), dict[str, Any]()
    exec(write_validator(read), names)
    for _ in range(8):
        document = data.draw(_values(read))
        try:
            names["validate"](document, name_prefix="data")
            sound = True
        except ValueError:
            sound = False
        assert sound == referee.is_valid(document), (schema, document)


@given(text=st.from_regex("[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True) | st.dates().map(date.isoformat))
def test_a_date_is_one_of_the_calendar(text: str) -> None:
    try:
        known = bool(date.fromisoformat(text))
    except ValueError:
        known = False
    assert bool(re.match(PATTERNS["date"], text)) == known


@given(time=st.datetimes(timezones=st.timezones()))
def test_a_time_has_its_zone(time: datetime) -> None:
    text = time.isoformat()
    minutes = not (time.utcoffset() or UTC.utcoffset(None)).seconds % 60
    assert bool(re.match(PATTERNS["date-time"], text)) == minutes, "RFC 3339 knows no seconds in an offset"
    assert not re.match(PATTERNS["date-time"], text[:19])


@pytest.mark.parametrize("name", list_types())
def test_a_trailing_line_break_is_refused_by_both_in_every_text(catalogue: Catalogue, name: str) -> None:
    schema, seed = _schema(name), _seeds(name)[0]
    referee = Draft202012Validator(schema)
    for section, values in seed.items():
        for key, value in values.items():
            spoilt = {**seed, section: {**values, key: f"{value}\n"}}
            assert not referee.is_valid(spoilt)
            with pytest.raises(InvalidEvent):
                catalogue.get(name).validate(spoilt)
