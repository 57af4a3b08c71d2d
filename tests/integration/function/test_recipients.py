"""Events that name several recipients: each gets a mail, a record and, where it fails, a letter of its own."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from function.delivery.admission import Accepted, Admission, Fault
from function.delivery.outcome import Outcome, OutcomeKind
from function.errors import RefusedForGood
from function.event.cloudevent import LARGEST_EVENT
from function.event.envelope import Delivery, from_queue
from function.ledger.keys import event_key, part_id
from function.ledger.record import EventItem, Record
from function.ledger.states import State
from function.message.builder import EmailBuilder
from function.message.catalogue import Catalogue
from function.notify import compose
from function.queues.dead_letter import Letter
from operations.erasure import KeptEvent, erase_event
from operations.why.answer import answer, summarize
from operations.why.finding import MailQuestion, find
from operations.why.ledger_scan import scan_all
from operations.why.mail import MailStory
from package.notifications.catalogue import EXAMPLES, compile_catalogue, examples
from tests.dynamodb.table import MemoryTable
from tests.envelopes import sns, sns_notification
from tests.fakes import SECRET, Dead, event
from tests.faults.herald import ENVIRONMENT
from tests.stream import StreamedTable, Topic, read_stream, teller
from tests.world import World, delivery, redrive

_SOURCE = "urn:herald:webapp"
_DATA: dict[str, Any] = examples("account", EXAMPLES)["typical"]
_SHARED = {name: value for name, value in _DATA.items() if name != "recipient"}
_ADA, _KIM, _EVE = ({**_DATA["recipient"], "email": f"{name}@example.com"} for name in ("ada", "kim", "eve"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "table" in metafunc.fixturenames:
        metafunc.parametrize("table", ["moto", "memory"], indirect=True)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("mails")
    shutil.copytree(EXAMPLES, folder / "mails")
    for type_ in ("account", "comments"):
        settings = folder / "mails" / type_ / "notification.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {"recipients": True}))
    return compile_catalogue(folder / "compiled", folder / "mails")


@pytest.fixture
def world(table: Any, catalogue: Catalogue) -> World:
    return World(table, catalogue)


def to(*recipients: object, id_: str = "e", message_id: str = "m1", **changes: Any) -> Delivery:
    """An event `id_` to these recipients as its own message."""
    data = {**_SHARED, "recipients": list(recipients)} | changes.pop("data", {})
    return delivery(message_id, event(id_, "account", data=data, **changes))


def send_parts(world: World) -> list[Outcome]:
    """Whatever waits in the queue `retry` is delivered."""
    letters, world.retry.letters = world.retry.letters, []
    return [world.deliver(found) for letter in letters for found in read(letter)]


def read(letter: Letter) -> list[Delivery]:
    record = {"messageId": "item", "receiptHandle": "handle", "attributes": {}, "body": letter.body}
    return [found for found in from_queue(record) if isinstance(found, Delivery)]


def mailed(world: World) -> list[str]:
    return sorted(mail.to for _, mail in world.post.taken)


def kinds(outcomes: list[Outcome]) -> list[OutcomeKind]:
    return [outcome.kind for outcome in outcomes]


def part_of(world: World, number: int = 0, id_: str = "e") -> Record:
    """The record of a part, in the order of their names."""
    parent = world.item(event_key(_SOURCE, id_))
    assert parent is not None
    name = sorted(world.record(parent["message_id"]["S"]).parts)[number]
    owner = world.item(event_key(_SOURCE, part_id(id_, name)))
    assert owner is not None
    return world.record(owner["message_id"]["S"])


def cancellation(id_: str = "e", message_id: str = "c1") -> Delivery:
    return delivery(message_id, event("cancel", "mail.cancel", data={"source": _SOURCE, "id": id_}))


# -- one mail each ----------------------------------------------------------------------------------------------------


def test_each_recipient_gets_one_mail_and_has_a_record_of_its_own(world: World) -> None:
    parted = world.deliver(to(_ADA, _KIM, _EVE))
    assert (parted.kind, parted.detail, parted.retry_at) == (OutcomeKind.PARTED, "3 recipients", None)
    assert world.mails == 0
    assert kinds(send_parts(world)) == [OutcomeKind.SENT] * 3
    assert mailed(world) == ["ada@example.com", "eve@example.com", "kim@example.com"]
    assert world.state("m1") is State.REPLACED
    assert {part_of(world, number).state for number in range(3)} == {State.SENT}
    assert len({part_of(world, number).address for number in range(3)}) == 3


def test_an_event_with_one_recipient_goes_as_before(world: World) -> None:
    assert world.deliver(delivery("m1", event("e", "account", data=_DATA))).kind is OutcomeKind.SENT
    assert world.retry.letters == []


def test_fifty_recipients_of_a_large_event_all_get_their_mail_in_calls_that_sqs_takes(world: World) -> None:
    calls: list[list[Letter]] = []

    class Queue(Dead):
        def put_all(self, letters: Any) -> dict[int, str]:
            calls.append(list(letters))
            return super().put_all(letters)

    world.retry = Queue()
    fifty = [{**_ADA, "email": f"r{number}@example.com"} for number in range(50)]
    assert world.deliver(to(*fifty, data={"ignored": "x" * 55_000})).kind is OutcomeKind.PARTED
    assert max(map(len, calls)) <= 10
    assert max(sum(len(letter.body) for letter in call) for call in calls) <= 256 * 1024
    assert kinds(send_parts(world)) == [OutcomeKind.SENT] * 50
    assert len(set(mailed(world))) == 50


def test_one_address_in_two_spellings_gets_one_mail(world: World) -> None:
    world.deliver(to(_ADA, {**_ADA, "email": "ADA@Example.com", "name": "Also Ada"}, _KIM))
    send_parts(world)
    assert mailed(world) == ["ada@example.com", "kim@example.com"]


# -- duplicates, and other content ------------------------------------------------------------------------------------


def test_delivered_and_published_again_each_is_a_duplicate_of_its_own(world: World) -> None:
    world.deliver(to(_ADA, _KIM))
    send_parts(world)
    for again in (to(_ADA, _KIM), to(_ADA, _KIM, message_id="m2")):
        assert world.deliver(again).kind is OutcomeKind.PARTED
        assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2
    assert world.mails == 2


def test_whoever_dies_before_the_parts_are_handed_on_is_followed_by_one_who_hands_on_the_same(world: World) -> None:
    class Broken(Dead):
        def put_all(self, letters: Any) -> dict[int, str]:
            super().put_all(letters)
            raise ConnectionError

    world.retry = Broken()
    with pytest.raises(ConnectionError):
        world.deliver(to(_ADA, _KIM))
    first = [letter.body for letter in world.retry.letters]
    world.retry = Dead()
    world.deliver(to(_ADA, _KIM))
    assert [letter.body for letter in world.retry.letters] == first
    send_parts(world)
    assert mailed(world) == ["ada@example.com", "kim@example.com"]


def test_what_sqs_does_not_take_comes_again(world: World) -> None:
    class Half(Dead):
        def put_all(self, letters: Any) -> dict[int, str]:
            super().put_all(letters[:1])
            return {1: "InternalError"}

    world.retry = Half()
    outcome = world.deliver(to(_ADA, _KIM))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.HELD, "SQS did not take 1 of 2 recipients")
    assert outcome.retry_at == world.clock() + 2_000
    send_parts(world)
    world.retry = Dead()
    world.deliver(to(_ADA, _KIM))
    assert sorted(kinds(send_parts(world))) == [OutcomeKind.DUPLICATE, OutcomeKind.SENT]


def test_the_same_recipients_in_another_order_are_the_same(world: World) -> None:
    world.deliver(to(_ADA, _KIM))
    send_parts(world)
    world.deliver(to(_KIM, _ADA, message_id="m2"))
    assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2
    assert world.mails == 2


def test_other_content_goes_to_whom_nothing_was_sent_and_to_whoever_is_new(world: World) -> None:
    world.post.answers = [None, RefusedForGood("no")]
    world.deliver(to(_ADA, _KIM))
    send_parts(world)
    assert mailed(world) == ["ada@example.com"]
    world.deliver(to(_ADA, _KIM, _EVE, message_id="m2", data={"link": _DATA.get("link"), "note": "corrected"}))
    found = send_parts(world)
    assert kinds(found) == [OutcomeKind.DUPLICATE, OutcomeKind.SENT, OutcomeKind.SENT]
    assert "with other content" in found[0].detail
    assert mailed(world) == ["ada@example.com", "eve@example.com", "kim@example.com"]
    assert len(world.record("m1").parts) == 3


def test_another_event_to_the_same_recipients_has_parts_of_its_own(world: World) -> None:
    for number, id_ in enumerate(("e", "f")):
        world.deliver(to(_ADA, _KIM, id_=id_, message_id=f"m{number}"))
        send_parts(world)
    assert world.mails == 4
    assert not world.record("m0").parts & world.record("m1").parts


def test_one_recipient_under_the_name_of_an_event_with_several_is_a_duplicate(world: World) -> None:
    world.deliver(to(_ADA, _KIM))
    outcome = world.deliver(delivery("m2", event("e", "account", data=_DATA)))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already replaced as m1, with other content")


def test_several_recipients_under_the_name_of_an_event_whose_mail_was_sent_are_a_duplicate(world: World) -> None:
    world.deliver(delivery("m1", event("e", "account", data=_DATA)))
    assert world.deliver(to(_ADA, _KIM, message_id="m2")).kind is OutcomeKind.DUPLICATE
    assert world.retry.letters == []


def test_a_new_address_key_makes_no_second_mail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.deliver(to(_ADA, _KIM))
    send_parts(world)
    monkeypatch.setattr("tests.world.SECRET", b"another-key-for-hashes-of-32-bytes-or-more")
    world.deliver(to(_ADA, _KIM))
    assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2


# -- one that fails stops nobody --------------------------------------------------------------------------------------


def test_an_invalid_recipient_is_a_letter_of_its_own_and_stops_no_other(world: World) -> None:
    world.deliver(to(_ADA, {**_KIM, "email": "kim"}, "eve", _EVE))
    assert sorted(kinds(send_parts(world))) == [OutcomeKind.REJECTED] * 2 + [OutcomeKind.SENT] * 2
    assert mailed(world) == ["ada@example.com", "eve@example.com"]
    assert [reason.partition(" must be")[0] for reason in world.dead.reasons] == [
        "data.recipient.email",
        "data.recipient",
    ]


def test_a_recipient_whom_the_provider_refuses_is_redriven_by_itself(world: World) -> None:
    world.post.answers = [RefusedForGood("no")]
    world.deliver(to(_ADA, _KIM))
    assert kinds(send_parts(world)) == [OutcomeKind.REJECTED, OutcomeKind.SENT]
    (letter,) = world.dead.letters
    assert letter.attributes["id"].startswith("e~")
    assert world.deliver(redrive(letter)).kind is OutcomeKind.SENT
    assert mailed(world) == ["ada@example.com", "kim@example.com"]


def test_a_suppressed_recipient_gets_none_and_the_others_do(world: World) -> None:
    world.suppress("kim@example.com")
    world.deliver(to(_ADA, _KIM))
    assert kinds(send_parts(world)) == [OutcomeKind.SENT, OutcomeKind.SUPPRESSED]
    assert mailed(world) == ["ada@example.com"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"recipients": []}, "data.recipients must be a list of 1 to 50 recipients (at /data/recipients)"),
        ({"recipients": [_ADA] * 51}, "data.recipients must be a list of 1 to 50 recipients (at /data/recipients)"),
        ({"recipients": _ADA}, "data.recipients must be a list of 1 to 50 recipients (at /data/recipients)"),
        ({"recipient": _ADA}, "data names a recipient or recipients, not both (at /data/recipients)"),
        ({"account": 7}, "data.account must be"),
    ],
)
def test_what_is_wrong_with_the_event_itself_is_one_letter(world: World, data: dict[str, Any], reason: str) -> None:
    assert world.deliver(to(_ADA, _KIM, data=data)).kind is OutcomeKind.REJECTED
    assert world.retry.letters == []
    assert len(world.dead.letters) == 1
    assert world.dead.reasons[0].startswith(reason)


def test_an_event_that_its_parts_would_make_too_large_is_one_letter(world: World) -> None:
    given = to(_ADA, data={"ignored": ""})
    room = LARGEST_EVENT - len(given.body.encode())
    given = to(_ADA, data={"ignored": "x" * room})
    assert len(given.body.encode()) == LARGEST_EVENT
    parted = world.deliver(given)
    assert parted.kind in (OutcomeKind.PARTED, OutcomeKind.REJECTED)
    assert all(outcome.kind is OutcomeKind.SENT for outcome in send_parts(world))


def test_a_letter_of_the_whole_event_is_redriven_once_a_release_takes_several(
    table: Any, catalogue: Catalogue, tmp_path: Path
) -> None:
    before = World(table, compile_catalogue(tmp_path, EXAMPLES))
    assert before.deliver(to(_ADA, _KIM)).kind is OutcomeKind.REJECTED
    after = World(table, catalogue, before.clock)
    assert after.deliver(redrive(before.dead.letters[0])).kind is OutcomeKind.PARTED
    assert kinds(send_parts(after)) == [OutcomeKind.SENT] * 2
    assert after.state("m1") is State.REPLACED


def test_a_version_that_takes_one_recipient_mails_the_parts_of_one_that_takes_several(
    table: Any, catalogue: Catalogue, tmp_path: Path
) -> None:
    new = World(table, catalogue)
    old = World(table, compile_catalogue(tmp_path, EXAMPLES), new.clock)
    new.deliver(to(_ADA, _KIM))
    for letter in new.retry.letters:
        assert [old.deliver(found).kind for found in read(letter)] == [OutcomeKind.SENT]
    assert kinds(send_parts(new)) == [OutcomeKind.DUPLICATE] * 2
    assert old.deliver(to(_ADA, _KIM)).kind is OutcomeKind.DUPLICATE


# -- later, together, and not at all ----------------------------------------------------------------------------------


def later(world: World, seconds: int = 3600) -> str:
    return datetime.fromtimestamp(world.clock() / 1000 + seconds, UTC).isoformat()


def test_sent_later_each_waits_by_itself(world: World) -> None:
    world.schedules = True
    world.deliver(to(_ADA, _KIM, sendat=later(world)))
    assert kinds(send_parts(world)) == [OutcomeKind.SCHEDULED] * 2
    world.clock.forward(3600)
    assert kinds([world.deliver(found) for found in world.run_scheduler()]) == [OutcomeKind.SENT] * 2


def test_sent_later_where_nothing_is_kept_it_is_one_letter(world: World) -> None:
    assert world.deliver(to(_ADA, _KIM, sendat=later(world))).kind is OutcomeKind.REJECTED
    assert len(world.dead.letters) == 1


def test_each_recipients_part_is_collected_for_its_own_digest(world: World) -> None:
    world.schedules = True
    comment = {name: value for name, value in examples("comments", EXAMPLES)["typical"].items() if name != "recipient"}
    given = delivery("m1", event("e", "comments", data={**comment, "recipients": [_ADA, _KIM]}))
    assert world.deliver(given).kind is OutcomeKind.PARTED
    assert kinds(send_parts(world)) == [OutcomeKind.COLLECTED] * 2
    assert part_of(world, 0).window != part_of(world, 1).window


def test_cancelled_while_they_wait_nobody_gets_a_mail(world: World) -> None:
    world.schedules = True
    world.deliver(to(_ADA, _KIM, sendat=later(world)))
    send_parts(world)
    outcome = world.deliver(cancellation())
    assert (outcome.kind, outcome.detail) == (OutcomeKind.CANCELLED, "2 recipients")
    assert kinds(send_parts(world)) == [OutcomeKind.CANCELLED] * 2
    assert {part_of(world, number).state for number in range(2)} == {State.CANCELLED}
    assert world.state("m1") is State.CANCELLED
    world.clock.forward(3600)
    assert world.run_scheduler() == []


def test_cancelled_before_its_parts_are_delivered_nobody_gets_a_mail(world: World) -> None:
    world.schedules = True
    world.deliver(to(_ADA, _KIM))
    parts, world.retry.letters = world.retry.letters, []
    world.deliver(cancellation())
    assert kinds(send_parts(world)) == [OutcomeKind.CANCELLED] * 2
    world.retry.letters = parts
    assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2
    assert world.mails == 0


def test_cancelled_before_it_comes_it_is_not_parted(world: World) -> None:
    world.schedules = True
    assert world.deliver(cancellation()).kind is OutcomeKind.CANCELLED
    assert world.deliver(to(_ADA, _KIM)).kind is OutcomeKind.DUPLICATE
    assert world.retry.letters == []


def test_cancelled_when_one_was_mailed_each_timeline_says_its_own(world: World) -> None:
    world.schedules = True
    world.post.answers = [None, RefusedForGood("no")]
    world.deliver(to(_ADA, _KIM))
    send_parts(world)
    world.deliver(cancellation())
    assert sorted(kinds(send_parts(world))) == [OutcomeKind.CANCELLED, OutcomeKind.DUPLICATE]
    assert {part_of(world, number).state for number in range(2)} == {State.CANCELLED, State.SENT}


def test_what_was_cancelled_stays_so_whoever_is_new_in_other_content(world: World) -> None:
    world.schedules = True
    world.deliver(to(_ADA, _KIM))
    world.retry.letters.clear()
    world.deliver(cancellation())
    send_parts(world)
    for again in (to(_ADA, _KIM), to(_ADA, _KIM, _EVE, message_id="m2")):
        outcome = world.deliver(again)
        assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already cancelled")
    assert send_parts(world) == []
    assert world.mails == 0


def test_a_cancellation_that_dies_between_is_delivered_again_and_cancels_the_rest(world: World) -> None:
    world.schedules = True
    world.deliver(to(_ADA, _KIM, sendat=later(world)))
    send_parts(world)
    world.deliver(cancellation())
    world.retry.letters = world.retry.letters[:1]
    send_parts(world)
    world.deliver(cancellation())
    assert sorted(kinds(send_parts(world))) == [OutcomeKind.CANCELLED, OutcomeKind.DUPLICATE]


# -- what is said of it -----------------------------------------------------------------------------------------------


def test_why_says_of_the_event_that_each_recipient_has_a_mail_of_its_own(world: World) -> None:
    world.deliver(to(_ADA, _KIM))
    found = answer(MailStory(world.record("m1")), world.clock())
    assert found.what == "No mail of its own: the event names 2 recipients, and each has one."


def test_why_finds_every_recipients_mail_by_the_events_own_name(world: World) -> None:
    world.post.answers = [RefusedForGood("no")]
    world.deliver(to(_ADA, _KIM, _EVE))
    for part in [part for letter in world.retry.letters[:2] for part in read(letter)]:
        world.deliver(part)
    question = MailQuestion("e", source=_SOURCE)
    found = find(world.installation, question, [], [], partial(scan_all, world.installation), world.clock())
    assert sorted(mail.state for mail in found.mails) == ["rejected", "replaced", "sent"]
    assert summarize(found.mails) == "1 event, 1 mail that a provider took."
    send_parts(world)
    found = find(world.installation, question, [], [], partial(scan_all, world.installation), world.clock())
    assert summarize(found.mails) == "1 event, 2 mails that a provider took."


def test_what_becomes_of_each_is_told_and_of_the_event_itself_nothing(catalogue: Catalogue) -> None:
    table, topic = StreamedTable(), Topic()
    world = World(table, catalogue)
    world.schedules = True
    world.post.answers = [None, RefusedForGood("no")]
    world.deliver(to(_ADA, _KIM))
    send_parts(world)
    world.deliver(cancellation())
    send_parts(world)
    read_stream(table.stream, teller(topic), random.Random(7))
    told = {(one["type"], one["data"]["event"]["id"].partition("~")[0]) for one in topic.told}
    assert told == {("mail.cancelled", "e"), ("mail.rejected", "e"), ("mail.sent", "e")}
    assert all("~" in one["data"]["event"]["id"] for one in topic.told)


def test_a_recipient_who_is_forgotten_leaves_the_others_and_gets_no_second_mail(world: World) -> None:
    world.deliver(to(_ADA, _KIM))
    send_parts(world)
    found = find_personal_data_in_ledger(world, "kim@example.com")
    assert len(found) == 1
    erase_event(world.installation, found[0])
    assert find_personal_data_in_ledger(world, "kim@example.com") == []
    assert len(find_personal_data_in_ledger(world, "ada@example.com")) == 1
    world.deliver(to(_ADA, _KIM))
    assert kinds(send_parts(world)) == [OutcomeKind.DUPLICATE] * 2


def find_personal_data_in_ledger(world: World, address: str) -> list[KeptEvent]:
    return [
        KeptEvent(item["pk"]["S"], item["message_id"]["S"])
        for item in world.client.scan(TableName="herald-ledger")["Items"]
        if address in (EventItem.from_item(item).text or "" if "body" in item else "")
    ]


def test_nothing_that_is_kept_of_the_event_itself_names_a_recipient(world: World) -> None:
    world.deliver(to(_ADA, _KIM))
    item = world.item(event_key(_SOURCE, "e"))
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
    assert (notifier.courier("r").parting is not None) == takes
    if not takes:
        return
    context = SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: 30_000)
    assert notifier(sns(sns_notification(to(_ADA, _KIM).body, "m1")), context) == {}
    (batch,) = queues.batches
    assert batch["QueueUrl"] == ENVIRONMENT["HERALD_RETRY_QUEUE_URL"]
    assert len(batch["Entries"]) == 2


# -- posted -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def admission(world: World) -> Admission:
    builder = EmailBuilder(world.catalogue, SECRET, world.clock)
    return Admission(builder, "herald", scheduling=True, clock=world.clock)


def posted(*recipients: object) -> dict[str, Any]:
    return event("e", "account", data={**_SHARED, "recipients": list(recipients)})


def test_an_event_with_several_recipients_may_be_posted(admission: Admission) -> None:
    assert isinstance(admission.check(posted(_ADA, _KIM), {"herald/account"}), Accepted)


def test_whoever_posts_one_with_a_wrong_recipient_is_told_which(admission: Admission) -> None:
    found = admission.check(posted(_ADA, {**_KIM, "email": "kim"}), {"herald/account"})
    assert isinstance(found, Fault)
    assert (found.status, found.pointer) == (422, "/data/recipients/1/email")


def test_the_id_of_a_part_is_as_long_as_an_id_may_be() -> None:
    assert part_id("e" * 235, "n" * 20) == f"{'e' * 235}~{'n' * 20}"
    assert len(part_id("e" * 256, "n" * 20)) <= 256
    assert part_id("e" * 256, "n" * 20) != part_id("e" * 255, "n" * 20)
