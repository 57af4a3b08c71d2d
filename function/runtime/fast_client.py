"""A shorter way to the requests of a botocore client: what is the same in every call is worked out in the first.

botocore checks and serializes each call anew, and looks for its endpoint again. Here the first call of an operation is
botocore's own up to the moment of sending; later ones put another body into the same request. Signing, sending,
repeating, reading and what hangs on the events before and after a call stay botocore's. An operation whose body is not
its parameters as JSON goes the long way.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any

from botocore import xform_name

__all__ = ["FastClient"]

Request = dict[str, Any]


class FastClient:
    """A client of a JSON service; `operations` take the short way, and everything else is the client's."""

    def __init__(self, client: Any, *operations: str) -> None:
        self._client = client
        for operation in operations:
            setattr(self, xform_name(operation), _Operation(client, operation))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class _Operation:
    """One operation. What it is given goes into the body as it is: nothing of it may belong into the path."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self._model = client.meta.service_model.operation_model(name)
        self._event = f"{self._model.service_model.service_id.hyphenize()}.{name}"
        self._alike: Request | None = None
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
        told = {"model": self._model, "context": context}
        events = self._client.meta.events
        events.emit(f"before-call.{self._event}", params=request, request_signer=self._client._request_signer, **told)
        http, answer = self._client._make_request(self._model, request, context)
        events.emit(f"after-call.{self._event}", http_response=http, parsed=answer, **told)
        if http.status_code < 300:
            return answer
        raise self._client.exceptions.from_code(answer.get("Error", {}).get("Code"))(answer, self._name)

    def _prepare_first(self, parameters: Mapping[str, Any]) -> Request:
        """The request that botocore makes of the parameters, taken before it is signed and sent."""
        taken: list[Request] = []

        def take(params: Request, **_: object) -> tuple[Any, Request]:
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
    """Binary values, which JSON has not: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.LowLevelAPI.html"""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"no JSON for {type(value).__name__}")
