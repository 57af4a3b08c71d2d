"""`make release`, `make rollback` and `make releases` as they are run: by a script, and by a person at a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from laptop.state import ROOT
from release import deployments
from release.lambda_versions.versions import list_versions
from release.progress.outcome import ReleaseOutcome
from tests.stack.release.conftest import ReleaseHarness
from tests.waiting import LIMIT

Done = subprocess.CompletedProcess[str]


def command(harness: ReleaseHarness, *words: str) -> list[str]:
    return [sys.executable, "-m", "herald", *words, "--local", "--state-dir", harness.cloud.descriptor.state]


def run(harness: ReleaseHarness, *words: str) -> Done:
    """One command that nobody watches."""
    whole = command(harness, *words)
    return subprocess.run(
        whole, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False
    )


def make(harness: ReleaseHarness, flags: str) -> Done:
    """`make release`, which tells the code of the command, and ends with 2 whatever went wrong in a recipe.

    https://www.gnu.org/software/make/manual/html_node/Running.html
    """
    herald, flags = (
        f"HERALD=@{sys.executable} -m herald",
        f"{flags} --local --state-dir {harness.cloud.descriptor.state}",
    )
    whole = ["make", "RUN_ENV=", herald, f"FLAGS={flags}", "release"]
    return subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)


def test_a_script_gets_json_lines_and_the_code_of_the_outcome(harness: ReleaseHarness) -> None:
    before, artifact = harness.version, harness.artifact()
    words = ("--package", str(artifact.path), "--strategy", "all-at-once", "--yes", "--bake", "0")
    done = run(harness, "release", *words, "--json")
    assert done.returncode == ReleaseOutcome.RELEASED.code, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert {*said[0]} >= {"event", "at", "where", "live", "release", "strategy", "bake"}
    assert {name: each for name, each in said[-1].items() if name != "at"} == {
        "event": "outcome",
        "outcome": "released",
        "exit_code": 0,
        "meaning": ReleaseOutcome.RELEASED.meaning,
        "error": None,
    }
    looks = [one for one in said if one["event"] == "deployment"]
    assert looks[0]["current"] == before
    assert looks[-1]["traffic"] == {harness.version: 100.0}
    again = run(harness, "release", *words)
    assert again.returncode == 1
    assert f"(release {artifact.release}) is live already" in again.stderr
    assert again.stderr.endswith("herald release --again runs the hooks against it\n")
    assert again.stderr.count("\n") == 1


def test_too_few_mails_leave_it_live_if_the_policy_is_hold(harness: ReleaseHarness) -> None:
    before, words = harness.version, ("--strategy", "all-at-once", "--inconclusive", "hold", "--bake", "0", "--yes")
    done = run(harness, "release", "--package", str(harness.artifact().path), *words)
    assert done.returncode == ReleaseOutcome.INCONCLUSIVE.code, done.stdout + done.stderr
    assert "inconclusive: 0 real mails of 100; --inconclusive hold" in done.stdout
    assert int(harness.version) > int(before)


def test_too_few_mails_take_it_back_if_that_is_the_policy_and_the_last_release_can_be_judged(
    harness: ReleaseHarness,
) -> None:
    before, artifact = harness.version, harness.artifact()
    canary = ("--strategy", "CodeDeployDefault.LambdaCanary10Percent5Minutes")
    done = run(harness, "release", "--package", str(artifact.path), *canary, "--inconclusive", "back", "--yes")
    assert done.returncode == ReleaseOutcome.INCONCLUSIVE.code, done.stdout + done.stderr
    assert "no mail in the last day: only the hooks' mails prove it; the canary lasts 5 min" in done.stdout
    assert "inconclusive: 0 real mails of 100; --inconclusive back" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("inconclusive: ")
    assert harness.version == before
    judged = run(harness, "release", "--dry-run")
    assert judged.returncode == ReleaseOutcome.INCONCLUSIVE.code, judged.stdout + judged.stderr
    assert "its traffic judged again" in judged.stdout
    assert judged.stdout.endswith("no mails to compare\nnothing was moved\n")
    _let_it_have_failed(harness)
    found = make(harness, "--dry-run")
    assert found.returncode == 2, found.stdout + found.stderr
    assert re.search(rf"release\] Error {ReleaseOutcome.FAILED.code}$", found.stderr, re.M), found.stderr
    assert "worse: errors 30 of 60 against 0 of 600 (more than 99.99 %)\nnothing was moved\n" in found.stdout
    assert harness.version == before


def _let_it_have_failed(harness: ReleaseHarness) -> None:
    """Lambda's figures of the last release, as if half of its invocations had failed while it had a part of them."""
    last = next(one for one in deployments.list_ended(harness.context) if one.tried)
    for version, runs, errors in ((last.target, 60.0, 30.0), (last.current, 600.0, 0.0)):
        values = {"FunctionName": "herald-notify", "Resource": "herald-notify:live", "ExecutedVersion": version}
        dimensions: Any = [{"Name": name, "Value": value} for name, value in values.items()]
        data: Any = [
            {"MetricName": name, "Dimensions": dimensions, "Value": value, "Timestamp": last.shifts_since}
            for name, value in (("Invocations", runs), ("Errors", errors))
        ]
        harness.context.cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=data)


