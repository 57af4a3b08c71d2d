"""Dead letters of `mail_webhook`: mail events that their receiver did not accept for two days.

Each is put back into the queue unchanged, under its old id, by which a receiver recognises repeats. It is sent first
and deleted afterwards, so that an interruption loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.redrive.dead_letters import DeadLetter
from operations.redrive.letter_filter import LetterFilter
from operations.redrive.queue import DeadQueueReader, peek

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["WebhookDeadLetters"]


@dataclass(frozen=True, slots=True)
class WebhookDeadLetters:
    """The letters in the queue `dead`, which are posted from the queue `waiting`; both are URLs."""

    sqs: SQSClient
    dead: str
    waiting: str

    def find(self, letter_filter: LetterFilter) -> list[DeadLetter]:
        """Return the letters that the filter selects, oldest first; they stay in the queue."""
        found = filter(letter_filter.matches, peek(self.sqs, self.dead))
        return sorted(found, key=lambda letter: letter.since)

    def post_again(self, letters: list[DeadLetter]) -> int:
        """Put the letters back into the queue from which they are posted; return how many were still in `dead`."""
        return self._apply_to_each(
            letters, lambda one: self.sqs.send_message(QueueUrl=self.waiting, MessageBody=one.body)
        )

    def discard(self, letters: list[DeadLetter]) -> int:
        """Delete the letters; return how many were still in `dead`."""
        return self._apply_to_each(letters, lambda _: None)

    def _apply_to_each(self, letters: list[DeadLetter], act: Callable[[DeadLetter], object]) -> int:
        waiting = {letter.id for letter in letters}
        with DeadQueueReader(self.sqs, self.dead) as reader:
            for some in reader:
                for letter in some:
                    if letter.id in waiting:
                        act(letter)
                        reader.delete(letter)
                        waiting.discard(letter.id)
                if not waiting:
                    break
        return len(letters) - len(waiting)
