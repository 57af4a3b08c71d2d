"""Sends a mail by the next provider if the one that accepted it reports that it never tried to send it."""

from __future__ import annotations

from function.event.envelope import Delivery
from function.ledger.keys import successor_id
from function.providers.ses.events import FeedbackEvent
from function.providers.urls import list_later_providers
from function.queues.dead_letter import write_retry
from function.queues.sqs import Queue
from function.runtime.lean_dataclass import dataclass

__all__ = ["NextProvider"]


@dataclass(frozen=True, slots=True)
class NextProvider:
    """Queues such mails in `retry`; `providers` are all providers, in order of preference.

    If a report is repeated, the mail is queued twice but sent once: only the first claim finds the record unchanged.
    """

    retry: Queue
    providers: tuple[str, ...]

    def ask(self, event: FeedbackEvent) -> None:
        """Queue the mail under the MessageId that `herald redrive --again` would give it, if there is another
        provider."""
        if event.attempt is None or not list_later_providers(self.providers, event.provider):
            return
        delivery = Delivery(
            successor_id(event.message_id),
            "",
            in_ledger=True,
            instead_of=event.message_id,
            avoid=event.provider,
            never_tried=event.attempt,
        )
        self.retry.put(write_retry(delivery))
