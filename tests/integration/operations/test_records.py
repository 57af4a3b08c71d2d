"""The commands on people's records, on moto: what is shown, what is asked, and what is gone afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from fakes.example_events import SECRET, event, example
from fakes.in_memory_herald import InMemoryHerald, delivery, event_item
from fakes.queue import FakeQueue
from function.errors import RefusedForGood
from function.event.envelope import Delivery
from function.ledger.attributes import deserialize_item, serialize_item
from function.ledger.keys import address_key, own_list_key
from function.ledger.record import TimelineRow
from function.ledger.states import Action, State
from function.message.addressing.tenant import pack_tenants, read_tenants
from function.message.catalogue import Catalogue
from function.queues.dead_letter import Letter
from function.queues.sqs import Queue
from herald.cli import app
from laptop.resources import LEDGER_TABLE
from operations.aws_retries import retry_contention
from operations.errors import UsageError, UserError
from package.notifications.catalogue import compile_catalogue
from tests.integration.operations.ses_lists import Region, simulate_regions
from tests.integration.operations.test_pause import Lambda
from webapp.aws.table import DEFINITION
from webapp.outbox.event import CommittedEvent
from webapp.outbox.outbox import Outbox
from webapp.preferences.preferences import Preferences

ADA, BOB = "ada@example.com", "bob@example.com"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


class Posted(FakeQueue):
    """The queue `dead`, as moto plays it."""

    def __init__(self, queue: Queue) -> None:
        super().__init__()
        self.queue = queue

    def put(self, letter: Letter) -> None:
        self.queue.put(letter)


class Account:
    """A Herald in an account of moto's, and its letters in a real queue."""

    def __init__(self, catalogue: Catalogue, ses: Region) -> None:
        self.ses = ses
        make: Any = boto3.client
        self.sqs = make("sqs")
        self.dead, *_ = (
            self.sqs.create_queue(QueueName=f"herald-{part}")["QueueUrl"] for part in ("dead", "retry", "feedback")
        )
        dynamodb = make("dynamodb")
        dynamodb.create_table(TableName="herald-ledger", **LEDGER_TABLE)
        self.functions = Lambda(None).client
        self.declare()
        make("ssm").put_parameter(Name="/herald/address-key", Value=SECRET.decode(), Type="SecureString")
        self.world = InMemoryHerald(dynamodb, catalogue, dead=Posted(Queue(self.sqs, self.dead)))

    def declare(self, **tenants: dict[str, str]) -> None:
        """The function's settings, and what it makes of them."""
        settings = {"HERALD_PROVIDERS": "ses://us-east-1"}
        if tenants:
            settings["HERALD_TENANTS"] = pack_tenants(tenants)
            self.world.tenants = read_tenants(settings["HERALD_TENANTS"])
        self.functions.update_function_configuration(FunctionName="herald-notify", Environment={"Variables": settings})

    def refuse(self, message_id: str, to: str, title: str = "Momo") -> None:
        """A mail that the provider refused for good, so that its event is kept."""
        data = example() | {"recipient": {"email": to, "name": "A", "locale": "en"}}
        data["book"]["title"] = title
        self.world.post.answers = [RefusedForGood("no")]
        self.world.deliver(delivery(message_id, event(message_id, data=data)))

    @property
    def letters(self) -> list[str]:
        """The MessageIds of the letters in `dead`; they stay there."""
        answer = self.sqs.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return sorted(json.loads(message["Body"])["MessageId"] for message in answer.get("Messages", []))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue) -> Iterator[Account]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("COLUMNS", "200")
    with simulate_regions("us-east-1") as regions, mock_aws():
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", regions["us-east-1"].endpoint)
        yield Account(catalogue, regions["us-east-1"])


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def test_an_empty_list_says_so(account: Account) -> None:
    assert run("suppressions").output == "Nobody is on the list.\n"


def test_a_single_key_is_not_rekeyed(account: Account) -> None:
    result = run("suppressions", "rekey")
    assert isinstance(result.exception, UserError)
    assert "put the new one in front of it first" in str(result.exception)


