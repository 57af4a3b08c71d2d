"""Which mails a reader does not want: stored in the ledger's address item, which each claim of a mail checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from function.ledger.attributes import serialize_item, write_if_allowed
from function.ledger.keys import ADDRESS_PREFIX, choice_name
from operations.installation import build_projection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["CATEGORIES", "Category", "Preferences", "describe_category"]


@dataclass(frozen=True, slots=True)
class Category:
    """One category of mails: its name in links and in the ledger, and its title and description for people."""

    slug: str
    title: str
    about: str


CATEGORIES = {
    each.slug: each for each in (Category("books", "Your books", "A mail when a book of yours is added or deleted."),)
}


def describe_category(slug: str) -> Category:
    """Return the category; one that this release does not know yet is titled by its name."""
    return CATEGORIES.get(slug) or Category(slug, slug.replace("-", " ").capitalize(), "")


class Preferences:
    """Stores choices by category and address hash; each call is safe to repeat.

    It uses no other attribute of the item, since its IAM permissions are limited to these.
    """

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def unsubscribe(self, category: str, hashed: str, at: int, by: Literal["link", "settings"]) -> bool:
        """Stop a category of mails; False if it was already stopped, in which case the earlier time is kept."""
        choice = serialize_item({":choice": {"since": at, "by": by}})
        return self._change(
            hashed,
            category,
            "SET #choice = :choice",
            ConditionExpression="attribute_not_exists(#choice)",
            ExpressionAttributeValues=choice,
        )

    def subscribe(self, category: str, hashed: str) -> None:
        """Allow mails of a category again."""
        self._change(hashed, category, "REMOVE #choice", ConditionExpression="attribute_exists(#choice)")

    def find_stopped(self, categories: Iterable[str], hashed: str) -> set[str]:
        """Return those of the categories that are stopped."""
        names = {choice_name(category): category for category in categories}
        item = self._dynamodb.get_item(
            TableName=self._table, Key=_key(hashed), ConsistentRead=True, **build_projection(["pk", *names])
        ).get("Item", {})
        return {category for name, category in names.items() if name in item}

    def _change(self, hashed: str, category: str, expression: str, **condition: Any) -> bool:
        return write_if_allowed(
            lambda: self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(hashed),
                UpdateExpression=expression,
                ExpressionAttributeNames={"#choice": choice_name(category)},
                **condition,
            )
        )


def _key(hashed: str) -> Any:
    return serialize_item({"pk": ADDRESS_PREFIX + hashed})
