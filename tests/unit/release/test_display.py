"""A deployment as it is shown: a line for each change without a terminal, JSON lines for machines, a picture in one."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime

import pytest
from rich.console import Console

from release.analysis.comparison import Figures, compare
from release.deployments import Deployment
from release.progress.display import JsonLines, Lines, Panel, choose_screen
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Snapshot

STAGES = {"BeforeAllowTraffic": "Succeeded", "AllowTraffic": "InProgress", "AfterAllowTraffic": "Pending"}
CANARY = Snapshot(
    Deployment("d-ABC", "1", "2", "InProgress", stages=STAGES),
    {"1": 90.0, "2": 10.0},
    {"herald-notify-errors": "OK", "herald-release-2-errors": "OK"},
    left=240.4,
)
RINGS = replace(CANARY, alarms={"herald-notify-errors": "OK", "herald-release-2-errors": "ALARM"})
BACK = Snapshot(
    replace(
        CANARY.deployment,
        status="Stopped",
        error=("ALARM_ACTIVE", "an alarm rang."),
        rollback="d-BCD",
        stages={"AllowTraffic": "Failed"},
    ),
    {"1": 100.0},
)


def lines(*looks: Snapshot) -> list[str]:
    out = io.StringIO()
    with Lines(Console(file=out, width=200)) as shown:
        for look in looks:
            shown.show(look)
    return out.getvalue().splitlines()


def test_a_line_tells_stage_and_traffic_and_comes_once() -> None:
    line = "d-ABC InProgress  AllowTraffic InProgress  90 % version 1, 10 % version 2"
    assert lines(CANARY, replace(CANARY, left=100.0), CANARY) == [line]


def test_a_line_names_the_alarm_that_rings() -> None:
    assert lines(CANARY, RINGS)[1].endswith("10 % version 2  ALARM herald-release-2-errors")


def test_the_end_says_why_and_who_has_the_traffic() -> None:
    out = io.StringIO()
    Lines(Console(file=out, width=200)).end(ReleaseOutcome.ROLLED_BACK, BACK)
    assert out.getvalue() == "rolled back: ALARM_ACTIVE: an alarm rang. Version 1 has all traffic.\n"


def test_a_machine_gets_an_object_for_every_change(capsys: pytest.CaptureFixture[str]) -> None:
    shown = JsonLines(Console(file=io.StringIO()))
    shown.say("shipped")
    for look in (CANARY, replace(CANARY, left=100.0), RINGS, BACK):
        shown.show(look)
    shown.end(ReleaseOutcome.ROLLED_BACK, BACK)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(datetime.fromisoformat(one.pop("at")).tzinfo for one in said)
    assert said[0] == {"event": "said", "said": "shipped"}
    assert said[1] == {
        "event": "deployment",
        "deployment": "d-ABC",
        "status": "InProgress",
        "current": "1",
        "target": "2",
        "stages": STAGES,
        "traffic": {"1": 90.0, "2": 10.0},
        "alarms": dict(CANARY.alarms),
        "seconds_left": 240,
        "rollback": None,
        "comparison": None,
    }
    assert [one["status"] for one in said[1:4]] == ["InProgress", "InProgress", "Stopped"], "time alone is no change"
    assert said[4]["event"] == "outcome"
    assert said[4]["outcome"] == "rolled_back"
    assert said[4]["exit_code"] == 3
    assert said[4]["error"] == ["ALARM_ACTIVE", "an alarm rang."]


BOTH = {"2": Figures(100, 0, 100, letters=6, times=[40.0] * 90), "1": Figures(900, 0, 900, times=[40.0] * 900)}
JUDGED = replace(CANARY, comparison=compare("2", "1", BOTH))


def test_both_versions_figures_and_the_verdict_are_told_when_they_are_news() -> None:
    more = {**BOTH, "2": replace(BOTH["2"], mails=150)}
    verdict = "version 2 against version 1: worse: letters 6 of 100 against 0 of 900 (more than 99.99 %)"
    assert lines(JUDGED, replace(JUDGED, comparison=compare("2", "1", more)))[1:] == [verdict]


def test_a_machine_gets_both_versions_figures_and_the_confidence(capsys: pytest.CaptureFixture[str]) -> None:
    shown = JsonLines(Console(file=io.StringIO()))
    shown.plan({"Traffic": "10 %"})
    shown.show(JUDGED)
    plan, told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (plan["event"], plan["traffic"]) == ("plan", "10 %")
    comparison = told["comparison"]
    assert comparison["figures"]["2"] == {
        "runs": 100,
        "errors": 0,
        "mails": 100,
        "unknown": 0,
        "letters": 6,
        "unsent": 0,
        "median_ms": 40,
        "p90_ms": 40,
    }
    assert comparison["verdict"] == "worse"
    assert comparison["measures"]["letters"]["confidence"] > 0.9999
    assert comparison["measures"]["letters"]["worse"] is True


def test_a_picture_of_a_comparison_fits_80_columns() -> None:
    out = io.StringIO()
    with Panel(Console(file=out, width=80, force_terminal=True, color_system=None)) as shown:
        shown.show(JUDGED)
    drawn = out.getvalue().splitlines()
    text = "\n".join(drawn)
    for part in ("version 2", "6 of 100", "0 of 900", "more than 99.99 %", "40 ms", "they differ"):
        assert part in text
    assert max(len(line.rstrip()) for line in drawn if "\x1b" not in line) <= 80


def test_a_picture_has_stages_traffic_alarms_and_time_left_in_80_columns() -> None:
    out = io.StringIO()
    with Panel(Console(file=out, width=80, force_terminal=True, color_system=None)) as shown:
        shown.show(RINGS)
    drawn = out.getvalue().splitlines()
    text = "\n".join(drawn)
    for part in ("240 s left", "BeforeAllowTraffic", "90 %", "10 %", "herald-release-2-errors", "ALARM"):
        assert part in text
    assert max(len(line.rstrip()) for line in drawn if "\x1b" not in line) <= 80


@pytest.mark.parametrize(
    ("as_json", "terminal", "kind"), [(False, False, Lines), (False, True, Panel), (True, True, JsonLines)]
)
def test_whoever_reads_gets_the_right_one(as_json: bool, terminal: bool, kind: type[Lines]) -> None:
    assert type(choose_screen(Console(file=io.StringIO(), force_terminal=terminal), as_json)) is kind
