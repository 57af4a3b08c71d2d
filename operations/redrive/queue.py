"""Reading `dead` without emptying it: every letter that is seen is given back.

SQS hands out what it likes, in any order, more than once:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from operations.redrive.dead_letters import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ChangeMessageVisibilityBatchRequestEntryTypeDef

__all__ = ["give_back", "look", "out_of_sight", "received"]

#: Seconds that a letter stays out of others' sight: longer than it takes to read a large queue.
_OUT_OF_SIGHT = 60
#: Answers in a row without a new letter after which nothing is left to see.
_NOTHING_NEW = 2
#: Seconds to wait for an answer that asks all of SQS, where the first ask found nothing new.
_PATIENCE = 1
_BATCH = 10


def received(sqs: SQSClient, url: str) -> Iterator[list[DeadLetter]]:
    """Every letter that can be seen, once, as SQS hands them out: the caller deletes each or gives it back."""
    seen: set[str] = set()
    in_vain = 0
    while in_vain < _NOTHING_NEW:
        answer = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=_OUT_OF_SIGHT,
            WaitTimeSeconds=_PATIENCE if in_vain or not seen else 0,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        new = [letter for letter in map(DeadLetter.of, answer.get("Messages", [])) if letter.id not in seen]
        in_vain = 0 if new else in_vain + 1
        seen.update(letter.id for letter in new)
        yield new


def look(sqs: SQSClient, url: str) -> list[DeadLetter]:
    """The letters in the queue, which stay there."""
    letters: list[DeadLetter] = []
    try:
        for some in received(sqs, url):
            letters.extend(some)
    finally:
        give_back(sqs, url, letters)
    return letters


def out_of_sight(sqs: SQSClient, url: str) -> int:
    """About how many letters somebody else has in hand."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    return int(found["Attributes"]["ApproximateNumberOfMessagesNotVisible"])


def give_back(sqs: SQSClient, url: str, letters: Sequence[DeadLetter]) -> None:
    """Let others see the letters at once. What cannot be given back comes back by itself within a minute."""
    for start in range(0, len(letters), _BATCH):
        entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
            {"Id": str(index), "ReceiptHandle": letter.handle, "VisibilityTimeout": 0}
            for index, letter in enumerate(letters[start : start + _BATCH])
        ]
        sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
