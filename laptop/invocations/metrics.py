"""The metrics that AWS keeps of functions, queues and topics, as points to be stored.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from laptop.invocations.model import Outcome, Target

__all__ = ["Point", "of_run"]


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one metric; `at` in seconds since 1970."""

    namespace: str
    name: str
    value: float
    unit: str
    at: float
    dimensions: Mapping[str, str] = field(default_factory=dict)


def of_run(target: Target, outcome: Outcome, began: float, milliseconds: float, weighted: bool = False) -> list[Point]:
    """What one run of a function counts, once for each set of dimensions that AWS keeps; at the time it began.

    A throttled invocation has not run: it is no invocation and no error. `weighted` is whether the alias had two
    versions: only then there is the dimension `ExecutedVersion`.
    """
    values: dict[str, tuple[float, str]]
    if outcome.ending == "throttled":
        values = {"Throttles": (1, "Count")}
    else:
        values = {
            "Invocations": (1, "Count"),
            "Errors": (float(outcome.ending != "ok"), "Count"),
            "Duration": (milliseconds, "Milliseconds"),
            "Throttles": (0, "Count"),
        }
    return [
        Point("AWS/Lambda", name, value, unit, began, dimensions)
        for dimensions in _dimensions(target, outcome, weighted)
        for name, (value, unit) in values.items()
    ]


def _dimensions(target: Target, outcome: Outcome, weighted: bool) -> list[dict[str, str]]:
    function = {"FunctionName": target.name}
    if target.qualifier is None:
        return [function]
    resource = {**function, "Resource": f"{target.name}:{target.qualifier}"}
    if not weighted or outcome.ending == "throttled":
        return [function, resource]
    return [function, resource, {**resource, "ExecutedVersion": outcome.version}]
