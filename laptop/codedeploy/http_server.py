"""The HTTP side of CodeDeploy: one path, the call named in a header, the request checked against the service model.

AWS's JSON protocol: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html. Signatures are not checked.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

import botocore.session
from botocore.model import ServiceModel

from laptop.codedeploy.errors import CodeDeployError
from laptop.service_model import WrongAnswer, hold_to_model, request_violations

__all__ = ["CodeDeployCalls", "CodeDeployServer", "load_service_model"]

TARGET = "CodeDeploy_20141006."


@cache
def load_service_model() -> ServiceModel:
    """CodeDeploy's service model, as botocore carries it."""
    return botocore.session.get_session().get_service_model("codedeploy")


class CodeDeployCalls(Protocol):
    """What plays the calls."""

    def play(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises `CodeDeployError`."""


class CodeDeployServer(ThreadingHTTPServer):
    """Listens for CodeDeploy calls."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], codedeploy: CodeDeployCalls) -> None:
        super().__init__(address, _Connection)
        self.codedeploy = codedeploy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in mid-answer is no error of ours."""


class _Connection(BaseHTTPRequestHandler):
    """One connection, kept alive for as many requests as the client likes."""

    server: CodeDeployServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:  # the name that BaseHTTPRequestHandler looks up
        """Answer any call."""
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
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("x-amzn-RequestId", str(uuid.uuid4()))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Keep quiet: callers see what happened."""


def _request(operation: str, body: bytes) -> dict[str, Any]:
    """The request, if it is one that the service model allows."""
    if operation not in load_service_model().operation_names:
        raise CodeDeployError("UnknownOperationException", f"CodeDeploy has no operation {operation!r}.")
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        raise CodeDeployError("SerializationException", "The request body is not JSON.") from None
    if broken := request_violations("codedeploy", operation, request):
        raise CodeDeployError("InvalidInputException", "; ".join(broken))
    return dict(request)
