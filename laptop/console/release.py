"""The release that is under way, or was the last one, as CodeDeploy and the alias describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laptop.codedeploy.errors import CodeDeployError
from laptop.resources import PREFIX

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from laptop.codedeploy.api import CodeDeployApi

__all__ = ["Release", "current_release"]

_ENDED = ("Succeeded", "Failed", "Stopped")
_STARTING = ("Created", "Queued")


@dataclass(frozen=True, slots=True)
class Release:
    """Versions of notify by their part of the traffic in percent; the last deployment, and how it stands in words.

    What took a deployment back is a part of its story, and no release of its own.
    """

    versions: tuple[tuple[str, int], ...]
    deployment: str | None = None
    stands: str = ""
    running: bool = False


def current_release(functions: LambdaClient, codedeploy: CodeDeployApi) -> Release:
    """Where the alias of notify sends its traffic now, and why."""
    alias = functions.get_alias(FunctionName=f"{PREFIX}-notify", Name="live")
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    rest = 100 - round(sum(weights.values()) * 100)
    versions = ((alias["FunctionVersion"], rest), *((name, round(weight * 100)) for name, weight in weights.items()))
    last = _last(codedeploy)
    if last is None:
        return Release(versions)
    back = last.get("rollbackInfo", {}).get("rollbackDeploymentId")
    running = last["status"] not in _ENDED or (bool(weights) and back is not None)
    return Release(versions, last["deploymentId"], ", ".join(_story(codedeploy, last, back)), running)


def _story(codedeploy: CodeDeployApi, info: Mapping[str, Any], back: str | None) -> list[str]:
    story = [info["status"]]
    if error := info.get("errorInformation"):
        story.append(error["code"])
    if info["status"] not in (*_ENDED, *_STARTING):
        story.append(_stage(codedeploy, info["deploymentId"]))
    if back:
        story.append(f"taken back by {back}")
    return story


def _last(codedeploy: CodeDeployApi) -> Mapping[str, Any] | None:
    try:
        found = codedeploy.play("ListDeployments", {"applicationName": PREFIX, "deploymentGroupName": PREFIX})
        infos = sorted((_info(codedeploy, name) for name in found["deployments"]), key=_creation_time, reverse=True)
    except CodeDeployError:  # no application yet
        return None
    return next((one for one in infos if one.get("creator") != "codeDeployRollback"), None)


def _creation_time(info: Mapping[str, Any]) -> float:
    return float(info["createTime"])


def _info(codedeploy: CodeDeployApi, deployment: str) -> dict[str, Any]:
    info: dict[str, Any] = codedeploy.play("GetDeployment", {"deploymentId": deployment})["deploymentInfo"]
    return info


def _stage(codedeploy: CodeDeployApi, deployment: str) -> str:
    """The stage of its lifecycle that it has come to."""
    question = {"deploymentId": deployment, "targetId": f"{PREFIX}-notify"}
    target = codedeploy.play("GetDeploymentTarget", question)["deploymentTarget"]["lambdaTarget"]
    begun = [one["lifecycleEventName"] for one in target["lifecycleEvents"] if one["status"] != "Pending"]
    return str(begun[-1]) if begun else "Start"
