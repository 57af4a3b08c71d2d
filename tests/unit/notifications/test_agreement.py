"""The validators that the build generates say what jsonschema says, for every schema there is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from function.errors import InvalidEvent
from function.message.catalogue import Catalogue
from package.notifications.catalogue import SOURCE, examples, types
from tests.unit.notifications.events import event

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
    data = SOURCE / "notifications" / name / "schema.json"
    path = SOURCE / "contracts" / "event.schema.json" if name == "event" else data
    schema: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return schema


def _seeds(name: str) -> list[dict[str, Any]]:
    return [event()] if name == "event" else list(examples(name).values())


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
    if "const" in schema:
        return st.just(schema["const"]) | wild
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


@pytest.mark.parametrize("name", ["event", *types()])
def test_the_generated_validator_agrees_with_jsonschema(catalogue: Catalogue, name: str) -> None:
    schema = _schema(name)
    Draft202012Validator.check_schema(schema)
    referee, validate = Draft202012Validator(schema), _generate(catalogue, name)

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(document=_documents(schema, _seeds(name)))
    def agree(document: Any) -> None:
        try:
            validate(document)
            sound = True
        except InvalidEvent:
            sound = False
        assert sound == referee.is_valid(document)

    agree()


@pytest.mark.parametrize("name", types())
def test_a_trailing_line_break_is_refused_by_both_in_every_text(catalogue: Catalogue, name: str) -> None:
    schema, seed = _schema(name), _seeds(name)[0]
    referee = Draft202012Validator(schema)
    for section, values in seed.items():
        for key, value in values.items():
            spoilt = {**seed, section: {**values, key: f"{value}\n"}}
            assert not referee.is_valid(spoilt)
            with pytest.raises(InvalidEvent):
                catalogue.get(name).validate(spoilt)
