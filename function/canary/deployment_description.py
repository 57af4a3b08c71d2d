"""The description that `herald release` and `herald rollback` give a deployment, as pairs `key=value`.

    release=3f2a9c1b7d4e notify=6>7 feedback=4>5 webhook=2>3
    rollback=6 notify=7>6 feedback=5>4 webhook=3>2

First what it is: `release` and the release that goes live, or `rollback` and the version of `notify` that does. Then
each function that moves, `notify` first, with the versions that its alias goes from and to. CodeDeploy moves only
`notify`: the hooks and later releases and rollbacks read the others, its companions, from here. Functions are written
without the prefix that they share with `notify`. A description in any other form was not written by Herald.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from function.runtime.lean_dataclass import dataclass

__all__ = ["LONGEST_DESCRIPTION", "Companion", "read_companions", "read_described_release", "write_description"]

#: The longest description that CodeDeploy accepts, in characters.
#: https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
LONGEST_DESCRIPTION = 256
_DESCRIPTION = re.compile(r"(?:release=(\S+)|rollback=\d+) notify=\d+>\d+((?: [\w-]+=\d+>\d+)*)")
_COMPANION = re.compile(r"([\w-]+)=(\d+)>(\d+)")


@dataclass(frozen=True, slots=True)
class Companion:
    """A function that is released with `notify`: its alias goes from the version `before` to the version `after`."""

    function: str
    before: str
    after: str


def write_description(notify: str, before: str, after: str, companions: Iterable[Companion], release: str = "") -> str:
    """Return the description of a deployment of `notify` from one version to another; without `release`, of a rollback.

    Raises ValueError if it is too long for CodeDeploy: if it were cut off, companions would be left behind.
    """
    prefix = _find_prefix(notify)
    moves = [f"{one.function.removeprefix(prefix)}={one.before}>{one.after}" for one in companions]
    kind = f"release={release}" if release else f"rollback={after}"
    description = " ".join((kind, f"notify={before}>{after}", *moves))
    if len(description) > LONGEST_DESCRIPTION:
        raise ValueError(
            f"the deployment's description would have {len(description)} characters, and CodeDeploy takes "
            f"{LONGEST_DESCRIPTION}"
        )
    return description


def read_described_release(description: str) -> str:
    """Return the release that a deployment puts live; empty for a rollback, or if Herald did not write the
    description."""
    found = _DESCRIPTION.fullmatch(description)
    return (found[1] or "") if found else ""


def read_companions(description: str, notify: str) -> list[Companion]:
    """Return the functions that move with a deployment of `notify`; none if Herald did not write the description."""
    found = _DESCRIPTION.fullmatch(description)
    moves = _COMPANION.findall(found[2]) if found else []
    return [Companion(_find_prefix(notify) + name, before, after) for name, before, after in moves]


def _find_prefix(notify: str) -> str:
    return notify.removesuffix("notify")
