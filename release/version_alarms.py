"""The candidate's own alarms: on the alias *and* the executed version, so that a canary is not diluted.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import re
import time
from typing import Any

from operations.errors import UserError
from release.release_context import ALIAS, ReleaseContext

__all__ = ["create", "delete_older", "group_alarms_of", "read_states", "require_room", "wait_until_quiet"]

#: CloudWatch's shortest period of Lambda's metrics, in seconds.
_PERIOD = 60
_MOST = 10
#: Periods that an alarm may look back beyond those that it evaluates: a guess, and a generous one.
_LOOKS_BACK = 5
#: Seconds: the period of an alarm that has none of its own, and how late CloudWatch may be.
_LONGEST_PERIOD, _DELAY = 300, 120
#: The least seconds to wait, not scaled: a busy laptop evaluates its alarms late.
_LEAST = 60.0


def create(context: ReleaseContext, version: str, weighted: bool = True) -> list[str]:
    """Create or update the alarms of a version; return their names.

    Lambda has the dimension `ExecutedVersion` only while the alias is weighted. A deployment that moves all traffic at
    once never sets weights, so its alarm watches the alias as a whole.
    """
    function = context.names.notify
    name = f"{context.names.prefix}-release-{version}-errors"
    dimensions = {"FunctionName": function, "Resource": f"{function}:{ALIAS}"}
    if weighted:
        dimensions["ExecutedVersion"] = version
    context.cloudwatch.put_metric_alarm(
        AlarmName=name,
        AlarmDescription=f"Version {version} of {function} failed: its release is rolled back",
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


def group_alarms_of(context: ReleaseContext) -> list[str]:
    """The alarms that the deployment group watches, if it watches any."""
    group = context.names.group
    info = context.codedeploy.get_deployment_group(applicationName=group, deploymentGroupName=group)
    watched = info["deploymentGroupInfo"].get("alarmConfiguration", {})
    names = [alarm["name"] for alarm in watched.get("alarms", []) if alarm.get("name")]
    return names if watched.get("enabled") else []


def require_room(names: list[str]) -> list[str]:
    """Return the alarms. Raises `UserError` if a deployment cannot watch the release's own alarm besides."""
    if len(names) >= _MOST:
        raise UserError(f"the deployment group watches {len(names)} alarms, and CodeDeploy takes {_MOST} with our own")
    return names


def read_states(context: ReleaseContext, names: list[str]) -> dict[str, str]:
    """OK, ALARM or INSUFFICIENT_DATA by the alarm's name; those that there are."""
    return {alarm["AlarmName"]: str(alarm["StateValue"]) for alarm in _describe(context, names)}


def wait_until_quiet(context: ReleaseContext, names: list[str]) -> None:
    """Wait until no alarm rings, as they do for a while after a bad release; raise `UserError` if one keeps ringing."""
    began, patience = time.monotonic(), 0.0
    while ringing := [alarm for alarm in _describe(context, names) if alarm["StateValue"] == "ALARM"]:
        patience = max(patience, _LEAST, *(_compute_lasting(alarm) * context.scale for alarm in ringing))
        if time.monotonic() - began > patience:
            alarms = ", ".join(sorted(map(_describe_ringing, ringing)))
            raise UserError(
                f"{alarms}, so CodeDeploy would roll the release back at once: fix the "
                "cause, or say --own-alarms-only if this release fixes it"
            )
        time.sleep(context.pause)


def _describe_ringing(alarm: Any) -> str:
    """Which alarm rings, and since when, if CloudWatch says."""
    since = alarm.get("StateUpdatedTimestamp")
    return f"{alarm['AlarmName']} rings already" + (f", since {since:%Y-%m-%d %H:%M} UTC" if since else "")


def _compute_lasting(alarm: Any) -> float:
    """Seconds for which an alarm may ring after the last bad value.

    Where values are missing, CloudWatch looks further back than the evaluated periods, and does not say how far.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    periods = [query["MetricStat"]["Period"] for query in alarm.get("Metrics") or () if "MetricStat" in query]
    period = max(periods, default=alarm.get("Period") or _LONGEST_PERIOD)
    return float((alarm.get("EvaluationPeriods") or 1) + _LOOKS_BACK) * period + _DELAY


def _describe(context: ReleaseContext, names: list[str]) -> list[Any]:
    if not names:
        return []
    pages = context.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return [alarm for page in pages for alarm in [*page.get("MetricAlarms", []), *page.get("CompositeAlarms", [])]]


def delete_older(context: ReleaseContext, before: str) -> list[str]:
    """Delete the release alarms of versions older than `before`; return their names."""
    ours = re.compile(rf"{re.escape(context.names.prefix)}-release-(\d+)-\w+")
    pages = context.cloudwatch.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=f"{context.names.prefix}-release-", AlarmTypes=["MetricAlarm"]
    )
    found = [ours.fullmatch(alarm["AlarmName"]) for page in pages for alarm in page.get("MetricAlarms", [])]
    old = sorted(match[0] for match in found if match and int(match[1]) < int(before))
    for start in range(0, len(old), 100):
        context.cloudwatch.delete_alarms(AlarmNames=old[start : start + 100])
    return old
