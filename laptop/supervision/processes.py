"""Starts the processes of a laptop cloud through its supervisor, and notices when one of them ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from laptop.supervision.supervisor import delete
from operations.errors import UserError

__all__ = ["Processes"]

SUPERVISOR = Path(__file__).with_name("supervisor.py")
TAIL_LINES = 15


class Processes:
    """The processes of one laptop cloud. When the pipe of this object closes, they are ended and `to_delete` is
    deleted.
    """

    def __init__(self, logs: Path, lock: int, to_delete: Sequence[Path]) -> None:
        self._logs = logs
        self._to_delete = to_delete
        self._pending = b""
        self.pids: dict[str, int] = {}
        self._supervisor = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SUPERVISOR), str(lock), *map(str, to_delete)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[lock],
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath)},
        )

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Start `argv` with exactly this environment; raise `UserError` if that fails."""
        spec = {"name": name, "argv": list(argv), "env": dict(env), "log": str(self._log(name))}
        if self._supervisor.stdin is None:
            raise RuntimeError("the supervisor has no standard input")
        self._supervisor.stdin.write(json.dumps(spec).encode() + b"\n")
        self._supervisor.stdin.flush()
        while name not in self.pids:
            self.watch(timeout=5)

    def watch(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for reports; raise `UserError` when a process has ended."""
        if self._supervisor.stdout is None:
            raise RuntimeError("the supervisor has no standard output")
        ready, _, _ = select.select([self._supervisor.stdout], [], [], timeout)
        if not ready:
            return
        received = os.read(self._supervisor.stdout.fileno(), 65536)
        if not received:
            self._kill_groups()
            raise UserError("the laptop cloud's guard process was killed, so all of it was stopped")
        *lines, self._pending = (self._pending + received).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def close(self) -> None:
        """End every process and wait until they and the paths to delete are gone."""
        for path in self._close_supervisor():
            delete(path)

    def _close_supervisor(self) -> Sequence[Path]:
        """Close the supervisor; return the paths that are left to delete: none, unless the supervisor was killed."""
        if self._supervisor.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._supervisor.stdin.close()
        code = self._supervisor.wait(timeout=600)
        if self._supervisor.stdout is not None:
            self._supervisor.stdout.close()
        return self._to_delete if code else ()

    def _take(self, report: dict[str, object]) -> None:
        name, code = str(report["name"]), report.get("code")
        if code is None:
            self.pids[name] = int(str(report["pid"]))
            return
        raise UserError(f"{name} ended by itself with code {code}; its last words:\n{self._read_tail(name)}")

    def _read_tail(self, name: str) -> str:
        lines = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:]) or "  (none)"

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _kill_groups(self) -> None:
        for pid in self.pids.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
