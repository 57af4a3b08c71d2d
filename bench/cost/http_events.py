"""The cost that `events_api` adds to a mail whose event is posted on its own, by the function's own code.

The publish itself is in every bill. https://aws.amazon.com/api-gateway/pricing/
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

from bench.cost.assumptions import Assumptions, Cpu
from bench.cost.usage import Usage
from fakes.clock import Clock
from fakes.example_events import event
from fakes.sns_topic import FakeTopic
from function.delivery.publish_validation import PublishValidator
from function.events_api import EventsApi
from function.message.builder import EmailBuilder
from function.message.catalogue import Catalogue
from function.runtime.metrics import Telemetry
from package.notifications.catalogue import compile_catalogue

__all__ = ["measure_http_posts"]


def measure_http_posts(cpu: Cpu, given: Assumptions) -> Usage:
    """Measure the event of one mail. Its CPU time is assumed to be all that `notify` takes for it."""
    clock, topic, log = Clock(), FakeTopic(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        compile_catalogue(Path(folder))
        builder = EmailBuilder(Catalogue.load(Path(folder)), b"", clock, buckets=None)
    telemetry = Telemetry("herald-events-api", "3f9c2a1b5d7e", clock, log)
    api = EventsApi(
        PublishValidator(builder, "herald", False, clock), topic, "arn:aws:sns:us-east-1:0:herald-events", telemetry
    )
    answer = api(_request(event()), None)
    if answer["statusCode"] != 202:
        raise RuntimeError(answer["body"])
    lines, written = len(log.getvalue().splitlines()), len(log.getvalue().encode())
    milliseconds = cpu.notify * given.processor / given.memory + topic.calls * given.write
    return Usage(
        sns_publish=0,
        lambda_request=1,
        lambda_gb_second=milliseconds / 1000 * given.memory / 1024,
        log_bytes=written + lines * given.line,
        written=written,
    )


def _request(one: dict[str, Any]) -> dict[str, Any]:
    claims = {"client_id": "1example23456789", "scope": f"herald/{one['type']}"}
    return {
        "headers": {"content-type": "application/cloudevents+json"},
        "requestContext": {"authorizer": {"jwt": {"claims": claims}}},
        "body": json.dumps(one),
    }
