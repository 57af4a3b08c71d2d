"""Update expressions as closures from the old item to the new one.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
Every action reads the item as it was before the update. Indexes are those of the old list; what is set past its
end is appended in order of index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from fakes.dynamodb.documents import Path, assign, discard, read, refuse_overlap
from fakes.dynamodb.expressions.actions import CLAUSES
from fakes.dynamodb.expressions.operands import Read
from fakes.dynamodb.expressions.tokens import Reader, Uses, Values
from fakes.dynamodb.values import Frozen, FrozenItem, FrozenValue

__all__ = ["Update", "compile_update"]

_BUILDERS = frozenset({"SET", "ADD"})


@dataclass(frozen=True, slots=True)
class Update:
    """`actions` give what stands at each path after the update, or None; `creates`: an item that is not there."""

    actions: tuple[tuple[Path, Read], ...]
    creates: bool
    uses: Uses

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(path for path, _ in self.actions)

    def apply(self, item: FrozenItem, values: Values) -> FrozenItem:
        """The new item; raises `Invalid` where the item does not fit the expression."""
        changes = sorted(((path, compute(item, values)) for path, compute in self.actions), key=_by_path)
        new = Frozen(item)
        for path, value in changes:
            if value is not None:
                name = str(path[0])
                new[name] = assign(new.get(name), path[1:], value)
        for path, value in reversed(changes):
            if value is None:
                _remove(new, item, path)
        return new


@cache
def compile_update(expression: str, names: tuple[tuple[str, str], ...] = ()) -> Update:
    """Parse once per text and names; raises `Invalid` as DynamoDB would."""
    reader = Reader("UpdateExpression", expression, dict(names))
    actions: list[tuple[Path, Read]] = []
    seen: set[str] = set()
    while not reader.done():
        clause = reader.next.text.upper()
        if reader.next.kind != "word" or clause not in CLAUSES:
            raise reader.syntax()
        if clause in seen:
            raise reader.wrong(f'The "{clause}" section can only be used once in an update expression;')
        seen.add(clause)
        reader.take()
        actions.extend(_parse_list(reader, CLAUSES[clause]))
    refuse_overlap(reader.slot, [path for path, _ in actions])
    return Update(
        tuple(actions),
        bool(seen & _BUILDERS),
        reader.uses(),
    )


def _parse_list(reader: Reader, action: Callable[[Reader], tuple[Path, Read]]) -> list[tuple[Path, Read]]:
    found = [action(reader)]
    while reader.accept(","):
        found.append(action(reader))
    return found


def _by_path(change: tuple[Path, FrozenValue | None]) -> Path:
    return change[0]


def _remove(new: FrozenItem, old: FrozenItem, path: Path) -> None:
    """Take away only what the old item had: an index past its end may have come to be in the meantime."""
    name, rest = str(path[0]), path[1:]
    if not rest:
        new.pop(name, None)
    elif read(old, path) is not None:
        new[name] = discard(new[name], rest)
    else:
        discard(old.get(name), rest)
