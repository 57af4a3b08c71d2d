"""The conventions of the whole command line: whatever is asked wrongly, cut short or closed, one line and an exit code;
and nothing that somebody copies is ever cut."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from rich.console import Console
from typer.testing import CliRunner

from herald import console
from herald.cli import app, main
from herald.dead_letters_output import show_letters
from laptop.state import ROOT
from operations.errors import UsageError, UserError
from operations.redrive.dead_letters import DeadLetter
from operations.remedies import Remedy, RemedyAction
from tests.herald_command import run_herald
from tests.waiting import LIMIT

ARN = "arn:aws:lambda:eu-central-1:123456789012:function:a-rather-long-prefix-notify:live"


def commands(group: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command, and every group of commands."""
    group = group or typer.main.get_command(app)
    for name, command in group.commands.items():
        yield (*path, name)
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


def find_command(path: tuple[str, ...]) -> Any:
    """The command, or group of commands, that these words call."""
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    return command


def options(path: tuple[str, ...]) -> set[str]:
    """The options of a command."""
    return {option for parameter in find_command(path).params for option in getattr(parameter, "opts", ())}


GROUPS = [(), *(path for path in commands() if hasattr(find_command(path), "commands"))]


@pytest.mark.parametrize("columns", ["40", "60", "80"])
@pytest.mark.parametrize("group", GROUPS, ids=" ".join)
def test_the_list_of_commands_has_a_whole_sentence_for_each(
    group: tuple[str, ...], columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    options_of_group, _, listed = CliRunner().invoke(app, [*group, "--help"]).output.partition("Commands:\n")
    sentences = re.split(r"^  (?=\w)", listed, flags=re.MULTILINE)[1:]
    assert len(sentences) == len(list(find_command(group).commands))
    assert [line for line in sentences if not line.rstrip().endswith(".") or "..." in line] == []
    assert "completion" not in options_of_group
    if columns == "80":
        assert [line for line in sentences if "\n" in line.rstrip()] == []


@pytest.mark.parametrize("columns", ["40", "60"])
@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_help_names_every_option_whole_on_a_narrow_terminal(
    path: tuple[str, ...], columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    result = CliRunner().invoke(app, [*path, "--help"])
    assert result.exit_code == 0
    for option in options(path):
        assert not option.startswith("--") or option in result.output
    assert "│" not in result.output


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_an_option_that_there_is_not_is_a_line_and_the_code_of_a_wrong_call(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*path, "--no-such-option"])
    assert result.exit_code == 2
    assert "--no-such-option" in result.output
    assert "Traceback" not in result.output


#: Those that show an answer or do something to a running Herald; the others run tools, whose output is their own.
OPERATING = ("why", "status", "dead", "redrive", "discard", "pause", "resume", "forget", "releases", "suppressions")
ASKING = ("redrive", "discard", "resume", "forget", "release", "rollback", "smoke", "leave-plan")


@pytest.mark.parametrize("command", [*OPERATING, "suppressions check", "suppressions remove", "suppressions rekey"])
def test_every_answer_is_there_for_machines(command: str) -> None:
    assert "--json" in options(tuple(command.split()))


@pytest.mark.parametrize("command", [*ASKING, "suppressions remove", "infra apply", "infra destroy"])
def test_whatever_sends_or_destroys_asks_and_can_be_told_yes(command: str) -> None:
    assert "--yes" in options(tuple(command.split()))


def settings(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, **more}


#: A command of each module that asks AWS.
ASKS_AWS = [
    ("why", "m-1"), ("status",), ("dead", "--json"), ("redrive", "--yes"), ("pause",), ("suppressions",), ("releases",),
    ("leave-plan", "--yes"),
]  # fmt: skip


@pytest.mark.parametrize("words", ASKS_AWS, ids=" ".join)
def test_without_credentials_a_command_says_so_in_a_line(words: tuple[str, ...]) -> None:
    done = run_herald(*words, AWS_REGION="eu-west-1", AWS_SHARED_CREDENTIALS_FILE=os.devnull, COLUMNS="40")
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert "redentials" in line


@pytest.mark.parametrize("words", [("why", "m-1"), ("status", "--json")], ids=" ".join)
def test_without_a_region_or_a_laptop_cloud_a_command_says_what_to_do(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    done = run_herald(*words, encoding="ascii")
    assert (done.returncode, done.stdout) == (1, "")
    assert "export AWS_REGION=eu-west-1" in done.stderr
    done = run_herald(*words, "--local", "--state-dir", "build/absent")
    assert (done.returncode, done.stdout) == (1, "")
    assert "start one with make run" in done.stderr


def test_whoever_closes_the_pipe_hears_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "herald", "capacity", "--rate", "14", "--burst", "9", "--json"]
    with os.fdopen(writer, "w") as closed:
        done = subprocess.run(
            words, cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, timeout=LIMIT, check=False, env=settings()
        )
    assert done.stderr == b""
    assert done.returncode in (1, 141)


def test_ctrl_c_ends_a_command_with_a_word_and_its_code() -> None:
    script = """
import os, signal
from herald import cli

def work(*_, **__):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has background jobs ignore it
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()

cli.app = work
cli.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False,
        env=settings(PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "error: stopped\n")


@pytest.mark.parametrize("columns", ["20", "40", "60", "200"])
def test_ids_are_never_cut_whatever_the_terminal(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    release = "release-with-a-long-name-2026-11-28"
    letter = DeadLetter("1", "", "", {}, "0123456789-" * 6, "no", "provider_refused", "a", 3, release, 0, False)
    plain = Console(soft_wrap=True, highlight=False)
    monkeypatch.setattr(console, "console", plain)
    show_letters(plain, [letter], 1, False)
    console.print_rows(("a", "b"), [(ARN, "herald redrive --message 0123456789")])
    shown = capsys.readouterr().out
    for whole in (letter.message_id, letter.release, letter.reason_code, ARN, "herald redrive --message 0123456789"):
        assert re.search(re.escape(whole), shown)


@pytest.mark.parametrize(
    ("error", "code"), [(UserError("no"), 1), (UsageError("no"), 2), (console.CommandInterrupted("no"), 130)]
)
def test_the_kind_of_an_error_decides_the_exit_code(
    error: UserError, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_failing(error, monkeypatch) == code
    assert capsys.readouterr().err == "error: no\n"


def test_an_error_with_a_remedy_ends_with_the_command_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_failing(UserError("m1 was sent", Remedy(RemedyAction.SEND_ONCE_MORE, "m1")), monkeypatch) == 1
    assert capsys.readouterr().err == "error: m1 was sent: herald redrive --again m1\n"


def run_failing(error: UserError, monkeypatch: pytest.MonkeyPatch) -> object:
    """The exit code of a command that raises this."""

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("herald.cli.app", fail)
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code
