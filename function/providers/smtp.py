"""Sends through any mail server that supports SMTP with STARTTLS and AUTH, with the standard library's client.

https://www.rfc-editor.org/rfc/rfc5321, https://www.rfc-editor.org/rfc/rfc3207 (STARTTLS),
https://www.rfc-editor.org/rfc/rfc4954 (AUTH), https://docs.python.org/3/library/smtplib.html

The server has accepted the mail once it answers 250 to the final dot (RFC 5321, section 6.1). After a failure before
the dot the mail was certainly not sent; after a failure later, without an answer, the outcome is unknown. SMTP gives no
reports, so a lost answer is never resolved.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from functools import partial

from function.errors import (
    NotificationError,
    NotSent,
    OutcomeUnknown,
    ProviderUnavailable,
    ProviderUnreachable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.message.email import Email, Receipt
from function.message.from_header import split_sender
from function.providers.http_client import CONNECT_TIMEOUT, READ_TIMEOUT
from function.providers.mime import build_reader_headers, compose, encode_header
from function.providers.redaction import redact
from function.providers.secret import Secret
from function.runtime.lean_dataclass import dataclass

__all__ = ["SmtpProvider"]

#: Words by which servers distinguish rate and quota from other temporary refusals.
#: https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html, https://www.rfc-editor.org/rfc/rfc3463#section-3.8
_QUOTA = re.compile(r"quota|daily|per day|monthly", re.IGNORECASE)
_RATE = re.compile(r"rate|throttl|too many|too fast|slow down|4\.7\.28", re.IGNORECASE)
#: Permanent refusals that concern the account or the sender. Before the mail was transferred these include RFC 3463's
#: 5.7.x, which later may concern the content.
_SET_UP = re.compile(r"relay|not verified|authenticat|sender", re.IGNORECASE)
_SET_UP_BEFORE = re.compile(rf"\b5\.7\.[0-9]+|{_SET_UP.pattern}", re.IGNORECASE)


@dataclass(slots=True)
class SmtpProvider:
    """Sends through the server in `url`, one connection for each mail; `secret` is `user:password`.

    `sender` is a From header; `context` verifies the server's certificate; `clock` returns monotonic seconds.
    """

    url: str
    secret: Secret
    sender: str
    context: ssl.SSLContext
    clock: Callable[[], float] = time.monotonic
    timeout: float = CONNECT_TIMEOUT + READ_TIMEOUT

    def send(self, email: Email, key: str) -> Receipt:
        """Send, with the key and the attempt in the Message-ID."""
        message_id, content = self._compose(email, key)
        ends = self.clock() + self.timeout
        server = smtplib.SMTP(local_hostname=message_id.rpartition("@")[2].rstrip(">"), timeout=CONNECT_TIMEOUT)
        try:
            self._log_in(server, ends)
            aside = self._begin(server, email, ends)
            self._hand_over(server, content, email, ends)
        finally:
            server.close()
        return Receipt(self.url, message_id, aside)

    def probe(self) -> None:
        """Do nothing: SMTP has no reports."""

    def _compose(self, email: Email, key: str) -> tuple[str, bytes]:
        sender = email.sender or self.sender
        domain = split_sender(sender)[1].rpartition("@")[2]
        names = {name.lower() for name in email.headers}
        message_id = f"<{key}.{email.tags.get('attempt', '0')}@{domain}>"
        own = {
            "From": sender,
            **build_reader_headers(email),
            "Subject": encode_header(email.subject),
            "Date": formatdate(),
        }
        own |= {} if "message-id" in names else {"Message-ID": message_id}
        return message_id, compose(email, own)

    def _log_in(self, server: smtplib.SMTP, ends: float) -> None:
        host, _, port = self.url.partition("://")[2].rpartition(":")
        try:
            with _limit_time(server, ends, self.clock):
                code, answer = server.connect(host, int(port))
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderUnreachable(f"{host} was not reached: {type(error).__name__}") from None
        if code != 220:
            raise _make_unavailable(code, self._format_line(code, answer))
        try:
            with _limit_time(server, ends, self.clock):
                server._host = host  # type: ignore[attr-defined]  # for TLS; only the constructor sets it
                server.starttls(context=self.context)
        except smtplib.SMTPNotSupportedError:
            raise ProviderUnavailable(f"{host} offers no STARTTLS: nothing is sent unencrypted") from None
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderUnreachable(f"{host} did not start TLS: {type(error).__name__}") from None
        self._authenticate(server, ends)

    def _authenticate(self, server: smtplib.SMTP, ends: float) -> None:
        user, _, password = self.secret.value.partition(":")
        try:
            with _limit_time(server, ends, self.clock):
                server.login(user, password)
        except smtplib.SMTPAuthenticationError as error:
            self.secret.reread()
            code = error.smtp_code
            raise _make_unavailable(code, self._format_line(code, error.smtp_error)) from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise ProviderUnavailable(f"the log-in to the mail server failed: {type(error).__name__}") from None

    def _begin(self, server: smtplib.SMTP, email: Email, ends: float) -> str:
        """Run the commands up to the server's *go ahead*, before any of the mail is sent. A refused copy does not stop
        the mail; return the server's refusals for the timeline."""
        sender = split_sender(email.sender or self.sender)[1]
        steps: list[tuple[Callable[[], tuple[int, bytes]], int, Callable[[int, str], NotificationError] | None]] = [
            (lambda: server.mail(sender), 250, _make_unavailable),
            (lambda: server.rcpt(email.to), 250, _read_early_refusal),
            *((partial(server.rcpt, address), 250, None) for address in email.addresses[1:]),
            (lambda: server.docmd("DATA"), 354, _read_early_refusal),
        ]
        aside = []
        for step, wanted, refusal in steps:
            try:
                with _limit_time(server, ends, self.clock):
                    code, answer = step()
            except (OSError, smtplib.SMTPException, ValueError) as error:
                raise ProviderUnavailable(
                    f"the connection to the mail server broke before the mail: {type(error).__name__}"
                ) from None
            if code == wanted or (wanted == 250 and code == 251):
                continue
            if refusal:
                raise refusal(code, self._format_line(code, answer, email))
            aside.append(f"a copy was refused: {self._format_line(code, answer, email)}")
        return "; ".join(aside)

    def _hand_over(self, server: smtplib.SMTP, content: bytes, email: Email, ends: float) -> None:
        """Send the mail and its final dot, and read the server's answer."""
        stuffed = re.sub(rb"(?m)^\.", b"..", content)
        try:
            with _limit_time(server, ends, self.clock):
                server.send(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderUnavailable(
                f"the connection to the mail server broke within the mail: {type(error).__name__}"
            ) from None
        try:
            with _limit_time(server, ends, self.clock):
                server.send(b".\r\n")
                code, answer = server.getreply()
        except (OSError, smtplib.SMTPException) as error:
            line = f"the mail was transmitted, but the mail server gave no clear answer: {type(error).__name__}"
            raise OutcomeUnknown(line) from None
        if code == 250:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.sock.settimeout(1)  # type: ignore[union-attr]
                server.putcmd("quit")
            return
        raise _read_refusal(code, self._format_line(code, answer, email))

    def _format_line(self, code: int, answer: bytes | str, email: Email | None = None) -> str:
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
        user, _, password = self.secret.value.partition(":")
        for part in filter(None, (password, user)):
            text = text.replace(part, "…")
        return f"the mail server answered {code}: {redact(text, email.addresses if email else ())[:200]}".removesuffix(
            ": "
        )


@contextlib.contextmanager
def _limit_time(server: smtplib.SMTP, ends: float, clock: Callable[[], float]) -> Iterator[None]:
    """Limit waiting within the block to the end of the whole send."""
    left = max(ends - clock(), 0.01)
    if server.sock is not None:
        server.sock.settimeout(left)
    yield


def _make_unavailable(code: int, line: str) -> NotSent:
    """Classify a refusal that concerns this deployment and not this mail: the next provider may send it, or this one
    later."""
    if 400 <= code < 500 and _QUOTA.search(line):
        return QuotaExhausted(line)
    if 400 <= code < 500 and _RATE.search(line):
        return Throttled(line)
    return ProviderUnavailable(line)


def _read_early_refusal(code: int, line: str) -> NotificationError:
    return _read_refusal(code, line, _SET_UP_BEFORE)


def _read_refusal(code: int, line: str, set_up: re.Pattern[str] = _SET_UP) -> NotificationError:
    """Classify a refusal: 4xx is temporary; 5xx is permanent, unless it concerns the setup.
    https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1"""
    if 500 <= code < 600 and not set_up.search(line.partition(":")[2]):
        return RefusedForGood(line)
    return _make_unavailable(code, line)
