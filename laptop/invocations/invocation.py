"""The data of an invocation: its target, its cause, and its outcome."""

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

#: The invoker: a topic, a queue's mapping, an `Event` call, a `RequestResponse` call or a service, a stream's mapping.
Source = Literal["sns", "sqs", "event", "sync", "stream"]
Ending = Literal["ok", "error", "timeout", "throttled", "killed"]


@dataclass(frozen=True, slots=True)
class InvocationTarget:
    """A function's ARN, and the alias or version by which it is invoked, if any."""

    function: str
    qualifier: str | None = None

    @classmethod
    def parse(cls, arn: str) -> InvocationTarget:
        """Parse `arn:aws:lambda:region:account:function:name[:qualifier]`."""
        parts = arn.split(":")
        return cls(":".join(parts[:7]), parts[7] if len(parts) > 7 else None)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.rpartition(":")[2]

    @property
    def arn(self) -> str:
        """The ARN, with the qualifier if there is one."""
        return f"{self.function}:{self.qualifier}" if self.qualifier else self.function


@dataclass(frozen=True, slots=True)
class Cause:
    """The cause of one run of a function; `attempt` counts from 1."""

    source: Source
    request_id: str
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """One event in a function's asynchronous queue.

    `accepted` is in seconds since 1970; `hops` counts the invocations in a chain; `runs` and `throttles` count the
    attempts so far.
    """

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
    """A run in progress; `began` is in seconds since 1970."""

    function: str
    version: str
    began: float


@dataclass(frozen=True, slots=True)
class InvokeConfig:
    """An event-invoke configuration. `age` is in seconds; `closed` means a reserved concurrency of 0."""

    retries: int = 2
    age: float = 21_600
    on_failure: str | None = None
    dead_letters: str | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class InvocationOutcome:
    """The outcome of one run: how it ended, the version that ran, and its result or the error in AWS's format."""

    ending: Ending
    version: str
    answer: Any


def choose_version(alias: Mapping[str, Any], draw: float) -> str:
    """Choose the version for one invocation by the alias's weights; `draw` is uniform in [0, 1).

    https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
    """
    for version, weight in _read_weights(alias).items():
        if draw < weight:
            return version
        draw -= weight
    return str(alias["FunctionVersion"])


def is_weighted(alias: Mapping[str, Any]) -> bool:
    """Return whether the alias has a second version."""
    return bool(_read_weights(alias))


def _read_weights(alias: Mapping[str, Any]) -> Mapping[str, float]:
    return (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
