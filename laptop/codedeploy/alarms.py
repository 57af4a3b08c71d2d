"""The alarms that stop a deployment, as CloudWatch reports them.

https://docs.aws.amazon.com/codedeploy/latest/userguide/monitoring-create-alarms.html
https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_AlarmConfiguration.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from laptop.codedeploy.errors import stop

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

__all__ = ["Alarms"]

EVENT: Final = "DEPLOYMENT_STOP_ON_ALARM"


class Alarms:
    """The alarms of one deployment."""

    def __init__(self, cloudwatch: CloudWatchClient, configuration: Mapping[str, Any]) -> None:
        self._cloudwatch = cloudwatch
        self._names = [alarm["name"] for alarm in configuration.get("alarms", ())]
        self._enabled = bool(configuration.get("enabled") and self._names)
        self._may_be_unknown = bool(configuration.get("ignorePollAlarmFailure"))

    def require_no_alarm(self) -> None:
        """Raise `DeploymentEnded` if one of them is on, or if their state cannot be learned and that matters."""
        if not self._enabled:
            return
        try:
            answer = self._cloudwatch.describe_alarms(
                AlarmNames=self._names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
        except (BotoCoreError, ClientError) as problem:
            self._unknown(str(problem))
            return
        states = {alarm["AlarmName"]: alarm.get("StateValue") for alarm in answer.get("MetricAlarms", ())}
        states |= {alarm["AlarmName"]: alarm.get("StateValue") for alarm in answer.get("CompositeAlarms", ())}
        on = sorted(name for name, state in states.items() if state == "ALARM")
        if on:
            raise stop("ALARM_ACTIVE", f"Stopped, because these alarms are on: {', '.join(on)}.", EVENT)
        if missing := sorted(set(self._names) - states.keys()):
            self._unknown(f"CloudWatch knows no alarm {', '.join(missing)}.")

    def _unknown(self, why: str) -> None:
        if not self._may_be_unknown:
            raise stop("ALARM_ACTIVE", f"Stopped, because the alarms cannot be read: {why}", EVENT)
