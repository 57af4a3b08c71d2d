"""Entry point of `events-api`: events posted over HTTP, checked as `notify` would check them, then published to the
topic.

Deployed only if applications publish over HTTP. API Gateway has already verified the token's issuer, audience,
signature and times. A route's scopes are the same for every request, so the scope of the event's type is checked here.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from function.bootstrap import Clients, LazyHandler, read_clock, read_release
from function.delivery.publish_validation import Accepted, EventProblem, PublishValidator
from function.event.http_binding import Posted, UnreadableRequest, read_request
from function.message.builder import EmailBuilder
from function.message.catalogue import Catalogue
from function.queues.batches import publish_entry, split_batches
from function.runtime.lean_dataclass import dataclass
from function.runtime.metrics import Telemetry, find_service
from function.settings import EventsApiSettings

__all__ = ["EventsApi", "compose", "handler"]

_TITLES = {
    400: "The request cannot be read",
    401: "No valid token",
    403: "The token does not allow it",
    413: "Too large",
    415: "Not a CloudEvent",
    422: "The event breaks its contract",
    503: "Not all was taken",
}
#: https://www.rfc-editor.org/rfc/rfc6750#section-3 and https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
_HEADERS = {
    401: {"www-authenticate": "Bearer"},
    403: {"www-authenticate": 'Bearer error="insufficient_scope"'},
    503: {"retry-after": "1"},
}
_AGAIN = "post the same again: what was taken already is no second mail"


class _RequestRefused(Exception):
    def __init__(self, status: int, detail: str, faults: Sequence[EventProblem] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.faults = faults


@dataclass(frozen=True, slots=True)
class EventsApi:
    """Handles one request: all of its events are published, or none."""

    validator: PublishValidator
    sns: Any
    topic_arn: str
    telemetry: Telemetry

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        """Answer 202 once every event is published; otherwise a problem document (RFC 9457): 400, 401, 403, 413, 415 or
        422 if nothing was published, 503 if not all events were."""
        claims = _read_claims(event)
        if claims is None:
            return self._refuse(_RequestRefused(401, "no token was verified"), "")
        client = str(claims.get("client_id", ""))
        try:
            posted = read_request(_read_headers(event), _read_body(event))
            accepted = self._admit(posted, str(claims.get("scope", "")).split())
            message_ids = self._publish(accepted)
        except UnreadableRequest as error:
            faults = [EventProblem(error.status, str(error), error.pointer, "")] if error.pointer else []
            return self._refuse(_RequestRefused(error.status, str(error), faults), client)
        except _RequestRefused as error:
            return self._refuse(error, client)
        self.telemetry.tally({"EventsAccepted": len(accepted)} if accepted else {})
        self.telemetry.note("accepted", client=client, message_ids=message_ids)
        answers = [
            {"source": each.source, "id": each.id, "message_id": message_id}
            for each, message_id in zip(accepted, message_ids, strict=True)
        ]
        return _build_response(202, "application/json", answers if posted.batch else answers[0])

    def _admit(self, posted: Posted, granted: Collection[str]) -> list[Accepted]:
        """Accept all of the events or none: a publisher reads one status and posts the whole request again."""
        found = [self.validator.check(value, granted) for value in posted.events]
        accepted = [one for one in found if isinstance(one, Accepted)]
        faults = [
            one._replace(pointer=f"/{number}{one.pointer}") if posted.batch else one
            for number, one in enumerate(found)
            if isinstance(one, EventProblem)
        ]
        if not faults:
            return accepted
        first = min(faults, key=lambda fault: fault.status)
        also = f"; {len(faults)} of {len(found)} events are at fault, none was published" if posted.batch else ""
        raise _RequestRefused(first.status, first.detail + also, faults)

    def _publish(self, accepted: Sequence[Accepted]) -> list[str]:
        """Publish the events; return their MessageIds in order.

        Raises _RequestRefused if SNS did not confirm all of them.
        """
        message_ids: list[str] = []
        for batch in split_batches(accepted, lambda one: len(one.body.encode())):
            entries = [publish_entry(number, one.body, one.type) for number, one in enumerate(batch)]
            try:
                answer = self.sns.publish_batch(TopicArn=self.topic_arn, PublishBatchRequestEntries=entries)
            except (BotoCoreError, ClientError) as error:
                raise _RequestRefused(503, f"the topic did not answer ({type(error).__name__}); {_AGAIN}") from error
            taken = {entry["Id"]: str(entry["MessageId"]) for entry in answer.get("Successful", [])}
            if len(taken) != len(batch):
                raise _RequestRefused(503, f"the topic did not take all of it; {_AGAIN}")
            message_ids += [taken[str(number)] for number in range(len(batch))]
        return message_ids

    def _refuse(self, error: _RequestRefused, client: str) -> dict[str, Any]:
        codes = ",".join(sorted({fault.code for fault in error.faults if fault.code}))
        self.telemetry.count("EventsRefused", status=error.status, client=client, codes=codes)
        problem: dict[str, Any] = {"title": _TITLES[error.status], "status": error.status, "detail": str(error)}
        if error.faults:
            problem["errors"] = [
                {"pointer": fault.pointer, "detail": fault.detail} | ({"code": fault.code} if fault.code else {})
                for fault in error.faults
            ]
        return _build_response(error.status, "application/problem+json", problem)


def _read_claims(event: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the claims that the authorizer verified; None if there was no authorizer."""
    authorizer = (event.get("requestContext") or {}).get("authorizer") or {}
    claims = (authorizer.get("jwt") or {}).get("claims")
    return claims if isinstance(claims, Mapping) else None


def _read_headers(event: Mapping[str, Any]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}


def _read_body(event: Mapping[str, Any]) -> bytes:
    body = str(event.get("body") or "")
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return b64decode(body)
    except ValueError as error:
        raise UnreadableRequest(400, "the body is incomplete") from error


def _build_response(status: int, media_type: str, content: object) -> dict[str, Any]:
    headers = {"content-type": media_type, **_HEADERS.get(status, {})}
    return {"statusCode": status, "headers": headers, "body": json.dumps(content, separators=(",", ":"))}


def compose(environment: dict[str, str], clients: Clients) -> EventsApi:
    """Compose the handler. Raises BadSetting."""
    settings = EventsApiSettings.read(environment)
    # No address is stored, so the key for hashing addresses is not needed.
    builder = EmailBuilder(Catalogue.load(), b"", read_clock, buckets=None, tenants=settings.tenants)
    validator = PublishValidator(builder, settings.scope, settings.scheduling, read_clock)
    telemetry = Telemetry(find_service(environment, "events-api"), read_release(), read_clock)
    return EventsApi(validator, clients.sns(), settings.topic_arn, telemetry)


#: Lambda's handler.
handler = LazyHandler(compose)
