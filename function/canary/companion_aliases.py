"""Moves the aliases of the functions that a release moves together with `notify`, and moves them back.

CodeDeploy itself moves only one function. The deployment's description lists the others and their versions
(`deployment_description.py`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from function.canary.deployment_description import Companion

__all__ = ["move", "move_back"]

#: How often an alias is read again because it was moved meanwhile.
_MOVES = 3


def move(functions: Any, alias: str, companions: Sequence[Companion]) -> None:
    """Move every companion's alias to its new version. Raises ValueError if one is on neither its old nor its new
    version."""
    for one in companions:
        if one.before != one.after:
            _move(functions, alias, one.function, one.before, one.after)


def move_back(functions: Any, alias: str, companions: Sequence[Companion]) -> None:
    """Move every companion's alias back to its previous version, if it is on the new one."""
    for one in companions:
        with contextlib.suppress(ValueError):
            _move(functions, alias, one.function, one.after, one.before)


def _move(functions: Any, alias: str, function: str, from_: str, to: str) -> None:
    """Move an alias with the revision id that was read. For a moment after a move, a read can return the old revision:
    it is then read again.

    An alias that seems to be on the target version is updated too, since the read may be stale.

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
    """Point the alias to this version; False if `revision` is not the alias's current revision id."""
    try:
        functions.update_alias(FunctionName=function, Name=alias, FunctionVersion=version, RevisionId=revision)
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailedException":
            raise
        return False
    return True
