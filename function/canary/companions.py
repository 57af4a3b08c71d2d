"""The functions that a release moves together with `notify`: their aliases follow it, and go back with it.

Which they are, and from which version to which, stands in the description of every deployment that `herald release`
creates: CodeDeploy itself moves one function.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from function.runtime.lean_dataclass import dataclass

__all__ = ["Companion", "move", "move_back", "read_companions"]

#: How often an alias that moved meanwhile is read again.
_MOVES = 3
#: `release/companions.py` writes it.
_WORDS = re.compile(r"; ([\w-]+): version (\d+) to (\d+)")


@dataclass(frozen=True, slots=True)
class Companion:
    """A function whose alias goes from the version `before` to the version `after`."""

    function: str
    before: str
    after: str


def read_companions(info: Mapping[str, Any]) -> list[Companion]:
    """Those of a deployment, by its description, or the `Companions` that are named with their versions."""
    if "Version" in info:
        return [Companion(name, version, version) for name, version in (info.get("Companions") or {}).items()]
    return [Companion(*found) for found in _WORDS.findall(info.get("description") or "")]


def move(functions: Any, alias: str, companions: Sequence[Companion]) -> None:
    """Give every companion's alias to the new version. Raises ValueError if somebody else has moved one."""
    for one in companions:
        if one.before != one.after:
            _move(functions, alias, one.function, one.before, one.after)


def move_back(functions: Any, alias: str, companions: Sequence[Companion]) -> None:
    """Give every companion's alias to the version before, wherever it is on the new one."""
    for one in companions:
        with contextlib.suppress(ValueError):
            _move(functions, alias, one.function, one.after, one.before)


def _move(functions: Any, alias: str, function: str, from_: str, to: str) -> None:
    """Move by the revision that was read: for a moment after a move the old one is read, and then it is read again.
    What seems to be there is written, too, since a read does not tell whether it is old.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
    """
    found = ""
    for left in range(_MOVES, -1, -1):
        seen = functions.get_alias(FunctionName=function, Name=alias)
        found = seen["FunctionVersion"]
        if found in (from_, to) and _write(functions, alias, function, to, seen["RevisionId"]):
            return
        if left:
            time.sleep(1)
    raise ValueError(f"the alias {alias} of {function} is on version {found}, not on {from_}")


def _write(functions: Any, alias: str, function: str, version: str, revision: str) -> bool:
    """Give the alias this version; false if the revision is not its last."""
    try:
        functions.update_alias(FunctionName=function, Name=alias, FunctionVersion=version, RevisionId=revision)
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailedException":
            raise
        return False
    return True
