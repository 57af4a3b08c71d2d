"""The state folder and the ports: held by one laptop cloud at a time, and never anybody else's."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from laptop.state import StateFolder, find_descriptor
from laptop.supervision.ports import HOST, Ports
from operations.errors import UserError


def test_a_second_cloud_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    first = StateFolder(tmp_path / "state")
    first.descriptor.write_text("{}")
    with pytest.raises(UserError, match="already runs"):
        StateFolder(tmp_path / "state")
    first.close()
    StateFolder(tmp_path / "state").close()


def test_one_that_is_just_stopping_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "state"
    first = StateFolder(folder)

    def stop_meanwhile(_: float) -> None:
        shutil.rmtree(folder)
        first.close()

    monkeypatch.setattr("laptop.state.time", SimpleNamespace(monotonic=lambda: 0.0, sleep=stop_meanwhile))
    second = StateFolder(folder)
    assert second.logs.exists()
    second.close()


def test_a_folder_with_anything_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("the only copy")
    with pytest.raises(UserError, match="not empty"):
        StateFolder(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_what_a_dead_cloud_left_is_thrown_away(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    StateFolder(folder).close()
    (folder / "logs" / "old.log").write_text("old")
    state = StateFolder(folder)
    assert list(state.logs.iterdir()) == []
    state.close()


def test_the_descriptor_stands_beside_the_folder(tmp_path: Path) -> None:
    assert find_descriptor(tmp_path / "local") == tmp_path.resolve() / "local.json"


def test_a_preferred_port_is_taken_if_it_is_free() -> None:
    free = Ports()
    port = free.take([])
    free.close()
    again = Ports()
    assert again.take([port]) == port
    again.close()


def test_a_port_that_somebody_listens_on_is_left_alone() -> None:
    with socket.create_server((HOST, 0)) as server:
        busy = server.getsockname()[1]
        ports = Ports()
        assert ports.take([busy]) != busy
        ports.close()


def test_a_port_that_another_cloud_means_to_use_is_left_alone() -> None:
    """Before the other's processes listen, that is."""
    script = "import sys; from laptop.supervision.ports import Ports; p = Ports(); print(p.take([]), flush=True)"
    script += "; sys.stdin.read()"
    other = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    taken = int(other.stdout.readline())
    ports = Ports()
    assert ports.take([taken]) != taken
    other.communicate()
    assert ports.take([taken]) == taken
    ports.close()
