"""Transactions, and the reasons for which they are cancelled.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from fakes.dynamodb.values import FrozenItem
from tests.dynamodb.case import INVALID, TABLE, freeze_without_key

__all__ = ["TRANSACTIONS", "TransactionCase", "run_transaction"]

Typed = dict[str, Any]
#: The reasons as (code, item shown), or an error's code, or None for what was done; then the items afterwards.
Outcome = tuple[str | list[tuple[str, FrozenItem | None]] | None, dict[str, FrozenItem | None]]

ALICE: Typed = {"nr": {"N": "1"}, "who": {"S": "alice"}}
BOB: Typed = {"nr": {"N": "2"}, "who": {"S": "bob"}}


@dataclass(frozen=True, slots=True)
class TransactionCase:
    """`members` on a table that holds `one` (Alice) and `two` (Bob); `after` names only the items that changed."""

    says: str
    members: Sequence[Typed]
    answer: str | Sequence[tuple[str, Typed | None]] | None = None
    after: Mapping[str, Typed | None] | None = None

    def __str__(self) -> str:
        return self.says

    @property
    def outcome(self) -> Outcome:
        items = {"one": ALICE, "two": BOB, "three": None} | dict(self.after or {})
        answer = self.answer
        if answer is not None and not isinstance(answer, str):
            return [(code, freeze_without_key(item)) for code, item in answer], {
                pk: freeze_without_key(item) for pk, item in items.items()
            }
        return answer, {pk: freeze_without_key(item) for pk, item in items.items()}


def run_transaction(client: Any, case: TransactionCase) -> Outcome:
    """Make the transaction on fresh items; what was answered, and the items afterwards."""
    for pk, item in (("one", ALICE), ("two", BOB)):
        client.put_item(TableName=TABLE, Item={"pk": {"S": pk}, **item})
    client.delete_item(TableName=TABLE, Key={"pk": {"S": "three"}})
    answer: str | list[tuple[str, FrozenItem | None]] | None = None
    try:
        client.transact_write_items(TransactItems=case.members)
    except ClientError as error:
        response: Mapping[str, Any] = error.response
        reasons = response.get("CancellationReasons")
        shown = [(reason["Code"], freeze_without_key(reason.get("Item"))) for reason in reasons or ()]
        answer = shown or response["Error"]["Code"]
    keys = [{"pk": {"S": pk}} for pk in ("one", "two", "three")]
    stored = [client.get_item(TableName=TABLE, Key=key, ConsistentRead=True).get("Item") for key in keys]
    return answer, dict(zip(("one", "two", "three"), map(freeze_without_key, stored), strict=True))


def _member(kind: str, pk: str, condition: str | None = None, **more: Any) -> Typed:
    request: Typed = {"TableName": TABLE}
    if kind == "Put":
        request["Item"] = {"pk": {"S": pk}, **more.pop("item")}
    else:
        request["Key"] = {"pk": {"S": pk}}
    if condition is not None:
        request["ConditionExpression"] = condition
    if more.pop("tell", True) and condition is not None:
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if update := more.pop("update", None):
        request["UpdateExpression"] = update
    values = {f":{name}": value for name, value in more.items()}
    return {kind: request | ({"ExpressionAttributeValues": values} if values else {})}


_ONE_MORE = _member("Update", "one", "nr < :most", update="ADD nr :n", n={"N": "1"}, most={"N": "9"})
_FRESH = _member("Put", "three", "attribute_not_exists(pk)", item=BOB)
_TAKEN = _member("Put", "two", "attribute_not_exists(pk)", item=ALICE)
_CALM = _member("ConditionCheck", "three", "attribute_not_exists(pk)")
_ABSENT = _member("ConditionCheck", "three", "attribute_exists(pk)")
_GONE = _member("Delete", "two", "nr = :n", n={"N": "2"})

TRANSACTIONS = (
    TransactionCase(
        "one of each is done",
        [_ONE_MORE, _GONE, _FRESH],
        None,
        {"one": ALICE | {"nr": {"N": "2"}}, "two": None, "three": BOB},
    ),
    TransactionCase("a check writes nothing", [_ONE_MORE, _CALM], None, {"one": ALICE | {"nr": {"N": "2"}}}),
    TransactionCase(
        "one failed condition undoes all",
        [_ONE_MORE, _TAKEN, _CALM],
        [("None", None), ("ConditionalCheckFailed", BOB), ("None", None)],
    ),
    TransactionCase(
        "every failed condition is told, in order",
        [_ABSENT, _TAKEN, _ONE_MORE],
        [("ConditionalCheckFailed", None), ("ConditionalCheckFailed", BOB), ("None", None)],
    ),
    TransactionCase(
        "an item is shown only where that is asked for",
        [_member("Delete", "two", "nr = :n", n={"N": "5"}, tell=False)],
        [("ConditionalCheckFailed", None)],
    ),
    TransactionCase(
        "a condition sees the table as it was before",
        [_ONE_MORE, _member("Delete", "two", "attribute_exists(pk)"), _CALM],
        None,
        {"one": ALICE | {"nr": {"N": "2"}}, "two": None},
    ),
    TransactionCase("a delete of nothing is done", [_member("Delete", "three")]),
    TransactionCase(
        "a put without a condition replaces",
        [_member("Put", "two", item={"x": {"S": "y"}})],
        None,
        {"two": {"x": {"S": "y"}}},
    ),
    TransactionCase(
        "an update makes the item",
        [_member("Update", "three", update="SET nr = :n", n={"N": "7"})],
        None,
        {"three": {"nr": {"N": "7"}}},
    ),
    TransactionCase("two members on one item are refused", [_ONE_MORE, _member("Delete", "one")], INVALID),
    TransactionCase("a check beside a write of the same item is refused", [_FRESH, _CALM], INVALID),
    TransactionCase(
        "an update that does not fit the item cancels, with its reason",
        [_member("Update", "one", update="ADD who :n", n={"N": "1"}), _CALM],
        [("ValidationError", None), ("None", None)],
    ),
    TransactionCase("a reserved word is refused", [_member("Delete", "two", "state = :n", n={"N": "1"})], INVALID),
    TransactionCase(
        "a value that is not used is refused",
        [_member("Delete", "two", "nr = :n", n={"N": "2"}, other={"N": "2"})],
        INVALID,
    ),
)
