"""The SQS queues `retry` and `dead`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from function.event.envelope import QueueItem
from function.queues.dead_letter import Letter
from function.runtime.lean_dataclass import dataclass

__all__ = ["Queue"]

#: In seconds: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
_LONGEST_DELAY = 900
#: Twelve hours from the receipt, minus the longest invocation: the visibility timeout counts from the receipt.
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
_LONGEST_INVISIBILITY = 43_200 - 900
_COUNTS = [f"ApproximateNumberOfMessages{part}" for part in ("", "Delayed", "NotVisible")]


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue behind a botocore client. botocore's errors are raised unchanged."""

    client: Any
    url: str

    def put(self, letter: Letter, delay: float = 0) -> None:
        """Queue a letter, invisible for `delay` seconds, at most 900."""
        self.client.send_message(
            QueueUrl=self.url,
            DelaySeconds=min(_round_up(delay), _LONGEST_DELAY),
            **_build_message(letter),
        )

    def put_all(self, letters: Sequence[Letter]) -> dict[int, str]:
        """Queue at most ten letters in one call; return the numbers of those that SQS did not accept, with the errors.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
        """
        entries = [{"Id": str(number), **_build_message(letter)} for number, letter in enumerate(letters)]
        answer = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        taken = {int(entry["Id"]) for entry in answer.get("Successful", [])}
        why = {int(entry["Id"]): str(entry["Code"]) for entry in answer.get("Failed", [])}
        return {number: why.get(number, "not answered") for number in range(len(entries)) if number not in taken}

    def postpone(self, item: QueueItem, seconds: float) -> None:
        """Leave an item in the queue, invisible for `seconds`."""
        self.client.change_message_visibility(
            QueueUrl=self.url,
            ReceiptHandle=item.receipt_handle,
            VisibilityTimeout=min(_round_up(seconds), _LONGEST_INVISIBILITY),
        )

    def count(self) -> int:
        """Return the approximate number of messages: visible, delayed and in flight."""
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=_COUNTS)
        return sum(int(answer.get("Attributes", {}).get(name, 0)) for name in _COUNTS)


def _build_message(letter: Letter) -> dict[str, Any]:
    marks = {name: {"DataType": "String", "StringValue": value} for name, value in letter.attributes.items()}
    return {"MessageBody": letter.body, "MessageAttributes": marks}


def _round_up(seconds: float) -> int:
    return max(0, -int(-seconds // 1))
