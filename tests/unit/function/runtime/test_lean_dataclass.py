"""Herald's lean dataclasses behave as the standard library's do; each pair below is one class made both ways."""

from __future__ import annotations

import dataclasses
import inspect
import pkgutil
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import function
from function.runtime import lean_dataclass


def pair(frozen: bool) -> tuple[Any, Any]:
    """The same class, lean and by the standard library."""
    return tuple(make(decorator, frozen) for decorator in (lean_dataclass.dataclass, dataclasses.dataclass))


def make(decorator: Callable[..., Any], frozen: bool) -> Any:
    class Letter:
        """A value."""

        to: str
        number: int = 1
        tags: dict[str, str] = dataclasses.field(default_factory=dict)
        seal: str = dataclasses.field(default="wax", repr=False)
        opened: float = dataclasses.field(default=0.0, init=False)

    Letter.__qualname__ = "Letter"
    return decorator(frozen=frozen, slots=True)(Letter)


def outcome(ask: Callable[[], object]) -> object:
    """What comes of it: a value, or the kind of error."""
    try:
        return ask()
    except Exception as error:
        return type(error)


VALUES = st.one_of(st.text(max_size=3), st.integers(0, 3), st.none())
GIVEN = st.lists(VALUES, max_size=5)
NAMED = st.dictionaries(st.sampled_from(["to", "number", "tags", "seal", "opened", "other"]), VALUES)


@given(given_=GIVEN, named=NAMED, frozen=st.booleans())
def test_it_takes_and_shows_what_the_standard_library_takes_and_shows(
    given_: list[Any], named: dict[str, Any], frozen: bool
) -> None:
    lean, whole = pair(frozen)
    assert outcome(lambda: repr(lean(*given_, **named))) == outcome(lambda: repr(whole(*given_, **named)))


def hash_of(kind: Any, values: Any) -> int:
    return hash(kind(*values, tags=()))


@given(first=st.tuples(VALUES, VALUES), second=st.tuples(VALUES, VALUES), frozen=st.booleans())
def test_values_are_equal_and_hashed_alike(first: Any, second: Any, frozen: bool) -> None:
    lean, whole = pair(frozen)
    assert (lean(*first) == lean(*second)) == (whole(*first) == whole(*second))
    assert lean(*first) != whole(*first)
    tagged = [outcome(partial(hash_of, kind, first)) for kind in (lean, whole)]
    assert tagged[0] == tagged[1]


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        lambda value: setattr(value, "to", "b"),
        lambda value: delattr(value, "to"),
        lambda value: dataclasses.replace(value, number=7),
        lambda value: dataclasses.replace(value, opened=7),
        dataclasses.asdict,
        lambda value: value.__match_args__,
        lambda value: value.__slots__,
        lambda value: value.tags is type(value)("b").tags,
    ],
)
def test_it_is_changed_and_copied_as_the_standard_librarys(change: Callable[[Any], object], frozen: bool) -> None:
    told = []
    for kind in pair(frozen):
        value = kind("a")
        told.append((repr(outcome(partial(change, value))), outcome(partial(repr, value))))
    assert told[0] == told[1]


def test_every_dataclass_of_the_function_is_lean() -> None:
    """One by the standard library takes as long at every start as the rest of its module."""
    modules = [import_module(found.name) for found in pkgutil.walk_packages(function.__path__, "function.")]
    classes = {
        cls
        for module in modules
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__.startswith("function.") and dataclasses.is_dataclass(cls)
    }
    assert len(classes) > 40
    assert {cls.__name__ for cls in classes if cls.__init__ is not lean_dataclass._init} == set()


def test_a_subclass_without_fields_of_its_own_takes_the_same() -> None:
    lean, whole = pair(frozen=True)
    told = [repr(type("Sealed", (kind,), {})("a", number=2)) for kind in (lean, whole)]
    assert told[0] == told[1]
