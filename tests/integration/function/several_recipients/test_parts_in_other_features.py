"""What is said of an event with several recipients, who keeps what of it, and how it comes in."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import sns, sns_notification
from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald
from fakes.ledger_stream import StreamedTable, make_mail_events_handler, read_stream
from fakes.sns_topic import FakeTopic
from function.delivery.outcome import OutcomeKind
from function.delivery.publish_validation import Accepted, EventProblem, PublishValidator
from function.errors import RefusedForGood
from function.ledger.keys import event_key, part_id
from function.ledger.record import EventItem
from function.message.builder import EmailBuilder
from function.message.catalogue import Catalogue
from function.notify import compose
from operations.erasure import StoredEvent, erase_event
from operations.why.explanation import explain_mail, summarize
from operations.why.ledger_scan import scan_all
from operations.why.mail import MailStory
from operations.why.mail_search import MailQuery, find
from package.notifications.catalogue import EXAMPLES, compile_catalogue
from tests.faults.herald import ENVIRONMENT
from tests.integration.function.several_recipients.parts import (
    ADA,
    EVE,
    KIM,
    SHARED,
    SOURCE,
    cancellation,
    kinds,
    read,
    send_parts,
    to,
)

# -- what is said of it -----------------------------------------------------------------------------------------------


def test_why_says_of_the_event_that_each_recipient_has_a_mail_of_its_own(world: InMemoryHerald) -> None:
    world.deliver(to(ADA, KIM))
    found = explain_mail(MailStory(world.record("m1")), world.clock())
    assert found.what == "No mail of its own: the event names 2 recipients, and each has one."


def test_why_finds_every_recipients_mail_by_the_events_own_name(world: InMemoryHerald) -> None:
    world.post.answers = [RefusedForGood("no")]
    world.deliver(to(ADA, KIM, EVE))
    for part in [part for letter in world.retry.letters[:2] for part in read(letter)]:
        world.deliver(part)
    question = MailQuery("e", source=SOURCE)
    found = find(world.installation, question, [], [], partial(scan_all, world.installation), world.clock())
    assert sorted(mail.state for mail in found.mails) == ["rejected", "replaced", "sent"]
    assert summarize(found.mails) == "1 event, 1 mail that a provider took."
    send_parts(world)
    found = find(world.installation, question, [], [], partial(scan_all, world.installation), world.clock())
    assert summarize(found.mails) == "1 event, 2 mails that a provider took."


def test_what_becomes_of_each_is_told_and_of_the_event_itself_nothing(catalogue: Catalogue) -> None:
    table, topic = StreamedTable(), FakeTopic()
    world = InMemoryHerald(table, catalogue)
    world.schedules = True
    world.post.answers = [None, RefusedForGood("no")]
    world.deliver(to(ADA, KIM))
    send_parts(world)
    world.deliver(cancellation())
    send_parts(world)
    read_stream(table.stream, make_mail_events_handler(topic), random.Random(7))
    told = {(one["type"], one["data"]["event"]["id"].partition("~")[0]) for one in topic.told}
    assert told == {("mail.cancelled", "e"), ("mail.rejected", "e"), ("mail.sent", "e")}
    assert all("~" in one["data"]["event"]["id"] for one in topic.told)


def test_a_recipient_who_is_forgotten_leaves_the_others_and_gets_no_second_mail(world: InMemoryHerald) -> None:
    world.deliver(to(ADA, KIM))
    send_parts(world)
    found = find_personal_data_in_ledger(world, "kim@example.com")
    assert len(found) == 1
    erase_event(world.installation, found[0])
    assert find_personal_data_in_ledger(world, "kim@example.com") == []
    assert len(find_personal_data_in_ledger(world, "ada@example.com")) == 1
    world.deliver(to(ADA, KIM))
    assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2


def find_personal_data_in_ledger(world: InMemoryHerald, address: str) -> list[StoredEvent]:
    return [
        StoredEvent(item["pk"]["S"], item["message_id"]["S"])
        for item in world.client.scan(TableName="herald-ledger")["Items"]
        if address in (EventItem.from_item(item).text or "" if "body" in item else "")
    ]


def test_nothing_that_is_kept_of_the_event_itself_names_a_recipient(world: InMemoryHerald) -> None:
    world.deliver(to(ADA, KIM))
    item = world.item(event_key(SOURCE, "e"))
    assert item is not None
    assert "body" not in item


# -- composed ---------------------------------------------------------------------------------------------------------


class Queues:
    """SQS, as `notify` calls it."""

    def __init__(self) -> None:
        self.batches: list[Any] = []

    def send_message_batch(self, **request: Any) -> Any:
        self.batches.append(request)
        return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]], "Failed": []}


@pytest.mark.parametrize("takes", [True, False])
def test_notify_parts_events_into_its_own_queue_where_a_notification_takes_several(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, takes: bool
) -> None:
    known = catalogue if takes else compile_catalogue(tmp_path, EXAMPLES)
    monkeypatch.setattr(Catalogue, "load", lambda: known)
    queues, table = Queues(), MemoryTable("herald-ledger")
    clients: Any = SimpleNamespace(
        keys=lambda _: (SECRET,), sqs=lambda: queues, dynamodb=lambda: table, ses=lambda *_: None, secret=None
    )
    notifier = compose(ENVIRONMENT, clients)
    assert (notifier.courier("r").fan_out is not None) == takes
    if not takes:
        return
    context = SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: 30_000)
    assert notifier(sns(sns_notification(to(ADA, KIM).body, "m1")), context) == {}
    (batch,) = queues.batches
    assert batch["QueueUrl"] == ENVIRONMENT["HERALD_RETRY_QUEUE_URL"]
    assert len(batch["Entries"]) == 2


# -- posted -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def validator(world: InMemoryHerald) -> PublishValidator:
    builder = EmailBuilder(world.catalogue, SECRET, world.clock)
    return PublishValidator(builder, "herald", scheduling=True, clock=world.clock)


def make_event(*recipients: object) -> dict[str, Any]:
    return event("e", "account", data={**SHARED, "recipients": list(recipients)})


def test_an_event_with_several_recipients_may_be_posted(validator: PublishValidator) -> None:
    assert isinstance(validator.check(make_event(ADA, KIM), {"herald/account"}), Accepted)


def test_whoever_posts_one_with_a_wrong_recipient_is_told_which(validator: PublishValidator) -> None:
    found = validator.check(make_event(ADA, {**KIM, "email": "kim"}), {"herald/account"})
    assert isinstance(found, EventProblem)
    assert (found.status, found.pointer) == (422, "/data/recipients/1/email")


def test_the_id_of_a_part_is_as_long_as_an_id_may_be() -> None:
    assert part_id("e" * 235, "n" * 20) == f"{'e' * 235}~{'n' * 20}"
    assert len(part_id("e" * 256, "n" * 20)) <= 256
    assert part_id("e" * 256, "n" * 20) != part_id("e" * 255, "n" * 20)
