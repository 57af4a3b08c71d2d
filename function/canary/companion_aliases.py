"""The functions that a release moves together with `notify`: their aliases follow it, and go back with it.

Which they are, and between which versions they move, stands in the description of the deployment
(`deployment_description.py`): CodeDeploy itself moves one function.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from function.canary.deployment_description import Companion

__all__ = ["move", "move_back"]

#: How often an alias that moved meanwhile is read again.
_MOVES = 3


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
    A version that the alias seems to have is written as well, since the read may be stale.

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
