"""The doctor on a running laptop cloud: nothing is wrong with a whole one, and each thing that is broken is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from doctor.check import Result, Status, run
from doctor.checks import CHECKS
from doctor.cloud import Live, Memo
from doctor.recording import Recording
from doctor.system import System
from laptop.clients import Clients
from laptop.cloud import Cloud, Options, run_cloud
from laptop.environment import ACCOUNT, REGION
from laptop.resources import CONFIGURATION_SET
from laptop.state import ROOT
from tests.unit.doctor.shapes import RECORDED, shapes_of
from tests.waiting import eventually

pytestmark = pytest.mark.xdist_group("doctor")

_NOTIFY: Any = {"FunctionName": "herald-notify"}
_LIVE: Any = {**_NOTIFY, "Qualifier": "live"}
_EVENTS = f"arn:aws:sns:{REGION}:{ACCOUNT}:herald-events"
_DOMAIN = "herald.example"
#: What the laptop cloud cannot tell, or has not got: Amazon's prices, the world's DNS, a key.
_UNANSWERED = {"ses-plan", "ses-delivery-mode", "dns-dkim", "dns-spf", "dns-mx", "dns-dmarc", "key"}

Change = Callable[[Clients], Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to break, what the doctor says of it, and how it is mended."""

    check: str
    status: Status
    says: str
    breaks: Change
    mends: Change


@pytest.fixture(scope="module")
def laptop() -> Iterator[Cloud]:
    """A laptop cloud of its own: what is broken here must not meet other tests."""
    with run_cloud(Options(ROOT / "build" / "tests" / f"doctor-{os.getpid()}", scale=0.005)) as started:
        yield started


def examine(laptop: Cloud) -> dict[str, Result]:
    """What the doctor finds now, by the check's id."""
    system = System(
        Memo(Live(laptop.clients.any)),
        prefix="herald",
        region=REGION,
        where="the laptop cloud",
        regions=(("the laptop cloud", REGION),),
        now=datetime.now(UTC),
        send_rate=14.0,
        reservation=4,
        local=True,
    )
    return {result.id: result for result in run(CHECKS, system)}


def _queue(clients: Clients, part: str) -> str:
    return clients.sqs.get_queue_url(QueueName=f"herald-{part}")["QueueUrl"]


def _mapping(clients: Clients, enabled: bool) -> None:
    (found,) = clients.functions.list_event_source_mappings(
        EventSourceArn=f"arn:aws:sqs:{REGION}:{ACCOUNT}:herald-retry"
    )["EventSourceMappings"]
    clients.functions.update_event_source_mapping(UUID=found["UUID"], Enabled=enabled)


def _subscription(clients: Clients) -> str:
    (found,) = clients.sns.list_subscriptions_by_topic(TopicArn=_EVENTS)["Subscriptions"]
    return found["SubscriptionArn"]


def _subscribe(clients: Clients) -> None:
    clients.sns.subscribe(
        TopicArn=_EVENTS,
        Protocol="lambda",
        Endpoint=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:herald-notify:live",
        Attributes={"RedrivePolicy": _redrive()},
    )


def _redrive() -> str:
    return json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:herald-retry"})


def _redrive_to(clients: Clients, value: str) -> None:
    clients.sns.set_subscription_attributes(
        SubscriptionArn=_subscription(clients), AttributeName="RedrivePolicy", AttributeValue=value
    )