def test_the_list_shows_reason_and_time_and_no_address(account: Account) -> None:
    account.world.suppress(ADA)
    account.world.apply_feedback(Action.FEEDBACK_COMPLAINED, State.COMPLAINED, "m9", BOB)
    account.world.deliver(delivery())
    output = run("suppressions").output
    rows = [line.split() for line in output.splitlines()]
    assert ["bounced", "2026-11-21", "08:00", "UTC", "another", address_key(SECRET, ADA)] in rows
    assert ["complained", "2026-11-21", "08:00", "UTC", "m9", address_key(SECRET, BOB)] in rows
    assert "2 on the list." in output
    assert "@" not in output


def test_an_address_is_taken_off_in_any_letter_case_and_gets_mail_again(account: Account) -> None:
    account.world.suppress(ADA)
    result = run("suppressions", "remove", "Ada@Example.com", "--yes")
    assert result.exit_code == 0
    assert "bounced since" in result.output
    account.world.deliver(delivery())
    assert account.world.mails == 1


def test_an_address_that_is_not_on_the_list_is_a_plain_error(account: Account) -> None:
    result = run("suppressions", "remove", BOB, "--yes")
    assert isinstance(result.exception, UserError)
    assert str(result.exception) == f"{BOB} is on no suppression list, neither Herald's nor SES's: nothing was changed"


def test_an_address_is_taken_off_the_list_of_ses_too(account: Account) -> None:
    account.world.suppress(ADA)
    for address in (ADA, BOB):
        account.ses.suppress(address)
    output = run("suppressions", "remove", ADA, "--yes").output
    assert "on Herald's suppression list: bounced since" in output
    assert "on SES's suppression list in us-east-1" in output
    assert account.ses.listed == {BOB}
    assert run("suppressions").output == "Nobody is on the list.\n"
    assert run("suppressions", "remove", BOB, "--yes").output.startswith("on SES's suppression list in us-east-1")
    assert account.ses.listed == frozenset()


@pytest.mark.parametrize("arguments", [("suppressions", "remove", ADA), ("forget", ADA)])
def test_nothing_happens_where_nobody_can_answer(account: Account, arguments: tuple[str, ...]) -> None:
    account.refuse("m1", ADA)
    account.world.suppress(ADA)
    result = run(*arguments)
    assert isinstance(result.exception, UsageError)
    assert account.letters == ["m1"]
    assert account.world.ledger.read_event("m1")
    assert "1 on the list." in run("suppressions").output


def test_another_herald_or_none_is_a_plain_error(account: Account) -> None:
    result = run("suppressions", "--prefix", "nobody")
    assert isinstance(result.exception, UserError)
    assert "no Herald named nobody was found" in str(result.exception)


def test_somebody_is_forgotten_and_nobody_else(account: Account) -> None:
    account.refuse("m1", ADA)
    account.refuse("m2", BOB)
    account.refuse("m3", "not.ada@example.com")
    account.refuse("m4", "ada@example.com.au")
    result = run("forget", "ADA@example.com", "--yes")
    assert result.output.splitlines()[:2] == ["the event in the record of m1", "the dead letter of m1"]
    assert "Erased: 1 events in records, 1 dead letters, 0 events in the outbox" in result.output
    record = account.world.record("m1")
    assert (record.state, record.address) == (State.REJECTED, None)
    assert account.world.ledger.read_event("m1") is None
    assert record.expires_at is not None
    assert account.letters == ["m2", "m3", "m4"]
    assert all(account.world.ledger.read_event(other) for other in ("m2", "m3", "m4"))
    assert run("forget", ADA, "--yes").output.endswith(f"No event is kept about {ADA}.\n")


def test_what_is_kept_compressed_is_found_too(account: Account) -> None:
    data = example() | {"recipient": {"email": ADA}}
    account.world.deliver(delivery("m1", json.dumps(event("e1", data=data)) + " " * 300_000))
    letter = account.sqs.receive_message(QueueUrl=account.dead, VisibilityTimeout=0)["Messages"][0]["Body"]
    assert "MessageDeflated" in letter
    assert "1 events in records, 1 dead letters" in run("forget", ADA, "--yes").output
    assert account.letters == []


