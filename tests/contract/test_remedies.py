"""What operations advises is named there and worded by who shows it: the command line, and the operators' pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from laptop.state import ROOT
from operations.remedies import Remedy, RemedyAction
from operations.status.alarms import RUNBOOK, format_advice
from tests.contract.test_documented_commands import parse
from webapp.admin import remedy_commands

#: A command of `herald`, and an option.
_COMMAND_LINE = re.compile(r"\bherald [a-z]|(?<![\w-])--[a-z]")


def texts() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "operations").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def test_operations_name_no_command_and_no_option() -> None:
    assert not [place for place, text in texts() if _COMMAND_LINE.search(text)]


@pytest.mark.parametrize("action", RemedyAction)
def test_each_remedy_is_one_command_that_there_is(action: RemedyAction) -> None:
    words = remedy_commands.COMMANDS[action].split()
    takes_id = words[-1].startswith("--") and words[-1] != "--webhook"
    assert parse([*words, "x"] if takes_id else words)


def test_a_remedy_names_what_it_acts_on_and_which_herald() -> None:
    doubtful = Remedy(RemedyAction.REDRIVE_LETTER, "m1", even_if_sent=True)
    assert remedy_commands.format_command(doubtful, " --local") == "herald redrive --message m1 --even-if-sent --local"
    assert remedy_commands.format_command(doubtful) == "herald redrive --message m1 --even-if-sent"
    assert remedy_commands.format_command(Remedy(RemedyAction.UNLIST)) == "herald suppressions remove ADDRESS"


def test_the_runbook_names_no_action_that_there_is_not() -> None:
    for do in RUNBOOK.values():
        assert "{" not in format_advice(do, remedy_commands.format_command)
