"""What the documentation of CloudWatch and its logs says."""

from __future__ import annotations

from functools import partial

from tests.documented.rule import Rule, row

__all__ = ["RULES"]

_BEFORE = "tests/unit/release/test_before_deployment.py::"
_RELEASES = "tests/stack/release/test_release_and_refusals.py::"
_row = partial(row, "cloudwatch")

RULES: tuple[Rule, ...] = (
    row(
        "logs",
        "FilterLogEvents",
        "A returned page might only be partially full, or even empty.",
        "tests/unit/release/test_hooks.py::test_the_reason_may_be_on_a_later_page",
        "events[].logStreamName",
        "events[].message",
        "events[].timestamp",
        "nextToken",
    ),
    _row(
        "PutMetricAlarm",
        "When you update an existing alarm, its state is left unchanged",
        f"{_BEFORE}test_an_alarm_is_waited_for_as_long_as_it_may_look_back",
    ),
    _row(
        "DescribeAlarms",
        "you must be signed on with the cloudwatch:DescribeAlarms permission that is scoped to *",
        "tests/infra/test_release_role.py::test_the_role_may_do_exactly_what_a_release_does",
        "NextToken",
        "MetricAlarms[].AlarmName",
        "MetricAlarms[].AlarmDescription",
        "MetricAlarms[].StateValue",
        "MetricAlarms[].StateReason",
        "MetricAlarms[].StateUpdatedTimestamp",
        "MetricAlarms[].AlarmConfigurationUpdatedTimestamp",
        "MetricAlarms[].AlarmArn",
        "MetricAlarms[].Dimensions[].Name",  # read by tests only
        "MetricAlarms[].Dimensions[].Value",
        "CompositeAlarms[].AlarmName",
        "CompositeAlarms[].AlarmDescription",
        "CompositeAlarms[].StateUpdatedTimestamp",
        "CompositeAlarms[].StateValue",
        "CompositeAlarms[].StateReason",
    ),
    _row(
        "DeleteAlarms",
        "You can delete up to 100 alarms in one operation.",
        f"{_RELEASES}test_its_own_alarm_watches_the_alias_and_the_version_and_goes_when_it_is_old",
    ),
    _row(
        "GetMetricStatistics",
        "Data points are not returned in chronological order.",
        "tests/unit/doctor/test_installation.py::test_each_outcome",
        "Datapoints[].Timestamp",
        "Datapoints[].Maximum",
        "Datapoints[].Sum",
    ),
    _row(
        "SetAlarmState",
        "Metric alarms returns to their actual state quickly, often within seconds.",
        "tests/stack/invocations/test_alarm_evaluation.py::test_an_alarm_fires_for_its_version_only_and_goes_back",
    ),
)
