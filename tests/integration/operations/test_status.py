"""`herald status`: what it reads from moto's AWS, what it says of it, and what it says where it may not look."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from fakes.example_events import event
from fakes.in_memory_herald import delivery
from laptop.state import ROOT
from operations.status.alarms import RUNBOOK, SILENCE_RINGS, find_ringing, format_advice, is_of
from operations.status.retry_backlog import ProviderRefusal, RetryBacklog, read_waiting
from operations.status.scheduled_mails import LaterMails
from operations.status.status import HeraldStatus, LetterCounts, LiveVersion, ReasonCount, SendingRate
from operations.status.status_lines import describe_status
from tests.integration.operations.test_records import ADA, Account, account, catalogue, run
from tests.waiting import eventually
from webapp.admin.remedy_commands import format_command

__all__ = ["account", "catalogue"]

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Metrics:
    """CloudWatch's points by metric, out of order as it may return them."""

    def __init__(self, **points: list[tuple[timedelta, float]]) -> None:
        self.points = points

    def get_metric_statistics(self, **asked: Any) -> dict[str, Any]:
        [statistic] = asked["Statistics"]
        points = self.points.get(asked["MetricName"], [])
        return {"Datapoints": [{"Timestamp": NOW - ago, statistic: value} for ago, value in reversed(points)]}


class Logs:
    """The lines of a log; a page may be empty."""

    def __init__(self, *lines: tuple[timedelta, str]) -> None:
        self.lines = lines
        self.asked: dict[str, Any] = {}

    def get_paginator(self, _operation: str) -> Logs:
        return self

    def paginate(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked = asked
        events = [{"timestamp": int((NOW - ago).timestamp() * 1000), "message": text} for ago, text in self.lines]
        return [{}, {"events": [one for one in events if one["timestamp"] >= asked["startTime"]]}]


class Queue:
    """A queue that holds so many."""

    def __init__(self, count: int) -> None:
        self.count = count

    def get_queue_attributes(self, **_: Any) -> dict[str, Any]:
        return {"Attributes": {"ApproximateNumberOfMessages": str(self.count)}}


def write_log_line(words: str) -> str:
    return json.dumps({"Released": 1, "detail": words})


def waiting(count: int, metrics: Metrics, logs: Logs) -> RetryBacklog:
    sqs, cloudwatch = Queue(count), metrics
    return read_waiting(sqs, cloudwatch, logs, "https://sqs/1/herald-retry", "herald-notify", NOW)  # type: ignore[arg-type]


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_nothing_that_waits_is_asked_about_no_further() -> None:
    assert waiting(0, Metrics(), Logs((minutes(1), write_log_line("no")))) == RetryBacklog(0)


def test_the_last_refusal_is_told_in_the_providers_words_and_since_when() -> None:
    metrics = Metrics(
        Released=[(minutes(600), 2), (minutes(110), 3), (minutes(50), 1), (minutes(5), 1)],
        WaitingSeconds=[(minutes(5), 6_600)],
        ApproximateAgeOfOldestMessage=[(minutes(5), 40)],
    )
    logs = Logs(
        (minutes(50), write_log_line("an older one")),
        (minutes(4), "no JSON"),
        (minutes(3), write_log_line("Daily message quota exceeded.")),
        (minutes(2), json.dumps({"Sent": 1})),
    )
    found = waiting(7, metrics, logs)
    assert (found.count, found.oldest) == (7, 6_600), "SQS leaves out what was received three times"
    assert found.refusal == ProviderRefusal("Daily message quota exceeded.", NOW - minutes(3), NOW - minutes(110))
    assert logs.asked["logGroupName"] == "/aws/lambda/herald-notify"


def test_what_waits_for_another_reason_has_no_refusal() -> None:
    assert waiting(1, Metrics(), Logs()) == RetryBacklog(1, None, None)


def test_what_waits_is_counted_though_the_log_is_closed() -> None:
    class Closed(Logs):
        def paginate(self, **_: Any) -> list[dict[str, Any]]:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "FilterLogEvents")

    found = waiting(3, Metrics(), Closed())
    assert found == RetryBacklog(3, None, None, "AWS answered AccessDeniedException")
    assert describe(waiting=found) == [
        "waiting about 3 events wait in retry",
        "what the provider said is not known: AWS answered AccessDeniedException for the log of notify",
    ]


_word = partial(format_command, options=" --local")


def describe(**parts: Any) -> list[str]:
    return [f"{line.label} {line.text}".strip() for line in describe_status(HeraldStatus(NOW, **parts), _word)]


def test_a_release_under_way_is_told_with_what_stops_it() -> None:
    assert describe(live=LiveVersion("7", "r7", {"8": 0.1}, ("d-1",))) == [
        "release r7 is live, as version 7",
        "a release is under way: version 8 has 10 %; d-1; herald rollback --local stops it",
    ]


