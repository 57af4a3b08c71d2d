"""Incidents as somebody on call meets them: each is answered by one command, with the command that solves it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from fakes.example_events import SECRET, event, example
from fakes.in_memory_herald import delivery
from function.delivery.tracing import DeliveryTracing
from function.errors import OutcomeUnknown, QuotaExhausted, RefusedForGood
from function.ledger.keys import address_key
from function.ledger.schedule import Due
from function.ledger.states import Action, State
from function.runtime.otlp import Tracer
from operations.aws_retries import retry_contention
from tests.integration.operations.test_records import ADA, BOB, Account, account, catalogue, run
from tests.tenants import ACME
from webapp.aws.table import DEFINITION
from webapp.outbox.event import CommittedEvent
from webapp.outbox.outbox import Outbox
from webapp.preferences.preferences import Preferences

pytestmark = pytest.mark.slow

__all__ = ["account", "catalogue"]

ID = "01JD6Q1M4X9Z8T7V5R3N2K0B4C"
SUBJECT = f"books/{ID}"
HASH = address_key(SECRET, ADA)


@pytest.fixture
def books(account: Account) -> Iterator[Any]:
    """The table of a web app beside the notifier."""
    account.world.client.create_table(TableName="herald-books", **DEFINITION)
    yield account.world.client


def why(*words: str) -> Any:
    """The answer as a machine reads it."""
    result = run("why", *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def break_schema(account: Account, **changes: Any) -> None:
    """An event without its book, by some other publisher."""
    data = {"recipient": {**example()["recipient"], "email": ADA}}
    account.world.deliver(delivery("m1", event(source="urn:shop", data=data, **changes)))


@pytest.mark.parametrize("wanted", [ADA, "Ada@Example.com", ID, "m1", SUBJECT])
def test_the_customer_got_no_mail_because_the_event_failed_its_schema(account: Account, wanted: str) -> None:
    break_schema(account)
    result = run("why", wanted)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "1 event, no mail that a provider took."
    assert "No mail: the event could not become one." in lines
    assert "data must contain ['book']" in result.stdout or "book" in result.stdout
    assert "       herald redrive --message m1" in lines
    assert "       herald discard --message m1" in lines
    assert f"{ID} of urn:shop" in result.stdout
    assert "1 dead letter, the oldest" in result.stdout
    assert account.letters == ["m1"], "it looked and took nothing"


def test_an_event_is_found_at_once_by_source_and_id(account: Account) -> None:
    account.world.deliver(delivery())
    found = why(ID, "--source", "urn:herald:webapp")
    assert (found["whole_ledger"], [mail["message_id"] for mail in found["mails"]]) == (False, ["m1"])
    assert run("why", ID, "--source", "urn:another").exit_code == 1


def test_a_mail_that_was_traced_names_its_trace(account: Account) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    account.world.tracing = DeliveryTracing(Tracer("http://127.0.0.1:1", "notify", "r1", account.world.clock))
    account.world.deliver(delivery("m1", event(traceparent=f"00-{trace}-00f067aa0ba902b7-01")))
    account.world.tracing = None
    account.world.deliver(delivery("m2", event("untraced")))
    assert [why(wanted)["mails"][0]["trace"] for wanted in ("m1", "m2")] == [trace, None]
    assert trace in run("why", "m1").stdout


def test_a_tenants_mail_names_its_tenant_and_an_unknown_one_what_to_do(account: Account) -> None:
    account.world.tenants = {"acme": ACME}
    for message_id, tenant in (("m1", {"tenant": "acme"}), ("m2", {}), ("m3", {"tenant": "initech"})):
        account.world.deliver(delivery(message_id, event(message_id, **tenant)))
    found = {wanted: why(wanted)["mails"][0] for wanted in ("m1", "m2", "m3")}
    assert [found[wanted]["tenant"] for wanted in found] == ["acme", None, "initech"]
    assert "acme" in run("why", "m1").stdout
    assert found["m3"]["answer"] == "No mail: this deployment declares no tenant of this name."
    assert "Declare the tenant" in found["m3"]["do"]


def test_the_letter_alone_answers_where_no_record_was_written(account: Account) -> None:
    body = json.dumps({"Type": "Notification", "MessageId": "m7", "Message": json.dumps(event()), "TopicArn": "t"})
    account.sqs.send_message(QueueUrl=account.dead, MessageBody=body)
    for wanted in (ADA, ID, SUBJECT, "m7"):
        [mail] = why(wanted)["mails"]
        assert (mail["state"], mail["commands"][0]) == ("dead", "herald redrive --message m7")


def test_the_customer_got_two_mails_because_the_first_answer_was_lost(account: Account) -> None:
    world = account.world
    world.post.answers = [lambda: (_ for _ in ()).throw(OutcomeUnknown("no answer"))]
    world.deliver(delivery())
    world.clock.forward(16 * 60)
    world.report_twice()
    world.deliver(delivery())
    first, second = (email.tags["attempt"] for _, email in world.post.taken)
    world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, attempt=first)
    found = why(ADA)
    assert found["summary"].startswith("1 event, 2 mails that a provider took. One of them was sent twice")
    [mail] = found["mails"]
    assert (mail["mails"], mail["answer"]) == (2, "2 mails went: a provider accepted 2 attempts.")
    assert {row["provider"] for row in mail["timeline"] if row["state"] == "sent"} >= {"ses://us-east-1"}
    assert all(row["release"] == "r1" and row["at"] for row in mail["timeline"])
    assert first != second
    assert "later mails were reported on" in mail["why"]
    assert "on_unknown = hold" in mail["do"]


def test_the_customer_got_two_mails_because_a_person_said_yes(account: Account) -> None:
    """It is no work of the policy, and another policy would have changed nothing."""
    world = account.world
    world.resends = 0
    world.post.accept_then(OutcomeUnknown("no answer"))
    world.deliver(delivery())
    world.clock.forward(16 * 60)
    world.deliver(delivery())
    world.deliver(delivery(letter=world.record().owner, confirmed=True))
    world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, attempt=world.post.taken[0][1].tags["attempt"])
    [mail] = why(ADA)["mails"]
    assert mail["mails"] == 2
    assert "with a person's yes" in mail["why"]
    assert "on_unknown" not in mail["do"]


def test_the_customer_got_two_mails_because_the_publisher_used_two_ids(account: Account) -> None:
    account.world.deliver(delivery("m1", event("e1")))
    account.world.deliver(delivery("m2", event("e2", source="urn:shop")))
    assert (
        f"book.created about {SUBJECT} was published under 2 names, each a mail: e1 of urn:herald:webapp and "
        "e2 of urn:shop." in why(SUBJECT)["summary"]
    )


def cancel(account: Account) -> None:
    data = {"source": "urn:herald:webapp", "id": ID}
    account.world.deliver(delivery("c1", event("c", "mail.cancel", data=data)))


def test_the_customer_has_no_mail_yet_because_it_waits_for_its_time(account: Account) -> None:
    account.world.schedules = True
    due = datetime.fromtimestamp(time.time() + 3600, UTC).replace(microsecond=0)
    account.world.deliver(delivery("m1", event(sendat=due.isoformat(), time=due.isoformat())))
    [mail] = why(ADA)["mails"]
    assert mail["answer"] == "No mail yet: it waits for its time."
    assert mail["why"] == f"kept until {due:%Y-%m-%d %H:%M:%S} UTC"
    cancel(account)
    [mail] = why(ADA)["mails"]
    assert (mail["state"], mail["answer"], mail["why"]) == (
        "cancelled",
        "No mail: it was cancelled.",
        "cancelled by c1",
    )


def test_a_mail_that_is_long_due_asks_whether_the_scheduler_runs(account: Account) -> None:
    account.world.schedules = True
    account.world.clock.now = int(time.time() * 1000) - 3 * 3_600_000
    due = datetime.fromtimestamp(time.time() - 2 * 3600, UTC)
    account.world.deliver(delivery("m1", event(sendat=due.isoformat(), time=due.isoformat())))
    account.world.clock.now = int(time.time() * 1000)
    account.world.schedule().put_off(Due("m1", account.world.record().due_at or 0))  # asked for, and nobody takes it
    [mail] = why("m1")["mails"]
    assert (mail["answer"], mail["commands"]) == ("No mail yet, and its time has come.", ["herald status"])


def test_a_cancellation_that_came_too_late_is_told_with_the_mail(account: Account) -> None:
    account.world.schedules = True
    account.world.deliver(delivery())
    cancel(account)
    [mail] = why(ADA)["mails"]
    assert (mail["state"], mail["mails"]) == ("sent", 1)
    assert "A cancellation came too late, as c1." in mail["why"]
    assert "cancelled_too_late" in [row.get("reason_code") for row in mail["timeline"]]


def test_a_used_up_quota_says_so_in_the_providers_words(account: Account) -> None:
    account.world.clock.now = int(time.time() * 1000)
    account.world.post.answers = [QuotaExhausted("Daily message quota exceeded.")]
    account.world.deliver(delivery())
    [mail] = why("m1")["mails"]
    assert mail["answer"] == "No mail yet, after 1 attempt: the provider does not take it."
    assert "Daily message quota exceeded." in mail["why"]
    assert mail["commands"] == ["herald status"]


def test_a_bounced_customer_is_answered_with_both_commands(account: Account) -> None:
    account.world.deliver(delivery())
    account.world.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, "m1", ADA)
    account.ses.suppress(ADA)
    result = run("why", ADA)
    assert "No mail arrived: the recipient's server refused it for good." in result.stdout
    assert f"       herald suppressions remove {ADA}" in result.stdout.splitlines()
    assert "       herald redrive --again m1" in result.stdout.splitlines()
    assert "on SES's suppression list in us-east-1" in result.stdout
    assert ADA not in json.dumps(why(ADA)), "a machine keeps what it reads: the hash only"


def test_a_reader_who_unsubscribed_is_told_as_that(account: Account) -> None:
    choices = Preferences(retry_contention(account.world.client), "herald-ledger")
    choices.unsubscribe("books", HASH.removeprefix("address#"), 1, "link")
    account.world.links = None
    account.world.deliver(delivery())
    result = run("why", ADA)
    assert "its reader has unsubscribed from books" in result.stdout
    assert "No mail: its reader has unsubscribed." in result.stdout
    assert "redrive" not in result.stdout
    checked = run("suppressions", "check", ADA)
    assert (checked.exit_code, checked.stdout) == (3, "its reader has unsubscribed from books\n")


def test_what_was_never_published_is_found_in_the_outbox(account: Account, books: Any) -> None:
    outbox = Outbox(retry_contention(books), "herald-books")
    body = json.dumps(event("e1"))
    outbox.add(CommittedEvent("e1", "book.created", SUBJECT, "ada", body), 1)
    for wanted in (ADA, "e1", SUBJECT, ID):
        [mail] = why(wanted)["mails"]
        assert mail["answer"].startswith("No mail yet: the event is in the outbox")
    [row] = outbox.list_by_subject(SUBJECT)
    refused = "SNS refused the event (InvalidParameter)"
    outbox.mark_rejected(row, refused, 2)
    [mail] = why("e1")["mails"]
    assert (mail["why"], mail["commands"]) == (
        row.reason or "SNS refused the event (InvalidParameter)",
        ["herald redrive --from-outbox e1"],
    )


def test_a_letter_that_nobody_knows_is_not_mistaken_for_an_answer(account: Account) -> None:
    account.refuse("m1", "bob@example.com")
    result = run("why", ADA)
    assert result.exit_code == 1
    assert "Nothing is known of it." in result.stdout
    assert "1 dead letter, the oldest" in result.stdout, "it says that it looked there"


# -- hopeless letters -------------------------------------------------------------------------------------------------


def test_a_hopeless_letter_is_discarded_on_record(account: Account, books: Any) -> None:
    break_schema(account)
    account.refuse("m2", ADA)
    refused = run("discard", "--reason", "event_invalid")
    assert "say --yes" in str(refused.exception)
    assert account.letters == ["m1", "m2"]
    result = run("discard", "--reason", "event_invalid", "--because", "the shop's test event", "--yes")
    assert result.stdout.splitlines()[-1] == "1 discarded."
    assert account.letters == ["m2"]
    intent, outcome = audit(books)
    assert (intent["who"], intent["action"], intent["about"]) == (arn(), "discard", "reason event_invalid")
    assert outcome["outcome"] == "1 discarded: the shop's test event"
    assert account.world.state("m1") is State.REJECTED, "the ledger still keeps it"


@pytest.mark.parametrize("words", [[], ["--all", "--reason", "x"]])
def test_a_discard_says_which_or_all(account: Account, words: list[str]) -> None:
    account.refuse("m1", ADA)
    assert "say which letters" in str(run("discard", *words, "--yes").exception)
    assert account.letters == ["m1"]


def test_letters_are_chosen_by_age_type_and_tenant(account: Account) -> None:
    account.refuse("m1", ADA)
    account.world.deliver(delivery("m2", event("e2", type_="book.burnt", tenant="acme")))
    chosen = {
        ("--type", "book.burnt"): ["m2"],
        ("--tenant", "acme"): ["m2"],
        ("--tenant", "other"): [],
        ("--older-than", "1d"): [],
        ("--newer-than", "1d"): ["m1", "m2"],
        ("--type", "book.created", "--newer-than", "90min"): ["m1"],
    }
    for words, messages in chosen.items():
        plan = json.loads(run("redrive", *words, "--dry-run", "--json").stdout)["plan"]
        assert sorted(each["message_id"] for each in plan) == messages, words
    assert "is an age such as" in str(run("redrive", "--older-than", "soon").exception)


def test_a_redrive_that_would_be_refused_says_why_in_the_same_line(account: Account) -> None:
    account.refuse("m1", ADA)
    account.world.suppress(ADA)
    result = run("redrive", "--yes")
    line = "not sent again: message m1 is to an address on the suppression list: take that off the list first"
    assert line in result.output.splitlines()
    assert result.exit_code == 3
    assert account.letters == ["m1"], "and it is not lost"


# -- the record of what operators did ----------------------------------------------------------------------------------


def arn() -> str:
    make: Any = boto3.client
    return str(make("sts").get_caller_identity()["Arn"])


def audit(dynamodb: Any) -> list[dict[str, str]]:
    """The entries, oldest first."""
    items = dynamodb.scan(TableName="herald-books")["Items"]
    entries = sorted((item for item in items if item["pk"]["S"] == "audit"), key=lambda item: item["sk"]["S"])
    return [{name: value.get("S", "") for name, value in entry.items()} for entry in entries]


@pytest.mark.parametrize(
    ("words", "action", "about"),
    [
        (("why", ADA), "search", HASH),
        (("redrive", "--message", "m1", "--yes"), "send again", "m1"),
        (("discard", "--all", "--yes"), "discard", "all letters"),
        (
            ("suppressions", "remove", BOB, "--yes"),
            "take off the list",
            address_key(SECRET, BOB),
        ),
        (("forget", ADA, "--yes"), "forget", HASH),
    ],
)
def test_what_is_typed_is_on_record_with_the_callers_arn(
    account: Account, books: Any, words: tuple[str, ...], action: str, about: str
) -> None:
    account.refuse("m1", ADA)
    account.world.suppress("bob@example.com")
    assert run(*words).exit_code == 0
    intent, outcome = audit(books)
    assert (intent["who"], intent["action"], intent["about"]) == (arn(), action, about)
    assert outcome["sk"] == f"{intent['sk']}#outcome"
    assert "@" not in json.dumps([intent, outcome])


def test_a_herald_without_a_web_app_says_that_nobody_keeps_a_record(account: Account) -> None:
    account.refuse("m1", ADA)
    result = run("discard", "--all", "--yes", "--json")
    assert json.loads(result.stdout) == {"discarded": 1, "left": 0}
    assert "not on record: there is no table herald-books" in result.stderr


def test_nothing_is_done_by_whom_the_record_is_closed_to(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutItem")

    account.refuse("m1", ADA)
    monkeypatch.setattr("operations.audit.Audit.begin", deny)
    assert "allow dynamodb:PutItem on herald-books" in str(run("discard", "--all", "--yes").exception)
    assert account.letters == ["m1"]


def test_refused_for_good_is_told_in_the_providers_words(account: Account) -> None:
    account.world.post.answers = [RefusedForGood("Email address is not verified.")]
    account.world.deliver(delivery())
    [mail] = why("m1")["mails"]
    assert mail["why"] == "Email address is not verified."
    assert mail["timeline"][-1]["provider"] == "ses://us-east-1"
