"""What a test sees of other processes: who descends from whom, and who is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from laptop.state import ROOT, find_descriptor
from tests.waiting import eventually

__all__ = ["RUN", "Laptop", "descendants", "laptop", "parents"]


class Laptop:
    """A laptop cloud that was started as a person starts it, by a command."""

    def __init__(self, command: subprocess.Popen[str], state: Path) -> None:
        self.command = command
        self.state = state
        self.described: dict[str, Any] = {}

    def wait_until_ready(self) -> None:
        """Wait for the descriptor, which is written last."""
        eventually(lambda: self.command.poll() is not None or find_descriptor(self.state).exists(), bool)
        assert self.command.poll() is None, self.command.communicate()
        self.described = json.loads(find_descriptor(self.state).read_text())

    def start_a_function(self) -> None:
        """Have ministack start a worker, in whatever process group it likes."""
        functions = boto3.client(
            "lambda",
            endpoint_url=self.described["endpoints"]["aws"],
            region_name="us-east-1",
            aws_access_key_id="laptop",
            aws_secret_access_key="laptop",
        )
        functions.invoke(FunctionName="herald-sweeper", Payload=b"{}")

    def family(self) -> set[int]:
        """The process that started it all, and everything below it."""
        return descendants(self.described["pid"])

    def assert_gone(self, family: set[int]) -> None:
        """Nothing of the family stays alive, and nothing of the state is left."""
        eventually(lambda: family & parents().keys(), lambda alive: not alive)
        eventually(lambda: self.state.exists() or find_descriptor(self.state).exists(), lambda there: not there)


def parents() -> dict[int, int]:
    """Every living process and its parent, by `ps`; what is dead and only waits to be collected does not count."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listed.splitlines()]
    return {int(pid): int(parent) for pid, parent, state, *_ in rows if not state.startswith("Z")}


def descendants(root: int) -> set[int]:
    """A process and everything below it."""
    known, found = parents(), {root}
    while more := {pid for pid, parent in known.items() if parent in found} - found:
        found |= more
    return found


@contextmanager
def laptop(command: list[str], state: Path, environment: Mapping[str, str] | None = None) -> Iterator[Laptop]:
    """Start one by `command`, which gets the state folder as its last argument."""
    started = subprocess.Popen(
        [*command, str(state)],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        cloud = Laptop(started, state)
        cloud.wait_until_ready()
        yield cloud
    finally:
        started.kill()
        started.communicate()


RUN = [sys.executable, "-m", "herald", "local", "run", "--state-dir"]
