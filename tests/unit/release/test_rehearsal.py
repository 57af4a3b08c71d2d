"""What the rehearsal counts, and what it calls broken: a rehearsal that could not fail would prove nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from laptop.rehearsal.counting import Count, find_sender, read_timelines
from laptop.rehearsal.faults import ReleaseFault, make_variant
from laptop.rehearsal.load import Load, Published
from laptop.rehearsal.scenarios import SCENARIOS, ReleaseScenario, ScenarioResult
from laptop.state import ROOT
from release.deployments import Deployment
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Snapshot

GOOD, THROWS, BROKEN, *_ = SCENARIOS
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
    assert find_sender(rows) == who


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


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.fault.word)
def test_each_as_it_has_to_end_breaks_nothing(scenario: ReleaseScenario) -> None:
    for error in scenario.errors or ("",):
        most = 30.0 if scenario.sees_traffic else 0.0
        assert [*result(scenario, scenario.outcome, error, most).violations()] == []


def test_an_end_is_told_in_few_words() -> None:
    ends = [
        result(GOOD, ReleaseOutcome.RELEASED),
        result(THROWS, ReleaseOutcome.ROLLED_BACK, "ALARM_ACTIVE"),
        result(THROWS, ReleaseOutcome.ROLLED_BACK, "MANUAL_STOP"),
        result(BROKEN, ReleaseOutcome.ROLLED_BACK, "HOOK_EXECUTION_FAILURE"),
    ]
    words = ["released", "rolled back: alarm", "rolled back: figures", "rolled back: hook"]
    assert [one.ended for one in ends] == words


def test_it_tells_how_soon_a_fault_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    calm = Deployment("d-1", "1", "2", "InProgress")
    failed = Snapshot(replace(calm, error=("ALARM_ACTIVE", "")), {"1": 100.0})
    one = ScenarioResult(THROWS, "r")
    one.record(Snapshot(calm, {"1": 90.0, "2": 10.0}))
    now = 7.0
    assert one.soon == ""
    one.record(failed)
    now = 9.0
    one.record(failed)
    assert one.soon == "7 s"
    hooked = ScenarioResult(BROKEN, "r")
    hooked.record(failed)
    assert hooked.soon == "before"


#: What a fault puts into the place of something, and where that lies.
FINISH = "function.message.builder:EmailBuilder.finish"
PUT_IN = {
    ReleaseFault.THROWS: FINISH,
    ReleaseFault.WRONG: FINISH,
    ReleaseFault.SLOW: FINISH,
    ReleaseFault.ONE_LANGUAGE: FINISH,
    ReleaseFault.BAD_FEEDBACK: "function.feedback:handler",
}


@pytest.mark.parametrize("fault", PUT_IN, ids=lambda fault: fault.word)
def test_a_fault_hits_what_it_is_meant_for(fault: ReleaseFault) -> None:
    """Code in a string is renamed by nobody: in a process of its own, each is put into today's modules."""
    _, module, addition = fault.value
    room, _, path = PUT_IN[fault].partition(":")
    code = (
        f"import operator, {room} as room, {module.removesuffix('.py').replace('/', '.')} as struck\n"
        f"found = operator.attrgetter({path!r})\nbefore = found(room)\n"
        f"exec({addition!r}, vars(struck))\nassert found(room) is not before\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


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
    made = make_variant(package, ReleaseFault.DOES_NOT_START, tmp_path)
    assert package.read_bytes() == before
    assert made.release == "01234567-broken"
    with zipfile.ZipFile(made.path) as copy:
        assert b"does not start" in copy.read("function/notify.py")
        assert json.loads(copy.read("manifest.json"))["release"] == made.release
        assert [name for name in copy.namelist() if name.endswith(".pyc")] == [
            "function/__pycache__/outcome.cpython-313.pyc"
        ]


class Topic:
    """SNS, which takes everything."""

    def publish(self, **_: Any) -> dict[str, str]:
        return {"MessageId": "m"}


def test_a_machine_that_is_too_busy_gets_no_more_events_than_it_carries_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    looks: list[int] = []

    def waiting() -> int:
        looks.append(len(load.published))
        return 50 if len(looks) < 3 else 0

    topic: Any = Topic()
    load = Load(topic, "topic", 12, 1_000.0, waiting)
    with load:
        pass
    assert looks[:4] == [5, 5, 5, 10]
    assert len(load.published) >= 12


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
    found = [rows[0]["message"] for rows in read_timelines(dynamodb, "ledger", EVENTS)]
    assert found == ["message#m1", "message#m2"]
