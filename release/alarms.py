"""The candidate's own alarms: on the alias *and* the executed version, so that a canary is not diluted.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import re
import time

from operations.errors import UserError
from release.stack import ALIAS, Stack

__all__ = ["create", "delete_older", "group_alarms_of", "states", "wait_until_quiet"]

#: CloudWatch's shortest period of Lambda's metrics, in seconds.
_PERIOD = 60
_MOST = 10


def create(stack: Stack, version: str) -> list[str]:
    """Make the alarms of a version, or leave them as they are; their names."""
    function = stack.names.notify
    name = f"{stack.names.prefix}-release-{version}-errors"
    dimensions = {"FunctionName": function, "Resource": f"{function}:{ALIAS}", "ExecutedVersion": version}
    stack.cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription=f"Version {version} of {function} failed: its release is taken back",
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        Statistic="Sum",
        Period=_PERIOD,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    return [name]


def group_alarms_of(stack: Stack) -> list[str]:
    """The alarms that the deployment group watches, if it watches any. Raises `UserError` if it has too many."""
    group = stack.names.group
    info = stack.codedeploy.get_deployment_group(applicationName=group, deploymentGroupName=group)
    watched = info["deploymentGroupInfo"].get("alarmConfiguration", {})
    names = [alarm["name"] for alarm in watched.get("alarms", []) if alarm.get("name")]
    if len(names) >= _MOST:
        raise UserError(f"the deployment group watches {len(names)} alarms, and CodeDeploy takes {_MOST} with our own")
    return names if watched.get("enabled") else []


def states(stack: Stack, names: list[str]) -> dict[str, str]:
    """OK, ALARM or INSUFFICIENT_DATA by the alarm's name; those that there are."""
    if not names:
        return {}
    answer = stack.cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    found = {alarm["AlarmName"]: str(alarm["StateValue"]) for alarm in answer.get("MetricAlarms", [])}
    return found | {alarm["AlarmName"]: str(alarm["StateValue"]) for alarm in answer.get("CompositeAlarms", [])}


def wait_until_quiet(stack: Stack, names: list[str], seconds: float) -> None:
    """Wait until none of them rings, as they do for a while after a bad release; raise `UserError` if one goes on."""
    deadline = time.monotonic() + seconds
    while ringing := sorted(name for name, state in states(stack, names).items() if state == "ALARM"):
        if time.monotonic() > deadline:
            raise UserError(
                f"{', '.join(ringing)} rings already, so CodeDeploy would take the release back at once: mend the "
                "cause, or say --own-alarms-only if this release is what mends it"
            )
        time.sleep(stack.pause)


def delete_older(stack: Stack, before: str) -> list[str]:
    """Delete the release alarms of versions older than `before`; their names."""
    ours = re.compile(rf"{re.escape(stack.names.prefix)}-release-(\d+)-\w+")
    pages = stack.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"{stack.names.prefix}-release-", AlarmTypes=["MetricAlarm"]
    )
    found = [ours.fullmatch(alarm["AlarmName"]) for page in pages for alarm in page["MetricAlarms"]]
    old = sorted(match[0] for match in found if match and int(match[1]) < int(before))
    for start in range(0, len(old), 100):
        stack.cloudwatch.delete_alarms(AlarmNames=old[start : start + 100])
    return old
