"""AWS refusing calls on the wire, as the client sees it: under its own retries."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from moto.core.models import botocore_stubber

__all__ = ["refuse_calls"]


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Iterator[bytes]:
        while chunk := self.read(1024):
            yield chunk


@contextmanager
def refuse_calls(client: Any, operation: str, code: str, times: int = 10_000, **more: object) -> Iterator[list[int]]:
    """The next calls of one operation fail with this code; yields a list that grows with each."""
    refused: list[int] = []
    event = f"before-send.{client.meta.service_model.service_id.hyphenize()}.{operation}"

    def refuse(request: Any, **_: object) -> AWSResponse | None:
        if len(refused) >= times:
            return None
        refused.append(len(refused))
        botocore_stubber.enabled = False  # or moto does what was refused
        body = json.dumps({"__type": f"com.amazonaws#{code}", "message": "for a test", **more}).encode()
        if client.meta.service_model.protocol == "query":
            body = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()
        headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0", "x-amzn-errortype": code})
        return AWSResponse(request.url, 400, headers, _Raw(body))

    def go_on(**_: object) -> None:
        botocore_stubber.enabled = True

    client.meta.events.register_first(event, refuse)
    client.meta.events.register_last("before-send", go_on)
    try:
        yield refused
    finally:
        client.meta.events.unregister(event, refuse)
        client.meta.events.unregister("before-send", go_on)
