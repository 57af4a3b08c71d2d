"""One DynamoDB table with memory, for a search through every state that the ledger can reach.

It has the methods of a botocore client, evaluates the very expressions that are sent to DynamoDB, and raises what
botocore would raise. Its state is one immutable value: to remember it and to go back to it costs nothing.

    table = MemoryTable("herald-ledger")
    before = table.snapshot()
    table.update_item(TableName="herald-ledger", Key={"pk": {"S": "message#1"}}, ...)
    table.restore(before)

Of indexes it plays a query of one that holds the keys only, as it is now. What it does not play (sort keys of its
own, capacity, item size, request tokens) it refuses rather than passes over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Unpack, cast

from fakes.dynamodb.documents import project
from fakes.dynamodb.errors import (
    Invalid,
    NoSuchTable,
    exceptions,
    make_cancellation,
    make_condition_error,
    make_error,
    reason,
)
from fakes.dynamodb.expressions.conditions import compile_condition
from fakes.dynamodb.expressions.projections import compile_projection
from fakes.dynamodb.requests import accept, combine_uses, judge, key_of, names_of
from fakes.dynamodb.values import Frozen, FrozenItem, thaw_item
from fakes.dynamodb.writes import Write, plan
from laptop.model_validation import hold_to_model, request_violations

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        DeleteItemInputTypeDef,
        GetItemInputTypeDef,
        PutItemInputTypeDef,
        QueryInputTypeDef,
        ScanInputTypeDef,
        TransactWriteItemsInputTypeDef,
        UpdateItemInputTypeDef,
    )

__all__ = ["Fault", "MemoryTable", "State"]

Answer = dict[str, Any]
#: Every item by its key.
State = Frozen[FrozenItem]
#: Called as `fault("before" | "after", operation, request)` around each write; what it raises, the caller sees.
#: Before: the request never arrived. After: the write is done (or refused), and its answer is lost.
Fault = Callable[[str, str, Mapping[str, Any]], None]

_MOST_MEMBERS = 100


class MemoryTable:
    """The table `name` with the string key `key`."""

    #: Whether requests and answers are held to botocore's model, as those of every simulator are.
    gated = True
    #: As `client.exceptions` of a real client.
    exceptions: Any = exceptions

    def __init__(self, name: str = "herald-ledger", key: str = "pk") -> None:
        self.name = name
        self.key = key
        self.fault: Fault | None = None
        self._state: State = Frozen()
        self._known: dict[FrozenItem, FrozenItem] = {}

    def snapshot(self) -> State:
        """The whole state: hashable, and equal exactly if all items are."""
        return self._state

    def restore(self, snapshot: State) -> None:
        """Go back to a state."""
        self._state = snapshot

    def get_item(self, **request: Unpack[GetItemInputTypeDef]) -> Answer:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetItem.html"""
        sent = cast("Mapping[str, Any]", request)
        return self._answer("GetItem", sent, lambda: self._get(sent))

    def scan(self, **request: Unpack[ScanInputTypeDef]) -> Answer:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html (always one page)"""
        sent = cast("Mapping[str, Any]", request)
        return self._answer("Scan", sent, lambda: self._scan(sent))

    def query(self, **request: Unpack[QueryInputTypeDef]) -> Answer:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html"""
        sent = cast("Mapping[str, Any]", request)
        return self._answer("Query", sent, lambda: self._query(sent))

    def put_item(self, **request: Unpack[PutItemInputTypeDef]) -> Answer:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PutItem.html"""
        return self._write("PutItem", "Put", cast("Mapping[str, Any]", request))

    def update_item(self, **request: Unpack[UpdateItemInputTypeDef]) -> Answer:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html"""
        return self._write("UpdateItem", "Update", cast("Mapping[str, Any]", request))

    def delete_item(self, **request: Unpack[DeleteItemInputTypeDef]) -> Answer:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html"""
        return self._write("DeleteItem", "Delete", cast("Mapping[str, Any]", request))

    def transact_write_items(self, **request: Unpack[TransactWriteItemsInputTypeDef]) -> Answer:
        """https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html"""
        sent = cast("Mapping[str, Any]", request)
        accept(sent, {"TransactItems"})
        return self._faulty("TransactWriteItems", sent, lambda: self._transact(sent["TransactItems"]))

    def _get(self, request: Mapping[str, Any]) -> Answer:
        accept(request, {"TableName", "Key", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"})
        self._here(request)
        item = self._state.get(key_of(request["Key"], self.key))
        if "ProjectionExpression" in request:
            names = names_of(request)
            projection = compile_projection(request["ProjectionExpression"], names)
            combine_uses(names, projection.uses)
            item = item and project(item, projection.paths)
        return {} if item is None else {"Item": thaw_item(item)}

    def _scan(self, request: Mapping[str, Any]) -> Answer:
        taken = {"FilterExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
        accept(request, {"TableName", "ConsistentRead"} | taken)
        self._here(request)
        names, text = names_of(request), request.get("FilterExpression")
        wanted = None if text is None else compile_condition(text, names, "FilterExpression")
        values = judge(request, combine_uses(names, *([wanted.uses] if wanted else [])))
        found = [thaw_item(item) for item in self._state.values() if wanted is None or wanted.test(item, values)]
        return {"Items": found, "Count": len(found), "ScannedCount": len(self._state)}

    def _query(self, request: Mapping[str, Any]) -> Answer:
        """The index's keys are those that the condition names: partition key, then sort key."""
        taken = {"IndexName", "KeyConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues"}
        accept(request, {"TableName", "Limit", "ExclusiveStartKey"} | taken)
        self._here(request)
        names = names_of(request)
        wanted = compile_condition(request["KeyConditionExpression"], names, "KeyConditionExpression")
        values = judge(request, combine_uses(names, wanted.uses))
        keys = [name for _, name in names]
        found = [item for item in self._state.values() if set(keys) <= item.keys() and wanted.test(item, values)]
        items = [thaw_item(Frozen({name: item[name] for name in (self.key, *keys)})) for item in found]

        def place(item: Mapping[str, Any]) -> tuple[int, str]:
            return int(item[keys[-1]]["N"]), item[self.key]["S"]

        if start := request.get("ExclusiveStartKey"):
            items = [item for item in items if place(item) > place(start)]
        page = sorted(items, key=place)[: request.get("Limit")]
        last = {"LastEvaluatedKey": page[-1]} if len(page) == request.get("Limit") else {}
        return {"Items": page, "Count": len(page), "ScannedCount": len(page), **last}

    def _write(self, operation: str, kind: str, request: Mapping[str, Any]) -> Answer:
        def write() -> Answer:
            self._here(request)
            planned = plan(kind, request, self.key)
            old = self._state.get(planned.pk)
            if not planned.holds(old):
                raise make_condition_error(operation, planned.shown(old))
            new = planned.change(old)
            self._commit([(planned.pk, new)])
            return planned.attributes(old, new)

        return self._faulty(operation, request, write)

    def _transact(self, members: Iterable[Mapping[str, Any]]) -> Answer:
        writes = [self._member(member) for member in members]
        if not 1 <= len(writes) <= _MOST_MEMBERS:
            raise Invalid(f"Member must have length between 1 and {_MOST_MEMBERS}; it has {len(writes)}")
        if len({one.pk for one in writes}) < len(writes):
            raise Invalid("Transaction request cannot include multiple operations on one item")
        outcomes = [self._outcome(one) for one in writes]
        if any(why["Code"] != "None" for why, _ in outcomes):
            raise make_cancellation(why for why, _ in outcomes)
        self._commit([(one.pk, new) for one, (_, new) in zip(writes, outcomes, strict=True)])
        return {}

    def _member(self, member: Mapping[str, Any]) -> Write:
        if len(member) != 1:
            raise Invalid("TransactItems can only contain one of Check, Put, Update or Delete")
        ((kind, request),) = member.items()
        accept(request, request.keys() - {"ReturnValues"})
        self._here(request)
        return plan(kind, request, self.key)

    def _outcome(self, write: Write) -> tuple[Answer, FrozenItem | None]:
        old = self._state.get(write.pk)
        if not write.holds(old):
            return reason("ConditionalCheckFailed", write.shown(old)), None
        try:
            return reason("None"), write.change(old)
        except Invalid as error:
            return reason("ValidationError", message=str(error)), None

    def _commit(self, changes: Iterable[tuple[str, FrozenItem | None]]) -> None:
        state = Frozen(self._state)
        for pk, item in changes:
            if item is None:
                state.pop(pk, None)
            else:
                state[pk] = self._known.setdefault(item, item)
        self._state = state

    def _faulty(self, operation: str, request: Mapping[str, Any], write: Callable[[], Answer]) -> Answer:
        if self.fault is None:
            return self._answer(operation, request, write)
        self.fault("before", operation, request)
        try:
            return self._answer(operation, request, write)
        finally:
            self.fault("after", operation, request)

    def _answer(self, operation: str, request: Mapping[str, Any], work: Callable[[], Answer]) -> Answer:
        broken = request_violations("dynamodb", operation, request) if self.gated else []
        state = self._state
        try:
            answer = work()
        except Invalid as error:
            raise make_error(operation, error.code, str(error)) from None
        if broken:
            self._state = state
            raise make_error(operation, Invalid.code, "; ".join(broken))
        return hold_to_model("dynamodb", operation, answer) if self.gated else answer

    def _here(self, request: Mapping[str, Any]) -> None:
        if request["TableName"] != self.name:
            raise NoSuchTable(f"Requested resource not found: Table: {request['TableName']} not found")
