"""One night on call, in a running cloud and a terminal of 60 columns: a broken event, a used-up quota, a pause, a
hopeless letter. Each is answered by one command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from laptop.cloud import LaptopCloud
from laptop.state import ROOT
from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event
from tests.waiting import LIMIT, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_night_on_call(herald: Herald, cloud: LaptopCloud) -> None:
    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return run(cloud, *words)

    reader, waiting = new_address(), new_address()
    broken = new_event(reader)
    del broken["data"]["book"]
    message_id = publish(herald, broken)
    herald.dead(lambda letter: message_id in letter["Body"])

    found = command("why", reader)
    assert found.returncode == 0, found.stderr
    assert "No mail: the event could not become one." in found.stdout.splitlines()
    redrive = f"herald redrive --message {message_id} --local --state-dir {state_of(cloud)}"
    assert redrive in [line.strip() for line in found.stdout.splitlines()], "whole, though the terminal is narrow"
    assert reader not in command("why", reader, "--json").stdout

    herald.inbox.fault(fault="exhaust-quota", recipient=waiting, times=1000)
    try:
        publish(herald, new_event(waiting))
        seen = eventually(lambda: status(cloud), lambda seen: bool((seen["waiting"] or {}).get("refusal")))
        assert "quota" in seen["waiting"]["refusal"]["words"].lower()
        assert (seen["waiting"]["count"], seen["unread"]) == (1, {})
        assert seen["live"]["version"]
    finally:
        herald.inbox.http.delete("/faults").raise_for_status()

    assert command("pause").returncode == 0
    try:
        assert "PAUSED: nothing is sent" in command("status").stdout
        assert command("resume").returncode == 2, "it would send, and nobody answers"
    finally:
        assert command("resume", "--yes", "--json").returncode == 0
    herald.inbox.exactly(waiting, 1)

    done = command("discard", "--message", message_id, "--because", "the shop's test event", "--yes")
    assert done.stdout.splitlines()[-1] == "1 discarded."
    assert command("discard", "--message", message_id, "--yes").returncode == 1


def publish(herald: Herald, event: dict[str, Any]) -> str:
    answer = herald.clients.sns.publish(TopicArn=herald.names.topics["events"], Message=json.dumps(event))
    return answer["MessageId"]


def status(cloud: LaptopCloud) -> Any:
    return json.loads(run(cloud, "status", "--json").stdout)


def state_of(cloud: LaptopCloud) -> str:
    return cloud.descriptor.state


def run(cloud: LaptopCloud, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as somebody types it."""
    return subprocess.run(
        [sys.executable, "-m", "herald", *words, "--local", "--state-dir", state_of(cloud)],
        cwd=ROOT, env={**os.environ, "COLUMNS": "60"}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
