"""The example of a second service: one line for each event, wherever its function is killed."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from examples.activity import activity
from fakes.clock import NOW
from fakes.dynamodb.errors import make_error
from fakes.dynamodb.table import MemoryTable
from fakes.example_events import event
from function.ledger.attributes import deserialize_item
from function.ledger.table import Table

EVENTS: list[dict[str, Any]] = [
    event("e1"),
    event("e2", "book.deleted"),
    *(
        {**event(f"{type_}-1", type_), "source": "urn:herald:mail", "time": "2026-11-21T08:00:04.120Z"}
        for type_ in ("mail.sent", "mail.delivered")
    ),
]


class Killed(BaseException):
    """Its sandbox is gone."""


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable("activity")


def lines(table: MemoryTable) -> list[str]:
    key = {"pk": {"S": f"activity#{EVENTS[0]['subject']}"}}
    item = deserialize_item(table.get_item(TableName="activity", Key=key).get("Item", {}))
    return [line["type"] for line in item.get("lines", [])]


def run(table: MemoryTable, messages: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One invocation with a batch; the numbers of what comes again."""

    monkeypatch.setattr(activity, "open_table", lambda: Table(table, "activity", lambda _: None))
    records = [{"messageId": str(number), "body": json.dumps(one)} for number, one in enumerate(messages)]
    return [failure["itemIdentifier"] for failure in activity.handler({"Records": records}, None)["batchItemFailures"]]


@pytest.mark.parametrize(("point", "place"), [*itertools.product(["before", "after"], range(len(EVENTS)))])
def test_killed_at_any_point_of_a_batch_no_event_is_lost_and_none_written_twice(
    table: MemoryTable, monkeypatch: pytest.MonkeyPatch, point: str, place: int
) -> None:
    """SQS hands the whole batch over again when a sandbox dies, and once more when its last answer was lost."""
    writes = itertools.count()

    def kill(when: str, *_: Any) -> None:
        if when == point and next(writes) == place:
            raise Killed

    table.fault = kill
    with pytest.raises(Killed):
        run(table, EVENTS, monkeypatch)
    table.fault = None
    assert run(table, EVENTS, monkeypatch) == []
    assert run(table, EVENTS[::-1], monkeypatch) == []
    assert sorted(lines(table)) == sorted(one["type"] for one in EVENTS)


@pytest.mark.parametrize("code", ["TransactionConflictException", "ThrottlingException", "InternalServerError"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_the_table_did_not_take_comes_again_alone(
    table: MemoryTable, monkeypatch: pytest.MonkeyPatch, code: str, when: str
) -> None:
    def fail(at: str, operation: str, request: Any) -> None:
        if at == when and "book.deleted" in str(request):
            raise make_error(operation, code, "busy")

    table.fault = fail
    failed = run(table, EVENTS, monkeypatch)
    assert failed in (["1"], []), "what was written although its answer was lost is known when it is tried again"
    table.fault = None
    assert run(table, [EVENTS[int(number)] for number in failed], monkeypatch) == []
    assert sorted(lines(table)) == sorted(one["type"] for one in EVENTS)


def test_an_unreadable_message_stops_no_other(table: MemoryTable, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(table, [{}, EVENTS[0]], monkeypatch) == ["0"]
    assert lines(table) == ["book.created"]


def test_the_same_id_of_another_source_is_another_event(table: MemoryTable) -> None:
    ledger = Table(table, "activity")
    assert activity.note(ledger, event("e"), NOW)
    assert not activity.note(ledger, event("e"), NOW)
    assert activity.note(ledger, event("e", source="urn:other"), NOW)


def test_an_event_without_a_subject_is_written_under_its_id(
    table: MemoryTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = {name: value for name, value in event("e9").items() if name != "subject"}
    assert run(table, [without, without | {"id": "e10", "subject": None}], monkeypatch) == []
    keys = ({"pk": {"S": f"activity#{id_}"}} for id_ in ("e9", "e10"))
    assert all("Item" in table.get_item(TableName="activity", Key=key) for key in keys)
