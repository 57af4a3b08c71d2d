"""Events that name several recipients: each gets a mail, a record and, where it fails, a letter of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from fakes.queue import FakeQueue
from function.delivery.outcome import OutcomeKind
from function.errors import RefusedForGood
from function.event.cloudevent import LARGEST_EVENT
from function.ledger.states import State
from function.message.catalogue import Catalogue
from function.queues.dead_letter import Letter
from package.notifications.catalogue import EXAMPLES, compile_catalogue
from tests.integration.function.several_recipients.parts import (
    ADA,
    DATA,
    EVE,
    KIM,
    kinds,
    list_mailed,
    part_of,
    read,
    send_parts,
    to,
)

# -- one mail each ----------------------------------------------------------------------------------------------------


def test_each_recipient_gets_one_mail_and_has_a_record_of_its_own(world: InMemoryHerald) -> None:
    parted = world.deliver(to(ADA, KIM, EVE))
    assert (parted.kind, parted.detail, parted.retry_at) == (OutcomeKind.PARTED, "3 recipients", None)
    assert world.mails == 0
    assert kinds(send_parts(world)) == [OutcomeKind.SENT] * 3
    assert list_mailed(world) == ["ada@example.com", "eve@example.com", "kim@example.com"]
    assert world.state("m1") is State.REPLACED
    assert {part_of(world, number).state for number in range(3)} == {State.SENT}
    assert len({part_of(world, number).address for number in range(3)}) == 3


def test_an_event_with_one_recipient_goes_as_before(world: InMemoryHerald) -> None:
    assert world.deliver(delivery("m1", event("e", "account", data=DATA))).kind is OutcomeKind.SENT
    assert world.retry.letters == []


@pytest.mark.slow
def test_fifty_recipients_of_a_large_event_all_get_their_mail_in_calls_that_sqs_takes(world: InMemoryHerald) -> None:
    calls: list[list[Letter]] = []

    class Queue(FakeQueue):
        def put_all(self, letters: Any) -> dict[int, str]:
            calls.append(list(letters))
            return super().put_all(letters)

    world.retry = Queue()
    fifty = [{**ADA, "email": f"r{number}@example.com"} for number in range(50)]
    assert world.deliver(to(*fifty, data={"ignored": "x" * 55_000})).kind is OutcomeKind.PARTED
    assert max(map(len, calls)) <= 10
    assert max(sum(len(letter.body) for letter in call) for call in calls) <= 256 * 1024
    assert kinds(send_parts(world)) == [OutcomeKind.SENT] * 50
    assert len(set(list_mailed(world))) == 50


def test_one_address_in_two_spellings_gets_one_mail(world: InMemoryHerald) -> None:
    world.deliver(to(ADA, {**ADA, "email": "ADA@Example.com", "name": "Also Ada"}, KIM))
    send_parts(world)
    assert list_mailed(world) == ["ada@example.com", "kim@example.com"]


# -- duplicates, and other content ------------------------------------------------------------------------------------


def test_delivered_and_published_again_each_is_a_duplicate_of_its_own(world: InMemoryHerald) -> None:
    world.deliver(to(ADA, KIM))
    send_parts(world)
    for again in (to(ADA, KIM), to(ADA, KIM, message_id="m2")):
        assert world.deliver(again).kind is OutcomeKind.PARTED
        assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2
    assert world.mails == 2


def test_whoever_dies_before_the_parts_are_handed_on_is_followed_by_one_who_hands_on_the_same(
    world: InMemoryHerald,
) -> None:
    class Broken(FakeQueue):
        def put_all(self, letters: Any) -> dict[int, str]:
            super().put_all(letters)
            raise ConnectionError

    world.retry = Broken()
    with pytest.raises(ConnectionError):
        world.deliver(to(ADA, KIM))
    first = [letter.body for letter in world.retry.letters]
    world.retry = FakeQueue()
    world.deliver(to(ADA, KIM))
    assert [letter.body for letter in world.retry.letters] == first
    send_parts(world)
    assert list_mailed(world) == ["ada@example.com", "kim@example.com"]


def test_what_sqs_does_not_take_comes_again(world: InMemoryHerald) -> None:
    class Half(FakeQueue):
        def put_all(self, letters: Any) -> dict[int, str]:
            super().put_all(letters[:1])
            return {1: "InternalError"}

    world.retry = Half()
    outcome = world.deliver(to(ADA, KIM))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.HELD, "SQS did not take 1 of 2 recipients")
    assert outcome.retry_at == world.clock() + 2_000
    send_parts(world)
    world.retry = FakeQueue()
    world.deliver(to(ADA, KIM))
    assert sorted(kinds(send_parts(world))) == [OutcomeKind.DUPLICATE, OutcomeKind.SENT]


def test_the_same_recipients_in_another_order_are_the_same(world: InMemoryHerald) -> None:
    world.deliver(to(ADA, KIM))
    send_parts(world)
    world.deliver(to(KIM, ADA, message_id="m2"))
    assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2
    assert world.mails == 2


def test_other_content_goes_to_whom_nothing_was_sent_and_to_whoever_is_new(world: InMemoryHerald) -> None:
    world.post.answers = [None, RefusedForGood("no")]
    world.deliver(to(ADA, KIM))
    send_parts(world)
    assert list_mailed(world) == ["ada@example.com"]
    world.deliver(to(ADA, KIM, EVE, message_id="m2", data={"link": DATA.get("link"), "note": "corrected"}))
    found = send_parts(world)
    assert kinds(found) == [OutcomeKind.DUPLICATE, OutcomeKind.SENT, OutcomeKind.SENT]
    assert "with other content" in found[0].detail
    assert list_mailed(world) == ["ada@example.com", "eve@example.com", "kim@example.com"]
    assert len(world.record("m1").parts) == 3


def test_another_event_to_the_same_recipients_has_parts_of_its_own(world: InMemoryHerald) -> None:
    for number, id_ in enumerate(("e", "f")):
        world.deliver(to(ADA, KIM, id_=id_, message_id=f"m{number}"))
        send_parts(world)
    assert world.mails == 4
    assert not world.record("m0").parts & world.record("m1").parts


def test_one_recipient_under_the_name_of_an_event_with_several_is_a_duplicate(world: InMemoryHerald) -> None:
    world.deliver(to(ADA, KIM))
    outcome = world.deliver(delivery("m2", event("e", "account", data=DATA)))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already replaced as m1, with other content")


def test_several_recipients_under_the_name_of_an_event_whose_mail_was_sent_are_a_duplicate(
    world: InMemoryHerald,
) -> None:
    world.deliver(delivery("m1", event("e", "account", data=DATA)))
    assert world.deliver(to(ADA, KIM, message_id="m2")).kind is OutcomeKind.DUPLICATE
    assert world.retry.letters == []


def test_a_new_address_key_makes_no_second_mail(world: InMemoryHerald, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deliver(to(ADA, KIM))
    send_parts(world)
    monkeypatch.setattr("fakes.in_memory_herald.SECRET", b"another-key-for-hashes-of-32-bytes-or-more")
    world.deliver(to(ADA, KIM))
    assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2


# -- one that fails stops nobody --------------------------------------------------------------------------------------


def test_an_invalid_recipient_is_a_letter_of_its_own_and_stops_no_other(world: InMemoryHerald) -> None:
    world.deliver(to(ADA, {**KIM, "email": "kim"}, "eve", EVE))
    assert sorted(kinds(send_parts(world))) == [OutcomeKind.REJECTED] * 2 + [OutcomeKind.SENT] * 2
    assert list_mailed(world) == ["ada@example.com", "eve@example.com"]
    assert [reason.partition(" must be")[0] for reason in world.dead.reasons] == [
        "data.recipient.email",
        "data.recipient",
    ]


def test_a_recipient_whom_the_provider_refuses_is_redriven_by_itself(world: InMemoryHerald) -> None:
    world.post.answers = [RefusedForGood("no")]
    world.deliver(to(ADA, KIM))
    assert kinds(send_parts(world)) == [OutcomeKind.REJECTED, OutcomeKind.SENT]
    (letter,) = world.dead.letters
    assert letter.attributes["id"].startswith("e~")
    assert world.deliver(redrive(letter)).kind is OutcomeKind.SENT
    assert list_mailed(world) == ["ada@example.com", "kim@example.com"]


def test_a_suppressed_recipient_gets_none_and_the_others_do(world: InMemoryHerald) -> None:
    world.suppress("kim@example.com")
    world.deliver(to(ADA, KIM))
    assert kinds(send_parts(world)) == [OutcomeKind.SENT, OutcomeKind.SUPPRESSED]
    assert list_mailed(world) == ["ada@example.com"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"recipients": []}, "data.recipients must be a list of 1 to 50 recipients (at /data/recipients)"),
        ({"recipients": [ADA] * 51}, "data.recipients must be a list of 1 to 50 recipients (at /data/recipients)"),
        ({"recipients": ADA}, "data.recipients must be a list of 1 to 50 recipients (at /data/recipients)"),
        ({"recipient": ADA}, "data names a recipient or recipients, not both (at /data/recipients)"),
        ({"account": 7}, "data.account must be"),
    ],
)
def test_what_is_wrong_with_the_event_itself_is_one_letter(
    world: InMemoryHerald, data: dict[str, Any], reason: str
) -> None:
    assert world.deliver(to(ADA, KIM, data=data)).kind is OutcomeKind.REJECTED
    assert world.retry.letters == []
    assert len(world.dead.letters) == 1
    assert world.dead.reasons[0].startswith(reason)


def test_an_event_that_its_parts_would_make_too_large_is_one_letter(world: InMemoryHerald) -> None:
    given = to(ADA, data={"ignored": ""})
    room = LARGEST_EVENT - len(given.body.encode())
    given = to(ADA, data={"ignored": "x" * room})
    assert len(given.body.encode()) == LARGEST_EVENT
    parted = world.deliver(given)
    assert parted.kind in (OutcomeKind.PARTED, OutcomeKind.REJECTED)
    assert all(outcome.kind is OutcomeKind.SENT for outcome in send_parts(world))


def test_a_letter_of_the_whole_event_is_redriven_once_a_release_takes_several(
    table: Any, catalogue: Catalogue, tmp_path: Path
) -> None:
    before = InMemoryHerald(table, compile_catalogue(tmp_path, EXAMPLES))
    assert before.deliver(to(ADA, KIM)).kind is OutcomeKind.REJECTED
    after = InMemoryHerald(table, catalogue, before.clock)
    assert after.deliver(redrive(before.dead.letters[0])).kind is OutcomeKind.PARTED
    assert kinds(send_parts(after)) == [OutcomeKind.SENT] * 2
    assert after.state("m1") is State.REPLACED


def test_a_version_that_takes_one_recipient_mails_the_parts_of_one_that_takes_several(
    table: Any, catalogue: Catalogue, tmp_path: Path
) -> None:
    new = InMemoryHerald(table, catalogue)
    old = InMemoryHerald(table, compile_catalogue(tmp_path, EXAMPLES), new.clock)
    new.deliver(to(ADA, KIM))
    for letter in new.retry.letters:
        assert [old.deliver(found).kind for found in read(letter)] == [OutcomeKind.SENT]
    assert kinds(send_parts(new)) == [OutcomeKind.DUPLICATE] * 2
    assert old.deliver(to(ADA, KIM)).kind is OutcomeKind.DUPLICATE
