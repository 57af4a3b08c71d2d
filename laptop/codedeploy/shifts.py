"""How traffic moves to the new version: a pure reading of a traffic routing configuration.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Shift", "shifts"]


@dataclass(frozen=True, slots=True)
class Shift:
    """So many minutes after the first shift, the new version gets so many percent."""

    minutes: float
    percent: int


def shifts(routing: Mapping[str, Any]) -> list[Shift]:
    """Every shift in order; the last gives the new version everything."""
    match routing:
        case {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes}}:
            return [Shift(0, percent), Shift(minutes, 100)]
        case {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": percent, "linearInterval": minutes}}:
            steps = -(-100 // percent)
            return [Shift(minutes * step, min(percent * (step + 1), 100)) for step in range(steps)]
        case _:
            return [Shift(0, 100)]
