"""The letters of `mail_webhook`: events of mails that their receiver did not take in two days.

Each goes back into the queue as it was, under its old id, by which a receiver knows what it has seen: sent first,
deleted afterwards, so that an interruption loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.redrive.dead_letters import DeadLetter
from operations.redrive.letter_filter import LetterFilter
from operations.redrive.queue import Reception, peek

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["WebhookLetters"]


@dataclass(frozen=True, slots=True)
class WebhookLetters:
    """Those in the queue `dead`, which were to be posted from the queue `waiting`: both are URLs."""

    sqs: SQSClient
    dead: str
    waiting: str

    def find(self, letter_filter: LetterFilter) -> list[DeadLetter]:
        """Those that are meant, the oldest first; they stay where they are."""
        found = filter(letter_filter.matches, peek(self.sqs, self.dead))
        return sorted(found, key=lambda letter: letter.since)

    def post_again(self, letters: list[DeadLetter]) -> int:
        """Put them back where they are posted from; how many still could be seen."""
        return self._apply_to_each(
            letters, lambda one: self.sqs.send_message(QueueUrl=self.waiting, MessageBody=one.body)
        )

    def throw_away(self, letters: list[DeadLetter]) -> int:
        """Delete them; how many still could be seen."""
        return self._apply_to_each(letters, lambda _: None)

    def _apply_to_each(self, letters: list[DeadLetter], act: Callable[[DeadLetter], object]) -> int:
        waiting = {letter.id for letter in letters}
        with Reception(self.sqs, self.dead) as reception:
            for some in reception:
                for letter in some:
                    if letter.id in waiting:
                        act(letter)
                        reception.delete(letter)
                        waiting.discard(letter.id)
                if not waiting:
                    break
        return len(letters) - len(waiting)
