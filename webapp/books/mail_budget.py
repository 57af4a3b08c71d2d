"""The limit of mails that one account may cause: counted per ten minutes and per day, in the same transaction.

The count is written together with the book and its event, or not at all. So it is correct across processes, and
requests that cause no mail are not counted: neither a repeated request with the same key, nor one that fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from function.ledger.attributes import deserialize_item, serialize_item
from webapp.aws.table import EXPIRES_AT, format_user_key
from webapp.errors import RateLimitStatus, TooManyRequests

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

__all__ = ["MailBudget"]

_WINDOW_SECONDS = 600
_DAY_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class MailBudget:
    """The limit of mails for each account in ten minutes, and in a day (UTC)."""

    per_ten_minutes: int
    per_day: int

    def spend(self, table: str, owner: str, at: int) -> UpdateTypeDef:
        """Return the write that counts one mail of this account at `at` (epoch milliseconds); it fails if none is
        left."""
        day, window = divmod(at // 1000, _DAY_SECONDS)
        values = {
            ":one": 1,
            ":day": self.per_day,
            ":window": self.per_ten_minutes,
            ":kind": "budget",
            ":expires": (day + 2) * _DAY_SECONDS,
        }
        return {
            "TableName": table,
            "Key": serialize_item({"pk": format_user_key(owner), "sk": f"mails#{day}"}),
            "UpdateExpression": f"SET kind = :kind, {EXPIRES_AT} = :expires ADD mails :one, #window :one",
            "ConditionExpression": "(attribute_not_exists(mails) OR mails < :day) "
            "AND (attribute_not_exists(#window) OR #window < :window)",
            "ExpressionAttributeNames": {"#window": _format_window(window)},
            "ExpressionAttributeValues": serialize_item(values),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def refusal(self, counted: Mapping[str, Any], at: int) -> TooManyRequests:
        """Return the error for an account that has no mails left, from the item that refused the write."""
        spent = deserialize_item(counted).get("mails", 0) >= self.per_day
        if spent:
            status = RateLimitStatus(
                "mails-a-day", self.per_day, _DAY_SECONDS, 0, _compute_seconds_left(_DAY_SECONDS, at)
            )
            sentence = (
                f"Each book that is added or deleted sends a mail, and one account may send {self.per_day} in a day."
            )
        else:
            most = self.per_ten_minutes
            status = RateLimitStatus(
                "mails-in-ten-minutes", most, _WINDOW_SECONDS, 0, _compute_seconds_left(_WINDOW_SECONDS, at)
            )
            sentence = (
                f"Each book that is added or deleted sends a mail, and one account may send {most} in ten minutes."
            )
        return TooManyRequests(sentence, status.reset, status)


def _compute_seconds_left(length: int, at: int) -> int:
    """Return the seconds until the current window of `length` seconds ends, at `at` (epoch milliseconds)."""
    return length - at // 1000 % length


def _format_window(second_of_day: int) -> str:
    return f"in_{second_of_day // _WINDOW_SECONDS}"
