"""Starts the two apps as processes with one worker each; their environment has the URL of AWS."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ROOT", "App", "start_herald", "start_plain"]

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class App:
    """A running app."""

    name: str
    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the app and its children have used so far."""
        pids = [self.pid, *_list_children(self.pid)]
        return sum(_read_cpu_ticks(pid) for pid in pids) / os.sysconf("SC_CLK_TCK")


@contextmanager
def start_herald(port: int, environment: Mapping[str, str]) -> Iterator[App]:
    """Run the web app under uvicorn."""
    command = [sys.executable, "-m", "uvicorn", "--factory", "webapp.app:create_app", "--port", str(port)]
    with _run_app(
        "Herald's web app", [*command, "--no-access-log", "--log-level", "warning"], port, "/livez", environment
    ) as app:
        yield app


@contextmanager
def start_plain(python: str, port: int, environment: Mapping[str, str]) -> Iterator[App]:
    """Run the plain app under gunicorn with sixteen threads."""
    command = [python, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "16", "--log-level", "error"]
    with _run_app("plain Flask app", [*command, "bench.load.plain_app:app"], port, "/", environment) as app:
        yield app


@contextmanager
def _run_app(name: str, command: Sequence[str], port: int, path: str, environment: Mapping[str, str]) -> Iterator[App]:
    whole = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(ROOT / "build" / "tmp")} | dict(
        environment
    )
    log = ROOT / "build" / "bench" / f"{port}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=whole, cwd=ROOT, stdout=output, stderr=output) as process,
    ):
        try:
            _wait(f"http://127.0.0.1:{port}{path}", process)
            yield App(name, port, process.pid)
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit(f"{url}: the process ended with {process.returncode}")
        with contextlib.suppress(OSError):
            if _is_answering(url):
                return
        time.sleep(0.05)
    raise SystemExit(f"{url} did not answer")


def _is_answering(url: str) -> bool:
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(url, timeout=1).close()
    return True


def _list_children(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in listed]


def _read_cpu_ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
