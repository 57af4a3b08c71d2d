"""Checks of releases: whether one can begin, is under way, or has left something behind."""

from __future__ import annotations

from typing import Any

from doctor.check import Check, Finding, ok, warning, wrong
from doctor.check_context import ALIAS, CheckContext, read_member
from operations.status.alarms import is_of

__all__ = ["CHECKS"]

#: The statuses of unfinished deployments that the list can be filtered by.
#: https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_ListDeployments.html
_UNDER_WAY = ["Created", "Queued", "InProgress"]
_TAKES_BACK = frozenset({"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"})


def _check_weights(context: CheckContext) -> Finding:
    """A deployment that was stopped without a rollback leaves the alias on two versions, and later ones fail.

    https://docs.aws.amazon.com/codedeploy/latest/userguide/troubleshooting-deployments-lambda.html
    """
    alias = context.ask("lambda", "GetAlias", FunctionName=context.notify, Name=ALIAS)
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    shares = ", ".join(f"version {version} gets {100 * share:g} %" for version, share in weights.items() if share)
    under_way = [one for page in _list_deployments(context) for one in page.get("deployments") or []]
    if under_way:
        return warning(
            f"{under_way[0]} is under way{f'; {shares}' if shares else ''}",
            f"wait for it, or {context.make('rollback')}",
        )
    if shares:
        return wrong(f"no release is under way, and {shares}: the next one will be refused", context.make("rollback"))
    return ok(f"no release is under way, and {ALIAS} leads to one version")


def _list_deployments(context: CheckContext) -> Any:
    return context.pages(
        "codedeploy",
        "ListDeployments",
        "nextToken",
        applicationName=context.prefix,
        deploymentGroupName=context.prefix,
        includeOnlyStatuses=_UNDER_WAY,
    )


def _group_of(context: CheckContext) -> Any:
    """https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_GetDeploymentGroup.html"""
    answer = context.ask(
        "codedeploy", "GetDeploymentGroup", applicationName=context.prefix, deploymentGroupName=context.prefix
    )
    return read_member(answer, "codedeploy", "deploymentGroupInfo")


def _list_watched_alarms(group: Any) -> list[str]:
    alarms = group.get("alarmConfiguration") or {}
    return [one["name"] for one in alarms.get("alarms") or [] if one.get("name")] if alarms.get("enabled") else []


def _group(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/codedeploy/latest/userguide/deployments-rollback-and-redeploy.html"""
    group = _group_of(context)
    if read_member(group, "codedeploy", "computePlatform") != "Lambda":
        return wrong(f"the group {context.prefix} is for {group['computePlatform']}, not for Lambda", context.apply)
    if not _list_watched_alarms(group):
        return wrong(f"the group {context.prefix} watches no alarm: a bad release is not noticed", context.apply)
    back = group.get("autoRollbackConfiguration") or {}
    if not back.get("enabled") or set(back.get("events") or ()) < _TAKES_BACK:
        return wrong(f"the group {context.prefix} does not take a bad release back", context.apply)
    config = read_member(group, "codedeploy", "deploymentConfigName")
    return ok(f"{config}; {len(_list_watched_alarms(group))} alarms are watched, a bad release is taken back")


def _check_alarms(context: CheckContext) -> Finding:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html"""
    pages = context.pages(
        "cloudwatch",
        "DescribeAlarms",
        AlarmNamePrefix=f"{context.prefix}-",
        AlarmTypes=["MetricAlarm", "CompositeAlarm"],
    )
    alarms = [one for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for one in page.get(kind) or []]
    states = {
        read_member(one, "cloudwatch", "AlarmName"): read_member(one, "cloudwatch", "StateValue") for one in alarms
    }
    watched = _list_watched_alarms(_group_of(context))
    states = {name: state for name, state in states.items() if name in watched or is_of(context.prefix, name)}
    if gone := sorted(set(watched) - states.keys()):
        return wrong(f"CodeDeploy watches {', '.join(gone)}, which does not exist: every release fails", context.apply)
    ringing = sorted(name for name, state in states.items() if state == "ALARM")
    if stops := [name for name in ringing if name in watched]:
        return wrong(f"{', '.join(stops)} rings: a release would be taken back at once", "docs/runbook.md")
    if ringing:
        return warning(f"{', '.join(ringing)} rings", "docs/runbook.md")
    return ok(f"none of {len(states)} alarms rings, {len(watched)} of them watched by releases")


CHECKS = (
    Check("release", "Release", _check_weights),
    Check("codedeploy-group", "CodeDeploy group", _group),
    Check("alarms", "Alarms", _check_alarms),
)
