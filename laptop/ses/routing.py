"""SES v2's service model, from botocore: maps requests to operations, and error codes to HTTP statuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

from botocore.loaders import Loader

__all__ = ["ServiceCall", "find_call", "find_status"]


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """The operation that a request calls, with the parameters from its path."""

    operation: str
    parameters: dict[str, str]


def find_call(method: str, path: str) -> ServiceCall | None:
    """Return the operation for a method and a URL-encoded path, or None if SES v2 has no such operation."""
    for operation, expected, pattern in _list_routes():
        match = pattern.fullmatch(path) if method == expected else None
        if match:
            return ServiceCall(operation, {name: unquote(value) for name, value in match.groupdict().items()})
    return None


def find_status(code: str) -> int:
    """Return the HTTP status of an error code; 500 if the model does not know it."""
    shape = _load_service()["shapes"].get(code, {})
    return int(shape.get("error", {}).get("httpStatusCode", 500))


@cache
def _list_routes() -> list[tuple[str, str, re.Pattern[str]]]:
    operations = _load_service()["operations"].items()
    return [(name, one["http"]["method"], _compile_pattern(one["http"]["requestUri"])) for name, one in operations]


def _compile_pattern(uri: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\+?\}", r"(?P<\1>[^/]+)", uri) + "/?")


@cache
def _load_service() -> dict[str, Any]:
    model: dict[str, Any] = Loader().load_service_model("sesv2", "service-2")
    return model
