"""Dataclasses without the compilation of methods for each class, which takes half a millisecond each at every start.

Fields, slots and what `match` and `replace` need come from the standard library. The methods that it would generate and
compile (creation, comparison, hash, repr, and refusing changes of a frozen value) exist here once for all classes.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeVar

if TYPE_CHECKING:
    from dataclasses import dataclass

__all__ = ["dataclass"]

T = TypeVar("T")


def _decorator(*, slots: Literal[True], frozen: bool = False) -> Callable[[type[T]], type[T]]:
    def decorate(cls: type[T]) -> type[T]:
        cls.__doc__ = cls.__doc__ or cls.__name__  # else dataclasses would compute a signature for it
        lean = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots)(cls)
        methods: dict[str, Any] = {"__init__": _init, "__repr__": _repr, "__eq__": _eq, "__hash__": None}
        if frozen:
            methods |= {"__hash__": _hash, "__setattr__": _refuse, "__delattr__": _refuse}
        for name, method in methods.items():
            setattr(lean, name, method)
        return lean

    return decorate


def _init(self: Any, /, *given: Any, **named: Any) -> None:
    kind: Any = type(self)
    taken, others = _slots(kind)
    if len(given) > len(taken):
        raise TypeError(f"{kind.__name__} takes {len(taken)} values, not {len(given)}")
    for (_, put, _), value in zip(taken, given, strict=False):
        put(self, value)
    for name, put, default in taken[len(given) :]:
        put(self, named.pop(name) if name in named else default())
    if named:
        raise TypeError(f"{kind.__name__} has no more place for {', '.join(named)}")
    for _, put, default in others:
        put(self, default())


def _repr(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in dataclasses.fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"


def _eq(self: Any, other: object) -> Any:
    return _content(self) == _content(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_content(self))


def _refuse(self: Any, name: str, *_: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot change field {name!r} of {type(self).__name__}")


def _content(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, each.name) for each in dataclasses.fields(value))


Slot = tuple[str, Callable[[Any, Any], None], Callable[[], Any]]


@functools.cache
def _slots(cls: type) -> tuple[list[Slot], list[Slot]]:
    """Return the name, setter and default of each slot: first the fields passed to `__init__`, then the others."""
    slots: tuple[list[Slot], list[Slot]] = [], []
    for field in dataclasses.fields(cls):
        slots[not field.init].append((field.name, getattr(cls, field.name).__set__, _default(cls, field)))
    return slots


def _default(cls: type, field: dataclasses.Field[Any]) -> Callable[[], Any]:
    if field.default is not MISSING:
        return lambda: field.default
    if field.default_factory is not MISSING:
        return field.default_factory

    def _raise_missing() -> NoReturn:
        raise TypeError(f"{cls.__name__} needs {field.name}")

    return _raise_missing


if not TYPE_CHECKING:
    dataclass = _decorator
