"""Which mails a reader does not want: in the ledger's item of the address, which the claim of each mail looks at."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from webapp.aws.items import to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Choices:
    """Keeps choices by category and hash of the address; each call may be repeated without harm.

    Nothing else in the item is named here: the right to write it ends at these attributes.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def unsubscribe(self, category: str, hashed: str, at: int, by: Literal["link", "settings"]) -> bool:
        """Stop a category of mails; False if they were stopped before, whose time is kept."""
        choice = to_item({":choice": {"since": at, "by": by}})
        return self._change(
            hashed,
            category,
            "SET #choice = :choice",
            ConditionExpression="attribute_not_exists(#choice)",
            ExpressionAttributeValues=choice,
        )

    def subscribe(self, category: str, hashed: str) -> None:
        """Let mails of a category come again."""
        self._change(hashed, category, "REMOVE #choice", ConditionExpression="attribute_exists(#choice)")

    def stopped(self, categories: Iterable[str], hashed: str) -> set[str]:
        """Those of the categories that are stopped."""
        item = self._dynamodb.get_item(TableName=self._table, Key=_key(hashed), ConsistentRead=True).get("Item", {})
        return {category for category in categories if _name(category) in item}

    def _change(self, hashed: str, category: str, expression: str, **condition: Any) -> bool:
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(hashed),
                UpdateExpression=expression,
                ExpressionAttributeNames={"#choice": _name(category)},
                **condition,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def hash_of(key: bytes, address: str) -> str:
    """The ledger's keyed hash of an address, in hex."""
    return hmac.new(key, address.strip().lower().encode(), hashlib.sha256).hexdigest()


def _key(hashed: str) -> Any:
    return to_item({"pk": f"address#{hashed}"})


def _name(category: str) -> str:
    return f"stopped:{category}"
