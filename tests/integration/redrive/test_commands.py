"""`make dead` and `make redrive`, as they are typed: what they print, ask, and exit with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from herald.commands.operations.redrive import app
from tests.integration.redrive.conftest import Office
from tests.integration.redrive.letters import in_doubt, refuse

_LONG = "the provider answered 400 MessageRejected: " + "a very long sentence about it " * 4


@pytest.fixture
def run(office: Office, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COLUMNS", "80")
    return lambda *words, **more: CliRunner().invoke(app, words, **more)


def test_the_list_reads_well_at_80_columns_and_takes_nothing(office: Office, run: Any) -> None:
    for number in range(12):
        refuse(office, f"01234567-0123-0123-0123-0123456789{number:02}", _LONG)
    in_doubt(office)
    result: Result = run("dead")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0] == "13 dead letters for 2 reasons"
    assert max(len(line) for line in lines if line.startswith("  ")) <= 80
    assert "    and 2 more: --all shows them" in lines
    assert sum("01234567-0123-0123-0123-0123456789" in line for line in lines) == 10
    assert office.count(office.installation.dead) == 13
    assert "m1" in run("dead", "--all").output


def test_the_list_for_machines(office: Office, run: Any) -> None:
    refuse(office)
    found = json.loads(run("dead", "--json").output)
    assert found["count"] == 1
    letter = found["reasons"][0]["letters"][0]
    assert (letter["message_id"], letter["attempts"], letter["release"]) == ("m1", 1, "r1")


def test_an_empty_queue_says_so(run: Any) -> None:
    assert (run("dead").output, run("redrive").output) == ("No dead letters.\n", "No dead letters.\n")
    assert json.loads(run("dead", "--json").output) == {"count": 0, "reasons": []}


@pytest.mark.parametrize("command", ["dead", "redrive"])
def test_letters_that_somebody_else_has_in_hand_are_not_passed_over(office: Office, run: Any, command: str) -> None:
    refuse(office)
    assert len(office.messages(office.installation.dead)) == 1
    assert "About 1 out of sight: another redrive has them" in run(command).output


def test_a_dry_run_only_says_what_it_would_do(office: Office, run: Any) -> None:
    refuse(office)
    result = run("redrive", "--dry-run")
    assert (result.exit_code, result.output) == (0, "     1  to send\n")
    assert (office.count(office.installation.dead), office.count(office.installation.retry)) == (1, 0)


def test_without_a_terminal_nothing_is_sent_unasked(office: Office, run: Any) -> None:
    refuse(office)
    result = run("redrive")
    assert "say --yes" in str(result.exception)
    assert (office.count(office.installation.dead), office.count(office.installation.retry)) == (1, 0)


def test_a_no_leaves_everything(office: Office, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda _: True)
    refuse(office)
    assert run("redrive", input="n\n").exit_code == 0
    assert (office.count(office.installation.dead), office.count(office.installation.retry)) == (1, 0)


def test_yes_is_no_yes_to_what_may_have_gone(office: Office, run: Any) -> None:
    in_doubt(office)
    refuse(office, "m2")
    result = run("redrive", "--yes")
    assert result.exit_code == 3
    assert "1 sent again." in result.output
    assert "1 left as they are" in result.output
    assert office.count(office.installation.dead) == 1
    assert run("redrive", "--yes", "--even-if-sent").exit_code == 0
    assert sorted(outcome.kind.name for outcome in office.work_off()) == ["SENT", "SENT"]


def test_what_may_have_gone_is_asked_for_by_itself(office: Office, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.isatty", lambda _: True)
    in_doubt(office)
    refuse(office, "m2")
    result = run("redrive", input="y\ny\n")
    assert result.exit_code == 0
    assert "2 sent again." in result.output


def test_a_message_without_a_letter_is_said(run: Any) -> None:
    result = run("redrive", "--message", "m9")
    assert "no letter of m9 lies in dead" in str(result.exception)


def test_what_is_not_there_is_said_for_every_way_to_name_it(run: Any) -> None:
    assert "m9" in str(run("redrive", "--message", "m9", "--even-if-sent").exception)
    assert "m9" in str(run("redrive", "--from-record", "m9").exception)
    assert "m9" in str(run("redrive", "--again", "m9").exception)
    assert "no-such-reason" in f"{(told := run('redrive', '--reason', 'no-such-reason')).output}{told.exception}"
