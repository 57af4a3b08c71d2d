"""Reading and changing an item by document path, e.g. `("timeline", 0, "state")` for `timeline[0].state`.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.Attributes.html
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

from fakes.dynamodb.errors import Invalid
from fakes.dynamodb.values import Frozen, FrozenItem, FrozenValue

__all__ = ["Path", "assign", "discard", "project", "read", "refuse_overlap", "text"]

Path = tuple[str | int, ...]

_BAD_PATH = "The document path provided in the update expression is invalid for update"


def text(path: Path) -> str:
    """A path as messages write it: `[timeline, [0], state]`."""
    return "[" + ", ".join(f"[{part}]" if isinstance(part, int) else part for part in path) + "]"


def read(item: FrozenItem, path: Path) -> FrozenValue | None:
    """What stands at the path, or None."""
    value: FrozenValue | None = ("M", item)
    for part in path:
        value = None if value is None else _child(value, part)
    return value


def assign(value: FrozenValue | None, path: Path, new: FrozenValue) -> FrozenValue:
    """`value` with `new` at the path below it; past the end of a list it is appended."""
    if not path:
        return new
    part, rest = path[0], path[1:]
    tag, content = _container(value, part)
    child = assign(_child((tag, content), part), rest, new)
    if tag == "M":
        return tag, Frozen({**content, str(part): child})
    return tag, (*content[: int(part)], child, *content[int(part) + 1 :])


def discard(value: FrozenValue | None, path: Path) -> FrozenValue:
    """`value` without what stands at the path below it, if anything does."""
    part, rest = path[0], path[1:]
    tag, content = _container(value, part)
    child = _child((tag, content), part)
    if rest:
        changed = discard(child, rest)
        return assign((tag, content), (part,), changed)
    if tag == "M":
        return tag, Frozen({name: one for name, one in content.items() if name != part})
    return tag, (*content[: int(part)], *content[int(part) + 1 :])


def project(item: FrozenItem, paths: Iterable[Path]) -> FrozenItem:
    """Only what stands at the paths, in its maps and lists; lists close up."""
    tree: dict[Any, Any] = {}
    for path in paths:
        found = read(item, path)
        if found is None:
            continue
        node = tree
        for part in path[:-1]:
            node = node.setdefault(part, {})
        node[path[-1]] = found
    return Frozen({name: _build_value(node) for name, node in tree.items()})


def refuse_overlap(slot: str, paths: Iterable[Path]) -> None:
    """Raise `Invalid` if two paths lie in one another, or take one value for a list and for a map."""
    for one, two in combinations(paths, 2):
        parting = next(((a, b) for a, b in zip(one, two, strict=False) if a != b), None)
        named = f"must remove or rewrite one of these paths; path one: {text(one)}, path two: {text(two)}"
        if parting is None:
            raise Invalid(f"Invalid {slot}: Two document paths overlap with each other; {named}")
        if isinstance(parting[0], int) != isinstance(parting[1], int):
            raise Invalid(f"Invalid {slot}: Two document paths conflict with each other; {named}")


def _child(value: FrozenValue, part: str | int) -> FrozenValue | None:
    tag, content = value
    found: FrozenValue | None = None
    if tag == "M" and isinstance(part, str):
        found = content.get(part)
    elif tag == "L" and isinstance(part, int) and part < len(content):
        found = content[part]
    return found


def _container(value: FrozenValue | None, part: str | int) -> FrozenValue:
    if value is None or value[0] != ("L" if isinstance(part, int) else "M"):
        raise Invalid(_BAD_PATH)
    return value


def _build_value(node: Any) -> FrozenValue:
    if isinstance(node, tuple):
        return node
    if isinstance(next(iter(node)), int):
        return "L", tuple(_build_value(node[index]) for index in sorted(node))
    return "M", Frozen({name: _build_value(child) for name, child in node.items()})
