"""What the metered table counts, by AWS's rules."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from bench.cost.meter import Meter, compute_size

FREE = "attribute_not_exists(pk)"


def item(key: str, fill: int = 0) -> dict[str, dict[str, str]]:
    return {"pk": {"S": key}, "fill": {"S": "x" * fill}}


def put(meter: Meter, one: dict[str, dict[str, str]]) -> None:
    meter.put_item(TableName="herald-ledger", Item=one, ConditionExpression=FREE)


def test_an_item_is_as_long_as_its_names_and_values() -> None:
    assert compute_size({"pk": {"S": "äb"}}) == 2 + 3
    assert compute_size({"n": {"N": "27"}}) == 1 + 2
    assert compute_size({"n": {"N": "1795248000000"}}) == 1 + 5, "zeros at the end take no room"
    assert compute_size({"l": {"L": [{"S": "ab"}]}}) == 1 + 3 + 1 + 2
    assert compute_size({"m": {"M": {"a": {"S": "b"}}}}) == 1 + 3 + 1 + 1 + 1


@pytest.mark.parametrize(("fill", "units"), [(0, 1), (1_000, 1), (1_100, 2), (3_000, 3)])
def test_a_write_costs_a_unit_for_every_kilobyte(fill: int, units: int) -> None:
    meter = Meter()
    put(meter, item("a", fill))
    assert meter.write_units == units


def test_a_refused_write_costs_as_much() -> None:
    meter = Meter()
    put(meter, item("a"))
    with pytest.raises(ClientError):
        put(meter, item("a"))
    assert (meter.write_units, meter.requests) == (2, 2)


def test_a_transaction_costs_double_and_a_check_is_a_write() -> None:
    meter = Meter()
    member = {"TableName": "herald-ledger", "ConditionExpression": FREE}
    meter.transact_write_items(
        TransactItems=[{"Put": member | {"Item": item("a")}}, {"ConditionCheck": member | {"Key": {"pk": {"S": "b"}}}}]
    )
    assert meter.write_units == 4


def test_a_read_costs_half_unless_it_is_consistent() -> None:
    meter = Meter()
    for consistent in (True, False):
        meter.get_item(TableName="herald-ledger", Key={"pk": {"S": "a"}}, ConsistentRead=consistent)
    assert meter.read_units == 1.5
