"""What becomes of each mail is told to others if it was written, under one id, and only then."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fakes.clock import Clock
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery
from fakes.ledger_stream import StreamedTable, make_mail_events_handler, read_stream
from fakes.sns_topic import FakeTopic
from function.errors import OutcomeUnknown
from function.event.cloudevent import SYNTHETIC_SOURCE
from function.event.envelope import Delivery
from function.ledger.attempt import Attempt
from function.ledger.ledger import Ledger, Writes
from function.ledger.mail_event import SOURCE, TYPES
from function.ledger.record import TimelineRow
from function.ledger.states import PRECEDENCE, Action, State
from function.ledger.table import Table

SCHEMA = json.loads((Path(__file__).parents[3] / "function/contracts/mail-event.schema.json").read_text())
CONTRACT = Draft202012Validator(SCHEMA)
FEEDBACK = {
    Action.FEEDBACK_DELIVERED: State.DELIVERED,
    Action.FEEDBACK_BOUNCED: State.BOUNCED,
    Action.FEEDBACK_SOFT_BOUNCED: State.SOFT_BOUNCED,
    Action.FEEDBACK_COMPLAINED: State.COMPLAINED,
    Action.FEEDBACK_REFUSED: State.REFUSED,
    Action.FEEDBACK_DELAYED: State.DELAYED,
}


@pytest.fixture
def table() -> StreamedTable:
    return StreamedTable()


@pytest.fixture
def told(table: StreamedTable) -> FakeTopic:
    return FakeTopic()


def deliver(world: InMemoryHerald, **changes: Any) -> None:
    world.deliver(Delivery("m1", json.dumps(event(**changes))))


def tell(table: StreamedTable, topic: FakeTopic) -> list[dict[str, Any]]:
    """All that the stream tells, as the contract has it."""
    read_stream(table.stream, make_mail_events_handler(topic), random.Random(7))
    for one in topic.told:
        CONTRACT.validate({name: value for name, value in one.items() if name != "attribute"})
    return topic.told


def test_a_mail_that_arrives_is_told_as_sent_and_as_delivered(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic
) -> None:
    deliver(world)
    world.clock.forward(2)
    world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED)
    first = tell(table, told)[0]
    assert list(dict.fromkeys(told.types)) == ["mail.sent", "mail.delivered"]
    assert first | {"id": "?", "data": None} == {
        "specversion": "1.0",
        "id": "?",
        "source": SOURCE,
        "type": "mail.sent",
        "time": "2026-11-21T08:00:00.000Z",
        "subject": "books/01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        "datacontenttype": "application/json",
        "data": None,
        "attribute": {"DataType": "String", "StringValue": "mail.sent"},
    }
    assert first["data"] == {
        "message_id": "m1",
        "state": "sent",
        "provider": "ses://us-east-1",
        "event": {
            "source": "urn:herald:webapp",
            "id": "01JD6Q1M4X9Z8T7V5R3N2K0B4C",
            "type": "book.created",
            "subject": "books/01JD6Q1M4X9Z8T7V5R3N2K0B4C",
        },
    }


@pytest.mark.parametrize(("action", "state"), FEEDBACK.items())
def test_what_a_provider_says_later_is_told_once_for_each_state(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic, action: Action, state: State
) -> None:
    deliver(world)
    world.apply_feedback(action, state)
    world.apply_feedback(action, state)
    tell(table, told)
    assert {one["data"]["state"] for one in told.told} == {"sent", state} & {*TYPES}
    assert set(told.types) == {"mail.sent"} | ({TYPES[state]} if state in TYPES else set())


def test_a_mail_of_unknown_fate_is_not_told_and_then_what_became_of_it(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic
) -> None:
    world.post.accept_then(OutcomeUnknown("timeout"))
    deliver(world)
    assert tell(table, told) == []
    world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED)
    assert {one["type"] for one in tell(table, told)} == {"mail.delivered"}


def test_a_suppressed_and_a_rejected_mail_are_told_with_the_reason(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic
) -> None:
    world.suppress()
    deliver(world)
    world.deliver(Delivery("m2", json.dumps(event("another", type_="book.eaten"))))
    tell(table, told)
    reasons = {one["type"]: one["data"].get("reason_code") for one in told.told}
    assert reasons == {"mail.suppressed": "recipient_suppressed", "mail.rejected": "type_unknown"}


def test_what_is_kept_for_later_and_what_is_cancelled_are_told_once(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic
) -> None:
    world.schedules = True
    due = datetime.fromtimestamp(world.clock() / 1000 + 60, UTC).isoformat()
    for name in ("kept", "not wanted"):
        world.deliver(delivery(name, event(name, sendat=due)))
    world.deliver(delivery("c1", event("c", "mail.cancel", data={"source": event()["source"], "id": "not wanted"})))
    world.deliver(delivery("c2", event("d", "mail.cancel", data={"source": event()["source"], "id": "to come"})))
    world.clock.forward(60)
    world.run_scheduler()
    events = tell(table, told)
    found = {one["id"]: (one["type"], one["data"]["event"]["id"]) for one in events}
    assert sorted(found.values()) == [
        ("mail.cancelled", "not wanted"),
        ("mail.cancelled", "to come"),
        ("mail.scheduled", "kept"),
        ("mail.scheduled", "not wanted"),
    ], "to be asked for again is no news"
    assert {one["data"]["reason_code"] for one in events} == {"scheduled", "cancelled"}


def test_the_contract_names_what_can_be_told_and_a_mail_that_was_opened_cannot() -> None:
    told = SCHEMA["properties"]
    assert set(told["type"]["enum"]) == {*TYPES.values()}
    assert set(told["data"]["properties"]["state"]["enum"]) == {*TYPES}
    assert told["source"]["const"] == SOURCE
    assert "mail.opened" not in told["type"]["enum"]


def test_no_address_and_no_name_of_a_reader_is_told(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic
) -> None:
    deliver(world)
    world.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, suppress="ada@example.com")
    said = json.dumps(tell(table, told))
    assert "@" not in said
    assert "Ada" not in said
    assert "address" not in said


def test_a_mail_that_tries_a_version_and_a_report_on_a_forgotten_mail_are_told_to_nobody(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic
) -> None:
    deliver(world, source=SYNTHETIC_SOURCE)
    world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED)
    world.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, "forgotten")
    assert tell(table, told) == []


def test_what_sns_does_not_take_comes_again_from_there_on(world: InMemoryHerald, table: StreamedTable) -> None:
    for number in range(3):
        world.deliver(Delivery(f"m{number}", json.dumps(event(f"e{number}"))))
    sent = [one for one in table.stream if one["dynamodb"].get("NewImage", {}).get("state", {}).get("S") == "sent"]

    class Second:
        """A topic that refuses the second entry."""

        def publish_batch(self, **request: Any) -> Any:
            ids = [each["Id"] for each in request["PublishBatchRequestEntries"]]
            failed = [{"Id": ids[1], "Code": "InternalError", "SenderFault": False}]
            return {"Successful": [{"Id": ids[0]}, {"Id": ids[2]}], "Failed": failed}

    log = io.StringIO()
    answer = make_mail_events_handler(Second(), log)({"Records": sent}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": sent[1]["dynamodb"]["SequenceNumber"]}]}
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(line.get("event"), line.get("MailEvents")) for line in lines] == [("failed", None), (None, 1)]


def test_a_write_that_leaves_the_state_as_it_is_tells_nothing(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic
) -> None:
    deliver(world)
    world.apply_feedback(
        Action.FEEDBACK_SENT, State.SENT, attempt="another"
    )  # who sent is added, and that it was twice
    assert len(table.stream) > 3
    make_mail_events_handler(told)({"Records": table.stream}, None)
    assert told.types == ["mail.sent"]


def test_what_the_aws_cli_reads_of_the_stream_is_told_by_hand(
    world: InMemoryHerald, table: StreamedTable, told: FakeTopic
) -> None:
    """As the runbook says: `get-records` prints the time as text, and the function gets the answer as it is."""
    deliver(world)
    for record in table.stream:
        record["dynamodb"]["ApproximateCreationDateTime"] = "2026-11-21T08:00:00+00:00"
    answer = {"Records": json.loads(json.dumps(table.stream, default=lambda _: "YmluYXJ5")), "NextShardIterator": "x"}
    assert make_mail_events_handler(told)(answer, None) == {"batchItemFailures": []}
    assert told.types == ["mail.sent"]


def test_long_names_of_events_part_a_batch_that_sns_would_not_take(world: InMemoryHerald, table: StreamedTable) -> None:
    for number in range(10):
        world.deliver(
            Delivery(
                f"m{number}",
                json.dumps(event(f"e{number}" + "\N{GRINNING FACE}" * 200, subject="\N{GRINNING FACE}" * 1024)),
            )
        )
    topic = FakeTopic()
    make_mail_events_handler(topic)({"Records": table.stream}, None)
    assert topic.types == ["mail.sent"] * 10
    assert topic.calls == 2


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"dynamodb": None},
        {"dynamodb": {"NewImage": None, "SequenceNumber": "1"}},
        {"dynamodb": {"NewImage": {"pk": {"S": "message#m1"}, "state": {"S": "a state of a later release"}}}},
        {"dynamodb": {"NewImage": {"pk": {"S": "event#m1"}, "state": {"S": "sent"}, "owner": {"S": "o"}}}},
        {"dynamodb": {"NewImage": {"pk": {"S": "message#m1"}, "state": {"N": "1"}, "owner": {"S": "o"}}}},
    ],
)
def test_what_says_nothing_of_a_mail_stops_nothing(record: dict[str, Any]) -> None:
    assert make_mail_events_handler(None)({"Records": [record]}, None) == {"batchItemFailures": []}


@pytest.mark.slow
def test_ten_thousand_states_are_told_at_least_once_each_under_one_id_and_nothing_else() -> None:
    """Through a mapping that cuts and repeats batches, to a topic that fails in every third call; what was written is
    told five times over, of other messages each time."""
    table, written = _write_states(mails=350)
    stream = [_rename(record, copy, place) for copy in range(5) for place, record in enumerate(table.stream)]
    wanted = {(f"{message}-{copy}", state) for copy in range(5) for message, state in written}
    topic = FakeTopic(random.Random(21), faulty=3)
    calls = read_stream(stream, make_mail_events_handler(topic), random.Random(22))

    told = Counter((one["data"]["message_id"], one["data"]["state"]) for one in topic.told)
    assert told.keys() == wanted
    assert len(wanted) >= 10_000
    assert len({(one["id"], one["data"]["message_id"], one["data"]["state"]) for one in topic.told}) == len(wanted)
    assert len({one["id"] for one in topic.told}) == len(wanted), "one id for each, and no two alike"
    assert calls > len(stream) / 100, "the control: batches were cut and came again"
    assert told.total() > len(told), "the control: some were told again"


def _write_states(mails: int) -> tuple[StreamedTable, set[tuple[str, str]]]:
    """A ledger in which mails came to everything that may become of one, and what was written of that."""
    table, clock, draw = StreamedTable(), Clock(), random.Random(20)
    table.gated = False  # what is asked of it is held to the model in every other test
    writes = Writes("herald-ledger", "r1", 900_000, 5_184_000, 1)
    ledger = Ledger(Table(table, "herald-ledger", lambda _: None), writes, clock)
    written: set[tuple[str, str]] = set()
    for number in range(mails):
        message, event_id = f"m{number}", f"e{number}"
        attempt = Attempt(message, "o", "book.created", f"event#{number}", "address#1", source="urn:a", id=event_id)
        ledger.claim(attempt)
        if draw.random() < 0.02:
            continue  # its sandbox died: nothing is known
        ledger.record(attempt, [TimelineRow(State.SENT, clock(), "r1")], "mail")
        written.add((message, "sent"))
        rising = sorted(FEEDBACK.items(), key=lambda one: -PRECEDENCE.index(one[1]))
        for action, state in [*rising, draw.choice(rising)]:
            moved = ledger.apply_feedback(message, action, TimelineRow(state, clock(), "r1")).moved
            written |= {(message, state.value)} if moved and state in TYPES else set()
    return table, written


def _rename(record: dict[str, Any], copy: int, place: int) -> dict[str, Any]:
    change = {**record["dynamodb"], "SequenceNumber": f"{copy}-{place}"}
    for image in {"Keys", "NewImage", "OldImage"} & change.keys():
        change[image] = {**change[image], "pk": {"S": f"{change[image]['pk']['S']}-{copy}"}}
    return {**record, "dynamodb": change}
