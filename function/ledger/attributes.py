"""DynamoDB's typed JSON, as far as the ledger uses it, and conditional writes.

boto3 has a serializer for this, but Herald's package contains only botocore (design: budgets).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from botocore.exceptions import ClientError

__all__ = [
    "Attribute",
    "Item",
    "deserialize",
    "deserialize_item",
    "read_value",
    "serialize",
    "serialize_item",
    "write_if_allowed",
]

Attribute = dict[str, Any]
Item = dict[str, Attribute]


def serialize(value: object) -> Attribute:
    """Convert `value` to an AttributeValue: str, bool, int, bytes, a set of str, sequence or mapping.

    Mapping entries that are None are left out.
    """
    match value:
        case str() | bytes():
            return {"S" if isinstance(value, str) else "B": value}
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case Set():
            return {"SS": sorted(value)}
        case Mapping():
            return {"M": {key: serialize(inner) for key, inner in value.items() if inner is not None}}
        case Sequence():
            return {"L": [serialize(inner) for inner in value]}
    raise TypeError(f"the ledger stores no {type(value).__name__}")


def deserialize(attribute: Mapping[str, Any]) -> Any:
    """Convert an AttributeValue to Python; all numbers in the ledger are integers."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "SS":
            return frozenset(value)
        case "M":
            return {key: deserialize(inner) for key, inner in value.items()}
        case "L":
            return [deserialize(inner) for inner in value]
    return value


def serialize_item(values: Mapping[str, object]) -> Item:
    """Return the item for `values`; None values are left out."""
    return {name: serialize(value) for name, value in values.items() if value is not None}


def deserialize_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain values of an item."""
    return {name: deserialize(attribute) for name, attribute in item.items()}


def read_value(item: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """Return the plain value of one attribute of an item, or the default if it is missing."""
    return deserialize(attribute) if (attribute := item.get(name)) else default


def write_if_allowed(write: Callable[[], object]) -> bool:
    """Make a conditional write; False, with nothing written, if its condition failed. Raises botocore's other errors.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    """
    try:
        write()
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise
    return True
