"""`herald doctor` and `herald smoke` on a laptop cloud, as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from doctor.recording import Recording
from laptop.cloud import LaptopCloud
from laptop.model_validation import list_violations
from laptop.state import ROOT
from tests.stack.doctor.faults import FAULTS, leave_weights, put_letter, queue_url, weigh
from tests.unit.doctor.shapes import RECORDED, shapes_of

pytestmark = pytest.mark.xdist_group("doctor")


def test_where_nothing_is_installed_each_check_says_so(laptop: LaptopCloud) -> None:
    shown = run_herald(laptop, "doctor", "--prefix", "other", "--domain", "books.example", "--json")
    checks = {check["id"]: check for check in json.loads(shown.stdout)["checks"]}
    assert shown.returncode == 0
    assert checks["lambda-alias"]["finding"] == "nothing is here yet: there is no function other-notify"
    assert checks["ses-sandbox"]["status"] == "ok"


def test_the_command_says_three_broken_things_and_cuts_nothing(laptop: LaptopCloud) -> None:
    for change in (FAULTS[0].breaks, leave_weights, put_letter):
        change(laptop.clients)
    try:
        shown = run_herald(laptop, "doctor")
    finally:
        FAULTS[0].repair(laptop.clients)
        weigh(laptop.clients, {})
        laptop.clients.sqs.purge_queue(QueueUrl=queue_url(laptop.clients, "dead"))
    assert shown.returncode == 1
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert {
        "aws sesv2 put-account-sending-attributes --sending-enabled",
        'make rollback FLAGS="--local"',
        'make dead FLAGS="--local", then make redrive FLAGS="--local"',
    } <= set(lines)


def test_the_simulators_answer_in_the_shapes_that_were_recorded(laptop: LaptopCloud, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    assert run_herald(laptop, "doctor", "--record", str(file)).returncode == 0
    recorded = shapes_of(Recording.read(RECORDED).calls)
    for what, shape in shapes_of(Recording.read(file).calls).items():
        assert what in recorded, f"no {what} was ever recorded"
        recorded[what].require(shape, what)


def test_a_synthetic_event_is_followed_until_it_is_delivered(laptop: LaptopCloud, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    shown = run_herald(laptop, "smoke", "--yes", "--json", "--events", "2", "--record", str(file))
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert (told["events"], told["delivered"], told["accepted"]["count"]) == (2, 2, 2)
    for journey in told["journeys"]:
        assert list(journey["seconds"]) == ["published", "claimed", "accepted", "delivered"]
        assert journey["state"] == "delivered"
    recorded = Recording.read(file).calls
    assert {call.operation for call in recorded} >= {"Publish", "GetItem"}
    for call in recorded:
        if call.operation in ("Publish", "GetItem"):
            assert list_violations(call.service, call.operation, call.answer or {}) == []


def test_nobody_is_sent_anything_without_a_yes(laptop: LaptopCloud) -> None:
    shown = run_herald(laptop, "smoke")
    assert shown.returncode == 2
    assert "say --yes" in shown.stderr


def run_herald(laptop: LaptopCloud, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, on a narrow terminal."""
    return subprocess.run(
        [sys.executable, "-m", "herald", *arguments, "--local", "--state-dir", laptop.descriptor.state],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "60"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
