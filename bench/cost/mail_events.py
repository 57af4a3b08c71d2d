"""The cost that `mail_events` and `mail_webhook` add to a mail, whose two changes are published, by the functions' own
code.

Lambda's reads of a stream and SNS's deliveries to SQS are free; PublishBatch is billed by 64 KB.
https://aws.amazon.com/dynamodb/pricing/on-demand/ and https://aws.amazon.com/sns/pricing/
"""

from __future__ import annotations

import io
import json
import math
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bench.cost.assumptions import Assumptions, Cpu
from bench.cost.usage import Usage
from fakes.clock import Clock
from fakes.ledger_stream import StreamedTable, make_mail_events_handler
from fakes.sns_topic import FakeTopic
from function.ledger.attempt import Attempt
from function.ledger.ledger import Ledger, Writes
from function.ledger.mail_event import read_mail_event
from function.ledger.record import TimelineRow
from function.ledger.states import Action, State
from function.ledger.table import Table
from function.mail_webhook import MailWebhookHandler
from function.providers.http_client import HttpResponse
from function.providers.secret import Secret
from function.runtime.metrics import Telemetry

__all__ = ["FULL", "measure_mail_events", "measure_webhook_posts"]

#: Maximum number of changes per invocation, as in infra/modules/notifier.
FULL = 100
_EVENTS = 2  # sent, delivered
_CHUNK = 64_000
#: A Standard Webhooks secret of 24 bytes, for a receiver that does not exist.
_SECRET = f"whsec_{b64encode(bytes(range(24))).decode()}"


def measure_mail_events(cpu: Cpu, given: Assumptions, batch: int = FULL) -> Usage:
    """Measure one of many mails that are sent and delivered; an invocation takes `batch` changes.

    The CPU time of an event is assumed to be that of a report.
    """
    mails = FULL // _EVENTS
    changes = [change for change in _write(mails) if read_mail_event(change)]
    topic, log = FakeTopic(), io.StringIO()
    handler = make_mail_events_handler(topic, log)
    starts = range(0, len(changes), batch)
    for start in starts:
        handler({"Records": changes[start : start + batch]}, None)
    lines, written = len(log.getvalue().splitlines()), len(log.getvalue().encode()) / mails
    milliseconds = cpu.feedback * _EVENTS * given.processor / given.memory + topic.calls / mails * given.write
    return Usage(
        sns_publish=sum(math.ceil(size / _CHUNK) for size in topic.sizes) / mails,
        lambda_request=len(starts) / mails,
        lambda_gb_second=milliseconds / 1000 * given.memory / 1024,
        log_bytes=written + lines * given.line / mails,
        written=written,
    )


class _Receiver:
    """Accepts every request."""

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:  # noqa: ARG002 - as in HttpClient
        return HttpResponse(204, {}, b"")


def measure_webhook_posts(cpu: Cpu, given: Assumptions) -> Usage:
    """Measure posting the same mail's two events to a URL, each in its own invocation, on top of publishing.

    SNS's delivery, SQS's receive and the delete are one request each. The CPU time of an event is assumed to be that of
    a report.
    """
    changes = [change for change in _write(1) if read_mail_event(change)]
    topic, log, clock = FakeTopic(), io.StringIO(), Clock()
    make_mail_events_handler(topic, io.StringIO())({"Records": changes}, None)
    receiver: Any = _Receiver()
    queue: Any = None  # nothing is retried on the usual path
    secret = Secret(lambda: _SECRET, lambda: clock() / 1000)
    telemetry = Telemetry("herald-mail-webhook", "3f9c2a1b5d7e", clock, log)
    handler = MailWebhookHandler(receiver, "/", secret, queue, telemetry, clock, lambda: 0.5, lambda: None)
    for event in topic.told:
        body = json.dumps({name: value for name, value in event.items() if name != "attribute"})
        record = {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        if handler({"Records": [record]}, None)["batchItemFailures"]:
            raise RuntimeError("it was not posted")
    lines, written = len(log.getvalue().splitlines()), len(log.getvalue().encode())
    milliseconds = _EVENTS * (cpu.feedback * given.processor / given.memory + given.answer)
    return Usage(
        sns_publish=0,
        sqs_request=_EVENTS * 3,
        lambda_request=_EVENTS,
        lambda_gb_second=milliseconds / 1000 * given.memory / 1024,
        log_bytes=written + lines * given.line,
        written=written,
    )


def _write(mails: int) -> list[dict[str, object]]:
    """Return the changes of `mails` mails in the ledger's stream."""
    table, clock = StreamedTable(), Clock()
    ledger = Ledger(Table(table, table.name), Writes(table.name, "3f9c2a1b5d7e", 900_000, 5_184_000, 1), clock)
    for number in range(mails):
        message, event_id = f"{number:036d}", f"01JD6Q1M4X9Z8T7V5R3N2K{number:04d}"
        attempt = Attempt(message, "o", "book.created", f"event#{number}", "address#1")
        attempt = replace(attempt, source="urn:herald:webapp", id=event_id, subject=f"books/{event_id}")
        ledger.claim(attempt)
        ledger.record(attempt, [TimelineRow(State.SENT, clock(), "r1", provider="ses://us-east-1")], "mail")
        ledger.apply_feedback(
            attempt.message_id, Action.FEEDBACK_DELIVERED, TimelineRow(State.DELIVERED, clock(), "r1", provider="ses")
        )
    return table.stream
