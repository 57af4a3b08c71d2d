"""What the rehearsal counts, and what it calls broken: a rehearsal that could not fail would prove nothing."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from laptop.rehearsal.counting import Count, sender, timelines
from laptop.rehearsal.faults import ReleaseFault, variant
from laptop.rehearsal.load import Published
from laptop.rehearsal.scenarios import SCENARIOS, ScenarioResult
from release.deployments import Deployment
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Snapshot

GOOD, THROWS, BROKEN = SCENARIOS
EVENTS = (Published("m1", "a@example.com"), Published("m2", "b@example.com"))


def row(state: str, release: str, **more: str) -> dict[str, Any]:
    return {"state": state, "release": release, "at": 0, **more}


SENT = row("sent", "new", provider="ses://eu-west-1")


@pytest.mark.parametrize(
    ("rows", "who"),
    [
        ([row("sending", "new"), SENT, row("delivered", "new", provider="ses")], "new"),
        ([row("sending", "old"), row("sending", "new"), SENT], "new"),
        ([row("sending", "old"), row("sent", "new", provider="ses")], "old"),
        ([row("sending", "old"), row("delivered", "new", provider="ses"), row("sending", "new")], "old"),
        ([], "nobody"),
    ],
    ids=["says so", "retried by the next", "crashed after the send", "claimed again too late", "no record"],
)
def test_the_timeline_says_who_sent_a_mail(rows: list[dict[str, Any]], who: str) -> None:
    assert sender(rows) == who


def test_one_mail_for_every_event_breaks_nothing() -> None:
    assert [*Count(EVENTS, {"a@example.com": 1, "b@example.com": 1}).violations()] == []


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (Count(EVENTS, {"a@example.com": 1}), "1 events have no mail: m2"),
        (Count(EVENTS, {"a@example.com": 1, "b@example.com": 2}), "1 events have more than one mail: m2"),
        (Count((), {}, strangers=["nobody"]), "which can have sent nothing: nobody"),
    ],
    ids=["lost", "doubled", "sent by nobody"],
)
def test_what_is_broken_is_told(count: Count, told: str) -> None:
    (broken,) = count.violations()
    assert told in broken


def result(scenario: Any, outcome: ReleaseOutcome, error: str = "", most: float = 0.0) -> ScenarioResult:
    return ScenarioResult(scenario, "r", outcome=outcome, error=(error, "") if error else None, most=most)


def test_the_three_as_they_have_to_end_break_nothing() -> None:
    ends = [
        result(GOOD, ReleaseOutcome.RELEASED, most=100),
        result(THROWS, ReleaseOutcome.ROLLED_BACK, "ALARM_ACTIVE", most=30),
        result(BROKEN, ReleaseOutcome.ROLLED_BACK, "HOOK_EXECUTION_FAILURE"),
    ]
    assert [offence for one in ends for offence in one.violations()] == []
    assert [one.ended for one in ends] == ["released", "rolled back: alarm", "rolled back: hook"]


@pytest.mark.parametrize(
    "wrong",
    [
        result(GOOD, ReleaseOutcome.ROLLED_BACK, "ALARM_ACTIVE", most=10),
        result(THROWS, ReleaseOutcome.RELEASED, most=100),
        result(THROWS, ReleaseOutcome.ROLLED_BACK, "HOOK_EXECUTION_FAILURE"),
        result(BROKEN, ReleaseOutcome.ROLLED_BACK, "HOOK_EXECUTION_FAILURE", most=10),
        ScenarioResult(GOOD, "r"),
    ],
    ids=["good taken back", "bad released", "by the hook and not by the alarm", "refused, yet had traffic", "refused"],
)
def test_another_end_is_broken(wrong: ScenarioResult) -> None:
    assert [*wrong.violations()]


def test_it_keeps_the_most_that_a_version_got() -> None:
    one, deployment = ScenarioResult(THROWS, "r"), Deployment("d-1", "1", "2", "InProgress")
    for traffic in ({"1": 100.0}, {"1": 70.0, "2": 30.0}, {"1": 100.0}):
        one.record(Snapshot(deployment, traffic=traffic, alarms={"calm": "OK", "rings": "ALARM"}))
    assert (one.version, one.most, one.rang) == ("2", 30.0, {"rings"})
    one.record(Snapshot(replace(deployment, error=("ALARM_ACTIVE", "it rang"))))
    assert one.error == ("ALARM_ACTIVE", "it rang")


def test_a_fault_is_in_the_copy_and_not_in_the_package(tmp_path: Path) -> None:
    package = tmp_path / "function.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"release": "0123456789ab"}))
        archive.writestr("function/notify.py", "handler = None\n")
        archive.writestr("function/__pycache__/notify.cpython-313.pyc", b"old")
        archive.writestr("function/__pycache__/outcome.cpython-313.pyc", b"kept")
    before = package.read_bytes()
    made = variant(package, ReleaseFault.DOES_NOT_START, tmp_path)
    assert package.read_bytes() == before
    assert made.release == "01234567-broken"
    with zipfile.ZipFile(made.path) as copy:
        assert b"does not start" in copy.read("function/notify.py")
        assert json.loads(copy.read("manifest.json"))["release"] == made.release
        assert [name for name in copy.namelist() if name.endswith(".pyc")] == [
            "function/__pycache__/outcome.cpython-313.pyc"
        ]


class Partial:
    """DynamoDB that answers for one key at a time."""

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        (table, asked), *_ = RequestItems.items()
        first, *rest = asked["Keys"]
        timeline = {"L": [{"M": {"state": {"S": "sent"}, "message": first["pk"]}}]}
        more = {"UnprocessedKeys": {table: {**asked, "Keys": rest}}} if rest else {}
        return {"Responses": {table: [{"timeline": timeline}]}, **more}


def test_keys_that_were_not_processed_are_asked_for_again() -> None:
    dynamodb: Any = Partial()
    found = [rows[0]["message"] for rows in timelines(dynamodb, "ledger", EVENTS)]
    assert found == ["message#m1", "message#m2"]
