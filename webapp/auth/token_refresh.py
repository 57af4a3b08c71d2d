"""Refreshes a session's tokens with one request at a time (single flight), across all processes.

An issuer may accept each refresh token only once, and end the session if it is used again. So the first request does
the refresh, and concurrent requests, or later ones with the same cookie, get its result.
https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from function.ledger.attributes import deserialize_item, serialize_item, write_if_allowed
from webapp import deadline, log
from webapp.aws.table import EXPIRES_AT
from webapp.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

__all__ = ["SingleFlightRefresh"]

#: A refresh that has not ended after this many seconds may be taken over: its process has died.
_LONGEST_SECONDS = 15
#: Seconds for which a request with the old cookie still gets the new session.
_KEPT_SECONDS = 60
_LOOK_AGAIN_SECONDS = 0.1
_PATIENCE_SECONDS = 10.0 * deadline.FACTOR


class SingleFlightRefresh:
    """Keeps each refresh for a minute in the table of books, under the hash of the refresh token that it used."""

    def __init__(
        self, dynamodb: DynamoDBClient, table: str, clock: Clock, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock
        self._wait = wait

    def run_once(self, refresh_token: str, renew: Callable[[], str | None]) -> str | None:
        """Return the result of `renew`, or of another request that has just run it; None if the issuer refused.

        Raises what `renew` raises, and `Unavailable` if another request's refresh does not end in time.
        """
        key = serialize_item({"pk": f"renewal#{hashlib.sha256(refresh_token.encode()).hexdigest()}", "sk": "renewal"})
        while not self._take(key):
            found = self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item", {})
            renewed = deserialize_item(found).get("session")
            if renewed is not None:
                return str(renewed) or None
            deadline.get_remaining(_PATIENCE_SECONDS)
            self._wait(_LOOK_AGAIN_SECONDS)
        try:
            answer = renew()
        except Exception:
            self._dynamodb.delete_item(TableName=self._table, Key=key)
            raise
        self._keep(key, answer)
        return answer

    def _take(self, key: Any) -> bool:
        """Whether this request is the one to do the refresh."""
        now = self._clock() // 1000
        item = serialize_item({"kind": "renewal", EXPIRES_AT: now + _LONGEST_SECONDS})
        return write_if_allowed(
            lambda: self._dynamodb.put_item(
                TableName=self._table,
                Item=key | item,
                ConditionExpression=f"attribute_not_exists(pk) OR {EXPIRES_AT} <= :now",
                ExpressionAttributeValues=serialize_item({":now": now}),
            )
        )

    def _keep(self, key: Any, answer: str | None) -> None:
        item = {"kind": "renewal", "session": answer or "", EXPIRES_AT: self._clock() // 1000 + _KEPT_SECONDS}
        try:
            self._dynamodb.put_item(TableName=self._table, Item=key | serialize_item(item))
        except (BotoCoreError, ClientError) as error:  # the session has been renewed nevertheless
            log.failure("renewal not kept", error)
