"""The supervisor: no process that it started outlives the one that started it, however well it hides."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from laptop.supervision.processes import Processes
from operations.errors import UserError
from tests.stack.processes import descendants, parents
from tests.waiting import LIMIT, eventually

SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]

#: Leaves its group and session and loses its parent, as a daemon does; writes its id into the file that it is told.
DAEMON = """
import os, subprocess, sys, time
if os.fork():
    time.sleep(600)
os.setsid()
if os.fork():
    os._exit(0)
open(sys.argv[1], "w").write(str(os.getpid()))
time.sleep(600)
"""


@pytest.fixture
def doomed(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_text("x")
    return folder


@pytest.fixture
def processes(tmp_path: Path, doomed: Path) -> Iterator[Processes]:
    lock = os.open(tmp_path, os.O_RDONLY)
    held = Processes(tmp_path, lock, [doomed])
    yield held
    held.close()
    os.close(lock)


def wait_for(path: Path) -> str:
    return eventually(lambda: path.read_text() if path.exists() else "", bool)


def test_closing_ends_every_process_and_deletes_the_state(processes: Processes, doomed: Path) -> None:
    for name in ("one", "two"):
        processes.start(name, SLEEP, {})
    family = set(processes.pids.values())
    assert family <= parents().keys()
    processes.close()
    assert not family & parents().keys()
    assert not doomed.exists()


def test_a_daemon_is_found_too(processes: Processes, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    processes.start("daemon", [sys.executable, "-I", "-S", "-c", DAEMON, str(note)], {})
    daemon = int(wait_for(note))
    assert daemon in parents()
    processes.close()
    assert daemon not in parents()


def test_the_environment_is_exactly_the_one_that_was_given(processes: Processes, tmp_path: Path) -> None:
    note = tmp_path / "seen"
    script = "import json, os, sys, time; open(sys.argv[1], 'w').write(json.dumps(dict(os.environ))); time.sleep(600)"
    processes.start("look", [sys.executable, "-I", "-S", "-c", script, str(note)], {"ONLY": "this"})
    seen = json.loads(wait_for(note))
    assert {name: value for name, value in seen.items() if name != "LC_CTYPE"} == {"ONLY": "this"}


def test_a_process_that_ends_is_reported_with_its_last_words(processes: Processes) -> None:
    with pytest.raises(UserError, match=r"brief ended by itself with code 3.*\n.*so long"):
        processes.start("brief", [sys.executable, "-I", "-S", "-c", "print('so long'); raise SystemExit(3)"], {})
        for _ in range(2):  # on a busy machine its start and its end are read at once
            processes.watch(LIMIT)


def test_signals_of_the_terminal_do_not_reach_it(processes: Processes) -> None:
    processes.start("one", SLEEP, {})
    supervisor = parents()[processes.pids["one"]]
    assert os.getsid(supervisor) == supervisor != os.getsid(0)


def test_without_the_supervisor_the_holder_ends_every_process_and_deletes_the_state(
    processes: Processes, doomed: Path
) -> None:
    processes.start("one", SLEEP, {})
    one = processes.pids["one"]
    os.kill(parents()[one], signal.SIGKILL)
    with pytest.raises(UserError, match="guard process was killed, so all of it was stopped"):
        for _ in range(2):
            processes.watch(LIMIT)
    eventually(lambda: one in parents(), lambda alive: not alive)
    processes.close()
    assert not doomed.exists()


def test_a_holder_that_is_killed_takes_all_with_it(tmp_path: Path, doomed: Path) -> None:
    script = f"""
import os, sys, time
from pathlib import Path
from laptop.supervision.processes import Processes
held = Processes(Path({str(tmp_path)!r}), os.open({str(tmp_path)!r}, os.O_RDONLY), [Path({str(doomed)!r})])
held.start("one", {SLEEP!r}, {{}})
print(held.pids["one"], flush=True)
time.sleep(600)
"""
    holder = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert int(holder.stdout.readline()) in parents()
    family = descendants(holder.pid)
    assert len(family) == 3
    holder.kill()
    holder.communicate()
    eventually(lambda: family & parents().keys() or doomed.exists(), lambda left: not left)
