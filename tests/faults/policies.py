"""Herald's matrix under one of its policies, in a process of its own that is small enough to be forked fast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.faults.fork_preparation import prepare_for_forks
from tests.faults.report import report

__all__ = ["matrix_of"]


def matrix_of(
    compiled: Path, policy: str, points: tuple[str, ...] = (), feedback: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The report under `on_unknown = policy` (some points, some feedback, or all of them); `compiled` is the folder of
    the compiled catalogue."""
    pipe, clock = prepare_for_forks()
    from tests.faults.herald import herald

    return report(herald(compiled, pipe, clock, policy), feedback, points)
