"""Events that are to be sent later, and events that cancel others."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest

from function.delivery.outcome import Outcome, OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable
from function.event.envelope import Delivery, QueueItem
from function.ledger.attempt import Attempt, Held
from function.ledger.states import State
from function.queues.sqs import Queue
from function.runtime.metrics import Telemetry
from function.scheduler import Scheduler
from laptop.service_model import hold_to_model
from tests.fakes import Clock, event, example
from tests.world import World, delivery, event_item

_HOUR = 3600
_DAY = 86_400
_HOLD = 15 * 60
_OTHER: dict[str, Any] = example() | {"book": example()["book"] | {"title": "The corrected title"}}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "table" in metafunc.fixturenames:
        metafunc.parametrize("table", ["moto", "memory"], indirect=True)


@pytest.fixture(autouse=True)
def schedules(world: World) -> None:
    world.schedules = True


def at(world: World, seconds: float) -> str:
    return datetime.fromtimestamp(world.clock() / 1000 + seconds, UTC).isoformat()


def later(world: World, seconds: float = _DAY, **changes: Any) -> dict[str, Any]:
    return event(sendat=at(world, seconds), **changes)


def cancellation(event_id: str = "01JD6Q1M4X9Z8T7V5R3N2K0B4C", message_id: str = "c1", **marks: Any) -> Delivery:
    data = {"source": "urn:herald:webapp", "id": event_id}
    return delivery(message_id, event("cancel-1", "mail.cancel", data=data), **marks)


def from_queue(found: Delivery) -> Delivery:
    return Delivery(found.message_id, found.body, in_ledger=found.in_ledger, item=QueueItem("item", "handle", 1))


def send_due(world: World) -> list[Outcome]:
    return [world.deliver(from_queue(found)) for found in world.run_scheduler()]


def codes(world: World, message_id: str = "m1") -> list[tuple[str, str]]:
    item = world.item(f"message#{message_id}")
    assert item is not None
    rows = (row["M"] for row in item["timeline"]["L"])
    return [(row["state"]["S"], row.get("reason_code", {}).get("S", "")) for row in rows]


# -- later ----------------------------------------------------------------------------------------------------------


def test_an_event_is_mailed_once_at_the_time_that_it_names(world: World) -> None:
    assert world.deliver(delivery(value=later(world))).kind is OutcomeKind.SCHEDULED
    world.clock.forward(_DAY - 1)
    assert send_due(world) == []
    assert world.mails == 0
    world.clock.forward(1)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]
    assert send_due(world) == []
    assert world.mails == 1
    assert codes(world) == [("scheduled", "scheduled"), ("sent", "")]


def test_it_is_in_the_index_until_it_is_claimed_and_no_longer(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    due = world.record().due_at
    assert due == world.clock() + _DAY * 1000
    world.clock.forward(_DAY)
    send_due(world)
    item = world.item("message#m1")
    assert item is not None
    assert not {"due", "due_at", "scheduled_for"} & item.keys()


def test_record_and_event_are_kept_for_the_retention_after_its_time(world: World) -> None:
    world.deliver(delivery(value=later(world, 90 * _DAY)))
    items = [world.item(key) for key in ("message#m1", event_item())]
    expiry = world.clock() // 1000 + 150 * _DAY
    assert [item and item["expires_at"]["N"] for item in items] == [str(expiry)] * 2


def test_a_second_publication_and_a_second_delivery_wait_with_the_first(world: World) -> None:
    value = later(world)
    world.deliver(delivery(value=value))
    for repeated in (delivery(value=value), delivery("m2", value), delivery("m3", value | {"time": at(world, 0)})):
        outcome = world.deliver(repeated)
        assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already scheduled")
    world.clock.forward(_DAY)
    send_due(world)
    assert world.mails == 1


@pytest.mark.parametrize("seconds", [0, -1, -100 * _DAY])
def test_what_names_a_time_that_is_past_is_sent_at_once(world: World, seconds: float) -> None:
    assert world.deliver(delivery(value=later(world, seconds, time=at(world, 0)))).kind is OutcomeKind.SENT


def test_ninety_days_ahead_is_taken_and_more_is_rejected(world: World) -> None:
    assert world.deliver(delivery(value=later(world, 90 * _DAY))).kind is OutcomeKind.SCHEDULED
    outcome = world.deliver(delivery("m2", later(world, 90 * _DAY + 1, event_id="other")))
    assert outcome.kind is OutcomeKind.REJECTED
    assert world.dead.reasons == ["sendat is more than 90 days ahead (at /sendat)"]


@pytest.mark.parametrize("sendat", ["tomorrow", "2026-12-01", "2026-12-01T08:00:00", "2026-02-29T08:00:00Z", 5, ""])
def test_what_is_no_time_is_rejected_with_its_place(world: World, sendat: Any) -> None:
    assert world.deliver(delivery(value=event(sendat=sendat))).kind is OutcomeKind.REJECTED
    assert "/sendat" in world.dead.reasons[0]


def test_a_deployment_that_keeps_nothing_for_later_rejects_it_visibly(world: World) -> None:
    world.schedules = False
    assert world.deliver(delivery(value=later(world))).kind is OutcomeKind.REJECTED
    assert world.record().reason_code == "scheduling_off"
    world.schedules = True
    redriven = delivery(value=later(world), letter=world.record().owner)
    assert world.deliver(redriven).kind is OutcomeKind.SCHEDULED, "switched on, and redriven, it waits for its time"


def test_what_another_version_keeps_is_not_rejected_by_one_that_keeps_nothing(world: World) -> None:
    value = later(world)
    world.deliver(delivery(value=value))
    world.schedules = False
    for repeated in (delivery(value=value), delivery("m2", value)):
        outcome = world.deliver(repeated)
        assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already scheduled")
    assert world.dead.letters == []
    world.clock.forward(_DAY)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]


def test_the_age_of_what_waited_counts_from_the_time_at_which_it_was_to_be_sent(world: World) -> None:
    world.deliver(delivery(value=later(world, 80 * _DAY, time=at(world, 0))))
    world.clock.forward(80 * _DAY)
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SENT]


def test_another_time_is_other_content_and_moves_the_mail(world: World) -> None:
    world.deliver(delivery(value=later(world, _DAY)))
    assert world.deliver(delivery("m2", later(world, 2 * _DAY))).kind is OutcomeKind.SCHEDULED
    assert [world.state("m1"), world.state("m2")] == [State.REPLACED, State.SCHEDULED]
    world.clock.forward(_DAY)
    assert send_due(world) == []
    world.clock.forward(_DAY)
    assert [outcome.message_id for outcome in send_due(world)] == ["m2"]


def test_published_again_without_a_time_it_is_sent_at_once(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    assert world.deliver(delivery("m2")).kind is OutcomeKind.SENT
    world.clock.forward(_DAY)
    assert send_due(world) == []


@pytest.mark.parametrize("what", ["suppressed", "unsubscribed"])
def test_who_wants_no_mail_when_its_time_comes_gets_none(world: World, what: str) -> None:
    world.deliver(delivery(value=later(world)))
    world.clock.forward(_DAY)
    if what == "suppressed":
        world.suppress()
    else:
        world.stop("books")
    assert [outcome.kind for outcome in send_due(world)] == [OutcomeKind.SUPPRESSED]
    assert world.record().due_at is None


def test_what_is_asked_for_twice_is_one_mail(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    world.clock.forward(_DAY)
    (asked,) = world.run_scheduler()
    outcomes = [world.deliver(from_queue(asked)).kind for _ in range(2)]
    assert outcomes == [OutcomeKind.SENT, OutcomeKind.DUPLICATE]


def test_what_got_lost_on_its_way_is_asked_for_again_after_an_hour_then_ever_later(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    world.clock.forward(_DAY)
    assert len(world.run_scheduler()) == 1
    world.clock.forward(_HOUR - 1)
    assert world.run_scheduler() == []
    world.clock.forward(1)
    assert len(world.run_scheduler()) == 1
    world.clock.forward(30 * _DAY)
    assert len(world.run_scheduler()) == 1
    assert world.record().due_at == world.clock() + _DAY * 1000


def test_run_every_minute_it_asks_ever_later_for_what_is_not_taken(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    due = world.record().due_at or 0
    world.clock.forward(_DAY)
    asked = []
    for _ in range(8):
        asked.append((world.clock() - due) // 3_600_000)
        assert len(world.run_scheduler()) == 1
        world.clock.now = world.record().due_at or 0
    assert asked == [0, 1, 2, 4, 8, 16, 32, 56]
    assert world.record().scheduled_for == due


def test_two_schedulers_at_once_put_it_off_once(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    world.clock.forward(_DAY)
    first, second = world.schedule(), world.schedule()
    (found,) = first.find_due(world.clock())
    first.put_off(found)
    due = world.record().due_at
    world.clock.forward(60)
    second.put_off(found)
    assert world.record().due_at == due


def test_a_scheduler_whose_clock_is_ahead_does_not_make_it_early_or_late(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    world.clock.forward(_DAY - 600)
    (found,) = world.schedule().find_due(world.clock() + 600_000)
    asked = Delivery(found.message_id, "", in_ledger=True, item=QueueItem("item", "handle", 1))
    outcome = world.deliver(asked)
    assert (outcome.kind, outcome.retry_at) == (OutcomeKind.HELD, world.clock() + 600_000)
    world.clock.forward(600)
    assert world.deliver(asked).kind is OutcomeKind.SENT


def test_what_is_not_taken_at_its_time_is_tried_again_as_any_mail(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    world.clock.forward(_DAY)
    world.post.answers = [ProviderUnavailable("down")]
    (asked,) = world.run_scheduler()
    assert world.deliver(from_queue(asked)).kind is OutcomeKind.RELEASED
    assert world.run_scheduler() == []
    assert world.deliver(from_queue(asked)).kind is OutcomeKind.SENT


def test_a_long_event_is_still_there_when_it_is_tried_again(world: World) -> None:
    data = example() | {"not in the schema": random.Random(1).randbytes(8_000).hex()}
    world.deliver(delivery(value=later(world, data=data)))
    world.clock.forward(_DAY)
    world.post.answers = [ProviderUnavailable("down")]
    (asked,) = world.run_scheduler()
    assert world.deliver(from_queue(asked)).kind is OutcomeKind.RELEASED
    assert world.deliver(from_queue(asked)).kind is OutcomeKind.SENT


@dataclass
class Busy:
    """SQS, which needs a second for each call, and does not take what is in `refused`.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
    """

    clock: Clock
    refused: dict[str, str] = field(default_factory=dict)
    calls: list[list[str]] = field(default_factory=list)

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        self.clock.forward(1)
        named = {entry["Id"]: json.loads(entry["MessageBody"])["MessageId"] for entry in Entries}
        assert 1 <= len(named) == len(Entries) <= 10
        self.calls.append(list(named.values()))
        failed = [
            {"Id": id_, "Code": self.refused[name], "SenderFault": False}
            for id_, name in named.items()
            if name in self.refused
        ]
        taken = [
            {"Id": id_, "MessageId": name, "MD5OfMessageBody": "0" * 32}
            for id_, name in named.items()
            if name not in self.refused
        ]
        return hold_to_model("sqs", "SendMessageBatch", {"Successful": taken, "Failed": failed})


def put_due(world: World, shard: int, count: int, by: int) -> None:
    for number in range(count):
        due_at = {"N": str(world.clock() - by * 1000 + number)}
        item = {"pk": {"S": f"message#s{shard}-{number}"}, "due": {"S": str(shard)}, "due_at": due_at}
        state = {"state": {"S": "scheduled"}, "scheduled_for": due_at}
        world.client.put_item(TableName="herald-ledger", Item=item | state)


def run(world: World, sqs: Busy, seconds: int = 60) -> dict[str, float]:
    """One run of the scheduler with that much time, and the metrics that it writes."""
    out = StringIO()
    start = world.clock()
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: seconds * 1000 - (world.clock() - start))
    telemetry = Telemetry("scheduler", "r1", world.clock, out)
    Scheduler(world.schedule(), Queue(sqs, "retry"), telemetry, world.clock)({}, context)
    line = json.loads(out.getvalue().splitlines()[-1])
    return {name: line[name] for name in ("Due", "DueAgeSeconds")}


def test_a_full_partition_keeps_the_others_not_waiting(world: World) -> None:
    put_due(world, shard=0, count=450, by=60)
    for shard in (1, 2, 3):
        put_due(world, shard, 1, by=1000)
    sqs = Busy(world.clock)
    assert run(world, sqs, seconds=40)["DueAgeSeconds"] >= 1000, "the oldest is told, wherever it is"
    asked = [name for call in sqs.calls for name in call]
    assert {"s1-0", "s2-0", "s3-0"} <= set(asked)
    assert len(asked) < 450


def test_each_minute_another_partition_comes_first(world: World) -> None:
    firsts = []
    for minute in range(4):
        world.clock.now = (world.clock.now // 240_000 + 1) * 240_000 + minute * 60_000
        for shard in range(4):
            put_due(world, shard, 10, by=60)
        sqs = Busy(world.clock)
        run(world, sqs, seconds=11)
        firsts.append({name.partition("-")[0] for name in sqs.calls[0]})
    assert firsts == [{f"s{shard}"} for shard in range(4)]


def test_many_are_asked_for_ten_in_a_call_and_each_that_the_queue_refuses_comes_again(world: World) -> None:
    put_due(world, shard=0, count=25, by=60)
    sqs = Busy(world.clock, refused={"s0-3": "InternalError", "s0-20": "ThrottlingException"})
    assert run(world, sqs)["Due"] == 23
    assert [len(call) for call in sqs.calls] == [10, 10, 5]
    sqs = Busy(world.clock)
    assert run(world, sqs)["Due"] == 2
    assert sqs.calls == [["s0-3", "s0-20"]]


# -- cancelled ------------------------------------------------------------------------------------------------------


def test_what_waits_is_cancelled_and_never_mailed(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    outcome = world.deliver(cancellation())
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.CANCELLED, "m1")
    world.clock.forward(_DAY)
    assert send_due(world) == []
    assert codes(world) == [("scheduled", "scheduled"), ("cancelled", "cancelled")]
    item = world.item(event_item())
    assert item is not None
    assert "body" not in item, "what will be no mail is not kept"


def test_a_cancellation_between_the_scheduler_and_the_send_wins(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    world.clock.forward(_DAY)
    (asked,) = world.run_scheduler()
    world.deliver(cancellation())
    outcome = world.deliver(from_queue(asked))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.DUPLICATE, "already cancelled")
    assert world.mails == 0


def test_a_cancellation_that_comes_before_its_event_stops_it(world: World) -> None:
    assert world.deliver(cancellation()).detail == "before its event came"
    for message, value in (("m1", later(world)), ("m2", event()), ("m3", event(data=_OTHER))):
        assert world.deliver(delivery(message, value)).detail == "already cancelled"
    assert world.mails == 0
    assert world.record("c1").id == "01JD6Q1M4X9Z8T7V5R3N2K0B4C"


@pytest.mark.parametrize("ahead", [False, True])
def test_what_was_cancelled_is_remembered_as_long_as_its_event_might_have_been(world: World, ahead: bool) -> None:
    if not ahead:
        world.deliver(delivery(value=later(world, 90 * _DAY)))
    expiry = world.clock() // 1000 + 150 * _DAY
    world.deliver(cancellation())
    items = [world.item("message#c1" if ahead else "message#m1"), world.item(event_item())]
    assert [item and item["expires_at"]["N"] for item in items] == [str(expiry)] * 2
    world.clock.forward(149 * _DAY)
    late = event(sendat=at(world, _DAY), time=at(world, 0))
    assert world.deliver(delivery("m2", late)).detail == "already cancelled"


def test_it_may_be_repeated_and_a_correction_comes_too_late_for_it(world: World) -> None:
    world.deliver(delivery(value=later(world)))
    world.deliver(cancellation())
    assert world.deliver(cancellation(message_id="c2")).detail == "already cancelled"
    assert world.deliver(delivery("m2", event(data=_OTHER))).detail == "already cancelled"
    assert world.mails == 0


def test_what_was_sent_is_not_called_back_and_its_timeline_says_so_once(world: World) -> None:
    world.deliver(delivery())
    outcomes = [world.deliver(cancellation(message_id=name)) for name in ("c1", "c2")]
    assert [outcome.also for outcome in outcomes] == [("CancelledTooLate",), ()]
    assert codes(world)[-1] == ("sent", "cancelled_too_late")
    assert world.record().cancelled_by == "c1"
    assert world.state() is State.SENT


def test_a_cancellation_waits_while_the_mail_may_be_leaving(world: World) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    outcome = world.deliver(cancellation())
    assert (outcome.kind, outcome.retry_at) == (OutcomeKind.HELD, world.record().held_until)
    world.clock.forward(_HOLD)
    assert world.deliver(cancellation()).detail == "too late to cancel: unknown, it may have been sent"


def test_what_may_have_gone_and_was_cancelled_is_not_sent_once_more_by_policy(world: World) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    doubtful = world.record()
    world.clock.forward(_HOLD)
    world.report_twice()
    world.deliver(cancellation())
    attempt = Attempt("m1", "another", address=doubtful.address or "", event_key=doubtful.event_key)
    assert isinstance(world.ledger.resend(attempt, doubtful), Held), "whoever read it before the cancellation"
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert (world.mails, len(world.dead.letters)) == (1, 1)
    assert world.record().parked == doubtful.owner
    redriven = delivery(letter=doubtful.owner, confirmed=True)
    assert world.deliver(redriven).kind is OutcomeKind.SENT, "a person may send it all the same"


def test_a_cancellation_was_not_too_late_if_nothing_was_sent_after_all(world: World) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    busy = QueueItem("item", "handle", 1)
    attempt = Attempt("m1", "late", "book.created", event_item(), address="address#1", source="urn:x", id="e")
    world.ledger.claim(attempt)
    world.clock.forward(_HOLD)
    assert world.deliver(cancellation()).detail == "too late to cancel: sending, it may have been sent"
    outcome = world.deliver(delivery(not_sent="m1 late", item=busy))
    assert (outcome.kind, outcome.detail, world.mails) == (OutcomeKind.DUPLICATE, "already cancelled", 0)
    assert codes(world) == [
        ("sending", ""),
        ("sending", "cancelled_too_late"),
        ("released", "ledger_busy"),
        ("cancelled", "cancelled"),
    ]
    assert (world.record().cancelled_by, world.record().reason_code) == (None, "cancelled")
    item = world.item(event_item())
    assert item is not None
    assert "body" not in item
    assert world.deliver(cancellation(message_id="c2")).detail == "already cancelled"


def test_a_mail_that_is_tried_again_or_waits_for_a_person_is_cancelled(world: World) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    world.deliver(delivery())
    assert world.deliver(cancellation()).kind is OutcomeKind.CANCELLED
    assert world.deliver(delivery()).detail == "already cancelled"
    world.deliver(delivery("m2", event("bad", data={})))
    assert world.deliver(cancellation("bad")).kind is OutcomeKind.CANCELLED
    letter = world.dead.letters[0].attributes["attempt"]
    assert world.deliver(delivery("m2", event("bad"), letter=letter)).detail == "already cancelled"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"id": "e"},
        *(
            {"source": "urn:x", "id": id_}
            for id_ in ("", 5, None, "\ud800", "e\udfff", "a\nb", "e\n", "\u2028", "e" * 257)
        ),
        *({"source": source, "id": "e"} for source in ("urn:\udc00", "urn:\x7f", "u" * 1025)),
    ],
    ids=ascii,
)
def test_a_cancellation_that_names_no_event_is_a_letter(world: World, data: dict[str, Any]) -> None:
    assert world.deliver(delivery("c1", event("c", "mail.cancel", data=data))).kind is OutcomeKind.REJECTED
    assert world.record("c1").reason_code == "event_invalid"


def test_where_nothing_is_kept_for_later_a_cancellation_is_an_unknown_type(world: World) -> None:
    world.schedules = False
    world.deliver(cancellation())
    assert world.record("c1").reason_code == "type_unknown"
