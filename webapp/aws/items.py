"""DynamoDB items as plain Python values and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

#: An item as the DynamoDB API writes it: `{"pk": {"S": "…"}, …}`.
Item: TypeAlias = dict[str, Any]

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def to_item(values: Mapping[str, object]) -> Item:
    """The item that holds `values`; what is None is left out."""
    return {name: _serializer.serialize(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """The item's plain values; whole numbers are ints."""
    return {name: _plain(_deserializer.deserialize(value)) for name, value in item.items()}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {name: _plain(inner) for name, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case _:
            return value