def test_a_used_up_quota_is_told() -> None:
    rate = SendingRate("eu-west-1", 0, 14, 200, 200)
    assert describe(rates=(rate,)) == ["rate 0 mails/s now, 14 allowed; 200 of 200 in 24 h: USED UP (eu-west-1)"]


def test_letters_are_told_by_reason_with_their_age() -> None:
    old = int((NOW - timedelta(days=9)).timestamp() * 1000)
    letters = LetterCounts((ReasonCount("event_invalid", "It breaks its schema.", 3, old),), 0)
    assert describe(letters=letters) == [
        "letters 3 in dead; herald dead --local",
        "3 event_invalid, the oldest 9 days old: It breaks its schema.",
    ]


def test_a_herald_is_looked_at_whole(account: Account) -> None:
    account.refuse("m1", ADA)
    make: Any = boto3.client
    version = make("lambda").publish_version(FunctionName="herald-notify", Description="r7")["Version"]
    make("lambda").create_alias(FunctionName="herald-notify", Name="live", FunctionVersion=version)
    result = run("status", "--json")
    seen = json.loads(result.stdout)
    assert result.exit_code == 3, "a letter is dead"
    assert seen["pause"]["concurrency"] is None
    assert seen["letters"]["reasons"][0]["code"] == "provider_refused"
    assert seen["rates"][0]["region"] == "us-east-1"
    assert seen["feedback"] == [{"provider": "ses://us-east-1", "at": None, "about": None}]
    assert not {"pause", "rates", "waiting", "letters", "feedback", "alarms"} & seen["unread"].keys()
    assert account.letters == ["m1"]


def test_what_is_kept_for_later_and_was_cancelled_is_counted(account: Account) -> None:
    make: Any = boto3.client
    make("lambda").create_alias(FunctionName="herald-notify", Name="live", FunctionVersion="$LATEST")
    assert json.loads(run("status", "--json").stdout)["later"] is None, "nothing is kept for later here"
    settings = {"HERALD_PROVIDERS": "ses://us-east-1", "HERALD_SCHEDULING": "on"}
    make("lambda").update_function_configuration(FunctionName="herald-notify", Environment={"Variables": settings})
    assert "nothing is kept" in run("status").stdout
    account.world.schedules = True
    for number, seconds in enumerate((60, 3600, 7200)):
        due = datetime.fromtimestamp(account.world.clock() / 1000 + seconds, UTC).isoformat()
        account.world.deliver(delivery(f"m{number}", event(f"e{number}", sendat=due)))
    points = [{"MetricName": "Cancelled", "Value": 2, "Dimensions": [{"Name": "Service", "Value": "herald-notify"}]}]
    make("cloudwatch").put_metric_data(Namespace="Herald", MetricData=points)
    account.world.deliver(delivery("c1", event("c", "mail.cancel", data={"source": event()["source"], "id": "e2"})))
    # Both the index and the metrics are read as they were a moment ago.
    seen = eventually(lambda: json.loads(run("status", "--json").stdout)["later"], lambda seen: seen["cancelled"] == 2)
    assert (seen["count"], seen["more"]) == (2, False)
    assert describe(later=LaterMails(2, 1, 2, more=True)) == [
        "later more than 2 mails are kept; 2 cancelled in 24 h",
        "1 of them are due and not asked for yet: scheduler looks once a minute",
    ]


