"""A Lambda function, some alarms and a clock that jumps: all that a deployment acts on, with a memory."""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from laptop.codedeploy.runtime import SystemClock, Work
from laptop.model_validation import hold_to_model

__all__ = ["NOON", "Alarms", "Functions", "JumpingClock", "Spawned"]

#: When every deployment of these tests is created.
NOON = 1_800_000_000.0
Hook = Callable[[str, str], None]


class JumpingClock(SystemClock):
    """Sleeping takes no time, and what is to happen meanwhile happens on its second."""

    def __init__(self) -> None:
        self._now = self._noon = NOON
        self._due: list[tuple[float, int, Work]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        until = self._now + seconds
        while self._due and self._due[0][0] <= until:
            self._now, _, work = heapq.heappop(self._due)
            work()
        self._now = until

    def restart(self) -> None:
        """It is noon again, on the next day."""
        self._now = self._noon = self._noon + 86_400

    def at(self, seconds: float, work: Work) -> None:
        """Do this so many seconds after noon."""
        heapq.heappush(self._due, (self._noon + seconds, next(self._order), work))

    @property
    def passed(self) -> float:
        """Seconds since noon."""
        return round(self._now - self._noon, 2)


class Spawned:
    """What runs beside the caller: a deployment once the test says so, whatever it starts itself at once."""

    def __init__(self) -> None:
        self._waiting: list[Work] = []
        self._running = False

    def __call__(self, work: Work) -> None:
        if self._running:
            work()
        else:
            self._waiting.append(work)

    def run(self) -> None:
        """Carry out all that waits."""
        self._running = True
        while self._waiting:
            self._waiting.pop(0)()
        self._running = False


@dataclass(slots=True)
class Functions:
    """Lambda, with one function `herald-notify` on its alias `live`; `moves` are (seconds, version, weights)."""

    clock: JumpingClock
    versions: set[str] = field(default_factory=lambda: {"1", "2", "3"})
    hooks: dict[str, Hook] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    moves: list[tuple[float, str, dict[str, float]]] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    alias: dict[str, Any] = field(default_factory=lambda: {"FunctionVersion": "1", "RevisionId": "0"})
    #: When the runs of each version that have not ended began, in seconds since 1970.
    runs: dict[str, list[float]] = field(default_factory=dict)

    def list_running(self, function: str, version: str) -> list[float]:
        return self.runs.get(version, []) if function == "herald-notify" else []

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, Any]:
        self._require("GetAlias", (FunctionName, Name) == ("herald-notify", "live"))
        return hold_to_model("lambda", "GetAlias", self.alias)

    def update_alias(
        self, FunctionName: str, Name: str, FunctionVersion: str, RoutingConfig: Mapping[str, Any], RevisionId: str
    ) -> None:
        self._require("UpdateAlias", (FunctionName, Name) == ("herald-notify", "live"))
        if RevisionId != self.alias["RevisionId"]:
            raise refusal("UpdateAlias", "PreconditionFailedException")
        self.put(FunctionVersion, **RoutingConfig["AdditionalVersionWeights"])
        self.moves.append((self.clock.passed, FunctionVersion, dict(RoutingConfig["AdditionalVersionWeights"])))

    def get_paginator(self, operation: str) -> Functions:
        assert operation == "list_versions_by_function"
        return self

    def paginate(self, FunctionName: str) -> Iterator[dict[str, Any]]:
        self._require("ListVersionsByFunction", FunctionName == "herald-notify")
        for version in sorted(self.versions):
            described = {"Version": version, "LastModified": "2026-11-28T00:00:00.000+0000", "CodeSha256": version}
            yield hold_to_model("lambda", "ListVersionsByFunction", {"Versions": [described]})

    def get_function_configuration(self, FunctionName: str, Qualifier: str) -> dict[str, Any]:
        self._require("GetFunctionConfiguration", FunctionName == "herald-notify" and Qualifier in self.versions)
        return hold_to_model("lambda", "GetFunctionConfiguration", {"Version": Qualifier})

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:
        self._require("Invoke", FunctionName in self.hooks)
        event = json.loads(Payload)
        self.asked.append(FunctionName)
        self.hooks[FunctionName](event["DeploymentId"], event["LifecycleEventHookExecutionId"])
        return hold_to_model("lambda", "Invoke", {"StatusCode": 200})

    def put(self, version: str, **weights: float) -> None:
        """Move the alias, whoever does it."""
        revision = str(int(self.alias["RevisionId"]) + 1)
        routing = {"RoutingConfig": {"AdditionalVersionWeights": dict(weights)}} if weights else {}
        self.alias = {"FunctionVersion": version, "RevisionId": revision, **routing}

    def _require(self, operation: str, exists: bool) -> None:
        if operation in self.refuses:
            raise refusal(operation, self.refuses[operation])
        if not exists:
            raise refusal(operation, "ResourceNotFoundException")


@dataclass(slots=True)
class Alarms:
    """CloudWatch, with alarms by their state."""

    states: dict[str, str] = field(default_factory=dict)
    reachable: bool = True

    def describe_alarms(self, AlarmNames: list[str], AlarmTypes: list[str]) -> dict[str, Any]:
        if not self.reachable:
            raise refusal("DescribeAlarms", "InternalServiceError")
        alarms = [{"AlarmName": name, "StateValue": self.states[name]} for name in AlarmNames if name in self.states]
        return hold_to_model("cloudwatch", "DescribeAlarms", {"MetricAlarms": alarms, "CompositeAlarms": []})


def refusal(operation: str, code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} by {operation}"}}, operation)
