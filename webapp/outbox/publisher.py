"""Publishes events from the outbox to SNS: at least once, and so that no event blocks another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from webapp import log
from webapp.clock import Clock
from webapp.outbox.event import MOST_BYTES, find_traceparent
from webapp.outbox.outbox import Outbox, OutboxEvent
from webapp.outbox.publishing_run import Counts

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import PublishBatchRequestEntryTypeDef

    from function.runtime.otlp import Span, Tracer

__all__ = ["Publisher"]

#: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html: 10 messages, 262,144 bytes with their attributes.
_BATCH_EVENTS = 10
_BATCH_BYTES = 3 * MOST_BYTES

#: SNS's errors for a message that it will never accept. Any other error may be temporary: the sweeper tries again.
_REFUSED = frozenset({"InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationException"})


class Publisher:
    """Publishes outbox events in batches and marks each; never raises because of a single event."""

    def __init__(
        self, sns: SNSClient, topic_arn: str, outbox: Outbox, clock: Clock, tracer: Tracer | None = None
    ) -> None:
        self._sns = sns
        self._topic_arn = topic_arn
        self._outbox = outbox
        self._clock = clock
        self._tracer = tracer

    def publish(self, events: Iterable[OutboxEvent], *, in_order: bool = False) -> Counts:
        """Publish events, reject those that SNS will never accept, and leave the others for the sweeper.

        With `in_order`, events after an unpublished one with the same subject are left too. This is best effort: SNS
        does not keep the order either, and no consumer relies on it.
        """
        counts = Counts()
        for batch in _split_batches(self._select_sendable(events, counts, in_order=in_order)):
            self._publish_batch(batch, counts)
        if self._tracer:
            self._tracer.flush()
        return counts

    def _select_sendable(
        self, events: Iterable[OutboxEvent], counts: Counts, *, in_order: bool
    ) -> Iterator[OutboxEvent]:
        for event in events:
            if in_order and event.subject in counts.waiting:
                self._leave([event], "an earlier event of its subject waits", counts)
            elif not (event.type and event.body):
                self._reject(event, "the outbox row is damaged: it holds no event", counts)
            elif len(event.body.encode()) > MOST_BYTES:
                self._reject(event, f"the event is larger than {MOST_BYTES // 1024} KiB", counts)
            else:
                yield event

    def _publish_batch(self, batch: Sequence[OutboxEvent], counts: Counts) -> None:
        spans = [self._begin_span(event) for event in batch]
        entries = [_build_entry(number, *pair) for number, pair in enumerate(zip(batch, spans, strict=True))]
        try:
            answer = self._sns.publish_batch(TopicArn=self._topic_arn, PublishBatchRequestEntries=entries)
        except ClientError as error:
            self._sort_out(batch, error.response["Error"]["Code"], str(error), counts)
            return
        except BotoCoreError as error:
            self._leave(batch, str(error), counts)
            return
        for taken in answer.get("Successful", []):
            self._end_span(spans[int(taken["Id"])], taken["MessageId"])
            self._mark(batch[int(taken["Id"])], taken["MessageId"], counts)
        for failed in answer.get("Failed", []):
            self._sort_out([batch[int(failed["Id"])]], failed["Code"], failed.get("Message", failed["Code"]), counts)

    def _begin_span(self, event: OutboxEvent) -> Span | None:
        if self._tracer is None:
            return None
        named = {"messaging.system": "aws_sns", "messaging.operation.type": "send", "cloudevents.event_id": event.id}
        return self._tracer.begin(f"publish {event.type}", "producer", find_traceparent(event.body), named)

    def _end_span(self, span: Span | None, message_id: str) -> None:
        if self._tracer and span:
            span.attributes["messaging.message.id"] = message_id
            self._tracer.end(span)

    def _sort_out(self, batch: Sequence[OutboxEvent], code: str, message: str, counts: Counts) -> None:
        if code not in _REFUSED or "TopicArn" in message:
            self._leave(batch, message, counts)
        elif len(batch) == 1:
            self._reject(batch[0], f"SNS refused the event ({code})", counts)
        else:
            for event in batch:
                self._publish_batch([event], counts)

    def _mark(self, event: OutboxEvent, message_id: str, counts: Counts) -> None:
        counts.published += 1
        try:
            mark = self._outbox.mark_republished if event.published_at else self._outbox.mark_published
            mark(event, message_id, self._clock())
        except (BotoCoreError, ClientError) as error:
            log.error("published but not marked, will be published again", id=event.id, error=str(error))

    def _reject(self, event: OutboxEvent, reason: str, counts: Counts) -> None:
        counts.rejected += 1
        log.error("outbox event rejected", id=event.id, type=event.type, reason=reason)
        try:
            self._outbox.mark_rejected(event, reason, self._clock())
        except (BotoCoreError, ClientError) as error:
            log.error("rejected but not marked, will be tried again", id=event.id, error=str(error))

    def _leave(self, batch: Sequence[OutboxEvent], message: str, counts: Counts) -> None:
        counts.left += len(batch)
        counts.waiting |= {event.subject for event in batch}
        log.error("not published, left for the sweeper", ids=[event.id for event in batch], error=message)


def _build_entry(number: int, event: OutboxEvent, span: Span | None) -> PublishBatchRequestEntryTypeDef:
    """Build the message; its trace is an attribute too, for consumers that do not read CloudEvents."""
    trace = span.context if span else find_traceparent(event.body)
    attributes = {"type": event.type} | ({"traceparent": str(trace)} if trace else {})
    return {
        "Id": str(number),
        "Message": event.body,
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }


def _split_batches(events: Iterable[OutboxEvent]) -> Iterator[list[OutboxEvent]]:
    batch: list[OutboxEvent] = []
    size = 0
    for event in events:
        length = len(event.body.encode())
        if batch and (len(batch) == _BATCH_EVENTS or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += length
    if batch:
        yield batch