def _policy(clients: Clients, topic: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:{topic}"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    clients.sqs.set_queue_attributes(QueueUrl=_queue(clients, "retry"), Attributes={"Policy": document})


def _weigh(clients: Clients, weights: dict[str, float]) -> None:
    alias = clients.functions.get_alias(**_NOTIFY, Name="live")
    clients.functions.update_alias(
        **_NOTIFY,
        Name="live",
        FunctionVersion=alias["FunctionVersion"],
        RoutingConfig={"AdditionalVersionWeights": weights},
    )


def _leave_weights(clients: Clients) -> None:
    clients.functions.update_function_configuration(**_NOTIFY, Description="another version")
    _weigh(clients, {clients.functions.publish_version(**_NOTIFY)["Version"]: 0.1})


def _permit(clients: Clients) -> None:
    clients.functions.add_permission(
        **_LIVE, StatementId="events", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com", SourceArn=_EVENTS
    )


def _letter(clients: Clients) -> None:
    clients.sqs.send_message(QueueUrl=_queue(clients, "dead"), MessageBody="lost")


def _destination(clients: Clients, enabled: bool) -> None:
    (found,) = clients.ses.get_configuration_set_event_destinations(ConfigurationSetName=CONFIGURATION_SET)[
        "EventDestinations"
    ]
    clients.ses.update_configuration_set_event_destination(
        ConfigurationSetName=CONFIGURATION_SET,
        EventDestinationName=found["Name"],
        EventDestination={
            "Enabled": enabled,
            "MatchingEventTypes": found["MatchingEventTypes"],
            "SnsDestination": {"TopicArn": found["SnsDestination"]["TopicArn"]},
        },
    )


def _group(clients: Clients, **changes: Any) -> None:
    clients.any("codedeploy").update_deployment_group(
        applicationName="herald", currentDeploymentGroupName="herald", **changes
    )


def _watch(clients: Clients, *names: str) -> None:
    _group(clients, alarmConfiguration={"enabled": bool(names), "alarms": [{"name": name} for name in names]})


def _ring(clients: Clients) -> None:
    """An alarm that rings as long as nothing is measured."""
    clients.any("cloudwatch").put_metric_alarm(
        AlarmName="herald-doctor",
        Namespace="Herald",
        MetricName="Nothing",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="breaching",
    )


_WATCHED = ("herald-notify-errors", "herald-unknown-outcomes")
WRONG, WARNING = Status.WRONG, Status.WARNING

FAULTS = [
    Fault(
        "ses-sending",
        WRONG,
        "sending is off for the whole account",
        lambda c: c.ses.put_account_sending_attributes(SendingEnabled=False),
        lambda c: c.ses.put_account_sending_attributes(SendingEnabled=True),
    ),
    Fault(
        "ses-suppression",
        WARNING,
        "COMPLAINT",
        lambda c: c.ses.put_account_suppression_attributes(SuppressedReasons=["BOUNCE"]),
        lambda c: c.ses.put_account_suppression_attributes(SuppressedReasons=["BOUNCE", "COMPLAINT"]),
    ),
    Fault(
        "ses-identity",
        WRONG,
        "SES knows no identity for books@herald.example",
        lambda c: c.ses.delete_email_identity(EmailIdentity=_DOMAIN),
        lambda c: c.ses.create_email_identity(EmailIdentity=_DOMAIN),
    ),
    Fault(
        "ses-dkim",
        WRONG,
        "mail of herald.example is not signed",
        lambda c: c.ses.put_email_identity_dkim_attributes(EmailIdentity=_DOMAIN, SigningEnabled=False),
        lambda c: c.ses.put_email_identity_dkim_attributes(EmailIdentity=_DOMAIN, SigningEnabled=True),
    ),
    Fault(
        "ses-configuration-set",
        WRONG,
        "sending through herald is off",
        lambda c: c.ses.put_configuration_set_sending_options(
            ConfigurationSetName=CONFIGURATION_SET, SendingEnabled=False
        ),
        lambda c: c.ses.put_configuration_set_sending_options(
            ConfigurationSetName=CONFIGURATION_SET, SendingEnabled=True
        ),
    ),
    Fault(
        "ses-event-destination",
        WRONG,
        "the event destination feedback of herald is off",
        lambda c: _destination(c, False),
        lambda c: _destination(c, True),
    ),
    Fault(
        "lambda-paused",
        WARNING,
        "herald-notify is paused",
        lambda c: c.functions.put_function_concurrency(**_NOTIFY, ReservedConcurrentExecutions=0),
        lambda c: c.functions.delete_function_concurrency(**_NOTIFY),
    ),
    Fault(
        "lambda-concurrency",
        WARNING,
        "2 are reserved, send_rate needs 4",
        lambda c: c.functions.put_function_concurrency(**_NOTIFY, ReservedConcurrentExecutions=2),
        lambda c: c.functions.delete_function_concurrency(**_NOTIFY),
    ),
    Fault(
        "lambda-permission",
        WRONG,
        "SNS may not invoke herald-notify:live",
        lambda c: c.functions.remove_permission(**_LIVE, StatementId="events"),
        _permit,
    ),
    Fault("release", WRONG, "gets 10 %", _leave_weights, lambda c: _weigh(c, {})),
    Fault(
        "codedeploy-group",
        WRONG,
        "watches no alarm",
        _watch,
        lambda c: _watch(c, *_WATCHED),
    ),
    Fault(
        "alarms",
        WARNING,
        "herald-doctor rings",
        _ring,
        lambda c: c.any("cloudwatch").delete_alarms(AlarmNames=["herald-doctor"]),
    ),
    Fault(
        "alarms",
        WRONG,
        "herald-gone, which does not exist",
        lambda c: _watch(c, *_WATCHED, "herald-gone"),
        lambda c: _watch(c, *_WATCHED),
    ),
    Fault(
        "sns-events",
        WRONG,
        "it leads to nowhere",
        lambda c: c.sns.unsubscribe(SubscriptionArn=_subscription(c)),
        _subscribe,
    ),
    Fault(
        "sns-events",
        WRONG,
        "goes nowhere, not to",
        lambda c: _redrive_to(c, "{}"),
        lambda c: _redrive_to(c, _redrive()),
    ),
    Fault(
        "sqs-policies",
        WRONG,
        "herald-retry from herald-events",
        lambda c: _policy(c, "elsewhere"),
        lambda c: _policy(c, "herald-events"),
    ),
    Fault(
        "sqs-readers",
        WRONG,
        "nobody reads herald-retry (Disabled)",
        lambda c: _mapping(c, False),
        lambda c: _mapping(c, True),
    ),
    Fault(
        "dead-letters",
        WARNING,
        "about 1 letter",
        _letter,
        lambda c: c.sqs.purge_queue(QueueUrl=_queue(c, "dead")),
    ),
]


def test_nothing_is_wrong_with_a_whole_laptop_cloud_and_what_it_cannot_tell_is_never_ok(laptop: Cloud) -> None:
    found = examine(laptop)
    assert {id_ for id_, result in found.items() if result.status is Status.WRONG} == set()
    unanswered = {id_ for id_, result in found.items() if "not answered here" in result.finding}
    assert unanswered == _UNANSWERED
    assert {found[id_].status for id_ in unanswered} == {Status.WARNING}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.check}: {fault.says}")
