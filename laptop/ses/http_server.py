"""The HTTP server of the SES v2 simulator. It works on the raw connection, to cause connection faults.

AWS's JSON protocol: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html. Signatures are not checked.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import socket
import threading
import uuid
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
from botocore.model import StructureShape

from laptop.http_server import SimulatorServer
from laptop.model_validation import hold_to_model, load_operation_model, request_violations
from laptop.ses.api import Ses
from laptop.ses.errors import SesError
from laptop.ses.faults import FaultKind
from laptop.ses.faulty_connection import AFTER_ACCEPTING, FaultyConnection
from laptop.ses.routing import ServiceCall, find_call

__all__ = ["SesServer"]

log = logging.getLogger("ses")

#: Send operations that are rejected here: ministack would accept their mails, but they would not reach the inbox.
UNPLAYED_SENDS = frozenset({"SendBulkEmail", "SendCustomVerificationEmail"})
SEND = b"POST /v2/email/outbound-emails"
HOP_BY_HOP = {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}


class SesServer(SimulatorServer):
    """Serves SES v2 operations, and forwards those that it does not implement to ministack at the URL `beyond`."""

    def __init__(self, address: tuple[str, int], ses: Ses, beyond: str) -> None:
        super().__init__(address, _Connection)
        self.ses = ses
        self.beyond = httpx.Client(base_url=beyond, timeout=300, trust_env=False)
        self.is_down = False
        self._connections: set[Any] = set()

    def take_down(self) -> None:
        """Simulate an outage: close open connections, and refuse new ones until `bring_up`."""
        if self.is_down:
            return
        self.is_down = True
        self.shutdown()
        self.server_close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def bring_up(self) -> None:
        """End the outage: listen again on the same port."""
        if not self.is_down:
            return
        self.socket = socket.socket(self.address_family, self.socket_type)
        self.server_bind()
        self.server_activate()
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.is_down = False

    def process_request(self, request: Any, client_address: Any) -> None:
        """Track a connection while it is open."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Stop tracking a closed connection."""
        self._connections.discard(request)
        super().shutdown_request(request)


class _Connection(FaultyConnection):
    """One client connection."""

    server: SesServer
    #: The account in the region of the current request.
    ses: Ses

    def handle_one_request(self) -> None:
        """Peek at the next request, because CLOSE_BEFORE_READING resets the connection before the request is read."""
        if self.next_begins_with(SEND) and self._in_region(self.peek()).faults.take_matching(
            FaultKind.CLOSE_BEFORE_READING
        ):
            self.reset()
            return
        super().handle_one_request()

    def _in_region(self, head: str) -> Ses:
        """Return the account in the region of the request's signature, or in the default region if it is not signed.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-signing-elements.html#authentication
        """
        scope = re.search(r"Credential=[^/,\s]+/\d{8}/([a-z0-9-]+)/", head)
        return self.server.ses.in_region(scope[1]) if scope else self.server.ses

    def serve(self) -> None:
        """Answer a request for any operation."""
        self.ses = self._in_region(self.headers.get("Authorization", ""))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        call = find_call(self.command, parts.path)
        play = self.ses.play(call.operation) if call else None
        if call and call.operation in UNPLAYED_SENDS:
            self._refuse(SesError("BadRequestException", f"This simulator does not play {call.operation}."))
            return
        if call is None or play is None:
            self._pass_on(body)
            return
        try:
            request = _request(call, parts.query, body)
            answer = hold_to_model("sesv2", call.operation, play(request))
        except SesError as refusal:
            self._refuse(refusal)
            return
        except Exception:
            log.exception("%s failed", call.operation)
            self._refuse(SesError("InternalServiceErrorException", "The simulator failed; its log says where."))
            return
        if call.operation == "SendEmail" and self._inject_fault_for(str(answer["MessageId"])):
            return
        self._answer(200, answer)

    def _inject_fault_for(self, mail_id: str) -> bool:
        mail = self.ses.mailbox.get(mail_id)
        return self.inject_fault(self.ses.faults.take_matching(*AFTER_ACCEPTING, recipients=mail.to) if mail else None)

    def kill(self, function: str) -> None:
        """Ask the emulator to kill the sending function while its connection is open."""
        try:
            self.server.beyond.post(f"/_herald/functions/{quote(function, safe='')}/kill").raise_for_status()
        except httpx.HTTPError as problem:
            log.warning("%s was not killed: %s", function, problem)

    def _refuse(self, refusal: SesError) -> None:
        self._answer(refusal.status, {"message": refusal.message}, {"x-amzn-ErrorType": refusal.code})

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = json.dumps(body).encode()
        self._write(status, {"Content-Type": "application/json", **(headers or {})}, content)

    def _pass_on(self, body: bytes) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        try:
            answer = self.server.beyond.request(self.command, self.path, content=body, headers=headers)
        except httpx.HTTPError as problem:
            self._refuse(SesError("InternalServiceErrorException", f"ministack does not answer: {problem}"))
            return
        kept = {n: v for n, v in answer.headers.items() if n not in HOP_BY_HOP | {"content-encoding"}}
        self._write(answer.status_code, kept, answer.content)

    def _write(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.write(status, {"x-amzn-RequestId": str(uuid.uuid4()), **headers}, content)


for _method in ("GET", "POST", "PUT", "DELETE"):  # the names that BaseHTTPRequestHandler looks up
    setattr(_Connection, f"do_{_method}", _Connection.serve)


def _request(call: ServiceCall, query: str, body: bytes) -> dict[str, Any]:
    """Merge the parameters of a request's path, query and body. Raises `SesError` if they violate the service model."""
    try:
        fields = json.loads(body) if body else {}
    except ValueError:
        raise SesError("BadRequestException", "The request body is not JSON.") from None
    if not isinstance(fields, dict):
        raise SesError("BadRequestException", "The request body is not a JSON object.")
    members = _list_query_members(call.operation)
    queried = {}
    for parameter, values in parse_qs(query).items():
        name, type_ = members.get(parameter, (parameter, ""))
        queried[name] = values if type_ == "list" else int(values[0]) if type_ == "integer" else values[0]
    request = {**fields, **queried, **call.parameters}
    if broken := request_violations("sesv2", call.operation, request):
        raise SesError("BadRequestException", "; ".join(broken))
    return request


@cache
def _list_query_members(operation: str) -> dict[str, tuple[str, str]]:
    """Return name and type of each member of the operation's input, by its name in the query string."""
    shape = load_operation_model("sesv2", operation).input_shape
    members = shape.members if isinstance(shape, StructureShape) else {}
    return {one.serialization.get("name", name): (name, one.type_name) for name, one in members.items()}
