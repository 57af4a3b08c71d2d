"""Conditions and updates made up by hypothesis: the table with memory and moto agree on each.

What is generated stays within the grammar, and clear of the ways in which moto is listed to differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakes.dynamodb.table import MemoryTable
from tests.dynamodb.agreement import moto_client
from tests.dynamodb.case import ConditionCase, UpdateCase, holds, run_update

Drawn = st.DrawFn
FEW = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

numbers = st.decimals(min_value=-99, max_value=99, places=1).map(lambda number: {"N": str(number)})
texts = st.text("abé😀 ", max_size=3).map(lambda text: {"S": text})
lists = st.lists(st.one_of(numbers, texts), max_size=3).map(lambda members: {"L": members})
sets = st.sets(st.sampled_from("abcd"), min_size=1).map(lambda members: {"SS": sorted(members)})
maps = st.fixed_dictionaries({}, optional={"x": numbers, "y": texts}).map(lambda members: {"M": members})
scalars = st.one_of(numbers, texts)
anything = st.one_of(numbers, texts, lists, sets, maps, st.booleans().map(lambda flag: {"BOOL": flag}))
items = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {}, optional={"nr": numbers, "txt": texts, "lst": lists, "ss": sets, "doc": maps, "any": anything}
    ),
)
PATHS = ("nr", "txt", "lst", "ss", "doc", "doc.x", "lst[0]", "gone")
RENAMED = {"#any": "any"}


class Values:
    """Gives each value of a request its reference."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}

    def refer(self, value: Any) -> str:
        name = f":v{len(self.given)}"
        self.given[name] = value
        return name


@pytest.fixture(scope="module")
def moto() -> Iterator[Any]:
    with moto_client() as client:
        yield client


def exists(draw: Drawn, path: str, values: Values) -> str:
    return f"{draw(st.sampled_from(('attribute_exists', 'attribute_not_exists')))}({path})"


def equal(draw: Drawn, path: str, values: Values) -> str:
    return f"{path} {draw(st.sampled_from(('=', '<>')))} {values.refer(draw(anything))}"


def draw_in(draw: Drawn, path: str, values: Values) -> str:
    return f"{path} IN ({', '.join(values.refer(one) for one in draw(st.lists(anything, min_size=1, max_size=3)))})"


def draw_type_test(draw: Drawn, path: str, values: Values) -> str:
    return f"attribute_type({path}, {values.refer({'S': draw(st.sampled_from(('S', 'N', 'L', 'M', 'SS')))})})"


def begins(draw: Drawn, path: str, values: Values) -> str:
    return f"begins_with(txt, {values.refer(draw(texts))})"


def contains(draw: Drawn, path: str, values: Values) -> str:
    whole, part = draw(st.sampled_from((("txt", texts), ("lst", scalars), ("ss", texts))))
    return f"contains({whole}, {values.refer(draw(part))})"


def draw_comparison(draw: Drawn, path: str, values: Values) -> str:
    path, kind = draw(TYPED)
    return f"{path} {draw(st.sampled_from(('<', '<=', '>', '>=')))} {values.refer(draw(kind))}"


def draw_between(draw: Drawn, path: str, values: Values) -> str:
    path, kind = draw(TYPED)
    low, high = sorted((draw(kind), draw(kind)), key=_order)
    return f"{path} BETWEEN {values.refer(low)} AND {values.refer(high)}"


TYPED = st.sampled_from((("nr", numbers), ("txt", texts), ("doc.x", numbers), ("doc.y", texts)))
ATOMS = st.sampled_from((exists, equal, draw_in, draw_type_test, begins, contains, draw_comparison, draw_between))
JOINED = st.sampled_from(("{0} AND {1}", "{0} OR {1}", "NOT ({0} OR {1})", "({0} OR {1}) AND {0}", "NOT ({0}) AND {1}"))


def condition(draw: Drawn, values: Values, depth: int = 2) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(ATOMS)(draw, draw(st.sampled_from(PATHS)), values)
    return draw(JOINED).format(condition(draw, values, depth - 1), condition(draw, values, depth - 1))


@st.composite
def condition_cases(draw: Drawn) -> ConditionCase:
    values = Values()
    expression = condition(draw, values)
    return ConditionCase(expression, True, draw(items), values.given)


@st.composite
def update_cases(draw: Drawn) -> UpdateCase:
    item, values = draw(items), Values()
    sets_: dict[str, Callable[[], str]] = {
        "nr": lambda: f"nr = if_not_exists(nr, {values.refer(draw(numbers))}) + {values.refer(draw(numbers))}",
        "txt": lambda: f"txt = {values.refer(draw(anything))}",
        "lst": lambda: f"lst = list_append(if_not_exists(lst, {values.refer({'L': []})}), {values.refer(draw(lists))})",
        "doc": lambda: f"doc.x = {values.refer(draw(scalars))}",
        "#any": lambda: "#any = nr",
    }
    names = draw(st.permutations(("nr", "txt", "lst", "doc", "#any")))
    cut, removes = draw(st.integers(1, 5)), draw(st.booleans())
    clauses = ["SET " + ", ".join(sets_[name]() for name in names[:cut])]
    if removes and names[cut:]:
        clauses.append(f"REMOVE {', '.join(names[cut:])}")
    if draw(st.booleans()):
        clauses.append(f"{draw(st.sampled_from(('ADD', 'DELETE')))} ss {values.refer(draw(sets))}")
    expression = " ".join(clauses)
    returns = draw(st.sampled_from(("NONE", "ALL_OLD", "ALL_NEW")))
    return UpdateCase(expression, None, item, values.given, RENAMED if "#any" in expression else {}, returns)


@FEW
@given(case=condition_cases())
def test_moto_judges_generated_conditions_alike(moto: Any, case: ConditionCase) -> None:
    assert holds(MemoryTable(), "one", case) == holds(moto, "one", case)


@FEW
@given(case=update_cases())
def test_moto_makes_generated_updates_alike(moto: Any, case: UpdateCase) -> None:
    assert run_update(MemoryTable(), "one", case) == run_update(moto, "one", case)


def _order(value: dict[str, str]) -> Any:
    return float(value["N"]) if "N" in value else value["S"]
