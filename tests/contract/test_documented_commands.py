"""Every command that a page tells people to run: it is read as it stands, and a test of its own runs it.

The first is held here, by the command line's own parser. The second is a table: whoever documents a command names the
test that runs it, or says why none can.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from herald.cli import app
from laptop.state import ROOT
from tests.contract.test_docs import code_of, name_page, pages

#: The files in which tests run a command, with every option that a page names.
_AS_DOCUMENTED = "tests/integration/commands/test_as_documented.py"
_REDRIVE = "tests/integration/redrive/test_commands.py"
_WEBHOOK_LETTERS = "tests/integration/redrive/test_webhook_dead_letters.py"
_RECORDS = "tests/integration/operations/test_records.py"
_INCIDENTS = "tests/integration/operations/test_incidents.py"
_OWN_MAILS = "tests/integration/package/test_own_notifications.py"
RUN_BY: dict[str, tuple[str, ...]] = {
    "capacity": ("tests/unit/capacity/test_command.py",),
    "contracts": ("tests/contract/test_contracts.py",),
    "dead": (_REDRIVE, _WEBHOOK_LETTERS),
    "discard": (_INCIDENTS, _WEBHOOK_LETTERS),
    "dist": ("tests/unit/package/test_dist.py",),
    "doctor": ("tests/stack/doctor/test_commands.py",),
    "forget": (_RECORDS,),
    "infra apply": (_AS_DOCUMENTED, "tests/infra/laptop/test_trial.py"),
    "infra destroy": (_AS_DOCUMENTED, "tests/infra/laptop/test_trial.py"),
    "infra plan": (_AS_DOCUMENTED,),
    "leave-plan": (_AS_DOCUMENTED,),
    "lint": (_OWN_MAILS,),
    "local demo": ("tests/stack/test_lifecycle.py",),
    "local env": ("tests/stack/test_lifecycle.py",),
    "local run": ("tests/stack/test_lifecycle.py", "tests/unit/laptop/test_cli.py"),
    "new": (_OWN_MAILS,),
    "package": (_AS_DOCUMENTED,),
    "pause": ("tests/integration/operations/test_pause.py",),
    "preview": ("tests/integration/package/test_preview.py",),
    "publish": ("tests/stack/test_publish.py",),
    "redrive": (_REDRIVE, _RECORDS, _WEBHOOK_LETTERS),
    "rehearse": ("tests/stack/release/test_rehearsal.py",),
    "release": ("tests/stack/release/test_commands.py",),
    "releases": ("tests/stack/release/test_commands.py",),
    "resume": ("tests/integration/operations/test_pause.py",),
    "rollback": ("tests/stack/release/test_commands.py",),
    "smoke": ("tests/stack/doctor/test_commands.py", "tests/stack/doctor/test_smoke_providers.py"),
    "status": ("tests/integration/operations/test_status.py",),
    "studio": ("tests/integration/package/test_studio.py",),
    "suppressions": (_RECORDS,),
    "suppressions check": (_INCIDENTS,),
    "suppressions rekey": (_RECORDS,),
    "suppressions remove": (_RECORDS,),
    "test": ("tests/integration/package/test_mail_tests.py",),
    "why": (_INCIDENTS,),
}
#: Targets that continuous integration makes, as they stand in .ci/run; with what each of them makes besides.
MADE = {
    **{target: target for target in ("bench", "check", "faults", "infra-check", "load", "soak", "worst-case")},
    **{target: target for target in ("test", "test-slow")},
    "lint": "check",
    "infra-test": "infra-check",
    "guarantees": "faults",
    "setup": "test",
    "setup-run": "setup",
}
#: Targets whose module a test runs.
TESTED = {
    "cost": "tests/unit/cost/test_bill.py",
    "infra-docs": "tests/contract/test_terraform_readmes.py",
    "model": "tests/model/test_model.py",
    "help": "tests/unit/test_makefile.py",
}
#: What nothing can run, and why.
NEVER = {
    "clean": "nothing but rm",
    "diagram": "needs Graphviz; tests/contract/test_docs.py holds its result",
    "lock": "needs a package index",
    "screenshots": "draws pictures that a person looks at",
}
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
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


@pytest.mark.parametrize(("command", "page"), every_command())
def test_a_test_runs_it_with_every_option_that_it_has(command: str, page: str) -> None:
    for words in herald_words(command):
        if parse(words) not in ("infra test", "infra scan"):  # by `make infra-check`
            assert is_run(words), f"{RUN_BY.get(parse(words))} has no run of it: add one"
    target = plain_target(command)
    assert target is None or target in MADE | TESTED | NEVER, "name what makes it"


def test_continuous_integration_makes_each_target_that_it_is_said_to_make() -> None:
    made = set(re.findall(r"\bmake (?:\w+=\S+ )*([a-z-]+)", (ROOT / ".ci/run").read_text("utf-8")))
    assert set(MADE.values()) <= made
    for target, maker in MADE.items():
        needs = re.search(rf"^{target}:.*\b(?:{maker}|TEST_ENV)\b", MAKEFILE, re.M)
        assert target == maker or needs or re.search(rf"^{maker}:.* {target} ", MAKEFILE, re.M), target


def test_what_is_tested_in_another_way_has_its_test_in_the_same_room() -> None:
    for target, path in TESTED.items():
        assert (ROOT / path).is_file()
        (module,) = re.findall(rf"^{target}:.*\n(?:\t@\$\(PY\) -m (\S+)|\t@awk .*)", MAKEFILE, re.M)
        assert module.rpartition(".")[2] in f"{(ROOT / path).read_text('utf-8')} {path}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("runner.invoke(app, ['redrive', '--reason', 'x'])", True),
        ("run('redrive', f'--reason={x}')", True),
        ("[['redrive', '--message'], ['dead', '--reason']]", False),
        ("same(run('redrive'), run('--reason'))", False),
        ("_redrive('--reason', 'x')", True),
        ("run('redrive', '--message', 'x')", False),
        ("say('redrive'); run('--reason', 'x')", False),
    ],
)
def test_a_run_is_one_call_or_list_with_the_command_and_its_options(text: str, found: bool) -> None:
    assert any(is_one(["redrive"], {"--reason"}, run) for run in runs_in(text)) is found


def is_run(words: list[str]) -> bool:
    """Whether a file that runs the command has a call, or a list of words, with the command and all these options."""
    command = parse(words)
    options = {word.partition("=")[0] for word in words if word.startswith("-")}
    return any(is_one(command.split(), options, run) for file in RUN_BY.get(command, ()) for run in runs_of(file))


def is_one(command: list[str], options: set[str], run: list[str]) -> bool:
    starts = range(len(run) - len(command) + 1)
    return options <= {*run} and any(run[start : start + len(command)] == command for start in starts)


@cache
def runs_of(file: str) -> list[list[str]]:
    return list(runs_in((ROOT / file).read_text("utf-8")))


def runs_in(text: str) -> Iterator[list[str]]:
    """The words of every call and every list; a helper that is named after the command counts as its word."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield [name.strip("_").replace("_", "-"), *_words(node)]
            case ast.List() | ast.Tuple():
                yield _words(node)


def _words(node: ast.Call | ast.List | ast.Tuple) -> list[str]:
    """What stands in it, and in the lists among a call's arguments, but in no other call."""
    found: list[str] = []
    for each in node.args if isinstance(node, ast.Call) else node.elts:
        match each:
            case ast.Constant(value=str(text)):
                found += [word.partition("=")[0] for word in text.split()]
            case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]):
                found += [word.partition("=")[0] for word in text.split()]
            case ast.List() | ast.Tuple() if isinstance(node, ast.Call):
                found += _words(each)
    return found


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
    while hasattr(command, "commands") and (words or not command.invoke_without_command):
        name, *words = words
        named.append(name)
        assert name in command.commands, f"there is no herald {' '.join(named)}"
        command = command.commands[name]
    command.make_context(" ".join(named), list(words), resilient_parsing=not words)
    return " ".join(named)