def test_an_alarm_that_rings_is_told_with_what_it_means_and_what_to_do(account: Account) -> None:
    make: Any = boto3.client
    others = ("other-dead-letters", "herald-x-dead-letters", "herald-x-release-7-errors", "heraldic-dead-letters")
    for name in ("herald-dead-letters", "herald-retry-age", *others):
        make("cloudwatch").put_metric_alarm(
            AlarmName=name, AlarmDescription="There are dead letters", EvaluationPeriods=1, Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold", Namespace="n", MetricName="m", Period=60,
            Statistic="Sum",
        )  # fmt: skip
        state = "OK" if "retry" in name else "ALARM"
        make("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
    lines = run("status").stdout.splitlines()
    [ringing] = [line for line in lines if line.startswith("RINGS")]
    assert ringing.startswith("RINGS  herald-dead-letters for ")
    assert ringing.endswith(": There are dead letters")
    assert lines[lines.index(ringing) + 1] == f"  do:  {format_advice(RUNBOOK['dead-letters'], format_command)}"


class Alarms:
    """CloudWatch's alarms, of which moto leaves out when they were made."""

    def __init__(self, *alarms: dict[str, Any]) -> None:
        self.alarms = list(alarms)

    def get_paginator(self, _: str) -> Alarms:
        return self

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return [{"MetricAlarms": self.alarms, "CompositeAlarms": []}]


@pytest.mark.parametrize(("minutes", "rings"), [(0, False), (9, False), (11, True)])
def test_an_alarm_that_is_new_may_still_wait_for_its_first_data(minutes: int, rings: bool) -> None:
    alarm = {
        "AlarmName": "herald-outbox-age",
        "StateValue": "INSUFFICIENT_DATA",
        "StateUpdatedTimestamp": NOW,
        "AlarmConfigurationUpdatedTimestamp": NOW,
        "Period": 60,
        "EvaluationPeriods": 5,
    }
    cloudwatch: Any = Alarms(alarm)
    assert bool(find_ringing(cloudwatch, "herald", NOW + timedelta(minutes=minutes))) == rings
    cloudwatch = Alarms(alarm | {"StateValue": "ALARM"})
    assert find_ringing(cloudwatch, "herald", NOW)


def test_an_alarm_without_data_rings_only_where_that_is_news(account: Account) -> None:
    make: Any = boto3.client
    for name in ("herald-due-age", "herald-outbox-age", "herald-retry-age"):
        make("cloudwatch").put_metric_alarm(
            AlarmName=name, EvaluationPeriods=5, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold",
            Namespace="n", MetricName="m", Period=60, Statistic="Sum",
        )  # fmt: skip
        make("cloudwatch").set_alarm_state(AlarmName=name, StateValue="INSUFFICIENT_DATA", StateReason="test")
    ringing = {line.split()[1] for line in run("status").stdout.splitlines() if line.startswith("RINGS")}
    assert ringing == {"herald-due-age", "herald-outbox-age"}
    modules = [ROOT / "infra" / "modules" / module / "alarms.tf" for module in ("notifier", "webapp")]
    texts = "\n".join(path.read_text("utf-8") for path in modules)
    told = re.findall(r'^ +([a-z-]+) = \{(?:(?!^ +\}).)*missing = "missing"', texts, re.M | re.S)
    assert set(told) == SILENCE_RINGS


@pytest.mark.parametrize("name", [*RUNBOOK, "release-12-errors", "own-disk", "x"])
def test_an_alarm_is_of_the_herald_whose_whole_name_it_begins_with(name: str) -> None:
    assert is_of("herald", f"herald-{name}")
    assert is_of("herald-eu-west-1", f"herald-eu-west-1-{name}")
    assert not is_of("herald-x", f"herald-{name}")
    assert not is_of("herald", f"heraldic-{name}")
    if name not in ("own-disk", "x"):  # which nobody can tell from an alarm of somebody's own
        assert not is_of("herald", f"herald-x-{name}")
        assert not is_of("herald", f"herald-notify-{name}")


def test_what_may_not_be_read_is_said_and_the_rest_told(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: Any, **__: Any) -> None:
        raise ClientError(
            {"Error": {"Code": "AccessDenied", "Message": "arn:aws:iam::1:role/x may not"}}, "DescribeAlarms"
        )

    monkeypatch.setattr("operations.status.status.find_ringing", deny)
    result = run("status")
    assert "not known: AWS answered AccessDenied" in result.stdout
    assert "running" in result.stdout
    assert result.exit_code == 3


def test_a_screen_is_no_document(account: Account) -> None:
    assert "say one of them" in str(run("status", "--watch", "--json").exception)


def alarm_names() -> set[str]:
    """Those that Terraform makes, by what follows the prefix."""
    modules = ROOT / "infra" / "modules"
    names: set[str] = set()
    for module in ("notifier", "webapp"):
        text = (modules / module / "alarms.tf").read_text("utf-8")
        names |= set(re.findall(r"^ {4,6}([a-z][a-z0-9-]+) += \{", text, re.MULTILINE))
    names |= set(
        re.findall(r"^ +(mail-events-[a-z]+) += \{", (modules / "notifier" / "mail_events.tf").read_text(), re.M)
    )
    names |= set(
        re.findall(r"^ +(mail-webhook-[a-z]+) += \{", (modules / "notifier" / "mail_webhook.tf").read_text(), re.M)
    )
    names |= set(re.findall(r"^ +(bus-[a-z]+) += \{", (modules / "notifier" / "event_bus.tf").read_text(), re.M))
    text = (modules / "webapp" / "functions.tf").read_text("utf-8")
    functions = re.search(r"names = \{ for function in \[(.*?)\]", text)
    assert functions
    names |= {f"{function}-errors" for function in re.findall(r'"([a-z-]+)"', functions[1])}
    return names | {"sent-twice-notify", "sent-twice-feedback"}


def test_every_alarm_has_its_line_in_the_runbook() -> None:
    page = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    missing = {name for name in alarm_names() if name not in RUNBOOK}
    assert not missing
    for name, do in RUNBOOK.items():
        assert f"| `{name}` | {format_advice(do, format_command)} |" in page.splitlines()
