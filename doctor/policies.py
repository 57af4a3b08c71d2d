"""Whether a resource's policy lets a service do something, as far as its text can tell.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["Grant", "list_grants"]

_SOURCE = "aws:sourcearn"


@dataclass(frozen=True, slots=True)
class Grant:
    """A statement that allows the action; `conditions` are its condition keys other than the source's ARN."""

    conditions: tuple[str, ...]


def list_grants(policy: str, service: str, action: str, source: str | None = None) -> list[Grant]:
    """The statements that let a service (`sns.amazonaws.com`) do `action`, for the ARN `source` if one is given.

    A statement that names no source allows every one. Raises `ValueError` if the text is not a policy.
    """
    return [
        Grant(tuple(sorted({key for _, key, _ in conditions} - {_SOURCE})))
        for statement in _list_statements(policy)
        if _allows(statement, service, action)
        for conditions in [list(_list_conditions(statement))]
        if source is None or all(_admits(values, source) for _, key, values in conditions if key == _SOURCE)
    ]


def _list_statements(policy: str) -> list[Mapping[str, Any]]:
    document = json.loads(policy)
    if not isinstance(document, dict) or "Statement" not in document:
        raise ValueError("the policy has no statements")
    return _list(document["Statement"])


def _allows(statement: Mapping[str, Any], service: str, action: str) -> bool:
    principal = statement.get("Principal")
    services = _list(principal.get("Service", [])) if isinstance(principal, Mapping) else _list(principal)
    patterns = [str(pattern).lower() for pattern in _list(statement.get("Action", []))]
    return (
        statement.get("Effect") == "Allow"
        and (service in services or "*" in services)
        and any(fnmatchcase(action.lower(), pattern) for pattern in patterns)
    )


def _list_conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, values in tests.items():
            yield operator, key.lower(), [str(value) for value in _list(values)]


def _admits(values: list[str], source: str) -> bool:
    return any(fnmatchcase(source, value) for value in values)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
