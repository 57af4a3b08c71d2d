"""Parses the AppSpec of a Lambda deployment from its revision.

https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_RevisionLocation.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from laptop.codedeploy.errors import CodeDeployError

__all__ = ["AFTER", "BEFORE", "AppSpec", "drop_content", "read", "read_content"]

BEFORE = "BeforeAllowTraffic"
AFTER = "AfterAllowTraffic"
#: The member that holds the text, for each supported type of revision.
TEXTS = {"AppSpecContent": "appSpecContent", "String": "string"}


@dataclass(frozen=True, slots=True)
class AppSpec:
    """The alias of a function, the versions between which it moves, and the hook functions by lifecycle event."""

    function: str
    alias: str
    current: str
    target: str
    hooks: Mapping[str, str] = field(default_factory=dict)


def read(revision: Mapping[str, Any]) -> AppSpec:
    """Parse the AppSpec in a revision, as YAML or JSON. Raises `CodeDeployError`.

    Keys are case-insensitive, because AWS's documentation spells them in two ways.
    """
    document = _lower_keys(_parse(read_content(revision)))
    match document:
        case {"version": 0.0 | "0.0", "resources": [{**resources}]} if len(resources) == 1:
            resource = next(iter(resources.values()))
        case _:
            raise _make_error("It has version: 0.0 and, under Resources, one function.")
    match resource:
        case {
            "type": "AWS::Lambda::Function",
            "properties": {
                "name": str() as name,
                "alias": str() as alias,
                "currentversion": now,
                "targetversion": then,
            },
        }:
            return AppSpec(name, alias, str(now), str(then), _read_hooks(document.get("hooks") or []))
        case _:
            raise _make_error(
                "Its function has Type AWS::Lambda::Function, Name, Alias, CurrentVersion, TargetVersion."
            )


def drop_content(revision: Mapping[str, Any]) -> dict[str, Any]:
    """Return the revision as all operations except GetApplicationRevision describe it: with a hash, and null as its
    content.

    https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeployment.html
    """
    kind = str(revision["revisionType"])
    digest = hashlib.sha256(read_content(revision).encode()).hexdigest()
    return {"revisionType": kind, TEXTS[kind]: {"content": None, "sha256": digest}}


def read_content(revision: Mapping[str, Any]) -> str:
    """Return the text of a revision's AppSpec. Raises `CodeDeployError` if there is none, or if its hash is wrong."""
    kind = revision.get("revisionType")
    if kind not in TEXTS:
        raise _make_error(f"A revision of type {kind} is not played here; send it as AppSpecContent.")
    text = revision.get(TEXTS[kind]) or {}
    content = text.get("content")
    if not content:
        raise _make_error("It is empty.")
    if text.get("sha256") not in (None, hashlib.sha256(content.encode()).hexdigest()):
        raise _make_error("Its sha256 is not that of its content.")
    return str(content)


def _parse(content: str) -> Any:
    try:
        return yaml.safe_load(content)  # JSON is YAML
    except yaml.YAMLError:
        raise _make_error("It is neither YAML nor JSON.") from None


def _read_hooks(listed: Any) -> dict[str, str]:
    known = {name.lower(): name for name in (BEFORE, AFTER)}
    hooks = {}
    for one in listed if isinstance(listed, list) else [None]:
        match one:
            case {**pairs} if len(pairs) == 1 and pairs.keys() <= known.keys():
                ((event, function),) = pairs.items()
                hooks[known[str(event)]] = str(function)
            case _:
                raise _make_error(f"Hooks is a list of {BEFORE} and {AFTER}, each with the name of a function.")
    return hooks


def _lower_keys(value: Any) -> Any:
    match value:
        case dict():
            return {str(key).lower(): _lower_keys(member) for key, member in value.items()}
        case list():
            return [_lower_keys(member) for member in value]
        case _:
            return value


def _make_error(why: str) -> CodeDeployError:
    return CodeDeployError("InvalidRevisionException", f"The AppSpec of a Lambda deployment was expected. {why}")
