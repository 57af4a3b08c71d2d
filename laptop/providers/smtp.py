"""A mail server on loopback that puts mails into the inbox; it speaks SMTP with STARTTLS and AUTH (aiosmtpd).

https://www.rfc-editor.org/rfc/rfc5321; enhanced status codes: https://www.rfc-editor.org/rfc/rfc3463
"""

from __future__ import annotations

import asyncio
import ssl
import threading
import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from laptop.ses.faults import ArmedFaults, FaultKind
from laptop.ses.mailbox import Mail, Mailbox

__all__ = ["SmtpServer"]

_ENVELOPE = frozenset({"content-type", "content-transfer-encoding", "mime-version"})
#: Maximum size of a mail in bytes, as most servers have it. Some accept only 10 MB, the default of Postfix.
_LARGEST = 25 * 1024 * 1024


class SmtpServer:
    """Listens on its own thread until `close` is called.

    It accepts only the login `user` with `password`; without `tls` it does not offer STARTTLS.
    """

    def __init__(
        self,
        address: tuple[str, int],
        mailbox: Mailbox,
        tls: ssl.SSLContext | None,
        domain: str,
        faults: ArmedFaults,
        also: Collection[str] = (),
    ) -> None:
        self.faults = faults
        self.user, self.password = "laptop", "laptop"
        self._tls = tls
        self._handler = _SmtpHandler(self, mailbox, {domain, *also})
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(self._loop.create_server(self._make_session, *address))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop listening, and cancel the sessions in progress."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _make_session(self) -> SMTP:
        """Return a new session; if TLS is configured, it requires STARTTLS before AUTH and mail."""
        secure: dict[str, Any] = {"require_starttls": True, "tls_context": self._tls} if self._tls else {}
        return _Server(
            self._handler,
            hostname="mail.laptop",
            authenticator=self._authenticate,
            auth_required=True,
            data_size_limit=_LARGEST,
            loop=self._loop,
            faults=self.faults,
            **secure,
        )

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _way: str, data: Any) -> AuthResult:
        known = LoginPassword(self.user.encode(), self.password.encode())
        return AuthResult(success=data == known, handled=False)


class _Server(SMTP):
    """One session; the fault CLOSE_BEFORE_READING aborts it before anything is read."""

    def __init__(self, *given: Any, faults: ArmedFaults, **named: Any) -> None:
        super().__init__(*given, **named)
        self._faults = faults

    def connection_made(self, transport: Any) -> None:
        if self._faults.take_matching(FaultKind.CLOSE_BEFORE_READING):
            transport.abort()
            return
        super().connection_made(transport)


class _SmtpHandler:
    """The handler whose methods aiosmtpd calls for MAIL, RCPT and DATA."""

    def __init__(self, server: SmtpServer, mailbox: Mailbox, domains: Collection[str]) -> None:
        self._server = server
        self._mailbox = mailbox
        self._domains = domains

    async def handle_MAIL(  # noqa: N802  aiosmtpd looks these up by name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.rpartition("@")[2] not in self._domains:
            return "553 5.7.1 Sender address rejected: not owned by user"
        if self._server.faults.take_matching(FaultKind.THROTTLE):
            return "454 4.7.0 Throttling failure: Maximum sending rate exceeded"
        if self._server.faults.take_matching(FaultKind.EXHAUST_QUOTA):
            return "454 4.7.0 Throttling failure: Daily message quota exceeded"
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault = self._server.faults.take_matching(FaultKind.REFUSE, recipients=(address,))
        if fault is not None:
            return f"550 5.1.1 <{address}>: Recipient address rejected: {fault.message}"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Accept the mail; some faults delay or drop the answer afterwards."""
        to = tuple(envelope.rcpt_tos)
        mail = _build_mail(envelope, to)
        self._mailbox.add(mail)
        faults = self._server.faults
        if slow := faults.take_matching(FaultKind.ANSWER_SLOWLY, recipients=to):
            await asyncio.sleep(slow.seconds)
        transport: Any = server.transport
        if faults.take_matching(FaultKind.ACCEPT_THEN_CLOSE, recipients=to):
            transport.abort()
        if faults.take_matching(FaultKind.ACCEPT_THEN_HANG, recipients=to):
            while not transport.is_closing():
                await asyncio.sleep(0.05)
        return f"250 2.0.0 Ok: queued as {mail.id}"


def _build_mail(envelope: Envelope, to: tuple[str, ...]) -> Mail:
    raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
    message = message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    return Mail(
        str(uuid.uuid4()),
        datetime.now(UTC),
        str(message["From"]),
        to,
        str(message["Subject"]),
        plain.get_content() if plain else None,
        html.get_content() if html else None,
        tuple((name, str(value)) for name, value in message.items() if name.lower() not in _ENVELOPE),
        {},
        "smtp",
        raw,
    )
