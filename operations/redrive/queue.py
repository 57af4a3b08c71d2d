"""Reads the queue `dead` without emptying it.

A standard queue returns messages in any order, and may return a message more than once:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from operations.redrive.dead_letters import DeadLetter

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ChangeMessageVisibilityBatchRequestEntryTypeDef

__all__ = ["DeadQueueReader", "count_in_flight", "peek"]

#: Visibility timeout in seconds: longer than it takes to read a large queue.
_VISIBILITY_TIMEOUT = 60
#: After this many consecutive answers without a new letter, all have been seen.
_EMPTY_ANSWERS = 2
#: Long polling, in seconds: it asks all of SQS's servers, when a short poll found nothing new.
_LONG_POLL_SECONDS = 1
_BATCH = 10


class DeadQueueReader:
    """Iterates over every visible letter once, in batches; on exit, letters that were not deleted become visible again
    at once.

    A letter may be returned more than once, and only the handle of its last receipt counts: "If you don't provide the
    most recent receipt handle, the request succeeds, but the message will not be deleted":
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
    """

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self._sqs = sqs
        self._url = url
        self._handles: dict[str, str] = {}
        self._deleted: set[str] = set()

    def __enter__(self) -> DeadQueueReader:
        return self

    def __exit__(self, *_: object) -> None:
        handles = list(self._handles.values())
        for start in range(0, len(handles), _BATCH):
            entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
                {"Id": str(index), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for index, handle in enumerate(handles[start : start + _BATCH])
            ]
            self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def __iter__(self) -> Iterator[list[DeadLetter]]:
        without_new = 0
        while without_new < _EMPTY_ANSWERS:
            new = self._receive(_LONG_POLL_SECONDS if without_new or not (self._handles or self._deleted) else 0)
            without_new = 0 if new else without_new + 1
            yield new

    def delete(self, letter: DeadLetter) -> None:
        """Delete a letter that was received here."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=self._handles.pop(letter.id))
        self._deleted.add(letter.id)

    def _receive(self, seconds: int) -> list[DeadLetter]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=_VISIBILITY_TIMEOUT,
            WaitTimeSeconds=seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        letters = {letter.id: letter for letter in map(DeadLetter.from_message, answer.get("Messages", []))}
        new = [letter for id_, letter in letters.items() if id_ not in self._handles and id_ not in self._deleted]
        self._handles |= {id_: letter.handle for id_, letter in letters.items()}
        for id_ in letters.keys() & self._deleted:
            self.delete(letters[id_])
        return new


def peek(sqs: SQSClient, url: str) -> list[DeadLetter]:
    """Return all letters in the queue; they stay there."""
    with DeadQueueReader(sqs, url) as reader:
        return [letter for some in reader for letter in some]


def count_in_flight(sqs: SQSClient, url: str) -> int:
    """Return about how many letters another consumer has received and not deleted yet."""
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    return int(found["Attributes"]["ApproximateNumberOfMessagesNotVisible"])
