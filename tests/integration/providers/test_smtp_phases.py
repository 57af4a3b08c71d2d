"""SMTP by its phases: before the final dot nothing was sent, after it without an answer nobody knows."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from function.errors import (
    NotificationError,
    OutcomeUnknown,
    ProviderUnavailable,
    ProviderUnreachable,
    QuotaExhausted,
    RefusedForGood,
    Throttled,
)
from function.message.email import Email, Receipt
from function.providers.secret import Secret
from function.providers.smtp import SmtpProvider
from laptop.providers.certificate import make_tls_context
from tests.tls import make_contexts
from tests.waiting import LIMIT

MAIL = Email("ada@example.com", "A new book", "text\r\n.dot", "<p>html</p>")
INJECTED = "a\r\nBcc: eve@evil.example"
#: What an ordinary server says to each command.
ORDINARY = {
    "greeting": "220 mail.laptop",
    "EHLO": "250-mail.laptop\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN",
    "STARTTLS": "220 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "MAIL": "250 2.1.0 ok",
    "RCPT": "250 2.1.5 ok",
    "DATA": "354 go ahead",
    ".": "250 2.0.0 queued as 1",
    "QUIT": "221 bye",
}
CLOSE = "close"


class ScriptedServer:
    """Says what its script has for each command; `CLOSE` hangs up instead."""

    def __init__(self, script: dict[str, str], context: ssl.SSLContext) -> None:
        self.script = ORDINARY | script
        self.context = context
        self.heard: list[str] = []
        self.in_clear: list[str] = []
        self.mails: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        try:
            connection, _ = self._socket.accept()
            self._talk(connection)
        except OSError:
            return

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            if not self._say(connection, "greeting"):
                return
            stream, secure = connection.makefile("rb"), False
            while line := stream.readline():
                verb = line.split()[0].decode().upper()
                self.heard.append(verb)
                if not secure:
                    self.in_clear.append(verb)
                if not self._say(connection, verb):
                    return
                if verb == "STARTTLS":
                    connection, secure = self.context.wrap_socket(connection, server_side=True), True
                    stream = connection.makefile("rb")
                elif verb == "DATA" and self.script["DATA"].startswith("354") and not self._take(connection, stream):
                    return

    def _take(self, connection: socket.socket, stream: object) -> bool:
        lines: list[bytes] = []
        if self.script.get("within") == CLOSE:
            return False
        while (line := stream.readline()) != b".\r\n":  # type: ignore[attr-defined]
            if not line:
                return False
            lines.append(line)
        self.mails.append(b"".join(lines))
        return self._say(connection, ".")

    def _say(self, connection: socket.socket, verb: str) -> bool:
        words = self.script.get(verb, "502 what?")
        if words != CLOSE:
            connection.sendall(words.encode() + b"\r\n")
        return words != CLOSE


@contextmanager
def serve(
    script: dict[str, str], folder: Path, *, trusted: bool = True
) -> Iterator[tuple[ScriptedServer, SmtpProvider]]:
    serving, client = make_contexts(folder)
    server = ScriptedServer(script, serving if trusted else make_tls_context(folder))
    secret = Secret(lambda: "ada:password-of-ada")
    try:
        yield (
            server,
            SmtpProvider(
                f"smtp://127.0.0.1:{server.port}", secret, "Herald <books@herald.example>", client, timeout=LIMIT
            ),
        )
    finally:
        server.close()


def failure(provider: SmtpProvider) -> NotificationError:
    with pytest.raises(NotificationError) as raised:
        provider.send(MAIL, "m1")
    line = str(raised.value)
    assert "password-of-ada" not in line
    assert "@example.com" not in line
    assert "\n" not in line
    return raised.value


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        # Where the connection breaks.
        ({"greeting": CLOSE}, ProviderUnreachable),
        ({"EHLO": CLOSE}, ProviderUnreachable),
        ({"STARTTLS": CLOSE}, ProviderUnreachable),
        ({"AUTH": CLOSE}, ProviderUnavailable),
        ({"MAIL": CLOSE}, ProviderUnavailable),
        ({"RCPT": CLOSE}, ProviderUnavailable),
        ({"DATA": CLOSE}, ProviderUnavailable),
        ({".": CLOSE}, OutcomeUnknown),
        # Before the session: https://www.rfc-editor.org/rfc/rfc5321#section-4.3.2
        ({"greeting": "554 no service here"}, ProviderUnavailable),
        ({"greeting": "421 4.3.2 too many connections"}, Throttled),
        ({"EHLO": "250 mail.laptop"}, ProviderUnavailable),
        ({"STARTTLS": "454 TLS not available"}, ProviderUnreachable),
        ({"AUTH": "535 5.7.8 authentication credentials invalid: password-of-ada"}, ProviderUnavailable),
        ({"AUTH": "454 4.7.0 temporary authentication failure"}, ProviderUnavailable),
        # The words of SES's own server: https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html
        ({"MAIL": "454 Throttling failure: Maximum sending rate exceeded."}, Throttled),
        ({"MAIL": "454 Throttling failure: Daily message quota exceeded."}, QuotaExhausted),
        ({".": "554 Message rejected: Email address is not verified. <books@herald.example>"}, ProviderUnavailable),
        # About the sender and the set-up, not about this mail.
        ({"MAIL": "553 5.7.1 sender address rejected: not owned by user"}, ProviderUnavailable),
        ({"RCPT": "550 5.7.1 relaying denied"}, ProviderUnavailable),
        ({"RCPT": "530 5.7.0 authentication required"}, ProviderUnavailable),
        # About the recipient and the mail.
        ({"RCPT": "550 5.1.1 <ada@example.com> no such user"}, RefusedForGood),
        ({"RCPT": "450 4.2.1 mailbox busy"}, ProviderUnavailable),
        ({"RCPT": "451 4.7.28 unusual rate of mail"}, Throttled),
        ({"DATA": "554 5.5.1 no valid recipients"}, RefusedForGood),
        ({".": "552 5.3.4 message too large"}, RefusedForGood),
        ({".": "550 5.7.1 this looks like spam"}, RefusedForGood),
        ({".": "451 4.3.0 try again later"}, ProviderUnavailable),
        ({".": "452 4.2.2 mailbox over quota"}, QuotaExhausted),
    ],
    ids=lambda given: next(iter(given.items()), None).__repr__() if isinstance(given, dict) else "",
)
def test_each_phase_says_what_is_known(script: dict[str, str], kind: type[NotificationError], tmp_path: Path) -> None:
    with serve(script, tmp_path) as (server, provider):
        assert type(failure(provider)) is kind
        assert len(server.mails) == ("." in script)


def test_a_mail_that_broke_off_before_its_dot_was_not_sent(tmp_path: Path) -> None:
    with serve({"within": CLOSE}, tmp_path) as (server, provider):
        large = Email("ada@example.com", "A new book", "text", "<p>html</p>\r\n" * 2_000_000)
        with pytest.raises(ProviderUnavailable):
            provider.send(large, "m1")
        assert server.mails == []


def test_the_whole_mail_is_handed_over_with_its_dots(tmp_path: Path) -> None:
    with serve({}, tmp_path) as (server, provider):
        assert isinstance(provider.send(MAIL, "m1"), Receipt)
        (mail,) = server.mails
    assert b"\r\n..dot\r\n" in mail
    assert server.heard[:7] == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]


def test_nothing_of_the_account_or_the_mail_goes_in_clear(tmp_path: Path) -> None:
    with serve({"EHLO": "250-mail.laptop\r\n250 AUTH PLAIN"}, tmp_path) as (server, provider):
        assert type(failure(provider)) is ProviderUnavailable
    assert set(server.in_clear) <= {"EHLO", "QUIT"}


def test_a_certificate_that_is_not_trusted_gets_no_password(tmp_path: Path) -> None:
    with serve({}, tmp_path, trusted=False) as (server, provider):
        assert type(failure(provider)) is ProviderUnreachable
    assert "AUTH" not in server.heard


def test_nobody_listening_is_unreachable(tmp_path: Path) -> None:
    with serve({}, tmp_path) as (server, provider):
        server.close()
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        provider.url = f"smtp://127.0.0.1:{port}"
        assert type(failure(provider)) is ProviderUnreachable


@pytest.mark.parametrize("mail", [replace(MAIL, to=INJECTED), replace(MAIL, subject=INJECTED)], ids=["to", "subject"])
def test_a_line_break_cannot_make_a_header(mail: Email, tmp_path: Path) -> None:
    with serve({}, tmp_path) as (server, provider), pytest.raises(RefusedForGood):
        provider.send(mail, "m1")
    assert server.heard == []
