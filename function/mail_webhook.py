"""Entry point of `mail-webhook`: posts what becomes of each mail to an external URL, signed.

Deployed only if such a URL is configured. Each message in the queue `mail-webhook` is one mail event, which is posted
unchanged. An event that is not accepted is retried with growing waits, and after two days it is a dead letter.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from function.bootstrap import Clients, LazyHandler, read_clock, read_release
from function.environment import BadSetting
from function.errors import NotificationError
from function.event.envelope import QueueItem
from function.event.webhook_signing import read_secrets, sign
from function.providers.http_client import HttpClient, HttpResponse
from function.providers.public_host import PublicHTTPSConnection
from function.providers.secret import Secret
from function.queues.sqs import Queue
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import Telemetry, find_service
from function.settings import MailWebhookSettings

__all__ = ["LARGEST_BODY", "WAITS", "MailWebhookHandler", "compose", "handler"]

#: Seconds until the next try, by receive count: close to what the specification suggests, within SQS's longest
#: visibility timeout. After the last wait it is received once more, and then SQS moves it to the dead letters.
WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 36_000, 36_000)
#: Fraction by which a wait is randomly longer or shorter, so that failed posts are not all retried together.
_JITTER = 0.15
#: Largest event in bytes: Herald's have a few thousand at most, and nothing else is posted.
LARGEST_BODY = 65_536
#: Timeout of the answer in seconds: the upper end of the specification's range.
_TIMEOUT = 15.0
#: The endpoint no longer exists and wants no more: https://www.rfc-editor.org/rfc/rfc9110#section-15.5.11
_GONE = 410


@dataclass(frozen=True, slots=True)
class MailWebhookHandler:
    """Posts the messages of the queue. `clock` returns epoch milliseconds, `draw` a number from 0 to 1; `stop` disables
    the queue's event source mapping."""

    client: HttpClient
    path: str
    secret: Secret
    queue: Queue
    telemetry: Telemetry
    clock: Callable[[], int]
    draw: Callable[[], float]
    stop: Callable[[], object]

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        """Post each message; return those that must be retried. Raises if a message is not a mail event, or AWS does
        not answer."""
        failed = [record["messageId"] for record in event.get("Records", []) if not self._deliver(record)]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _deliver(self, record: Mapping[str, Any]) -> bool:
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        item = QueueItem(record["messageId"], record["receiptHandle"], receives)
        id_, body = _read(record["body"])
        try:
            answer = self._post(id_, body)
        except NotificationError as error:
            return self._leave(item, id_, str(error))
        if 200 <= answer.status < 300:
            self.telemetry.count("WebhookPosted")
            return True
        if answer.status == _GONE:
            self.telemetry.count("WebhookGone", item=id_, detail="answered 410: nothing more is posted")
            self.stop()
            return False
        if answer.status in (401, 403):  # the receiver may know only a newer secret than this one
            self.secret.reread()
        return self._leave(item, id_, f"answered {answer.status}", self._read_retry_after(answer))

    def _post(self, id_: str, body: bytes) -> HttpResponse:
        """Sign and post an event. Raises NotificationError if no answer came."""
        self.secret.reread()
        headers = sign(id_, self.clock() // 1000, body, read_secrets(self.secret.value))
        return self.client.post(self.path, headers | {"Content-Type": "application/cloudevents+json"}, body)

    def _leave(self, item: QueueItem, id_: str, detail: str, at_least: float = 0) -> bool:
        """Leave the message in the queue, at least for the seconds that the receiver `asked` for."""
        wait = WAITS[min(item.receives, len(WAITS)) - 1] * (1 + _JITTER * (2 * self.draw() - 1))
        self.telemetry.count("WebhookFailed", item=id_, detail=detail, receives=item.receives)
        self.queue.postpone(item, max(wait, at_least))
        return False

    def _read_retry_after(self, answer: HttpResponse) -> float:
        """Return the seconds in `Retry-After`, or 0: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3"""
        text = answer.headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return max(parsedate_to_datetime(text).timestamp() - self.clock() / 1000, 0)
        except (ValueError, TypeError, OverflowError):
            return 0


def _read(text: str) -> tuple[str, bytes]:
    """Return the id of a mail event, and its bytes. Raises ValueError."""
    body = text.encode()
    if len(body) > LARGEST_BODY:
        raise ValueError(f"an event of {len(body)} bytes is not posted")
    id_ = json.loads(text).get("id")
    if not isinstance(id_, str) or not id_.isalnum():
        raise ValueError("what is no mail event is not posted")
    return id_, body


def _stop(functions: Any, name: str) -> None:
    """Disable the event source mapping of this function's queue: messages stay in it until an operator enables it
    again.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    for mapping in functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def compose(environment: dict[str, str], clients: Clients) -> MailWebhookHandler:
    """Compose the handler. Raises BadSetting."""
    settings = MailWebhookSettings.read(environment)
    secret = Secret(lambda: clients.secret(settings.secret))
    try:
        read_secrets(secret.value)
    except ValueError as error:
        raise BadSetting(f"the secret {settings.secret}: {error}") from None
    name = find_service(environment, "mail-webhook")
    parts = urlsplit(settings.url)
    return MailWebhookHandler(
        HttpClient("the webhook's receiver", settings.url, _TIMEOUT, time.time, PublicHTTPSConnection),
        (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        secret,
        Queue(clients.sqs(), settings.queue_url),
        Telemetry(name, read_release(), read_clock),
        read_clock,
        random.random,
        lambda: _stop(clients.functions(), name),
    )


#: Lambda's handler.
handler = LazyHandler(compose)
