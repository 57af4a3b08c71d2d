"""Tests that share a cloud run in one worker: otherwise each starts one, and finds half of what was done in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_CONFTEST = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.xdist_group("cloud"))
"""
_TEST = """
import os, pathlib, pytest

@pytest.mark.parametrize("number", range(5))
def test_it(number):
    pathlib.Path("workers").joinpath(os.environ["PYTEST_XDIST_WORKER"]).touch()
"""


def test_a_group_is_not_torn_apart(tmp_path: Path) -> None:
    (tmp_path / "workers").mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\n")  # not the checkout's
    (tmp_path / "conftest.py").write_text(_CONFTEST)
    for name in ("one", "two"):
        (tmp_path / f"test_{name}.py").write_text(_TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "xdist", "-n", "2"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command += ["--dist", "loadgroup"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert len([*(tmp_path / "workers").iterdir()]) == 1
