"""Entry point of `mail-events`: publishes what becomes of each mail, from the ledger's stream to a topic of its own.

Deployed only if it is switched on. The stream keeps the changes of one record in order, may deliver a batch again, and
keeps records for 24 hours:
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from function.bootstrap import Clients, LazyHandler, read_clock, read_release
from function.ledger.mail_event import MailEvent, read_mail_event
from function.queues.batches import publish_entry, split_batches
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import Telemetry, find_service
from function.settings import MailEventsSettings

__all__ = ["MailEventsHandler", "compose", "handler"]

#: The sequence number of a stream record, and its event.
StreamedEvent = tuple[str, MailEvent]


@dataclass(frozen=True, slots=True)
class MailEventsHandler:
    """Publishes the mail events of a batch; after a failure, the batch is retried from the first event that SNS did not
    accept."""

    sns: Any
    topic_arn: str
    telemetry: Telemetry

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        """Handle one batch; return the sequence number of the first record that must be retried."""
        published = 0
        for batch in split_batches(_read(event.get("Records", [])), lambda streamed: len(streamed[1].body)):
            taken = self._publish(batch)
            published += taken
            if taken < len(batch):
                self._count(published)
                return {"batchItemFailures": [{"itemIdentifier": batch[taken][0]}]}
        self._count(published)
        return {"batchItemFailures": []}

    def _publish(self, batch: Sequence[StreamedEvent]) -> int:
        """Publish a batch; return how many events SNS accepted before the first that it did not."""
        entries = [publish_entry(number, event.body, event.type) for number, (_, event) in enumerate(batch)]
        try:
            answer = self.sns.publish_batch(TopicArn=self.topic_arn, PublishBatchRequestEntries=entries)
        except (BotoCoreError, ClientError) as error:
            self.telemetry.note("failed", detail=str(error)[:200])
            return 0
        taken = {int(entry["Id"]) for entry in answer.get("Successful", [])}
        for failed in answer.get("Failed", []):
            self.telemetry.note("failed", item=batch[int(failed["Id"])][1].id, detail=failed["Code"])
        return next((number for number in range(len(batch)) if number not in taken), len(batch))

    def _count(self, published: int) -> None:
        self.telemetry.tally({"MailEvents": published} if published else {})


def _read(records: Iterable[dict[str, Any]]) -> Iterator[StreamedEvent]:
    for record in records:
        if event := read_mail_event(record):
            yield record["dynamodb"]["SequenceNumber"], event


def compose(environment: dict[str, str], clients: Clients) -> MailEventsHandler:
    """Compose the handler. Raises BadSetting."""
    settings = MailEventsSettings.read(environment)
    telemetry = Telemetry(find_service(environment, "mail-events"), read_release(), read_clock)
    return MailEventsHandler(clients.sns(), settings.topic_arn, telemetry)


#: Lambda's handler.
handler = LazyHandler(compose)
