"""The HTTP server that simulates all providers. It works on the raw connection, to cause connection faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from laptop.http_server import SimulatorServer
from laptop.providers.provider_simulator import (
    ProviderRequest,
    ProviderResponse,
    ProviderSimulator,
    RequestRefused,
    accept,
)
from laptop.providers.webhook_sender import WebhookSender
from laptop.ses.faults import FaultKind
from laptop.ses.faulty_connection import AFTER_ACCEPTING, FaultyConnection
from laptop.ses.mailbox import Mailbox

__all__ = ["ProviderServer"]


class ProviderServer(SimulatorServer):
    """Accepts mails for all providers into one inbox; `senders` send webhooks about them, by the provider's name."""

    def __init__(
        self,
        address: tuple[str, int],
        simulators: Sequence[ProviderSimulator],
        mailbox: Mailbox,
        senders: Mapping[str, WebhookSender] | None = None,
    ) -> None:
        super().__init__(address, _Connection)
        self.simulators = simulators
        self.mailbox = mailbox
        self.senders = senders or {}
        #: Handles one mail at a time, so that checking and storing an idempotency key are one atomic step.
        self.at_once = threading.Lock()


class _Connection(FaultyConnection):
    server: ProviderServer

    def handle_one_request(self) -> None:
        """Peek at the next request, because CLOSE_BEFORE_READING resets the connection before the request is read."""
        if self.next_begins_with(b"POST /") and any(
            simulator.faults.take_matching(FaultKind.CLOSE_BEFORE_READING) for simulator in self.server.simulators
        ):
            self.reset()
            return
        super().handle_one_request()

    def do_GET(self) -> None:  # noqa: N802  the name that BaseHTTPRequestHandler looks up
        """Answer a GET request about an account."""
        request = ProviderRequest(
            urlsplit(self.path).path, {name.lower(): value for name, value in self.headers.items()}, b""
        )
        for simulator in self.server.simulators:
            sender = self.server.senders.get(simulator.name)
            try:
                answer = simulator.look(request, sender.url if sender else None)
            except RequestRefused as refusal:
                answer = refusal.answer
            if answer is not None:
                self._answer(answer)
                return
        self._answer(ProviderResponse(404, {"message": "the simulator plays no such path"}))

    def do_POST(self) -> None:  # noqa: N802  the name that BaseHTTPRequestHandler looks up
        """Accept a mail, if the path is one where a provider takes mails."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        request = ProviderRequest(path, {name.lower(): value for name, value in self.headers.items()}, body)
        simulator = next((one for one in self.server.simulators if one.is_send(path)), None)
        if simulator is None:
            self._answer(ProviderResponse(404, {"message": "the simulator plays no such path"}))
            return
        with self.server.at_once:
            answer, recipients = self._take(simulator, request)
        taken = answer.status < 300
        if not (taken and self.inject_fault(simulator.faults.take_matching(*AFTER_ACCEPTING, recipients=recipients))):
            self._answer(answer)

    def _take(self, simulator: ProviderSimulator, request: ProviderRequest) -> tuple[ProviderResponse, tuple[str, ...]]:
        try:
            submitted = simulator.read(request)
            if known := simulator.answer_repeated(request):
                return known, submitted.addresses
        except RequestRefused as refusal:
            return refusal.answer, ()
        fault = simulator.faults.take_matching(
            FaultKind.THROTTLE, FaultKind.EXHAUST_QUOTA, FaultKind.REFUSE, recipients=submitted.addresses
        )
        if fault is not None:
            return _answer_fault(simulator, fault.fault, fault.message), ()
        mail = accept(self.server.mailbox, submitted, simulator.name)
        if simulator.name in self.server.senders:
            self.server.senders[simulator.name].follow(mail)
        return simulator.answer_accepted(submitted, request), submitted.addresses

    def _answer(self, answer: ProviderResponse) -> None:
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        kind = "text/plain" if isinstance(answer.body, str) else "application/json"
        self.write(answer.status, {"Content-Type": kind, **answer.headers}, text.encode())


def _answer_fault(simulator: ProviderSimulator, fault: FaultKind, message: str) -> ProviderResponse:
    if fault is FaultKind.THROTTLE:
        return simulator.answer_throttled()
    return simulator.answer_exhausted() if fault is FaultKind.EXHAUST_QUOTA else simulator.answer_refused(message)
