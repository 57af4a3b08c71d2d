"""Entry point of `webhook`: verifies providers' reports over HTTP and puts them into the queue `feedback`.

Deployed only if a provider other than SES reports this way. API Gateway's event, payload format 2.0:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from function.bootstrap import Clients, LazyHandler, read_clock, read_release
from function.environment import BadSetting
from function.ledger.attributes import serialize_item, write_if_allowed
from function.providers.secret import Secret
from function.providers.ses.events import Ignored
from function.providers.urls import build_webhook_path
from function.providers.webhook_registry import ProviderWebhook, open_webhook
from function.providers.webhooks.provider_events import enclose
from function.providers.webhooks.request import MalformedWebhook, WebhookRequest
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import Telemetry, find_service
from function.settings import WebhookSettings

__all__ = ["CLOCK_BOUND", "LARGEST_BODY", "WebhookHandler", "compose", "handler"]

#: How far a signature's time may be from now, in seconds, in either direction.
CLOCK_BOUND = 300
#: Most bytes of a request. SendGrid's largest requests have some hundred events of 1 KB.
LARGEST_BODY = 1_000_000
#: Most bytes of one event, so that ten of them fit into one SQS call.
_LARGEST_EVENT = 100_000
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_BATCH = 10


class _WebhookRefused(Exception):
    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True)
class WebhookSource:
    """One provider that reports: its URL, its webhook's functions, and its keys, one a line, any of which may have
    signed."""

    url: str
    webhook: ProviderWebhook
    secret: Secret


@dataclass(frozen=True, slots=True)
class WebhookHandler:
    """Handles one request. `sources` are keyed by the path of their route; `clock` returns epoch milliseconds."""

    sources: Mapping[str, WebhookSource]
    sqs: Any
    dynamodb: Any
    queue_url: str
    table: str
    telemetry: Telemetry
    clock: Callable[[], int]

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        """Answer 200 once all events about our mails are queued; 400 if malformed, 401 if not signed, 404 for an
        unknown path, 413 if too large, 503 if the provider must try again. Only signed content is stored."""
        try:
            source, request = self._read(event)
            self._verify(source, request)
            taken = self._take(source, request)
        except MalformedWebhook as error:
            return self._refuse(400, str(error))
        except _WebhookRefused as error:
            return self._refuse(error.status, str(error))
        except (BotoCoreError, ClientError) as error:
            return self._refuse(503, f"not stored: {type(error).__name__}")
        return _build_response(200, f"{taken} taken")

    def _read(self, event: dict[str, Any]) -> tuple[WebhookSource, WebhookRequest]:
        source = self.sources.get(str(event.get("rawPath", "")))
        if source is None:
            raise _WebhookRefused(404, "no provider has this path")
        body = str(event.get("body") or "")
        if len(body) > LARGEST_BODY * 4 // 3 + 4:
            raise _WebhookRefused(413, f"more than {LARGEST_BODY} bytes")
        content = b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")
        if len(content) > LARGEST_BODY:
            raise _WebhookRefused(413, f"more than {LARGEST_BODY} bytes")
        headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
        return source, WebhookRequest(headers, content)

    def _verify(self, source: WebhookSource, request: WebhookRequest) -> None:
        """Raise unless the provider signed the request recently, and its token, if it has one, belongs to this body."""
        signed_at = _find_signature(source, request)
        if signed_at is None:
            before = source.secret.value
            source.secret.reread()  # it may have been rotated
            signed_at = _find_signature(source, request) if source.secret.value != before else None
        if signed_at is None:
            raise _WebhookRefused(401, "not signed by the provider")
        if abs(self.clock() // 1000 - signed_at) > CLOCK_BOUND:
            raise _WebhookRefused(401, f"signed more than {CLOCK_BOUND} seconds from now")
        if source.webhook.read_token and not self._is_for_this_body(source.webhook.read_token(request), request.body):
            raise _WebhookRefused(401, "the token was used with another body")

    def _is_for_this_body(self, token: str, body: bytes) -> bool:
        """Whether a token is new, or was used with the same body: providers repeat requests that got no answer."""
        return write_if_allowed(
            lambda: self.dynamodb.update_item(
                TableName=self.table,
                Key=serialize_item({"pk": f"webhook#{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()}"}),
                UpdateExpression="SET #digest = :digest, #expires_at = :expires_at",
                ConditionExpression="attribute_not_exists(#digest) OR #digest = :digest",
                ExpressionAttributeNames={"#digest": "digest", "#expires_at": "expires_at"},
                ExpressionAttributeValues=serialize_item(
                    {
                        ":digest": hashlib.sha256(body).digest(),
                        ":expires_at": self.clock() // 1000 + 3 * CLOCK_BOUND,
                    }
                ),
            )
        )

    def _take(self, source: WebhookSource, request: WebhookRequest) -> int:
        """Queue the events about our mails; return how many."""
        events = source.webhook.split(request.body)
        parsed = [(event, source.webhook.parse(event, source.url)) for event in events]
        bodies = [enclose(event, feedback) for event, feedback in parsed if not isinstance(feedback, Ignored)]
        if any(len(body) > _LARGEST_EVENT for body in bodies):
            raise _WebhookRefused(413, f"an event of more than {_LARGEST_EVENT} bytes")
        for start in range(0, len(bodies), _BATCH):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + _BATCH])]
            answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
            if answer.get("Failed"):
                raise _WebhookRefused(503, "the queue did not take all of it")
        self.telemetry.tally({"WebhookEvents": len(bodies), "Ignored": len(events) - len(bodies)})
        return len(bodies)

    def _refuse(self, status: int, why: str) -> dict[str, Any]:
        self.telemetry.count("WebhookRefused", detail=why, status=status)
        return _build_response(status, why)


def _find_signature(source: WebhookSource, request: WebhookRequest) -> int | None:
    for key in source.secret.value.splitlines():
        signed_at = source.webhook.verify(request, key.strip())
        if signed_at is not None:
            return signed_at
    return None


def _build_response(status: int, text: str) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"content-type": "text/plain; charset=utf-8"}, "body": text}


def compose(environment: dict[str, str], clients: Clients) -> WebhookHandler:
    """Compose the handler. Raises BadSetting."""
    settings = WebhookSettings.read(environment)
    sources = {build_webhook_path(url): _open_source(url, arn, clients) for url, arn in settings.secrets.items()}
    telemetry = Telemetry(find_service(environment, "webhook"), read_release(), read_clock)
    return WebhookHandler(
        sources, clients.sqs(), clients.dynamodb(), settings.feedback_queue_url, settings.table, telemetry, read_clock
    )


def _open_source(url: str, arn: str, clients: Clients) -> WebhookSource:
    source = WebhookSource(url, open_webhook(url), Secret(lambda: clients.secret(arn)))
    try:
        _find_signature(source, WebhookRequest({}, b'{"signature": {}}'))
    except ValueError as error:
        raise BadSetting(f"the secret {arn} holds no signing key of {url}: {error}") from error
    return source


#: Lambda's handler.
handler = LazyHandler(compose)
