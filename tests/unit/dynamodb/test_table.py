"""What a search needs of the table with memory: errors as botocore's, faults on demand, states that cost nothing."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from fakes.dynamodb.errors import make_cancellation, make_connection_error, make_error, make_lost_answer
from fakes.dynamodb.table import MemoryTable

NAME = "herald-ledger"
KEY: dict[str, Any] = {"pk": {"S": "message#1"}}
ITEM: dict[str, Any] = {**KEY, "state": {"S": "sending"}, "attempts": {"L": [{"M": {"at": {"N": "1"}}}]}}
Write = Callable[[MemoryTable], object]

WRITES: dict[str, Write] = {
    "PutItem": lambda table: table.put_item(TableName=NAME, Item=ITEM),
    "UpdateItem": lambda table: table.update_item(TableName=NAME, Key=KEY, UpdateExpression="SET nr = pk"),
    "DeleteItem": lambda table: table.delete_item(TableName=NAME, Key=KEY),
    "TransactWriteItems": lambda table: table.transact_write_items(
        TransactItems=[{"Put": {"TableName": NAME, "Item": ITEM}}]
    ),
}


def get(table: MemoryTable, pk: str = "message#1") -> Any:
    return table.get_item(TableName=NAME, Key={"pk": {"S": pk}}, ConsistentRead=True).get("Item")


@pytest.fixture
def table() -> MemoryTable:
    table = MemoryTable(NAME)
    table.put_item(TableName=NAME, Item=ITEM)
    return table


def test_what_is_read_may_be_changed_without_changing_the_table(table: MemoryTable) -> None:
    get(table)["attempts"]["L"].append({"S": "mine"})
    assert get(table) == ITEM


def test_what_was_written_may_be_changed_without_changing_the_table(table: MemoryTable) -> None:
    item: dict[str, Any] = {**ITEM, "attempts": {"L": []}}
    table.put_item(TableName=NAME, Item=item)
    item["attempts"]["L"].append({"S": "mine"})
    assert get(table)["attempts"] == {"L": []}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("5", "5"), ("5.0", "5"), ("-0", "0"), ("+5", "5"), ("1E3", "1000"), ("0.50", "0.5"), ("1e-3", "0.001")],
)
def test_numbers_come_back_as_dynamodb_writes_them(table: MemoryTable, sent: str, stored: str) -> None:
    table.put_item(TableName=NAME, Item={**KEY, "nr": {"N": sent}})
    assert get(table)["nr"] == {"N": stored}


def test_a_snapshot_is_equal_and_hashes_alike_exactly_if_every_item_does(table: MemoryTable) -> None:
    before = table.snapshot()
    table.update_item(TableName=NAME, Key=KEY, UpdateExpression="SET nr = pk")
    changed = table.snapshot()
    table.update_item(TableName=NAME, Key=KEY, UpdateExpression="REMOVE nr")
    assert table.snapshot() == before
    assert hash(table.snapshot()) == hash(before)
    assert changed != before
    assert len({before, changed, table.snapshot()}) == 2


def test_restoring_goes_back_and_forth(table: MemoryTable) -> None:
    full = table.snapshot()
    table.delete_item(TableName=NAME, Key=KEY)
    empty = table.snapshot()
    table.restore(full)
    assert get(table) == ITEM
    table.restore(empty)
    assert get(table) is None


def test_a_snapshot_that_travels_to_another_process_is_found_again_there(table: MemoryTable) -> None:
    state = table.snapshot()
    hash(state)
    code = "import pickle, sys; state = pickle.load(sys.stdin.buffer); print(type(state)(state) in {state})"
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(state),
            capture_output=True,
            check=True,
            cwd=Path(__file__).parents[3],
            env={"PYTHONHASHSEED": seed},
        )
        assert ran.stdout.split() == [b"True"]
    carried = pickle.loads(pickle.dumps(state))
    assert hash(carried) == hash(state)


def test_a_failed_condition_raises_the_class_of_a_real_client_and_shows_the_item(table: MemoryTable) -> None:
    with pytest.raises(table.exceptions.ConditionalCheckFailedException) as raised:
        table.put_item(
            TableName=NAME,
            Item=ITEM,
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    response: Mapping[str, Any] = raised.value.response
    assert raised.value.operation_name == "PutItem"
    assert response["Error"] == {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}
    assert response["Item"] == ITEM


def test_a_cancelled_transaction_raises_the_class_of_a_real_client(table: MemoryTable) -> None:
    member: Any = {"ConditionCheck": {"TableName": NAME, "Key": KEY, "ConditionExpression": "attribute_not_exists(pk)"}}
    with pytest.raises(table.exceptions.TransactionCanceledException) as raised:
        table.transact_write_items(TransactItems=[member])
    response: Mapping[str, Any] = raised.value.response
    assert response["Error"]["Message"].endswith("specific reasons [ConditionalCheckFailed]")
    assert response["CancellationReasons"] == [
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    ]


@pytest.mark.parametrize("operation", WRITES)
def test_a_request_that_is_lost_changes_nothing(table: MemoryTable, operation: str) -> None:
    before, seen = table.snapshot(), []

    def fault(moment: str, name: str, request: Mapping[str, Any]) -> None:
        seen.append((moment, name))
        raise make_connection_error()

    table.fault = fault
    with pytest.raises(EndpointConnectionError):
        WRITES[operation](table)
    assert seen == [("before", operation)]
    assert table.snapshot() is before


@pytest.mark.parametrize("operation", WRITES)
def test_an_answer_that_is_lost_leaves_the_write_done(operation: str) -> None:
    table, twin = MemoryTable(NAME), MemoryTable(NAME)
    for one in (table, twin):
        one.put_item(TableName=NAME, Item={**KEY, "old": {"S": "x"}})

    def fault(moment: str, name: str, request: Mapping[str, Any]) -> None:
        if moment == "after":
            raise make_lost_answer()

    table.fault = fault
    with pytest.raises(ReadTimeoutError):
        WRITES[operation](table)
    WRITES[operation](twin)
    assert table.snapshot() == twin.snapshot()


def test_the_answer_of_a_failed_condition_can_be_lost_too(table: MemoryTable) -> None:
    def fault(moment: str, name: str, request: Mapping[str, Any]) -> None:
        if moment == "after":
            raise make_lost_answer()

    table.fault = fault
    with pytest.raises(ReadTimeoutError):
        table.delete_item(TableName=NAME, Key=KEY, ConditionExpression="attribute_not_exists(pk)")
    assert get(table) == ITEM


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (make_cancellation(["None", "TransactionConflict"]), "TransactionCanceledException"),
        (make_cancellation(["ThrottlingError", "None"]), "TransactionCanceledException"),
        (make_cancellation(["ProvisionedThroughputExceeded"]), "TransactionCanceledException"),
        (make_error("UpdateItem", "ThrottlingException"), "ThrottlingException"),
        (make_error("UpdateItem", "ProvisionedThroughputExceededException"), "ProvisionedThroughputExceededException"),
        (make_error("UpdateItem", "TransactionConflictException"), "TransactionConflictException"),
    ],
)
def test_contention_can_be_injected_as_botocore_raises_it(table: MemoryTable, error: ClientError, code: str) -> None:
    def fault(moment: str, name: str, request: Mapping[str, Any]) -> None:
        raise error

    table.fault = fault
    with pytest.raises(ClientError) as raised:
        WRITES["TransactWriteItems"](table)
    assert raised.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    "request_",
    [
        {"TableName": NAME, "Item": {**KEY, "ss": {"SS": []}}},
        {"TableName": NAME, "Item": {"nr": {"N": "1"}}},
        {"TableName": NAME, "Item": {"pk": {"S": ""}}},
        {"TableName": NAME, "Item": {"pk": {"N": "1"}}},
        {"TableName": NAME, "Item": ITEM, "ReturnValues": "ALL_NEW"},
        {"TableName": NAME, "Item": ITEM, "ExpressionAttributeNames": {}},
        {"TableName": NAME, "Item": ITEM, "ExpressionAttributeNames": {"#a": "b"}},
    ],
)
def test_what_dynamodb_refuses_is_refused(table: MemoryTable, request_: Any) -> None:
    with pytest.raises(ClientError) as raised:
        table.put_item(**request_)
    assert raised.value.response["Error"]["Code"] == "ValidationException"


def test_another_table_is_not_found(table: MemoryTable) -> None:
    with pytest.raises(table.exceptions.ResourceNotFoundException):
        table.get_item(TableName="herald-books", Key=KEY)


@pytest.mark.parametrize("more", [{"Expected": {}}, {"ReturnConsumedCapacity": "TOTAL"}])
def test_what_is_not_played_is_not_passed_over(table: MemoryTable, more: Any) -> None:
    with pytest.raises(NotImplementedError, match=next(iter(more))):
        table.put_item(TableName=NAME, Item=ITEM, **more)


def test_a_read_can_be_of_some_attributes_only(table: MemoryTable) -> None:
    answer = table.get_item(
        TableName=NAME,
        Key=KEY,
        ProjectionExpression="#s, attempts[0].#t",
        ExpressionAttributeNames={"#s": "state", "#t": "at"},
    )
    assert answer["Item"] == {"state": {"S": "sending"}, "attempts": ITEM["attempts"]}


@pytest.mark.exact  # all that the table says is looked at
def test_a_scan_finds_what_its_filter_holds_for(table: MemoryTable) -> None:
    table.put_item(TableName=NAME, Item={"pk": {"S": "address#1"}})
    found = table.scan(
        TableName=NAME, FilterExpression="begins_with(pk, :a)", ExpressionAttributeValues={":a": {"S": "address#"}}
    )
    assert found == {"Items": [{"pk": {"S": "address#1"}}], "Count": 1, "ScannedCount": 2}


def test_what_botocores_model_does_not_know_is_refused_and_changes_nothing() -> None:
    table = MemoryTable()
    table.put_item(TableName="herald-ledger", Item={"pk": {"S": "a"}})
    before = table.snapshot()
    wrong: Any = "yes"
    wrong_list: Any = ["NONE"]
    with pytest.raises(ClientError, match="ConsistentRead"):
        table.get_item(TableName="herald-ledger", Key={"pk": {"S": "a"}}, ConsistentRead=wrong)
    with pytest.raises(ClientError, match="ReturnValuesOnConditionCheckFailure"):
        table.put_item(
            TableName="herald-ledger", Item={"pk": {"S": "b"}}, ReturnValuesOnConditionCheckFailure=wrong_list
        )
    assert table.snapshot() == before
