"""`herald publish`: an example of a notification through the real topic."""

from __future__ import annotations

from typer.testing import CliRunner

from herald.cli import app
from herald.sample import SOURCE
from tests.stack.conftest import Herald
from tests.stack.events import new_address


def test_an_example_is_mailed_to_whoever_asks_and_is_marked_as_a_test(herald: Herald) -> None:
    to = new_address()
    words = ["publish", "book.created", "--example", "rtl-emoji", "--to", to, "--local", "--yes", "--prefix", "herald"]
    done = CliRunner().invoke(app, [*words, "--state-dir", herald.names.state])
    assert done.exit_code == 0, done.output
    [mail] = herald.inbox.exactly(to, 1)
    assert mail["tags"]["message_id"] == done.stdout.strip()
    record = herald.record(done.stdout.strip())
    assert record is not None
    assert record["source"]["S"] == SOURCE