def test_a_question_that_nobody_can_answer_is_a_wrong_call(harness: ReleaseHarness) -> None:
    before, artifact = list_versions(harness.context), harness.artifact()
    done = run(harness, "release", "--package", str(artifact.path), "--strategy", "canary", "--confirm", "--yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("there is nobody to answer: leave it out\n")
    at_once = run(
        harness, "release", "--package", str(artifact.path), "--strategy", "all-at-once", "--confirm", "--yes"
    )
    assert at_once.returncode == 2
    assert "moves all traffic at once: there is nothing to confirm" in at_once.stderr
    assert list_versions(harness.context) == before


def test_the_hooks_run_again_against_what_is_live_and_nothing_moves(harness: ReleaseHarness) -> None:
    before = list_versions(harness.context)
    done = run(harness, "release", "--again")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.endswith(": Succeeded")] == [
        f"{hook}: Succeeded" for hook in harness.context.names.hooks.values()
    ]
    assert list_versions(harness.context) == before


def test_without_a_terminal_it_says_what_would_be_and_does_nothing_unless_told(harness: ReleaseHarness) -> None:
    before, artifact = list_versions(harness.context), harness.artifact()
    done = run(harness, "release", "--package", str(artifact.path))
    assert done.returncode == 2
    assert done.stderr == f"error: Release {artifact.release}? There is nobody to answer: say --yes\n"
    assert re.search(r"^Where +laptop cloud, account 000000000000, region us-east-1$", done.stdout, re.M)
    assert re.search(rf"^Live +version {harness.version}, release ", done.stdout, re.M)
    assert re.search(rf"^Release +{artifact.release}, [\d.]+ MB$", done.stdout, re.M)
    assert list_versions(harness.context) == before


def test_one_that_outlasts_its_deadline_can_be_watched_and_left_and_is_stopped_by_rollback(
    harness: ReleaseHarness,
) -> None:
    before, artifact = harness.version, harness.artifact()
    words = ("release", "--package", str(artifact.path), "--yes")
    slow = ("--strategy", "CodeDeployDefault.LambdaLinear10PercentEvery10Minutes")
    assert run(harness, *words, *slow, "--deadline", "0.001").returncode == ReleaseOutcome.TIMED_OUT.code
    with (
        _interruptible(),
        subprocess.Popen(
            command(harness, *words, *slow), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        ) as again,
    ):
        assert again.stdout is not None
        _read_until(again.stdout.fileno(), b" InProgress ")
        again.send_signal(signal.SIGINT)
        assert again.wait(LIMIT) == ReleaseOutcome.LEFT.code
    back = run(harness, "rollback", "--yes")
    assert back.returncode == 0, back.stderr
    assert harness.version == before
    listed = json.loads(run(harness, "releases", "--json").stdout)
    assert [one["release"] for one in listed if one["percent"]] == [
        one.release for one in list_versions(harness.context) if one.number == before
    ]
    assert artifact.release in {one["release"] for one in listed}


def test_ctrl_c_at_a_terminal_asks_and_yes_takes_it_back(harness: ReleaseHarness) -> None:
    before, artifact = harness.version, harness.artifact()
    slow = ("--strategy", "CodeDeployDefault.LambdaCanary10Percent30Minutes", "--yes")
    ours, its = pty.openpty()
    whole = command(harness, "release", "--package", str(artifact.path), *slow)
    with (
        _interruptible(),
        subprocess.Popen(whole, cwd=ROOT, stdin=its, stdout=its, stderr=its, start_new_session=True) as process,
    ):
        os.close(its)
        screen = _read_until(ours, b"10 %")
        process.send_signal(signal.SIGINT)
        screen += _read_until(ours, b"Stop it and put the version before back?")
        os.write(ours, b"y\n")
        screen += _read_until(ours, None)
        assert process.wait(LIMIT) == ReleaseOutcome.STOPPED.code, screen.decode(errors="replace")
    os.close(ours)
    assert b"herald-release-" in screen, "the picture has the alarms"
    assert harness.version == before


@contextmanager
def _interruptible() -> Iterator[None]:
    """A shell that runs the tests in the background lets them ignore Ctrl-C, and what they start would do so too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _read_until(terminal: int, wanted: bytes | None) -> bytes:
    """What comes from a terminal until this is among it, or until its other end is closed."""
    seen, deadline = b"", time.monotonic() + LIMIT
    while wanted is None or wanted not in seen:
        assert time.monotonic() < deadline, seen.decode(errors="replace")
        try:
            got = os.read(terminal, 65536)
        except OSError:  # Linux says so where others say that the file has ended
            got = b""
        if not got:
            assert wanted is None, seen.decode(errors="replace")
            break
        seen += got
    return seen
