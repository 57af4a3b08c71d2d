"""Breadth first through every state that a scenario can reach."""

from __future__ import annotations

import gc
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.model.invariants import InvariantViolated
from tests.model.model_state import ModelState
from tests.model.moves import Moves

__all__ = ["Counterexample", "Explored", "explore"]


#: Moves after which the objects made since are looked through for cycles, once.
_COLLECTED_EVERY = 20_000


class Counterexample(Exception):
    """A promise was broken; the text has the shortest way there, a move a line."""

    def __init__(self, promise: str, way: list[str]) -> None:
        super().__init__("\n  ".join([promise, *way]))
        self.promise = promise


@dataclass(frozen=True, slots=True)
class Explored:
    """How much was seen: states, moves between them, states in which nothing is left to happen; seconds taken."""

    states: int
    moves: int
    ends: int
    seconds: float


def explore(start: ModelState, moves: Moves, most: int = 5_000_000) -> Explored:
    """Visit every state once. Raises Counterexample for the first promise broken, with a shortest way to it."""
    with _pause_collector():
        return _explore(start, moves, most)


@contextmanager
def _pause_collector() -> Iterator[None]:
    """A search makes millions of objects and few cycles of them: to look for these among all of them, again and again,
    takes a third of its time. What is frozen meanwhile goes with its last reference."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _explore(start: ModelState, moves: Moves, most: int) -> Explored:
    begun = time.monotonic()
    came_from: dict[ModelState, tuple[ModelState, str] | None] = {start: None}
    todo = deque([start])
    made = ends = collected = 0
    while todo:
        world = todo.popleft()
        name = "the end"
        try:
            ends += moves.invariants.judge_end(world)
            following = moves(world)
            while True:
                name = "a move"
                step = next(following, None)
                if step is None:
                    break
                name, after = step
                made += 1
                known = len(came_from)
                came_from.setdefault(after, (world, name))
                if len(came_from) > known:
                    todo.append(after)
        except InvariantViolated as broken:
            raise Counterexample(str(broken), [*_trace_back(came_from, world), f"then {name}"]) from broken
        if made >= collected + _COLLECTED_EVERY:
            collected = made
            gc.collect()
            gc.freeze()
        if len(came_from) > most:
            raise RuntimeError(f"more than {most} states: the scenario is too large")
    return Explored(len(came_from), made, ends, time.monotonic() - begun)


def _trace_back(came_from: dict[ModelState, tuple[ModelState, str] | None], world: ModelState) -> list[str]:
    way: list[str] = []
    at: ModelState = world
    while (origin := came_from[at]) is not None:
        at, name = origin
        way.append(name)
    return way[::-1]