def test_each_thing_that_is_broken_is_named(laptop: Cloud, fault: Fault) -> None:
    fault.breaks(laptop.clients)
    try:
        found = eventually(lambda: examine(laptop)[fault.check], lambda result: fault.says in result.finding)
    finally:
        fault.mends(laptop.clients)
    assert found.status is fault.status
    assert found.remedy
    eventually(lambda: examine(laptop)[fault.check].finding, lambda finding: fault.says not in finding)


def test_a_quota_below_the_sending_rate_is_named(laptop: Cloud) -> None:
    with httpx.Client(base_url=laptop.description.endpoints["inbox"], trust_env=False) as inbox:
        inbox.put("/limits", json={"per_second": 1, "per_day": 50_000}).raise_for_status()
        try:
            assert "SES takes 1 mails a second, send_rate is 14" in examine(laptop)["ses-quota"].finding
        finally:
            inbox.put("/limits", json={"per_second": 14, "per_day": 50_000}).raise_for_status()


def test_an_alias_that_is_gone_is_named(laptop: Cloud) -> None:
    """Last of the faults: with the alias goes what hangs on it."""
    alias = laptop.clients.functions.get_alias(**_NOTIFY, Name="live")
    laptop.clients.functions.delete_alias(**_NOTIFY, Name="live")
    try:
        assert examine(laptop)["lambda-alias"].finding == "herald-notify has no alias live: nothing is sent"
    finally:
        laptop.clients.functions.create_alias(**_NOTIFY, Name="live", FunctionVersion=alias["FunctionVersion"])
        if examine(laptop)["lambda-permission"].status is WRONG:
            _permit(laptop.clients)


def test_where_nothing_is_installed_each_check_says_so(laptop: Cloud) -> None:
    shown = _herald(laptop, "doctor", "--prefix", "other", "--json")
    checks = {check["id"]: check for check in json.loads(shown.stdout)["checks"]}
    assert shown.returncode == 0
    assert checks["lambda-alias"]["finding"] == "nothing is here yet: there is no function other-notify"
    assert checks["ses-sandbox"]["status"] == "ok"


def test_the_command_says_three_broken_things_and_cuts_nothing(laptop: Cloud) -> None:
    for change in (FAULTS[0].breaks, _leave_weights, _letter):
        change(laptop.clients)
    try:
        shown = _herald(laptop, "doctor")
    finally:
        FAULTS[0].mends(laptop.clients)
        _weigh(laptop.clients, {})
        laptop.clients.sqs.purge_queue(QueueUrl=_queue(laptop.clients, "dead"))
    assert shown.returncode == 1
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert {
        "aws sesv2 put-account-sending-attributes --sending-enabled",
        'make rollback FLAGS="--local"',
        'make dead FLAGS="--local", then make redrive FLAGS="--local"',
    } <= set(lines)


def test_the_simulators_answer_in_the_shapes_that_were_recorded(laptop: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    assert _herald(laptop, "doctor", "--record", str(file)).returncode == 0
    recorded = shapes_of(Recording.read(RECORDED).calls)
    for what, shape in shapes_of(Recording.read(file).calls).items():
        assert what in recorded, f"no {what} was ever recorded"
        recorded[what].require(shape, what)


def test_a_synthetic_event_is_followed_until_it_is_delivered(laptop: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    shown = _herald(laptop, "smoke", "--yes", "--json", "--events", "2", "--record", str(file))
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert (told["events"], told["delivered"], told["accepted"]["count"]) == (2, 2, 2)
    for journey in told["journeys"]:
        assert list(journey["seconds"]) == ["published", "claimed", "accepted", "delivered"]
        assert journey["state"] == "delivered"
    assert {call.operation for call in Recording.read(file).calls} >= {"Publish", "GetItem"}


def test_nobody_is_sent_anything_without_a_yes(laptop: Cloud) -> None:
    shown = _herald(laptop, "smoke")
    assert shown.returncode == 2
    assert "say --yes" in shown.stderr


def _herald(laptop: Cloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, on a narrow terminal."""
    return subprocess.run(
        [sys.executable, "-m", "herald", *arguments, "--local", "--state-dir", laptop.description.state],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "60"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
