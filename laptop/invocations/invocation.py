"""What is invoked, why, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "Cause",
    "Ending",
    "InvocationOutcome",
    "InvocationTarget",
    "InvokeConfig",
    "QueuedEvent",
    "Run",
    "Source",
    "choose_version",
    "is_weighted",
]

#: Who invokes: a topic, a queue's mapping, an `Event` call, a `RequestResponse` call or a service, a stream's mapping.
Source = Literal["sns", "sqs", "event", "sync", "stream"]
Ending = Literal["ok", "error", "timeout", "throttled", "killed"]


@dataclass(frozen=True, slots=True)
class InvocationTarget:
    """A function by its ARN, and the alias or version that it is invoked by, if any."""

    function: str
    qualifier: str | None = None

    @classmethod
    def parse(cls, arn: str) -> InvocationTarget:
        """Read `arn:aws:lambda:region:account:function:name[:qualifier]`."""
        parts = arn.split(":")
        return cls(":".join(parts[:7]), parts[7] if len(parts) > 7 else None)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.rpartition(":")[2]

    @property
    def arn(self) -> str:
        """The ARN as it is invoked."""
        return f"{self.function}:{self.qualifier}" if self.qualifier else self.function


@dataclass(frozen=True, slots=True)
class Cause:
    """Why one run of a function happens; `attempt` counts from 1."""

    source: Source
    request_id: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """One event in a function's asynchronous queue; `accepted` in seconds since 1970, `hops` of a chain so far."""

    request_id: str
    target: InvocationTarget
    payload: Any
    source: Source
    accepted: float
    hops: int = 0
    runs: int = 0
    throttles: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a version of a function that has not ended; `began` in seconds since 1970."""

    function: str
    version: str
    began: float


@dataclass(frozen=True, slots=True)
class InvokeConfig:
    """An event-invoke configuration: `age` in seconds; `closed` is a reserved concurrency of 0."""

    retries: int = 2
    age: float = 21_600
    on_failure: str | None = None
    dead_letters: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class InvocationOutcome:
    """How one run ended: the version that ran, and what it returned or the error in AWS's shape."""

    ending: Ending
    version: str
    answer: Any


def choose_version(alias: Mapping[str, Any], draw: float) -> str:
    """The version for one invocation, by the alias's weights; `draw` is uniform in [0, 1).

    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    for version, weight in _read_weights(alias).items():
        if draw < weight:
            return version
        draw -= weight
    return str(alias["FunctionVersion"])


def is_weighted(alias: Mapping[str, Any]) -> bool:
    """Whether the alias has a second version."""
    return bool(_read_weights(alias))


def _read_weights(alias: Mapping[str, Any]) -> Mapping[str, float]:
    return (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
