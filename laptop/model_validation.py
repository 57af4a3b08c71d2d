"""Validates the requests to simulators, emulator and fakes, and their responses, against AWS's service models.

botocore checks the members and types of a request, but not its patterns, maximum lengths and ranges; it does not check
responses.
https://smithy.io/2.0/spec/constraint-traits.html
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from itertools import groupby
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from laptop.environment import GATE

__all__ = [
    "WrongAnswer",
    "hold_to_model",
    "leave_blanks",
    "list_violations",
    "load_operation_model",
    "request_violations",
]


_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str, datetime),
    "string": (str,),
    "blob": (str, bytes),
}


@cache
def load_operation_model(service: str, operation: str) -> OperationModel:
    """Return one operation's model from botocore. Raises botocore's `OperationNotFoundError`."""
    return botocore.session.get_session().get_service_model(service).operation_model(operation)


class WrongAnswer(Exception):
    """A response that this operation never gives: a fault of the simulator."""


def hold_to_model(service: str, operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return the response as it may leave a simulator. Raises `WrongAnswer` if it violates the model.

    A function named in `LAPTOP_GATE` changes it further: tests.documented.worst_case:keep_promised keeps only what AWS
    promises.
    """
    if broken := list_violations(service, operation, answer):
        raise WrongAnswer("; ".join(broken))
    found = dict(answer)
    if GATE in os.environ:
        found = _gate(os.environ[GATE])(service, operation, found)
    return found


def leave_blanks(answer: Any) -> Any:
    """Return a response without its empty strings and nulls: AWS omits such members."""
    match answer:
        case dict():
            return {name: leave_blanks(value) for name, value in answer.items() if value not in ("", None)}
        case list():
            return [leave_blanks(value) for value in answer]
    return answer


@cache
def _gate(named: str) -> Any:
    module, _, function = named.partition(":")
    return getattr(import_module(module), function)


def list_violations(service: str, operation: str, answer: Mapping[str, Any]) -> list[str]:
    """Return how a response violates the operation's model: members, types, enumerations. Null counts as absent."""
    shape = load_operation_model(service, operation).output_shape
    return [*_check_value(answer, shape, operation)] if shape else []


def request_violations(service: str, operation: str, request: Mapping[str, Any]) -> list[str]:
    """Return how a request violates its operation's model: members, types, patterns, lengths or ranges.

    Enumerations are left to the service, whose error names the allowed values.
    """
    shape = load_operation_model(service, operation).input_shape
    if shape is None:
        return []
    report = ParamValidator().validate(request, shape)
    return [report.generate_report()] if report.has_errors() else [*_request(request, shape, operation)]


def _check_value(value: Any, shape: Shape, where: str) -> Iterator[str]:
    match shape:
        case StructureShape() if isinstance(value, Mapping):
            present = {name: member for name, member in value.items() if member is not None}
            yield from (f"{where} has no member {name}" for name in present if name not in shape.members)
            yield from (f"{where} lacks {name}" for name in shape.required_members if name not in present)
            for name in present.keys() & shape.members.keys():
                yield from _check_value(present[name], shape.members[name], f"{where}.{name}")
        case ListShape() if isinstance(value, list):
            for member in value:
                yield from _check_value(member, shape.member, f"{where}[]")
        case MapShape() if isinstance(value, Mapping):
            for member in value.values():
                yield from _check_value(member, shape.value, f"{where}{{}}")
        case StringShape() if isinstance(value, str):
            if (shape.enum and value not in shape.enum) or len(value) < shape.metadata.get("min", 0):
                yield f"{where} is never {value!r}"
        case _:
            if not _has_type(value, shape):
                yield f"{where} is a {shape.type_name}, not {value!r}"


def _has_type(value: Any, shape: Shape) -> bool:
    if isinstance(value, bool) and shape.type_name != "boolean":
        return False
    return isinstance(value, _TYPES.get(shape.type_name, ()))


def _request(value: Any, shape: Shape, where: str) -> Iterator[str]:
    match shape:
        case StructureShape() if isinstance(value, Mapping):
            for name in value.keys() & shape.members.keys():
                yield from _request(value[name], shape.members[name], f"{where}.{name}")
        case ListShape() if isinstance(value, list):
            yield from _check_limits(len(value), shape, f"the length of {where}")
            for member in value:
                yield from _request(member, shape.member, f"{where}[]")
        case StringShape() if isinstance(value, str):
            yield from _check_limits(len(value), shape, f"the length of {where}")
            pattern = shape.metadata.get("pattern")
            readable = pattern and _compile(pattern)
            if readable and not readable.fullmatch(value):
                yield f"{where} does not match {pattern}"
        case _ if isinstance(value, int | float):
            yield from _check_limits(value, shape, where)


@cache
def _compile(pattern: str) -> re.Pattern[str] | None:
    """Compile a Java pattern as a Python one; None if Python cannot express it (lone surrogates)."""
    python = re.sub(r"\\p\{(\w+)\}", lambda found: _list_characters(found[1]), pattern.replace(r"\w-", r"\w\-"))
    try:
        return re.compile(python)
    except re.error:
        return None


@cache
def _list_characters(category: str) -> str:
    """Return a character class for a Unicode category, or for one of Java's two names `ASCII` and `Print`."""
    if category in ("ASCII", "Print"):
        return "[\\x00-\\x7f]" if category == "ASCII" else "[\\x20-\\x7e]"
    codes = (code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)).startswith(category))
    runs = [[*run] for _, run in groupby(enumerate(codes), lambda numbered: numbered[1] - numbered[0])]
    return "".join(f"\\U{run[0][1]:08x}-\\U{run[-1][1]:08x}" for run in runs)


def _check_limits(size: float, shape: Shape, where: str) -> Iterator[str]:
    if size < shape.metadata.get("min", size):
        yield f"{where} is below {shape.metadata['min']}"
    if size > shape.metadata.get("max", size):
        yield f"{where} is above {shape.metadata['max']}"
