"""Speeds up a botocore client's calls: whatever is the same in every call is prepared once, by the first call.

botocore validates and serializes each call and resolves the endpoint again. Here the first call of an operation runs
botocore's own code up to the moment of sending; later calls put another body into the same request. Signing, sending,
retries, parsing and the event handlers before and after a call remain botocore's. An operation whose body is not simply
its parameters as JSON uses the normal client.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any

from botocore import xform_name

__all__ = ["FastClient"]

RequestDict = dict[str, Any]


class FastClient:
    """A client of a JSON service: `operations` use the fast path, everything else is the client's own."""

    def __init__(self, client: Any, *operations: str) -> None:
        self._client = client
        for operation in operations:
            setattr(self, xform_name(operation), _Operation(client, operation))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class _Operation:
    """One operation. All parameters go into the body: none may belong in the path."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self._model = client.meta.service_model.operation_model(name)
        self._event = f"{self._model.service_model.service_id.hyphenize()}.{name}"
        self._alike: RequestDict | None = None
        self._alone = True

    def __call__(self, **parameters: Any) -> Any:
        """Make the call. Returns and raises what the client's method does."""
        for member in self._model.idempotent_members:
            parameters.setdefault(member, str(uuid.uuid4()))
        body = _read_body(parameters)
        if self._alike is None:
            self._alike = self._prepare_first(parameters)
            self._alone = self._alike["body"] == body
        if not self._alone:
            return getattr(self._client, xform_name(self._name))(**parameters)
        context = {**self._alike["context"], "signing": dict(self._alike["context"].get("signing", {}))}
        request = {**self._alike, "headers": dict(self._alike["headers"]), "body": body, "context": context}
        arguments = {"model": self._model, "context": context}
        events = self._client.meta.events
        events.emit(
            f"before-call.{self._event}", params=request, request_signer=self._client._request_signer, **arguments
        )
        http, answer = self._client._make_request(self._model, request, context)
        events.emit(f"after-call.{self._event}", http_response=http, parsed=answer, **arguments)
        if http.status_code < 300:
            return answer
        raise self._client.exceptions.from_code(answer.get("Error", {}).get("Code"))(answer, self._name)

    def _prepare_first(self, parameters: Mapping[str, Any]) -> RequestDict:
        """Return the request that botocore builds from the parameters, captured before it is signed and sent."""
        taken: list[RequestDict] = []

        def take(params: RequestDict, **_: object) -> tuple[Any, RequestDict]:
            taken.append(params)
            return _UnsentResponse(), {}

        event = f"before-call.{self._event}"
        self._client.meta.events.register_first(event, take)
        try:
            getattr(self._client, xform_name(self._name))(**parameters)
        finally:
            self._client.meta.events.unregister(event, take)
        return taken[0]


class _UnsentResponse:
    status_code = 200


def _read_body(parameters: Mapping[str, Any]) -> bytes:
    return json.dumps(parameters, default=_encode_base64).encode()


def _encode_base64(value: object) -> str:
    """Encode binary values, which JSON lacks:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html"""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"no JSON for {type(value).__name__}")
