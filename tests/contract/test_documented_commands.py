"""Every command that a page tells people to run: it is read as it stands, and a test of its own runs it.

The first is held here, by the command line's own parser. The second is a table: whoever documents a command names the
test that runs it, or says why none can.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from herald.cli import app
from laptop.state import ROOT
from tests.contract.test_docs import code_of, name_page, pages

#: The file that runs a command: a test, what a test uses, or (for those that are tests themselves) the Makefile.
RUN_BY = {
    "capacity": "tests/unit/capacity/test_command.py",
    "dead": "tests/integration/redrive/test_commands.py",
    "doctor": "tests/stack/doctor/test_commands.py",
    "forget": "tests/integration/operations/test_records.py",
    "infra apply": "tests/infra/test_before_the_plan.py",
    "infra destroy": "tests/infra/test_before_the_plan.py",
    "infra plan": "tests/infra/laptop/applied.py",
    "infra scan": "Makefile",
    "infra test": "Makefile",
    "leave-plan": "tests/unit/doctor/test_plan.py",
    "local demo": "tests/stack/test_lifecycle.py",
    "local env": "tests/stack/test_lifecycle.py",
    "local run": "tests/stack/test_lifecycle.py",
    "package": "tests/integration/package/test_reproducible.py",
    "pause": "tests/integration/operations/test_pause.py",
    "preview": "tests/integration/package/test_preview.py",
    "redrive": "tests/integration/redrive/test_commands.py",
    "rehearse": "tests/stack/release/test_rehearsal.py",
    "release": "tests/stack/release/test_commands.py",
    "releases": "tests/stack/release/test_commands.py",
    "resume": "tests/integration/operations/test_pause.py",
    "rollback": "tests/stack/release/test_commands.py",
    "smoke": "tests/stack/doctor/test_commands.py",
    "suppressions list": "tests/integration/operations/test_records.py",
    "suppressions rekey": "tests/integration/operations/test_records.py",
    "suppressions remove": "tests/integration/operations/test_records.py",
}
#: Targets that are no command of Herald's: continuous integration runs them, or a person alone can.
TARGETS = {
    **dict.fromkeys(("bench", "check", "faults", "infra-check", "load", "mean", "setup", "soak", "test"), ".ci/run"),
    "cost": "tests/unit/cost/test_bill.py",
    "infra-docs": "tests/contract/test_terraform_readmes.py",
    "model": "tests/model/test_model.py",
    "clean": "nothing but rm",
    "diagram": "needs Graphviz; tests/contract/test_docs.py holds its result",
    "guarantees": "faults and soak, which .ci/run runs, and what writes their tables",
    "help": "tests/unit/test_makefile.py",
    "infra-test": ".ci/run, by test and infra-check",
    "lint": ".ci/run, by check",
    "lock": "needs a package index",
    "screenshots": "draws pictures that a person looks at",
}
_COMMAND = re.compile(r"(?:^|&& )((?:[A-Z_]+=\S+ )*(?:make|herald) [^&|`]+)")


def list_documented(page: Path) -> list[str]:
    """The commands of a page, each without its comment."""
    return [found.strip() for line in code_of(page) for found in _COMMAND.findall(line.strip().removeprefix("$ "))]


def every_command() -> list[tuple[str, str]]:
    return sorted(
        {(command, name_page(page)) for page in pages() for command in list_documented(page) if "…" not in command}
    )


@pytest.mark.parametrize(("command", "page"), every_command())
def test_it_is_read_as_it_stands(command: str, page: str) -> None:
    for words in herald_words(command):
        assert parse(words)


def test_each_has_a_test_that_runs_it() -> None:
    named = {parse(words) for command, _ in every_command() for words in herald_words(command)}
    targets = {target for command, _ in every_command() if (target := plain_target(command))}
    assert named <= RUN_BY.keys(), "name the test that runs it"
    assert targets <= TARGETS.keys(), "name what runs it"


@pytest.mark.parametrize("command", RUN_BY)
def test_the_test_that_runs_it_exists_and_names_it(command: str) -> None:
    text = (ROOT / RUN_BY[command]).read_text("utf-8")
    assert re.search(rf"\b{command.rsplit(maxsplit=1)[-1].replace('-', '.')}\b", text)


def herald_words(command: str) -> list[list[str]]:
    """What the command line is given: by `herald` itself, or by make's target, dry."""
    words = shlex.split(command)
    if words[0] == "herald":
        return [words[1:]]
    return recipe(tuple(words))


@cache
def recipe(words: tuple[str, ...]) -> list[list[str]]:
    """The arguments of `python -m herald` that a target runs."""
    variables = [word for word in words if re.match(r"[A-Z_]+=", word)]
    targets = [word for word in words if word != "make" and word not in variables and not word.startswith("-")]
    # Without what the `make` that runs this test was given: it would hand that on.
    environment = {"PATH": os.environ["PATH"]}
    command = ["make", "-n", "-s", *targets, *variables]
    shown = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    return [shlex.split(line.split("-m herald ", 1)[1]) for line in shown.splitlines() if "-m herald " in line]


def plain_target(command: str) -> str | None:
    """The target of a command that runs nothing of Herald's own command line."""
    words = shlex.split(command)
    return words[1] if words[0] == "make" and not recipe(tuple(words)) else None


def parse(words: list[str]) -> str:
    """The name of the command; click's own error if it has no such option or lacks an argument.

    A command that is only named, without anything behind it, need not be whole.
    """
    command: Any = typer.main.get_command(app)
    named: list[str] = []
    while hasattr(command, "commands"):
        name, *words = words
        named.append(name)
        assert name in command.commands, f"there is no herald {' '.join(named)}"
        command = command.commands[name]
    command.make_context(" ".join(named), list(words), resilient_parsing=not words)
    return " ".join(named)
