"""Deployment configurations for Lambda, and the checks of alarm and rollback configurations.

https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_CreateDeploymentConfig.html
https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from laptop.codedeploy.errors import CodeDeployError

__all__ = ["PREDEFINED", "Configs", "Shift", "check_alarms", "check_rollback", "list_shifts"]

RESERVED = "CodeDeployDefault."
MOST_ALARMS = 10


def _build_canary(minutes: int) -> dict[str, Any]:
    return {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 10, "canaryInterval": minutes}}


def _build_linear(minutes: int) -> dict[str, Any]:
    return {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 10, "linearInterval": minutes}}


#: The traffic routing of CodeDeploy's predefined configurations for Lambda, by name.
PREDEFINED: dict[str, dict[str, Any]] = {
    f"{RESERVED}LambdaAllAtOnce": {"type": "AllAtOnce"},
    **{f"{RESERVED}LambdaCanary10Percent{minutes}Minutes": _build_canary(minutes) for minutes in (5, 10, 15, 30)},
    f"{RESERVED}LambdaLinear10PercentEvery1Minute": _build_linear(1),
    **{f"{RESERVED}LambdaLinear10PercentEvery{minutes}Minutes": _build_linear(minutes) for minutes in (2, 3, 10)},
}


class Configs:
    """The deployment configurations by name."""

    def __init__(self) -> None:
        self._configs = {name: _build_config(name, routing) for name, routing in PREDEFINED.items()}

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`CreateDeploymentConfig`, for Lambda only."""
        name = str(request["deploymentConfigName"])
        if name.startswith(RESERVED):
            raise CodeDeployError("InvalidDeploymentConfigNameException", f"The prefix {RESERVED} is reserved.")
        if name in self._configs:
            raise CodeDeployError("DeploymentConfigAlreadyExistsException", f"{name} already exists.")
        if request.get("computePlatform") != "Lambda":
            raise CodeDeployError("InvalidComputePlatformException", "This simulator plays Lambda only.")
        routing = request.get("trafficRoutingConfig") or {"type": "AllAtOnce"}
        _check_routing(routing)
        self._configs[name] = _build_config(name, routing)
        return {"deploymentConfigId": self._configs[name]["deploymentConfigId"]}

    def get(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`GetDeploymentConfig`."""
        name = str(request["deploymentConfigName"])
        self.require(name)
        return {"deploymentConfigInfo": self._configs[name]}

    def list(self, _request: Mapping[str, Any]) -> dict[str, Any]:
        """`ListDeploymentConfigs`, in one page."""
        return {"deploymentConfigsList": sorted(self._configs)}

    def delete(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """`DeleteDeploymentConfig`; the caller has checked that no group uses it."""
        name = str(request["deploymentConfigName"])
        if name.startswith(RESERVED):
            raise CodeDeployError("InvalidOperationException", "CodeDeploy's own configurations stay.")
        self._configs.pop(name, None)
        return {}

    def require(self, name: str) -> None:
        """Raise `CodeDeployError` unless the configuration exists."""
        if name not in self._configs:
            raise CodeDeployError("DeploymentConfigDoesNotExistException", f"No deployment configuration {name}.")


def _build_config(name: str, routing: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "deploymentConfigId": str(uuid.uuid4()),
        "deploymentConfigName": name,
        "createTime": time.time(),
        "computePlatform": "Lambda",
        "trafficRoutingConfig": dict(routing),
    }


def _check_routing(routing: Mapping[str, Any]) -> None:
    """Raise `CodeDeployError` unless each step is 1 to 99 percent, and all shifts take at most 2880 minutes."""
    match routing:
        case {"type": "AllAtOnce"}:
            return
        case {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes}}:
            lasts = minutes
        case {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": percent, "linearInterval": minutes}}:
            lasts = minutes * (100 // max(percent, 1))
        case _:
            raise CodeDeployError("InvalidTrafficRoutingConfigurationException", "The type and its times do not match.")
    if not (1 <= percent <= 99 and minutes >= 1 and lasts <= 2880):
        raise CodeDeployError(
            "InvalidTrafficRoutingConfigurationException", "A step moves 1 to 99 percent, within 2880 minutes in all."
        )


@dataclass(frozen=True, slots=True)
class Shift:
    """One traffic shift: the new version's share in percent, `minutes` after the first shift."""

    minutes: float
    percent: int


def list_shifts(routing: Mapping[str, Any]) -> list[Shift]:
    """Return the shifts in order; the last one gives the new version all traffic."""
    match routing:
        case {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": percent, "canaryInterval": minutes}}:
            return [Shift(0, percent), Shift(minutes, 100)]
        case {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": percent, "linearInterval": minutes}}:
            steps = -(-100 // percent)
            return [Shift(minutes * step, min(percent * (step + 1), 100)) for step in range(steps)]
        case _:
            return [Shift(0, 100)]


def check_alarms(configuration: Mapping[str, Any]) -> None:
    """Raise `CodeDeployError` unless this is a valid `AlarmConfiguration`."""
    names = [alarm.get("name") for alarm in configuration.get("alarms", ())]
    if len(names) > MOST_ALARMS:
        raise CodeDeployError("AlarmsLimitExceededException", f"At most {MOST_ALARMS} alarms are watched.")
    if configuration.get("enabled") and not names:
        raise CodeDeployError("InvalidAlarmConfigException", "Alarms are enabled, but none is named.")
    if len(set(names)) != len(names) or not all(names):
        raise CodeDeployError("InvalidAlarmConfigException", "Every alarm has a name, and is named once.")


def check_rollback(configuration: Mapping[str, Any]) -> None:
    """Raise `CodeDeployError` unless this is a valid `AutoRollbackConfiguration`."""
    if configuration.get("enabled") and not configuration.get("events"):
        raise CodeDeployError("InvalidAutoRollbackConfigException", "Rollback is enabled, but for no event.")
