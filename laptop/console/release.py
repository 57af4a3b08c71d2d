"""The current or last release, as CodeDeploy and the alias report it.

Its two versions are compared as `herald release` compares them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from laptop.clients import LaptopClients
from laptop.codedeploy.errors import CodeDeployError
from laptop.environment import ACCOUNT, REGION
from laptop.resources import PREFIX
from release.analysis.comparison import Comparison, compare
from release.analysis.traffic import Observer
from release.deployments import ENDED
from release.release_context import Names, ReleaseContext

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from laptop.codedeploy.api import CodeDeployApi

__all__ = ["Comparer", "Release", "describe_release"]

_STARTING = ("Created", "Queued")
#: The minimum number of seconds between two reads of metrics and logs, however many pages are open.
_PAUSE = 1.5


@dataclass(frozen=True, slots=True)
class Release:
    """The versions of `notify` with their share of the traffic in percent, and the last deployment.

    `stands` is the deployment's status in words. A rollback is shown as part of the deployment that it rolled back, not
    as a release of its own.
    """

    versions: tuple[tuple[str, int], ...]
    deployment: str | None = None
    stands: str = ""
    running: bool = False
    comparison: Comparison | None = None


class Comparer:
    """Collects metrics and logs of a deployment's two versions, reading each log line once.

    Starts over for the next deployment.
    """

    def __init__(self, clients: LaptopClients) -> None:
        nothing: Any = None
        cloudwatch, logs = clients.make_client("cloudwatch"), clients.make_client("logs")
        self._stack = ReleaseContext(
            clients.functions, nothing, cloudwatch, Names(PREFIX), ACCOUNT, REGION, local=True, logs=logs
        )
        self._lock = threading.Lock()
        self._deployment = ""
        self._observer: Observer | None = None
        self._looked = 0.0

    def compare(self, info: Mapping[str, Any], target: Mapping[str, Any]) -> Comparison | None:
        """Compare the two versions while they share, or for as long as they shared, the traffic.

        Returns None before the traffic shift has started, and while neither version has run.
        """
        moving = next(one for one in target["lifecycleEvents"] if one["lifecycleEventName"] == "AllowTraffic")
        began, function = moving.get("startTime"), target["lambdaFunctionInfo"]
        if began is None:
            return None
        candidate, before = function["targetVersion"], function["currentVersion"]
        with self._lock:
            if self._observer is None or self._deployment != info["deploymentId"]:
                self._deployment, self._looked = info["deploymentId"], -_PAUSE
                self._observer = Observer(self._stack, (before, candidate), datetime.fromtimestamp(began, UTC))
            if self._observer.until is None and time.monotonic() - self._looked > _PAUSE:
                self._looked = time.monotonic()
                ended = moving.get("endTime")
                self._observer.until = None if ended is None else datetime.fromtimestamp(ended, UTC)
                self._observer.look()
            figures = self._observer.figures
            return compare(candidate, before, figures) if any(one.runs for one in figures.values()) else None


def describe_release(functions: LambdaClient, codedeploy: CodeDeployApi, comparer: Comparer | None = None) -> Release:
    """Describe the current traffic split of the alias `live` of `notify`, and the last deployment."""
    alias = functions.get_alias(FunctionName=f"{PREFIX}-notify", Name="live")
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    rest = 100 - round(sum(weights.values()) * 100)
    versions = ((alias["FunctionVersion"], rest), *((name, round(weight * 100)) for name, weight in weights.items()))
    last = _find_last(codedeploy)
    if last is None:
        return Release(versions)
    back = last.get("rollbackInfo", {}).get("rollbackDeploymentId")
    running = last["status"] not in ENDED or (bool(weights) and back is not None)
    compared = (
        comparer.compare(last, _read_target(codedeploy, last["deploymentId"]))
        if comparer and _has_begun(last)
        else None
    )
    return Release(versions, last["deploymentId"], ", ".join(_tell_history(codedeploy, last, back)), running, compared)


def _has_begun(info: Mapping[str, Any]) -> bool:
    return info["status"] not in _STARTING and "startTime" in info


def _tell_history(codedeploy: CodeDeployApi, info: Mapping[str, Any], back: str | None) -> list[str]:
    story = [info["status"]]
    if error := info.get("errorInformation"):
        story.append(error["code"])
    if info["status"] not in (*ENDED, *_STARTING):
        story.append(_find_stage(codedeploy, info["deploymentId"]))
    if back:
        story.append(f"taken back by {back}")
    return story


def _find_last(codedeploy: CodeDeployApi) -> Mapping[str, Any] | None:
    try:
        found = codedeploy.play("ListDeployments", {"applicationName": PREFIX, "deploymentGroupName": PREFIX})
        infos = sorted(
            (_read_info(codedeploy, name) for name in found["deployments"]), key=_read_creation_time, reverse=True
        )
    except CodeDeployError:  # no application yet
        return None
    return next((one for one in infos if one.get("creator") != "codeDeployRollback"), None)


def _read_creation_time(info: Mapping[str, Any]) -> float:
    return float(info["createTime"])


def _read_info(codedeploy: CodeDeployApi, deployment: str) -> dict[str, Any]:
    info: dict[str, Any] = codedeploy.play("GetDeployment", {"deploymentId": deployment})["deploymentInfo"]
    return info


def _find_stage(codedeploy: CodeDeployApi, deployment: str) -> str:
    """Return the lifecycle event that the deployment has reached."""
    events = _read_target(codedeploy, deployment)["lifecycleEvents"]
    begun = [one["lifecycleEventName"] for one in events if one["status"] != "Pending"]
    return str(begun[-1]) if begun else "Start"


def _read_target(codedeploy: CodeDeployApi, deployment: str) -> dict[str, Any]:
    question = {"deploymentId": deployment, "targetId": f"{PREFIX}-notify"}
    target: dict[str, Any] = codedeploy.play("GetDeploymentTarget", question)["deploymentTarget"]["lambdaTarget"]
    return target
