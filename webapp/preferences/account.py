"""What the web app keeps about an account: language and time zone, and when it was deleted.

A deletion leaves a mark for as long as a token or session from before it could be used; nothing is written for such a
token or session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from function.ledger.attributes import Item, deserialize_item, serialize_item, write_if_allowed
from webapp.auth.identity import Identity
from webapp.aws.table import EXPIRES_AT, format_user_key
from webapp.errors import AccountDeleted

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ConditionCheckTypeDef

__all__ = ["Account", "AccountRepository", "check_open"]

#: Seconds for which the mark of a deletion is kept: longer than any session can be renewed.
_MARK_SECONDS = 40 * 24 * 3600
_OPEN = "attribute_not_exists(deleted_at) OR deleted_at < :signed_in"


@dataclass(frozen=True, slots=True)
class Account:
    """Language (a tag that the pages support) and time zone (an IANA name), if chosen; `deleted_at` is in epoch
    milliseconds (0: not deleted)."""

    language: str | None = None
    zone: str | None = None
    deleted_at: int = 0

    def is_open_to(self, reader: Identity) -> bool:
        """Whether the account still exists for this user: it was not deleted after they signed in."""
        return not self.deleted_at or self.deleted_at < reader.signed_in_at


class AccountRepository:
    """Stores one item for each account, in the table of books under the account's own key."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def get(self, reader: Identity) -> Account:
        """Return the account; raises `AccountDeleted` if it was deleted after this user signed in."""
        answer = self._dynamodb.get_item(TableName=self._table, Key=_build_key(reader.sub), ConsistentRead=True)
        values = deserialize_item(answer.get("Item", {}))
        account = Account(values.get("language"), values.get("zone"), int(values.get("deleted_at", 0)))
        if not account.is_open_to(reader):
            raise AccountDeleted
        return account

    def choose(self, reader: Identity, language: str, zone: str) -> None:
        """Save language and time zone; raises `AccountDeleted` as `get` does."""
        kept = write_if_allowed(
            lambda: self._update(
                reader.sub,
                f"SET kind = :kind, #language = :language, #zone = :zone REMOVE {EXPIRES_AT}",
                {":language": language, ":zone": zone, ":signed_in": reader.signed_in_at},
                ConditionExpression=_OPEN,
            )
        )
        if not kept:
            raise AccountDeleted

    def mark_deleted(self, reader: Identity, at: int) -> None:
        """Mark the account as deleted, so that nothing is written for earlier sessions, and delete its choices.
        Repeatable."""
        deleted_at = max(at, reader.signed_in_at)
        self._update(
            reader.sub,
            f"SET kind = :kind, deleted_at = :at, {EXPIRES_AT} = :expires REMOVE #language, #zone",
            {":at": deleted_at, ":expires": deleted_at // 1000 + _MARK_SECONDS},
        )

    def _update(self, sub: str, expression: str, values: Mapping[str, object], **condition: Any) -> None:
        self._dynamodb.update_item(
            TableName=self._table,
            Key=_build_key(sub),
            UpdateExpression=expression,
            ExpressionAttributeNames={"#language": "language", "#zone": "zone"},
            ExpressionAttributeValues=serialize_item({":kind": "account", **values}),
            **condition,
        )


def check_open(table: str, reader: Identity) -> ConditionCheckTypeDef:
    """Return a condition check for a transaction: it fails if the account was deleted after this user signed in."""
    return {
        "TableName": table,
        "Key": _build_key(reader.sub),
        "ConditionExpression": _OPEN,
        "ExpressionAttributeValues": serialize_item({":signed_in": reader.signed_in_at}),
    }


def _build_key(sub: str) -> Item:
    return serialize_item({"pk": format_user_key(sub), "sk": "account"})
