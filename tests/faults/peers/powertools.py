"""Powertools Idempotency around a plain send, as in its documentation, with every choice made in its favour.

The key is the event's own source and id, so that an event published twice counts as one. The Lambda context is
available, so that the claim of a dead process is taken over once the function would have timed out.
https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent,
)

from bench.speed.references.naive_handler import send

__all__ = ["make_handlers"]


def make_handlers(table: Any, ses: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the handler, and that of the next release, which has another name."""
    layer = DynamoDBPersistenceLayer(table_name="idempotency", boto3_client=table)

    def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
        return {"MessageId": send(ses, event["Records"][0]["Sns"]["Message"])}

    def handler_of_the_next_release(event: dict[str, Any], _context: Any) -> dict[str, str]:
        return {"MessageId": send(ses, event["Records"][0]["Sns"]["Message"])}

    def wrap(function: Callable[..., Any]) -> Any:
        config = IdempotencyConfig(event_key_jmespath="powertools_json(Records[0].Sns.Message).[source, id]")
        return idempotent(function, persistence_store=layer, config=config)

    return wrap(handler), wrap(handler_of_the_next_release)
