"""What operators did: one item for each action, written before it is done and completed with what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from function.ledger.attributes import deserialize_item, serialize_item
from webapp.auth.identity import Identity
from webapp.aws.table import EXPIRES_AT
from webapp.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Audit", "AuditEntry"]

_KEY: Final = "audit"
#: How long an entry is kept, in seconds: two years.
_KEPT_SECONDS: Final = 2 * 365 * 24 * 3600
_BEGUN: Final = "begun; nobody knows how it ended"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what, when (epoch milliseconds), and what came of it."""

    id: str
    at: int
    who: str
    action: str
    about: str
    outcome: str


class Audit:
    """The entries, in the table of books under a key that no reader's key can reach."""

    def __init__(self, dynamodb: DynamoDBClient, table: str, clock: Clock, new_id: Callable[[], str]) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        self._new_id = new_id

    def record(self, operator: Identity, action: str, about: str, work: Callable[[], str]) -> str:
        """Do `work` on the record: its outcome, or the error's, completes the entry. Returns the entry's id."""
        entry = self._begin(operator, action, about)
        try:
            self._end(entry, work())
        except Exception as error:
            self._end(entry, f"failed: {_describe(error)}")
            raise
        return entry

    def latest(self, most: int = 20) -> list[AuditEntry]:
        """The newest entries, newest first."""
        answer = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :audit",
            ExpressionAttributeValues=serialize_item({":audit": _KEY}),
            ScanIndexForward=False,
            Limit=most,
            ConsistentRead=True,
        )
        return [_entry(deserialize_item(item)) for item in answer["Items"]]

    def _begin(self, operator: Identity, action: str, about: str) -> str:
        at, id_ = self._clock(), self._new_id()
        item = {
            "pk": _KEY,
            "sk": id_,
            "kind": "audit",
            "at": at,
            "who": operator.email,
            "sub": operator.sub,
            "action": action,
            "about": about,
            "outcome": _BEGUN,
            EXPIRES_AT: at // 1000 + _KEPT_SECONDS,
        }
        self._dynamodb.put_item(TableName=self._table, Item=serialize_item(item))
        return id_

    def _end(self, entry: str, outcome: str) -> None:
        self._dynamodb.update_item(
            TableName=self._table,
            Key=serialize_item({"pk": _KEY, "sk": entry}),
            UpdateExpression="SET outcome = :outcome",
            ExpressionAttributeValues=serialize_item({":outcome": outcome[:500]}),
        )


def _describe(error: Exception) -> str:
    """What an operator reads of an error; the text of AWS's errors names accounts and roles."""
    if isinstance(error, ClientError):
        return f"AWS answered {error.response['Error']['Code']}"
    return type(error).__name__ if isinstance(error, BotoCoreError) else str(error)


def _entry(values: dict[str, object]) -> AuditEntry:
    texts = {name: str(values.get(name, "")) for name in ("who", "action", "about", "outcome")}
    at = values.get("at", 0)
    return AuditEntry(id=str(values["sk"]), at=at if isinstance(at, int) else 0, **texts)
