"""The audit log of operators' actions: one item before an action with its intent, and one after it with its outcome.

Neither is ever changed. If an action has no second item, its outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from function.ledger.attributes import deserialize_item, serialize_item
from operations.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["Audit", "AuditEntry", "AuditLog"]

#: The partition key, in the web app's table (`webapp/aws/table.py`).
_KEY = "audit"
_EXPIRES_AT = "expires_at"
#: How long an entry is kept, in seconds: two years.
_KEPT_SECONDS = 2 * 365 * 24 * 3600
_BEGUN = "begun; nobody knows how it ended"
_OUTCOME = "#outcome"
#: Sorts after every ULID.
_AFTER_ALL = "~"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action: who did what to what, when (epoch milliseconds), and with which outcome."""

    id: str
    at: int
    who: str
    action: str
    about: str
    outcome: str


class AuditLog(Protocol):
    """Also receives every action, and outcomes that could not be written."""

    def info(self, event: str, **fields: object) -> None:
        """Log an event."""

    def failure(self, event: str, problem: BaseException, **fields: object) -> None:
        """Log an exception."""


class Audit:
    """The entries, in the table of books under a key that no reader's key can reach.

    `clock` returns epoch milliseconds, `new_id` a ULID, by which the entries are ordered.
    """

    def __init__(
        self, dynamodb: DynamoDBClient, table: str, clock: Callable[[], int], new_id: Callable[[], str], log: AuditLog
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        self._new_id = new_id
        self._log = log

    def record(self, who: str, sub: str, action: str, about: str, work: Callable[[], str]) -> str:
        """Do `work` with an audit entry and return the entry's id; `work` returns its outcome. Raises what `work`
        raises.

        `who` is the name that is shown, an address or an ARN; `sub` is the one that never changes. If the intent cannot
        be written, nothing is done. If the outcome cannot be written, that is logged and the entry says that the
        outcome is unknown; the action itself counts as done.
        """
        entry = self.begin(who, sub, action, about)
        try:
            outcome = work()
        except Exception as error:
            self.end(entry, f"failed: {_describe(error)}")
            raise
        self.end(entry, outcome)
        return entry

    def list_latest(self, most: int = 20, before: str = "") -> list[AuditEntry]:
        """Return the newest entries, newest first; with `before`, those older than the entry with that id."""
        answer = self._dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="pk = :audit AND sk < :before",
            ExpressionAttributeValues=serialize_item({":audit": _KEY, ":before": before or _AFTER_ALL}),
            ScanIndexForward=False,
            Limit=2 * most,
            ConsistentRead=True,
        )
        items = [deserialize_item(item) for item in answer["Items"]]
        outcomes = {item["sk"].removesuffix(_OUTCOME): item["outcome"] for item in items if "outcome" in item}
        intents = [item for item in items if not item["sk"].endswith(_OUTCOME)]
        return [_entry(item, outcomes.get(item["sk"], _BEGUN)) for item in intents[:most]]

    def begin(self, who: str, sub: str, action: str, about: str) -> str:
        """Write the intent; return the entry's id."""
        id_ = self._new_id()
        self._put(id_, self._clock(), {"who": who, "sub": sub, "action": action, "about": about})
        self._log.info("operator begins", entry=id_, sub=sub, action=action, about=about)
        return id_

    def end(self, entry: str, outcome: str) -> None:
        """Write the outcome. Never raises, since the action itself has been done."""
        self._log.info("operator ended", entry=entry, outcome=outcome)
        try:
            self._put(f"{entry}{_OUTCOME}", self._clock(), {"outcome": outcome[:500]})
        except Exception as error:
            self._log.failure("outcome not on record", error, entry=entry)

    def _put(self, name: str, at: int, values: Mapping[str, str]) -> None:
        """Write a new item; an identical existing one was written by an earlier try whose answer was lost."""
        item = {"pk": _KEY, "sk": name, "kind": "audit", "at": at, _EXPIRES_AT: at // 1000 + _KEPT_SECONDS, **values}
        written = serialize_item(item)
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=written,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response.get("Item") != written:
                raise


def _describe(error: Exception) -> str:
    """Describe an error for operators; the text of AWS's errors names accounts and roles, so it is left out."""
    if isinstance(error, UserError):
        return str(error)
    what = type(error).__name__
    if isinstance(error, ClientError):
        what = f"AWS answered {error.response['Error']['Code']}"
    return f"{what}; some of it may have been done"


def _entry(values: Mapping[str, Any], outcome: str) -> AuditEntry:
    who, action, about = (str(values.get(name, "")) for name in ("who", "action", "about"))
    return AuditEntry(str(values["sk"]), int(values.get("at", 0)), who, action, about, outcome)
