"""`events-api` in one process: between a request, as API Gateway hands it on, and the `notify` that it leads to."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from fakes.in_memory_herald import InMemoryHerald, delivery
from fakes.sns_topic import FakeTopic
from function.delivery.publish_validation import PublishValidator
from function.events_api import EventsApi
from function.message.builder import EmailBuilder
from function.runtime.metrics import Telemetry

__all__ = ["SCOPES", "STRUCTURED", "EventsApiGateway"]

STRUCTURED = "application/cloudevents+json"
#: Of a client that may publish books, cancellations and a type that there is none of.
SCOPES = "herald/book.created herald/mail.cancel herald/none.such"


@dataclass
class EventsApiGateway:
    """`events-api` behind its route, the topic, and the `notify` that it leads to."""

    world: InMemoryHerald
    topic: FakeTopic = field(default_factory=FakeTopic)
    scheduling: bool = False
    log: io.StringIO = field(default_factory=io.StringIO)

    def post(self, body: str | bytes, media_type: str = STRUCTURED, **headers: str) -> tuple[int, Any]:
        """Status and content of the answer to a request, as API Gateway hands it on once its authorizer let it in."""
        scope = headers.pop("scope", SCOPES)
        content = body.encode() if isinstance(body, str) else body
        claims = {"client_id": "shop", "scope": scope, "token_use": "access"}
        answer = self.ask(
            {
                "version": "2.0",
                "routeKey": "POST /events",
                "rawPath": "/events",
                "headers": {"content-type": media_type} | {name.replace("_", "-"): headers[name] for name in headers},
                "requestContext": {"authorizer": {"jwt": {"claims": claims, "scopes": None}}},
                "body": b64encode(content).decode(),
                "isBase64Encoded": True,
            }
        )
        assert answer["headers"]["content-type"] == (
            "application/json" if answer["statusCode"] == 202 else "application/problem+json"
        )
        return answer["statusCode"], json.loads(answer["body"])

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        builder = EmailBuilder(self.world.catalogue, b"", self.world.clock, buckets=None, tenants=self.world.tenants)
        validator = PublishValidator(builder, "herald", self.scheduling, self.world.clock)
        telemetry = Telemetry("herald-events-api", "r1", self.world.clock, self.log)
        api = EventsApi(validator, self.topic, "arn:aws:sns:us-east-1:000000000000:herald-events", telemetry)
        return api(request, None)

    def deliver(self) -> None:
        """Let `notify` take all that lies in the topic, each message under a MessageId of its own."""
        for number, told in enumerate(self.topic.told):
            message = {name: value for name, value in told.items() if name != "attribute"}
            self.world.deliver(delivery(f"m{number}", message))
