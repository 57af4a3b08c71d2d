"""What a person meets who calls the command wrongly: one line that helps, an exit code, no traceback."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from herald.cli import app
from herald.commands import local
from laptop.cloud import Options
from laptop.state import ROOT
from tests.herald_command import run_herald


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["lokal"], 2, "lokal"),
        (["local", "run", "--scale", "-1"], 2, "--scale"),
        (["local", "run", "--providers", "ses://here,fax://"], 1, "--providers is a list such as ses://us-east-1"),
        (["local", "run", "--providers", "mailjet://"], 1, "--providers"),
        (["local", "run", "--providers", "ses://us-east-1,ses://eu-central-1"], 1, "set up in us-east-1 only"),
        (["local", "run", "--state-dir", "docs"], 1, "is not empty"),
        (["local", "run", "--state-dir", "Makefile/x"], 1, "cannot be made"),
        (["local", "env", "--state-dir", "build/absent"], 1, "start one with make run"),
    ],
)
def test_a_mistake_is_told_in_a_line(arguments: list[str], code: int, words: str) -> None:
    done = run_herald(*arguments)
    assert done.returncode == code
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ["local", "run"],
        ["local", "run", "--events-api"],
        ["local", "run", "--event-bus"],
        ["local", "run", "--tracing"],
    ],
)
def test_other_ways_in_and_traces_are_there_where_they_are_asked_for(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Options] = []

    def note(options: Options) -> None:
        asked.append(options)
        raise local.Stopped

    monkeypatch.setattr(local, "run_cloud", note)
    monkeypatch.setattr(local, "_prepare_process", lambda: None)
    assert CliRunner().invoke(app, words).exit_code == 0
    assert [(options.events_api, options.event_bus, options.tracing) for options in asked] == [
        ("--events-api" in words, "--event-bus" in words, "--tracing" in words)
    ]


def test_a_descriptor_without_a_process_is_no_cloud(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text(
        '{"pid": 4194305, "processes": {}, "state": "", "region": "", "account": "", "endpoints": {}, "tables": {}, '
        '"topics": {}, "queues": {}, "functions": {}, "configuration_set": "", "address_key_parameter": "", '
        '"sign_in": {}}'
    )
    done = run_herald("local", "env", "--state-dir", str(tmp_path / "gone"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "is gone" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["local"], ["local", "run"], ["local", "demo"], ["local", "env"]])
def test_help_is_everywhere_and_fits_a_narrow_terminal(arguments: list[str]) -> None:
    done = run_herald(*arguments, "--help", COLUMNS="40")
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 40


def test_the_command_works_from_anywhere(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("herald")), "local", "env", "--state-dir", "absent"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "start one with make run" in done.stderr


def test_the_command_line_knows_every_command_by_name() -> None:
    """It names them beside their modules, so that it need not load what is not called."""
    known = get_command(app)
    assert isinstance(known, TyperGroup)
    for path in (ROOT / "herald" / "commands").rglob("[a-z]*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        made = getattr(import_module(module), "app", None)
        command = made and get_command(made)
        if isinstance(command, TyperGroup):
            whole = command.commands.keys() in [getattr(one, "commands", {}).keys() for one in known.commands.values()]
            assert whole or command.commands.keys() <= known.commands.keys(), module


def test_a_command_loads_no_other() -> None:
    code = "import sys; sys.argv = ['herald', 'pause', '--help']\nfrom herald.cli import main\ntry: main()\nfinally:"
    told = f"{code} print([name for name in sys.modules if name.startswith('herald.commands.')])"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "['herald.commands.operations', 'herald.commands.operations.pause']"
