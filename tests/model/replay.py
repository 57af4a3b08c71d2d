"""Stops the function's own code before each thing it does to the world, and carries it on from there later.

A process is remembered as the answers it has had so far. Its next step is done for real, and gives one answer more.
Where that leads is found by running the code again from the start: what it did is answered from memory, and it is
stopped before the next thing. So every interleaving can be tried of code that knows nothing of it, and the code runs
once for each answer that it can get, in however many states of the world it gets it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["Entry", "History", "Paused", "Step", "Tape"]


class Step(NamedTuple):
    """What a process is about to do: `kind` is `table`, `send`, `letter` or `probe`; `seen` the clock it last read."""

    kind: str
    what: str = ""
    seen: int = 0


class Paused(BaseException):
    """The code stands before `step`, which `work` does; no handler of the code may catch this."""

    def __init__(self, step: Step, work: Callable[[], Any]) -> None:
        self.step = step
        self.work = work


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One answer of the world; two are equal if they read the same."""

    value: Any = None
    error: BaseException | None = None
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _read(self.value, self.error))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def play(self) -> Any:
        """Answer again as the first time."""
        if self.error is not None:
            raise self.error
        return self.value


class History(tuple[Entry, ...]):
    """The answers that a process has had; hashed once."""

    _hash: int

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            self._hash = super().__hash__()
            return self._hash


def _read(value: Any, error: BaseException | None) -> str:
    """What the code can read of an answer: of botocore's errors the response, which their `repr` leaves out."""
    return repr(value) if error is None else f"{error!r} {getattr(error, 'response', '')}"


class Tape:
    """The world as one run of a process meets it."""

    def __init__(self, history: History) -> None:
        self.history = list(history)
        self.seen = 0
        self._at = 0

    def do(self, step: Step, work: Callable[[], Any], stop: bool = True) -> Any:
        """One step of the process: replayed, or where the process stops. Without `stop` it belongs to the step before:
        nothing that could happen between the two matters to anybody."""
        if self._at == len(self.history):
            if stop:
                raise Paused(step, work)
            self.history.append(Entry(work()))
        return self._replayed()

    def instant(self, read: Callable[[], int]) -> int:
        """A look at the clock: no step, but remembered."""
        if self._at == len(self.history):
            self.history.append(Entry(read()))
        self.seen = self._replayed()
        return self.seen

    def _replayed(self) -> Any:
        self._at += 1
        return self.history[self._at - 1].play()
