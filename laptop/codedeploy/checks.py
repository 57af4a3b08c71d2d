"""What CodeDeploy demands of alarms and rollbacks, whether a group names them or a single deployment.

https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from laptop.codedeploy.errors import CodeDeployError

__all__ = ["check_alarms", "check_rollback"]

MOST_ALARMS: Final = 10


def check_alarms(configuration: Mapping[str, Any]) -> None:
    """Raise `CodeDeployError` unless this is an `AlarmConfiguration`."""
    names = [alarm.get("name") for alarm in configuration.get("alarms", ())]
    if len(names) > MOST_ALARMS:
        raise CodeDeployError("AlarmsLimitExceededException", f"At most {MOST_ALARMS} alarms are watched.")
    if configuration.get("enabled") and not names:
        raise CodeDeployError("InvalidAlarmConfigException", "Alarms are enabled, but none is named.")
    if len(set(names)) != len(names) or not all(names):
        raise CodeDeployError("InvalidAlarmConfigException", "Every alarm has a name, and is named once.")


def check_rollback(configuration: Mapping[str, Any]) -> None:
    """Raise `CodeDeployError` unless this is an `AutoRollbackConfiguration`."""
    if configuration.get("enabled") and not configuration.get("events"):
        raise CodeDeployError("InvalidAutoRollbackConfigException", "Rollback is enabled, but for no event.")
