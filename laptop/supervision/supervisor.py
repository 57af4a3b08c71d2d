"""Runs the processes of one laptop cloud, and ends them all when the process that started it is gone.

It runs as a script in its own session, `python -I -S supervisor.py LOCK_FD DELETE...`, with the standard library only,
so that it starts in a few milliseconds. Requests are JSON lines on standard input, reports are JSON lines on standard
output:

    {"name", "argv", "env", "log"}  ->  {"name", "pid"}, and when it ends {"name", "pid", "code"}

It stops only at the end of standard input, which the kernel causes even if the starter is killed by SIGKILL. It then
kills every descendant, deletes the DELETE paths, and exits. LOCK_FD is only kept open: the lock on the state folder
lasts until the folder is deleted.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypedDict

__all__ = ["ProcessSpec", "delete", "supervise"]

PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphaned descendants become our children


class ProcessSpec(TypedDict):
    """One process to start; its output is appended to the file `log`."""

    name: str
    argv: list[str]
    env: dict[str, str]
    log: str


def supervise(to_delete: list[Path]) -> None:
    """Start processes as requested until standard input ends, then kill all processes and delete the paths."""
    children: dict[int, str] = {}
    wake = wake_on_child()
    pending = b""
    try:
        while True:
            ready, _, _ = select.select([0, wake], [], [])
            if wake in ready:
                os.read(wake, 4096)
                reap(children)
            if 0 in ready:
                received = os.read(0, 65536)
                if not received:
                    return
                *lines, pending = (pending + received).split(b"\n")
                for line in lines:
                    start(json.loads(line), children)
    finally:
        end_all(list(children))
        for path in to_delete:
            delete(path)


def wake_on_child() -> int:
    """Return a file descriptor that becomes readable whenever a child ends."""
    wake, signalled = os.pipe()
    os.set_blocking(signalled, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
    return wake


def start(spec: ProcessSpec, children: dict[int, str]) -> None:
    """Start one process in its own process group."""
    with Path(spec["log"]).open("ab") as output:
        child = subprocess.Popen(
            spec["argv"],
            env=spec["env"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    child.returncode = 0  # reaped by `reap`, not by Popen
    children[child.pid] = spec["name"]
    report({"name": spec["name"], "pid": child.pid})


def reap(children: dict[int, str]) -> None:
    """Reap all processes that have ended, including adopted orphans, and report those that were requested."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid in children:
            report({"name": children.pop(pid), "pid": pid, "code": os.waitstatus_to_exitcode(status)})


def end_all(groups: list[int]) -> None:
    """Kill until no process is left: orphans of killed ones become our children (Linux) or share a process group."""
    for group in groups:
        kill(os.killpg, group)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for pid in list_own_children():
            kill(os.kill, pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def list_own_children() -> list[int]:
    """Return the pids of this process's direct children from /proc; an empty list without /proc.

    Processes end during the search, so entries are listed without checking whether their paths exist.
    """
    found = []
    for process in Path("/proc").iterdir() if Path("/proc").is_dir() else ():
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == os.getpid() and process.name.isdigit():
            found.append(int(process.name))
    return found


def kill(how: Callable[[int, int], None], target: int) -> None:
    """Send SIGKILL to a process or a group that may already be gone."""
    try:
        how(target, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def delete(path: Path) -> None:
    """Delete a file or a folder, or what is left of it.

    A worker's folder holds hundreds of files, and deleting each takes time, so several folders are deleted in parallel.
    """
    if path.is_dir():
        with ThreadPoolExecutor(8) as pool:
            for folder in path.glob("*/*/"):
                pool.submit(shutil.rmtree, folder, ignore_errors=True)
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def report(what: Mapping[str, object]) -> None:
    """Write one report. If the starter is gone, nobody reads it, and the end of standard input follows."""
    try:
        os.write(1, json.dumps(what).encode() + b"\n")
    except BrokenPipeError:
        return


if __name__ == "__main__":
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for kept_off in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kept_off, lambda *_: None)  # not SIG_IGN, which the children would inherit
    supervise([Path(argument) for argument in sys.argv[2:]])
