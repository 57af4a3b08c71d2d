"""Reads the queue `dead` without emptying it.

A standard queue returns messages in any order, and may return one more than once:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from operations.redrive.dead_letters import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ChangeMessageVisibilityBatchRequestEntryTypeDef

__all__ = ["count_in_flight", "make_visible", "peek", "receive_all"]

#: Visibility timeout in seconds: longer than it takes to read a large queue.
_VISIBILITY_TIMEOUT = 60
#: So many answers in a row without a new letter mean that all have been seen.
_EMPTY_ANSWERS = 2
#: Long polling, in seconds: asks all servers of SQS, where a short poll found nothing new.
_LONG_POLL_SECONDS = 1
_BATCH = 10


def receive_all(sqs: SQSClient, url: str) -> Iterator[list[DeadLetter]]:
    """Every visible letter once, in batches; the caller deletes each or makes it visible again."""
    seen: set[str] = set()
    without_new = 0
    while without_new < _EMPTY_ANSWERS:
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=_VISIBILITY_TIMEOUT,
            WaitTimeSeconds=_LONG_POLL_SECONDS if without_new or not seen else 0,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        new = [letter for letter in map(DeadLetter.of, answer.get("Messages", [])) if letter.id not in seen]
        without_new = 0 if new else without_new + 1
        seen.update(letter.id for letter in new)
        yield new


def peek(sqs: SQSClient, url: str) -> list[DeadLetter]:
    """All letters in the queue; they stay there."""
    letters: list[DeadLetter] = []
    try:
        for some in receive_all(sqs, url):
            letters.extend(some)
    finally:
        make_visible(sqs, url, letters)
    return letters


def count_in_flight(sqs: SQSClient, url: str) -> int:
    """About how many letters somebody else has received and not deleted yet."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    return int(found["Attributes"]["ApproximateNumberOfMessagesNotVisible"])


def make_visible(sqs: SQSClient, url: str, letters: Sequence[DeadLetter]) -> None:
    """Make received letters visible again at once; without this they become visible within a minute."""
    for start in range(0, len(letters), _BATCH):
        entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
            {"Id": str(index), "ReceiptHandle": letter.handle, "VisibilityTimeout": 0}
            for index, letter in enumerate(letters[start : start + _BATCH])
        ]
        sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