def test_a_suppressed_event_is_forgotten_and_the_suppression_only_on_request(account: Account) -> None:
    account.world.suppress(ADA)
    account.world.deliver(delivery())
    assert account.world.ledger.read_event("m1")
    run("forget", ADA, "--yes")
    assert account.world.ledger.read_event("m1") is None
    assert "1 on the list." in run("suppressions").output
    assert "1 suppressions" in run("forget", ADA, "--yes", "--suppression").output
    assert "Nobody" in run("suppressions").output


def test_a_reader_is_forgotten_on_the_list_of_a_tenant_as_well(account: Account) -> None:
    """The hash goes out of records of mails of its own list, and the suppression on that list on request."""
    account.declare(acme={"from": "mail@acme.example", "suppression": "own"})
    for message_id, address in (("m1", ADA), ("m3", ADA), ("m2", BOB)):
        data = example() | {"recipient": {"email": address, "name": "A", "locale": "en"}}
        account.world.deliver(delivery(message_id, event(message_id, data=data, tenant="acme")))
        own = own_list_key(address_key(SECRET, address), "acme")
        assert account.world.record(message_id).address == own
    for message_id, address in (("m1", ADA), ("m2", BOB)):
        row = TimelineRow(State.BOUNCED, account.world.clock(), "r1")
        own = own_list_key(address_key(SECRET, address), "acme")
        account.world.ledger.apply_feedback(message_id, Action.FEEDBACK_BOUNCED, row, own)
    kept: Any = {"TableName": "herald-ledger", "Key": {"pk": {"S": event_item("m3")}}}
    account.world.client.update_item(**kept, UpdateExpression="REMOVE body")
    assert "1 events in records, 0 dead letters, 0 events in the outbox, 1 hashes" in run("forget", ADA, "--yes").output
    assert (account.world.record("m1").address, account.world.record("m3").address) == (None, None)
    assert "2 on the list." in run("suppressions").output
    assert "1 suppressions" in run("forget", ADA, "--yes", "--suppression").output
    assert "1 on the list." in run("suppressions", "--tenant", "acme").output
    assert account.world.record("m2").address == own, "nobody else is forgotten"


def test_an_address_is_taken_off_the_list_of_one_tenant_alone(account: Account) -> None:
    account.declare(acme={"from": "mail@acme.example", "suppression": "own"})
    key = address_key(SECRET, ADA)
    for number, each in enumerate((key, own_list_key(key, "acme"))):
        row = TimelineRow(State.BOUNCED, account.world.clock(), "r1")
        account.world.ledger.apply_feedback(f"m{number}", Action.FEEDBACK_BOUNCED, row, each)
    assert "the suppression list of acme" in run("suppressions", "check", ADA).output
    assert "1 on the list." in run("suppressions", "--tenant", "acme").output
    run("suppressions", "remove", ADA, "--tenant", "acme", "--yes")
    assert run("suppressions", "--tenant", "acme").output == "Nobody is on the list.\n"
    assert "1 on the list." in run("suppressions").output
    assert isinstance(run("suppressions", "remove", ADA, "--tenant", "acme", "--yes").exception, UserError)


def test_what_a_reader_chose_is_not_listed_and_stays_when_the_suppression_goes(account: Account) -> None:
    hashed = address_key(SECRET, ADA).removeprefix("address#")
    choices = Preferences(retry_contention(account.world.client), "herald-ledger")
    choices.unsubscribe("books", hashed, 1, "link")
    assert run("suppressions").output == "Nobody is on the list.\n"
    assert isinstance(run("suppressions", "remove", ADA, "--yes").exception, UserError)
    assert run("forget", ADA, "--yes", "--suppression").output.endswith(f"No event is kept about {ADA}.\n")
    account.world.suppress(ADA)
    assert "1 on the list." in run("suppressions").output
    run("suppressions", "remove", ADA, "--yes")
    assert run("suppressions").output == "Nobody is on the list.\n"
    assert choices.find_stopped(["books"], hashed) == {"books"}


