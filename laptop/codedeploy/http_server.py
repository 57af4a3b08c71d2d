"""The HTTP server of the CodeDeploy simulator: one path; the operation is in a header.

Requests are checked against the service model. Signatures are not checked. AWS's JSON protocol:
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

import botocore.session
from botocore.model import ServiceModel

from laptop.codedeploy.errors import CodeDeployError
from laptop.http_server import SimulatorConnection, SimulatorServer
from laptop.model_validation import WrongAnswer, hold_to_model, request_violations

__all__ = ["CodeDeployCalls", "CodeDeployServer", "load_service_model"]

TARGET = "CodeDeploy_20141006."


@cache
def load_service_model() -> ServiceModel:
    """Return CodeDeploy's service model from botocore."""
    return botocore.session.get_session().get_service_model("codedeploy")


class CodeDeployCalls(Protocol):
    """An implementation of the operations."""

    def play(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one operation and return its response. Raises `CodeDeployError`."""


class CodeDeployServer(SimulatorServer):
    """Serves CodeDeploy requests."""

    def __init__(self, address: tuple[str, int], codedeploy: CodeDeployCalls) -> None:
        super().__init__(address, _Connection)
        self.codedeploy = codedeploy


class _Connection(SimulatorConnection):
    server: CodeDeployServer

    def do_POST(self) -> None:  # noqa: N802  the name that BaseHTTPRequestHandler looks up
        """Answer a request for any operation."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = (self.headers.get("X-Amz-Target") or "").removeprefix(TARGET)
        try:
            answer = self.server.codedeploy.play(operation, _request(operation, body))
            self._answer(200, hold_to_model("codedeploy", operation, answer))
        except CodeDeployError as refusal:
            self._answer(400, {"__type": refusal.code, "message": refusal.message})
        except WrongAnswer as fault:
            self._answer(500, {"__type": "SimulatorFault", "message": str(fault)})

    def _answer(self, status: int, body: object) -> None:
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": str(uuid.uuid4())}
        self.write(status, headers, json.dumps(body).encode())


def _request(operation: str, body: bytes) -> dict[str, Any]:
    """Parse a request. Raises `CodeDeployError` if the service model does not allow it."""
    if operation not in load_service_model().operation_names:
        raise CodeDeployError("UnknownOperationException", f"CodeDeploy has no operation {operation!r}.")
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        raise CodeDeployError("SerializationException", "The request body is not JSON.") from None
    if broken := request_violations("codedeploy", operation, request):
        raise CodeDeployError("InvalidInputException", "; ".join(broken))
    return dict(request)
