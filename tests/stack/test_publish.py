"""An example of a notification through the real topic, and a mail of the studio into the laptop's inbox."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from function.message.rendering import Content
from herald.account import AwsAccount
from herald.cli import app
from herald.commands.mails.studio import send_to_inbox
from herald.publish_example import SOURCE
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


def test_an_example_is_mailed_for_a_tenant(herald: Herald) -> None:
    to = new_address()
    words = ["publish", "book.created", "--tenant", "acme", "--to", to, "--local", "--yes"]
    done = CliRunner().invoke(app, [*words, "--state-dir", herald.names.state])
    assert done.exit_code == 0, done.output
    [mail] = herald.inbox.exactly(to, 1)
    assert mail["from"] == "Acme Books <mail@acme.example>"


def test_the_studio_hands_a_mail_to_the_laptops_inbox_whatever_package_runs_there(herald: Herald) -> None:
    to = new_address()
    account = AwsAccount.choose(True, Path(herald.names.state), "herald")
    said = send_to_inbox(account, Content("Votre reçu", "bonjour", "<p>bonjour</p>"), to)
    assert to in said
    [mail] = herald.inbox.exactly(to, 1)
    assert (mail["subject"], mail["text"], mail["html"]) == ("Votre reçu", "bonjour", "<p>bonjour</p>")
    assert mail["tags"] == {"test": "studio"}
