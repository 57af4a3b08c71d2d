"""`make capacity` as a person uses it."""

from __future__ import annotations

import json
import re

import pytest

from herald.capacity.report import format_count, format_duration
from tests.herald_command import Ended, run_herald


def capacity(*arguments: str, columns: int = 80) -> Ended:
    """The command without a terminal."""
    return run_herald("capacity", *arguments, COLUMNS=str(columns))


@pytest.mark.parametrize("columns", [40, 120])
def test_one_table_and_one_picture_that_fit(columns: int) -> None:
    done = capacity("--rate", "14", "--burst", "2,000", columns=columns)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout, "no colours without a terminal"
    drawn = [line for line in done.stdout.splitlines() if set(line) & set("┃│┤└")]
    assert len(drawn) > 20
    assert max(map(len, drawn)) <= columns
    assert ("half of it" in done.stdout) == (columns == 120)
    assert "send_rate = 14, seconds_per_send = 0.25, reserve_concurrency = true reserves 4" in done.stdout


def test_without_a_reservation_the_queue_keeps_the_rate_and_nothing_is_lost() -> None:
    """A new account can reserve nothing: what SES refuses waits in `retry`, and every mail is sent."""
    flags = ("--rate", "14", "--burst", "1000", "--account", "10", "--no-reserve", "--json")
    told = json.loads(capacity(*flags).stdout)
    assert told["question"]["room"] == 10
    assert (round(told["answer"]["sent"]), told["answer"]["dead"], told["answer"]["lost"]) == (1_000, 0, 0)
    assert told["answer"]["released"] > 0


def test_for_machines_it_is_one_json_document() -> None:
    told = json.loads(capacity("--rate", "14", "--burst", "100", "--json").stdout)
    assert (told["question"]["reserved"], told["answer"]["sent"]) == (4, 100)
    assert {"at", "sent", "lambda_queue", "retry_queue"} == set(told["answer"]["moments"][0])


@pytest.mark.parametrize(("rate", "burst"), [("fast", "10"), ("14", "inf"), ("0", "10"), ("14", "-1")])
def test_a_mistake_is_told_in_one_line(rate: str, burst: str) -> None:
    done = capacity("--rate", rate, "--burst", burst)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (90, "1 min 30 s"), (7200, "2 h"), (90_000, "1 d 1 h")]
)
def test_durations_are_said_with_two_units(seconds: float, said: str) -> None:
    assert format_duration(seconds) == said


@pytest.mark.parametrize(("number", "said"), [(9, "9"), (1234, "1,234"), (12_345, "12.3 k"), (10**7, "10 M")])
def test_counts_are_short(number: float, said: str) -> None:
    assert format_count(number) == said


def test_the_quota_and_the_time_of_a_send_count_as_documented() -> None:
    done = capacity("--rate", "14", "--burst", "1000", "--quota", "500", "--seconds", "0.3")
    assert done.returncode == 0, done.stderr
    assert "0.3 s for each, 500 mails a day" in done.stdout
    assert re.search("all done after +│ +1 d ", done.stdout), "the second half waits for the next day"
