"""Files that go with a mail: fetched before the claim, held to their hash, and waited for."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

from fakes.clock import NOW
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown
from function.event.cloudevent import SYNTHETIC_SOURCE
from function.event.envelope import QueueItem
from function.ledger.states import State
from function.message.attachments import LARGEST
from function.message.catalogue import Catalogue
from function.message.email import Attachment
from operations.why.explanation import explain_mail
from operations.why.mail import MailStory
from package.notifications.catalogue import NOTIFICATIONS, compile_catalogue
from tests.attachments import BUCKET, add_attachments, event_with, reference

PDF = b"%PDF-1.7 an invoice"
CSV = "Größe;Preis".encode()
_DAY = 86_400


@pytest.fixture(scope="session")
def with_files(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("attachments")
    shutil.copytree(NOTIFICATIONS, folder / "notifications")
    add_attachments(folder / "notifications")
    return compile_catalogue(folder / "compiled", folder / "notifications")


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        session = botocore.session.get_session()
        session.set_credentials("test", "test")
        client: Any = session.create_client("s3", "us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def world(table: Any, with_files: Catalogue, s3: Any) -> InMemoryHerald:
    return InMemoryHerald(table, with_files, s3=s3, buckets=frozenset({BUCKET}))


def put(world: InMemoryHerald, key: str, content: bytes) -> str:
    """Keep an object; returns its version, where the bucket has any."""
    version: str = world.s3.put_object(Bucket=BUCKET, Key=key, Body=content).get("VersionId", "")
    return version


def redeliver(receives: int, hours: float = 0) -> QueueItem:
    """The delivery as `retry` hands it out, put there so many hours ago."""
    return QueueItem("item", "handle", receives, NOW - int(hours * 3_600_000))


def test_the_files_that_an_event_names_go_with_its_mail(world: InMemoryHerald) -> None:
    put(world, "a.pdf", PDF)
    put(world, "2026/März & Co?.csv", CSV)
    named = reference("2026/März & Co?.csv", CSV, name="März.csv", type="text/csv")
    assert world.deliver(delivery("m1", event_with(reference("a.pdf", PDF), named))).kind is OutcomeKind.SENT
    (_, mail), *_ = world.post.taken
    assert mail.attachments == (
        Attachment("a.pdf", "application/pdf", PDF),
        Attachment("März.csv", "text/csv", CSV),
    )
    assert world.deliver(delivery("m1", event_with(reference("a.pdf", PDF), named))).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_an_event_of_such_a_notification_needs_no_files(world: InMemoryHerald) -> None:
    assert world.deliver(delivery("m1", event())).kind is OutcomeKind.SENT
    assert world.deliver(delivery("m2", event_with(event_id="e2"))).kind is OutcomeKind.SENT
    assert [mail.attachments for _, mail in world.post.taken] == [(), ()]


def test_a_version_is_the_one_that_is_named(world: InMemoryHerald) -> None:
    enabled = {"Status": "Enabled"}
    world.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=enabled)
    version = put(world, "a.pdf", PDF)
    put(world, "a.pdf", b"%PDF-1.7 another")
    named = reference("a.pdf", PDF, url=f"s3://{BUCKET}/a.pdf?versionId={version}")
    assert world.deliver(delivery("m1", event_with(named))).kind is OutcomeKind.SENT
    assert world.post.taken[0][1].attachments[0].content == PDF


# -- what is missing or wrong -----------------------------------------------------------------------------------------


def test_what_is_missing_is_not_sent_and_tried_again_until_it_is_there(world: InMemoryHerald) -> None:
    first = delivery("m1", event_with(reference("a.pdf", PDF)))
    outcome = world.deliver(first)
    assert (outcome.kind, world.item("message#m1")) == (OutcomeKind.RELEASED, None), "nothing was claimed"
    assert (
        outcome.detail
        == "attachment 0 is not there, or notify may not read it: S3 answered NoSuchKey (bucket invoices)"
    )
    assert outcome.retry_at == world.clock() + 2_000
    put(world, "a.pdf", PDF)
    assert world.deliver(replace(first, item=redeliver(1))).kind is OutcomeKind.SENT
    assert (world.mails, world.dead.letters) == (1, [])


def test_after_a_day_a_letter_says_why_and_redriving_it_sends_the_mail(world: InMemoryHerald) -> None:
    waiting = delivery("m1", event_with(reference("a.pdf", PDF)))
    waits = [world.deliver(replace(waiting, item=redeliver(receives))).retry_at for receives in (1, 5, 12)]
    assert [(at or 0) - world.clock() for at in waits] == [2_000, 32_000, 900_000]
    assert world.dead.letters == []
    outcome = world.deliver(replace(waiting, item=redeliver(110, hours=25)))
    assert outcome.kind is OutcomeKind.REJECTED
    (letter,) = world.dead.letters
    assert letter.attributes["reason_code"] == "attachment_unavailable"
    assert letter.attributes["reason"].startswith("gave up after 110 tries: attachment 0 is not there")
    assert world.state() is State.REJECTED
    assert world.deliver(redrive(letter)).kind is OutcomeKind.RELEASED, "it is still not there"
    put(world, "a.pdf", PDF)
    assert world.deliver(redrive(letter)).kind is OutcomeKind.SENT
    assert world.mails == 1


def test_why_says_which_file_a_mail_waited_for_and_what_to_do(world: InMemoryHerald) -> None:
    world.deliver(replace(delivery("m1", event_with(reference("a.pdf", PDF))), item=redeliver(200)))
    told = explain_mail(MailStory(world.record()), world.clock())
    assert told.what == "No mail: a file that goes with it was waited for, for a day."
    assert "attachment 0 is not there" in told.why
    world.deliver(delivery("m2", event_with(reference("a.pdf", PDF, url="s3://elsewhere/a.pdf"), event_id="e2")))
    told = explain_mail(MailStory(world.record("m2")), world.clock())
    assert told.what == "No mail: a file that goes with it is not allowed."


def test_what_lay_in_a_paused_queue_for_a_day_is_tried_before_it_is_given_up(world: InMemoryHerald) -> None:
    outcome = world.deliver(replace(delivery("m1", event_with(reference("a.pdf", PDF))), item=redeliver(2, hours=30)))
    assert outcome.kind is OutcomeKind.RELEASED


def test_the_last_receive_writes_the_letter(world: InMemoryHerald) -> None:
    waiting = delivery("m1", event_with(reference("a.pdf", PDF)))
    assert world.deliver(replace(waiting, item=redeliver(200))).kind is OutcomeKind.REJECTED


def test_another_content_than_the_hash_says_is_never_sent(world: InMemoryHerald) -> None:
    put(world, "a.pdf", PDF + b"!")
    outcome = world.deliver(delivery("m1", event_with(reference("a.pdf", PDF)), item=redeliver(200)))
    assert (outcome.kind, world.mails) == (OutcomeKind.REJECTED, 0)
    assert world.dead.letters[0].attributes["reason_code"] == "attachment_changed"


def test_ten_megabytes_together_go_and_a_byte_more_does_not(world: InMemoryHerald) -> None:
    half = b"x" * (LARGEST // 2)
    for key, content in {"a.pdf": half, "b.pdf": half, "c.pdf": b"y"}.items():
        put(world, key, content)
    two = [reference("a.pdf", half), reference("b.pdf", half)]
    assert world.deliver(delivery("m1", event_with(*two))).kind is OutcomeKind.SENT
    three = event_with(*two, reference("c.pdf", b"y"), event_id="e2")
    outcome = world.deliver(delivery("m2", three, item=redeliver(200)))
    assert (outcome.kind, world.mails) == (OutcomeKind.REJECTED, 1)
    assert world.dead.letters[0].attributes["reason_code"] == "attachment_too_large"


class Body:
    """An object that gives more than it said, and counts how much was asked of it."""

    def __init__(self, pieces: int) -> None:
        self.left = pieces
        self.read_bytes = 0
        self.closed = False

    def read(self, amount: int) -> bytes:
        self.left -= 1
        self.read_bytes += amount
        return b"x" * amount if self.left >= 0 else b""

    def close(self) -> None:
        self.closed = True


class Store:
    """S3, with one object."""

    def __init__(self, body: Body, length: int, tick: Any = None) -> None:
        self.body, self.length, self.tick = body, length, tick

    def get_object(self, **_: str) -> dict[str, Any]:
        if self.tick:
            self.tick()
        return {"Body": self.body, "ContentLength": self.length}


@pytest.mark.parametrize(("length", "most"), [(LARGEST + 1, 0), (5, LARGEST + 1_000_000)])
def test_of_what_is_too_large_no_more_is_read_than_could_be_sent(world: InMemoryHerald, length: int, most: int) -> None:
    body = Body(1_000)
    world.s3 = Store(body, length)
    outcome = world.deliver(delivery("m1", event_with(reference("a.pdf", PDF))))
    assert outcome.detail.startswith("attachment 0 is too large")
    assert body.read_bytes <= most
    assert body.closed


def test_what_comes_too_slowly_is_given_up_before_the_invocation_ends(world: InMemoryHerald) -> None:
    body = Body(1_000)
    world.s3 = Store(body, 9_000_000, lambda: world.clock.forward(61))
    outcome = world.deliver(delivery("m1", event_with(reference("a.pdf", PDF))), seconds=60)
    assert (outcome.kind, body.closed) == (OutcomeKind.RELEASED, True)
    assert outcome.detail == "attachment 0 was read too slowly to be sent in this invocation"


# -- what the ledger knows --------------------------------------------------------------------------------------------


def test_a_mail_that_was_sent_waits_for_no_file_of_a_later_delivery(world: InMemoryHerald) -> None:
    put(world, "a.pdf", PDF)
    sent = delivery("m1", event_with(reference("a.pdf", PDF)))
    world.deliver(sent)
    world.s3.delete_object(Bucket=BUCKET, Key="a.pdf")
    assert world.deliver(sent).kind is OutcomeKind.DUPLICATE


def test_a_mail_in_doubt_whose_file_is_gone_waits_and_is_then_a_persons(world: InMemoryHerald) -> None:
    put(world, "a.pdf", PDF)
    doubtful = delivery("m1", event_with(reference("a.pdf", PDF)))
    world.post.answers = [OutcomeUnknown("lost")]
    world.deliver(doubtful)
    world.s3.delete_object(Bucket=BUCKET, Key="a.pdf")
    world.clock.forward(16 * 60)
    assert world.deliver(replace(doubtful, item=redeliver(2))).kind is OutcomeKind.RELEASED
    assert (world.state(), world.dead.letters) == (State.UNKNOWN, [])
    assert world.deliver(replace(doubtful, item=redeliver(200))).kind is OutcomeKind.PARKED
    assert world.dead.letters[0].attributes["reason_code"] == "may_have_gone"


def test_other_content_under_the_same_name_is_sent_while_the_first_waits_for_its_file(world: InMemoryHerald) -> None:
    first = delivery("m1", event_with(reference("a.pdf", PDF)))
    world.deliver(first)
    put(world, "b.pdf", PDF)
    assert world.deliver(delivery("m2", event_with(reference("b.pdf", PDF)))).kind is OutcomeKind.SENT
    outcome = world.deliver(replace(first, item=redeliver(200)))
    assert (outcome.kind, world.mails, world.dead.letters) == (OutcomeKind.DUPLICATE, 1, [])


# -- later, and tries -------------------------------------------------------------------------------------------------


def test_what_is_sent_later_is_fetched_then(world: InMemoryHerald, schedules: None) -> None:
    due = "2026-11-22T08:00:00Z"
    kept = delivery("m1", event_with(reference("a.pdf", PDF), sendat=due))
    assert world.deliver(kept).kind is OutcomeKind.SCHEDULED, "the file may come until then"
    put(world, "a.pdf", PDF)
    world.clock.forward(2 * _DAY)
    (found,) = world.run_scheduler()
    assert world.deliver(found).kind is OutcomeKind.SENT
    assert world.post.taken[0][1].attachments[0].content == PDF


def test_a_release_tries_a_version_with_stand_ins(world: InMemoryHerald) -> None:
    synthetic = event_with(reference("a.pdf", PDF, url="s3://nowhere/a.pdf"), source=SYNTHETIC_SOURCE)
    synthetic["data"]["recipient"]["email"] = "success@simulator.amazonses.com"
    outcome = world.deliver(delivery("m1", synthetic))
    assert (outcome.kind, outcome.synthetic) == (OutcomeKind.SENT, True)
    (one,) = world.post.taken[0][1].attachments
    assert (one.name, one.type) == ("a.pdf", "application/pdf")


# -- what is rejected at once -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"url": "s3://elsewhere/a.pdf"}, "url", "attachment_not_allowed"),
        ({"url": "https://invoices.example/a.pdf"}, "url", "event_invalid"),
        ({"url": "s3://invoices/"}, "url", "event_invalid"),
        ({"url": "s3://invoices"}, "url", "event_invalid"),
        ({"url": f"s3://invoices/{'雪' * 342}"}, "url", "event_invalid"),
        ({"url": "s3://invoices/a.pdf\nx"}, "url", "event_invalid"),
        ({"sha256": "A" * 64}, "sha256", "event_invalid"),
        ({"sha256": "a" * 63}, "sha256", "event_invalid"),
        ({"type": "text/html", "name": "a.html"}, "type", "attachment_not_allowed"),
        ({"type": "application/x-msdownload", "name": "a.exe"}, "type", "attachment_not_allowed"),
        ({"type": "application/pdf\r\nX: y"}, "type", "attachment_not_allowed"),
        ({"name": "a.exe"}, "name", "event_invalid"),
        ({"name": "a.pdf.exe"}, "name", "event_invalid"),
        ({"name": "../a.pdf"}, "name", "event_invalid"),
        ({"name": "c:\\a.pdf"}, "name", "event_invalid"),
        ({"name": 'a".pdf'}, "name", "event_invalid"),
        ({"name": "a\r\nBcc: all@example.com.pdf"}, "name", "event_invalid"),
        ({"name": "a\u202efdp.pdf"}, "name", "event_invalid"),
        ({"name": "a\u2028.pdf"}, "name", "event_invalid"),
        ({"name": ".pdf"}, "name", "event_invalid"),
        ({"name": " a.pdf"}, "name", "event_invalid"),
        ({"name": "a" * 117 + ".pdf"}, "name", "event_invalid"),
    ],
)
def test_what_can_never_be_attached_is_rejected_at_once(
    world: InMemoryHerald, changes: dict[str, str], pointer: str, code: str
) -> None:
    good = reference("a.pdf", PDF)
    outcome = world.deliver(delivery("m1", event_with(good, good | changes)))
    assert (outcome.kind, world.mails) == (OutcomeKind.REJECTED, 0)
    (letter,) = world.dead.letters
    assert letter.attributes["reason_code"] == code
    assert letter.attributes["reason"].endswith(f"(at /data/attachments/1/{pointer})")


@pytest.mark.parametrize("name", ["März 雪.PDF", "Rechnung (2).pdf", "a.b.pdf", "a" * 116 + ".pdf", "😀.pdf"])
def test_a_name_of_every_script_may_be_a_files(world: InMemoryHerald, name: str) -> None:
    put(world, "a.pdf", PDF)
    assert world.deliver(delivery("m1", event_with(reference("a.pdf", PDF, name=name)))).kind is OutcomeKind.SENT
    assert world.post.taken[0][1].attachments[0].name == name


def test_ten_files_are_the_most(world: InMemoryHerald) -> None:
    put(world, "a.pdf", b"1")
    world.deliver(delivery("m1", event_with(*[reference("a.pdf", b"1")] * 10)))
    assert len(world.post.taken[0][1].attachments) == 10
    outcome = world.deliver(delivery("m2", event_with(*[reference("a.pdf", b"1")] * 11, event_id="e2")))
    assert outcome.kind is OutcomeKind.REJECTED


def test_without_buckets_every_attachment_is_refused(world: InMemoryHerald) -> None:
    world.buckets = frozenset()
    world.deliver(delivery("m1", event_with(reference("a.pdf", PDF))))
    assert world.dead.letters[0].attributes["reason_code"] == "attachment_not_allowed"
