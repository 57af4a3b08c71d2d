"""`--webhook`: what the receiver of `mail_webhook` did not take is listed, posted again, or discarded."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from typer.testing import CliRunner, Result

from herald.commands.operations.redrive import app
from tests.integration.redrive.conftest import Office

Run = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class Webhook:
    """The two queues of the webhook, in moto's SQS."""

    office: Office
    waiting: str
    dead: str

    def give_up(self, id_: str, type_: str = "mail.delivered") -> str:
        """Let SQS make a letter of an event; its body."""
        body = json.dumps({"specversion": "1.0", "id": id_, "source": "urn:herald:mail", "type": type_, "data": {}})
        self.office.installation.sqs.send_message(QueueUrl=self.dead, MessageBody=body)
        return body

    def bodies(self, queue: str) -> set[str]:
        return {message["Body"] for message in self.office.messages(queue)}


@pytest.fixture
def webhook(office: Office) -> Webhook:
    names = ("herald-mail-webhook", "herald-mail-webhook-dead")
    return Webhook(office, *(office.installation.sqs.create_queue(QueueName=name)["QueueUrl"] for name in names))


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("COLUMNS", "100")
    return lambda *words: CliRunner().invoke(app, words)


def test_they_are_listed_and_stay(webhook: Webhook, run: Run) -> None:
    webhook.give_up("5b0c", "mail.bounced")
    shown = run("dead", "--webhook").output.splitlines()
    assert shown[0] == "1 of the webhook's letters"
    assert shown[2].split()[0] == "5b0c"
    assert shown[2].split()[-1] == "mail.bounced"
    found = json.loads(run("dead", "--webhook", "--json").output)
    assert (found["count"], found["letters"][0]["id"]) == (1, "5b0c")
    assert webhook.office.count(webhook.dead) == 1


def test_they_are_posted_again_as_they_were_and_only_those_that_are_meant(webhook: Webhook, run: Run) -> None:
    bounced, sent = webhook.give_up("5b0c", "mail.bounced"), webhook.give_up("5b0d", "mail.sent")
    assert run("redrive", "--webhook", "--dry-run").exit_code == 0
    assert webhook.office.count(webhook.dead) == 2
    done = run("redrive", "--webhook", "--type", "mail.bounced", "--yes")
    assert "1 sent again: each is posted under its old id." in done.output
    assert webhook.bodies(webhook.waiting) == {bounced}
    assert webhook.bodies(webhook.dead) == {sent}


def test_twelve_are_posted_again_each_once(webhook: Webhook, run: Run) -> None:
    for number in range(12):
        webhook.give_up(f"e{number}")
    assert json.loads(run("redrive", "--webhook", "--yes", "--json").stdout) == {"sent": 12, "left": 0}
    assert (webhook.office.count(webhook.waiting), webhook.office.count(webhook.dead)) == (12, 0)


def test_they_are_discarded_only_by_name_and_on_record(webhook: Webhook, run: Run) -> None:
    webhook.give_up("5b0c")
    assert "say which letters" in str(run("discard", "--webhook").exception)
    done = run("discard", "--webhook", "--all", "--yes", "--because", "a test receiver")
    assert "1 discarded." in done.output
    assert (webhook.office.count(webhook.dead), webhook.office.count(webhook.waiting)) == (0, 0)


@pytest.mark.parametrize(
    "words", [("redrive", "--reason", "x"), ("redrive", "--again", "m1"), ("discard", "--message", "m1", "--yes")]
)
def test_what_only_mails_have_chooses_none_of_them(webhook: Webhook, run: Run, words: tuple[str, ...]) -> None:
    webhook.give_up("5b0c")
    assert "--webhook" in str(run(*words, "--webhook").exception)
    assert webhook.office.count(webhook.dead) == 1


def test_where_nothing_is_posted_that_is_said(office: Office, run: Run) -> None:
    assert office.count(office.installation.dead) == 0
    assert "nothing is posted to anybody here" in str(run("dead", "--webhook").exception)
