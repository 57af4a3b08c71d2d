"""Reads the published versions of notify, which is live and which was live before; and moves aliases."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from operations.errors import UserError
from release.deployments import list_ended
from release.release_context import ALIAS, ReleaseContext

__all__ = [
    "AliasRouting",
    "Version",
    "await_move",
    "await_rest",
    "find_previous",
    "list_code_hashes",
    "list_versions",
    "move_alias",
    "read_code_hash",
    "read_live",
]

#: How often an alias that moved meanwhile is read again.
_MOVES = 3


@dataclass(frozen=True, slots=True)
class Version:
    """One published version: its release as `make release` described it, and the SHA-256 of its code in base64."""

    number: str
    release: str
    published: str
    sha256: str
    percent: float = 0.0


@dataclass(frozen=True, slots=True)
class AliasRouting:
    """Where the alias points: `weights` are fractions by version, and `version` gets the rest of the traffic."""

    version: str
    weights: Mapping[str, float]

    @property
    def traffic(self) -> dict[str, float]:
        """Percent of the traffic by version."""
        rest = 1 - sum(self.weights.values())
        shares = {self.version: rest, **self.weights}
        return {version: round(100 * share, 1) for version, share in shares.items()}

    def describe(self) -> str:
        """In words, for a line of text."""
        return ", ".join(f"{percent:g} % version {version}" for version, percent in self.traffic.items())


def read_live(context: ReleaseContext) -> AliasRouting:
    """Where the alias points now. Raises `UserError` if there is no such function or alias."""
    try:
        alias = context.functions.get_alias(FunctionName=context.names.notify, Name=ALIAS)
    except context.functions.exceptions.ResourceNotFoundException:
        raise UserError(
            f"there is no {context.names.notify} with the alias {ALIAS} in {context.account}, {context.region}: "
            "make apply makes it; or name another --prefix or AWS_REGION, or say --local"
        ) from None
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    return AliasRouting(alias["FunctionVersion"], {version: share for version, share in weights.items() if share})


def await_rest(context: ReleaseContext) -> AliasRouting:
    """Read the alias while nothing moves it: for a moment after its weights were cleared, they may still be read.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
    """
    for _ in range(_MOVES):
        now = read_live(context)
        if not now.weights:
            return now
        time.sleep(context.pause)
    return read_live(context)


def await_move(context: ReleaseContext, version: str) -> AliasRouting:
    """Read the alias after it was moved to this version: for a moment the old routing may be read, so it tries again.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
    """
    for _ in range(_MOVES):
        now = read_live(context)
        if now == AliasRouting(version, {}):
            return now
        time.sleep(context.pause)
    return read_live(context)


def move_alias(context: ReleaseContext, function: str, version: str) -> str:
    """Give a version all traffic of a function's alias; return the version that it named before.

    The update names the revision that was read. For a moment after a move the old revision may be read: then it tries
    again. It updates the alias even if that seems to name the version already, since the read may be stale.
    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
    """
    left = _MOVES
    while True:
        alias = context.functions.get_alias(FunctionName=function, Name=ALIAS)
        try:
            context.functions.update_alias(
                FunctionName=function,
                Name=ALIAS,
                FunctionVersion=version,
                RoutingConfig={"AdditionalVersionWeights": {}},
                RevisionId=alias["RevisionId"],
            )
        except context.functions.exceptions.PreconditionFailedException:
            if not left:
                raise
            left -= 1
            time.sleep(context.pause)
        else:
            return alias["FunctionVersion"]


def list_versions(context: ReleaseContext) -> list[Version]:
    """Every published version, the newest first, with its part of the traffic."""
    traffic = read_live(context).traffic
    pages = context.functions.get_paginator("list_versions_by_function").paginate(FunctionName=context.names.notify)
    found = [
        _read_version(one, traffic) for page in pages for one in page.get("Versions", []) if one["Version"] != "$LATEST"
    ]
    return sorted(found, key=lambda version: -int(version.number))


def read_code_hash(context: ReleaseContext, version: str) -> str:
    """SHA-256 of a version's code, in base64."""
    answer = context.functions.get_function_configuration(FunctionName=context.names.notify, Qualifier=version)
    return answer["CodeSha256"]


def list_code_hashes(context: ReleaseContext, function: str) -> dict[str, str]:
    """The published versions of a function, each with the SHA-256 of its code in base64."""
    pages = context.functions.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    found = [one for page in pages for one in page.get("Versions", []) if one["Version"] != "$LATEST"]
    return {one["Version"]: one["CodeSha256"] for one in found}


def find_previous(context: ReleaseContext) -> str:
    """The version before the live one that was live last. Raises `UserError` if none is known."""
    now, published = int(read_live(context).version), {version.number for version in list_versions(context)}
    for deployment in list_ended(context):
        before = [number for number in deployment.served & published if int(number) < now]
        if before:
            return max(before, key=int)
    raise UserError(f"no version before {now} is known to have been live: name one with --to (herald releases)")


def _read_version(answer: Any, traffic: Mapping[str, float]) -> Version:
    number: str = answer["Version"]
    release = answer.get("Description") or "?"
    published = str(answer["LastModified"])[:19]
    return Version(number, release, published, answer["CodeSha256"], traffic.get(number, 0.0))