@pytest.mark.parametrize("body", ["not JSON, but about <Ada@Example.com>", '{"to": "ada\\u0040example.com"}'])
def test_what_never_was_an_event_is_forgotten_too(account: Account, body: str) -> None:
    account.world.deliver(Delivery("m1", body))
    account.world.deliver(Delivery("m2", "about nobody"))
    assert "1 events in records, 1 dead letters" in run("forget", ADA, "--yes").output
    assert account.letters == ["m2"]


@pytest.mark.parametrize("state", ["committed", "published", "rejected"])
def test_what_the_outbox_holds_is_forgotten_too(account: Account, state: str) -> None:
    dynamodb = account.world.client
    dynamodb.create_table(TableName="herald-books", **DEFINITION)
    for number, address in enumerate((ADA, BOB)):
        body = json.dumps(event(f"e{number}", data=example() | {"recipient": {"email": address, "name": "A"}}))
        row = {"pk": "outbox#books/b", "sk": f"e{number}", "kind": "outbox", "state": state, "body": body}
        waiting = {"queue": "unpublished#0", "since": 1} if state == "committed" else {}
        dynamodb.put_item(TableName="herald-books", Item=serialize_item(row | waiting))
    output = run("forget", ADA, "--yes").output
    assert "the event e0 in the outbox" in output
    assert "1 events in the outbox" in output.replace("\n", " ")
    assert "Not touched: the account at the identity provider, its books" in output.replace("\n", " ")
    items = map(deserialize_item, dynamodb.scan(TableName="herald-books")["Items"])
    ada, bob = (item for item in items if item["kind"] == "outbox")
    assert ADA not in json.dumps(ada)
    assert ada["expires_at"] > 0
    assert "queue" not in ada, "nobody tries to publish what is not there"
    assert BOB in bob["body"]
    assert run("forget", ADA, "--yes").output.endswith(f"No event is kept about {ADA}.\n")


def test_what_the_outbox_gave_up_is_published_again(account: Account) -> None:
    dynamodb = account.world.client
    dynamodb.create_table(TableName="herald-books", **DEFINITION)
    outbox = Outbox(retry_contention(dynamodb), "herald-books")
    for number in range(2):
        row = CommittedEvent(f"e{number}", "book.created", f"books/{number}", "ada", "{}")
        assert outbox.add(row, 1)
        [given_up] = outbox.list_by_subject(row.subject)
        outbox.mark_rejected(given_up, "SNS refused the event (InvalidParameter)", 2)
    unknown = run("redrive", "--from-outbox", "e7", "--yes").exception
    assert str(unknown) == "the outbox gave up no event e7 that can be published; it gave up e0, e1"
    assert "SNS refused" in run("redrive", "--from-outbox", "e1", "--dry-run").output
    assert list(outbox.find_overdue(2**50)) == []
    assert "1 handed to the sweeper" in run("redrive", "--from-outbox", "e1", "--yes").output
    [waiting] = outbox.find_overdue(2**50)
    assert (waiting.id, waiting.state, waiting.reason, waiting.body) == ("e1", "committed", None, "{}")
    [stored] = [item for item in dynamodb.scan(TableName="herald-books")["Items"] if item["sk"]["S"] == "e1"]
    assert "expires_at" not in stored
    assert isinstance(run("redrive", "--from-outbox", "e1", "--yes").exception, UserError), "it waits already"
    assert isinstance(run("redrive", "--from-outbox", "e0", "--message", "m").exception, UserError)


def test_a_mail_that_went_keeps_its_record(account: Account) -> None:
    account.world.deliver(delivery())
    assert "1 events in records" in run("forget", ADA, "--yes").output
    assert account.world.ledger.read_event("m1") is None
    assert account.world.state() is State.SENT
