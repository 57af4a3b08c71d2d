"""Which mails a reader does not want: items of the ledger, which the notifier checks in the claim of each mail."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from webapp.items import to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Choices:
    """Keeps choices by category and hash of the address; each call may be repeated without harm."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def unsubscribe(self, category: str, hashed: str, at: int, by: Literal["link", "settings"]) -> bool:
        """Stop a category of mails; False if they were stopped before, whose time is kept."""
        item = {"pk": _key(category, hashed), "since": at, "by": by}
        try:
            self._dynamodb.put_item(
                TableName=self._table, Item=to_item(item), ConditionExpression="attribute_not_exists(pk)"
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def subscribe(self, category: str, hashed: str) -> None:
        """Let mails of a category come again."""
        self._dynamodb.delete_item(TableName=self._table, Key=to_item({"pk": _key(category, hashed)}))

    def stopped(self, categories: Iterable[str], hashed: str) -> set[str]:
        """Those of the categories that are stopped."""
        return {category for category in categories if self._is_stopped(category, hashed)}

    def _is_stopped(self, category: str, hashed: str) -> bool:
        key = to_item({"pk": _key(category, hashed)})
        return "Item" in self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)


def hash_of(key: bytes, address: str) -> str:
    """The ledger's keyed hash of an address, in hex."""
    return hmac.new(key, address.strip().lower().encode(), hashlib.sha256).hexdigest()


def _key(category: str, hashed: str) -> str:
    return f"unsubscribed#{category}#{hashed}"
