"""Splits messages into batches for SNS's PublishBatch and SQS's SendMessageBatch.

https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["publish_entry", "split_batches"]

T = TypeVar("T")

_MOST = 10
#: Most bytes of all messages in a call, with room for their attributes.
_BYTES = 250_000


def split_batches(items: Iterable[T], size: Callable[[T], int]) -> Iterator[list[T]]:
    """Yield the items in order, in batches as large as one call allows; `size` returns the bytes of an item."""
    batch: list[T] = []
    total = 0
    for each in items:
        length = size(each)
        if batch and (len(batch) == _MOST or total + length > _BYTES):
            yield batch
            batch, total = [], 0
        batch.append(each)
        total += length
    if batch:
        yield batch


def publish_entry(number: int, message: str, type_: str) -> dict[str, object]:
    """Build one entry of a call: the message, its type as an attribute for filters, and its number as the entry's
    id."""
    return {
        "Id": str(number),
        "Message": message,
        "MessageAttributes": {"type": {"DataType": "String", "StringValue": type_}},
    }
