"""The HTTP server that simulates all vendors. It works on the raw connection, to cause connection faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from laptop.providers.vendor import Request, RequestRefused, VendorResponse, VendorSimulator, accept
from laptop.providers.webhook_sender import WebhookSender
from laptop.ses.faults import FaultKind
from laptop.ses.faulty_connection import AFTER, FaultyConnection, SimulatorServer
from laptop.ses.mailbox import Mailbox

__all__ = ["VendorServer"]


class VendorServer(SimulatorServer):
    """Accepts mails for all vendors into one inbox; `senders` send webhooks about them, by the vendor's name."""

    def __init__(
        self,
        address: tuple[str, int],
        vendors: Sequence[VendorSimulator],
        mailbox: Mailbox,
        senders: Mapping[str, WebhookSender] | None = None,
    ) -> None:
        super().__init__(address, _Connection)
        self.vendors = vendors
        self.mailbox = mailbox
        self.senders = senders or {}
        #: Handles one mail at a time, so that checking and storing an idempotency key are one atomic step.
        self.at_once = threading.Lock()


class _Connection(FaultyConnection):
    server: VendorServer

    def handle_one_request(self) -> None:
        """Peek at the next request, because CLOSE_BEFORE_READING resets the connection before the request is read."""
        if self.next_begins_with(b"POST /") and any(
            vendor.faults.strike(FaultKind.CLOSE_BEFORE_READING) for vendor in self.server.vendors
        ):
            self.reset()
            return
        super().handle_one_request()

    def do_GET(self) -> None:  # noqa: N802  the name that BaseHTTPRequestHandler looks up
        """Answer a GET request about an account."""
        request = Request(urlsplit(self.path).path, {name.lower(): value for name, value in self.headers.items()}, b"")
        for vendor in self.server.vendors:
            sender = self.server.senders.get(vendor.name)
            try:
                answer = vendor.look(request, sender.url if sender else None)
            except RequestRefused as refusal:
                answer = refusal.answer
            if answer is not None:
                self._answer(answer)
                return
        self._answer(VendorResponse(404, {"message": "the simulator plays no such path"}))

    def do_POST(self) -> None:  # noqa: N802  the name that BaseHTTPRequestHandler looks up
        """Accept a mail, if the path is one where a vendor takes mails."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        request = Request(path, {name.lower(): value for name, value in self.headers.items()}, body)
        vendor = next((one for one in self.server.vendors if one.is_send(path)), None)
        if vendor is None:
            self._answer(VendorResponse(404, {"message": "the simulator plays no such path"}))
            return
        with self.server.at_once:
            answer, recipients = self._take(vendor, request)
        taken = answer.status < 300
        if not (taken and self.spoil(vendor.faults.strike(*AFTER, recipients=recipients))):
            self._answer(answer)

    def _take(self, vendor: VendorSimulator, request: Request) -> tuple[VendorResponse, tuple[str, ...]]:
        try:
            submitted = vendor.read(request)
            if known := vendor.answer_repeated(request):
                return known, submitted.addresses
        except RequestRefused as refusal:
            return refusal.answer, ()
        fault = vendor.faults.strike(
            FaultKind.THROTTLE, FaultKind.EXHAUST_QUOTA, FaultKind.REFUSE, recipients=submitted.addresses
        )
        if fault is not None:
            return _answer_fault(vendor, fault.fault, fault.message), ()
        mail = accept(self.server.mailbox, submitted, vendor.name)
        if vendor.name in self.server.senders:
            self.server.senders[vendor.name].follow(mail)
        return vendor.answer_accepted(submitted, request), submitted.addresses

    def _answer(self, answer: VendorResponse) -> None:
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        kind = "text/plain" if isinstance(answer.body, str) else "application/json"
        self.write(answer.status, {"Content-Type": kind, **answer.headers}, text.encode())


def _answer_fault(vendor: VendorSimulator, fault: FaultKind, message: str) -> VendorResponse:
    if fault is FaultKind.THROTTLE:
        return vendor.answer_throttled()
    return vendor.answer_exhausted() if fault is FaultKind.EXHAUST_QUOTA else vendor.answer_refused(message)
