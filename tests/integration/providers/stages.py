"""One stage for each provider: its client as it is composed, before its simulator, with the inbox in hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from function.providers.failover import Provider
from function.providers.http_client import HttpClient
from function.providers.mailgun.client import MailgunProvider
from function.providers.resend.client import ResendProvider
from function.providers.secret import Secret
from function.providers.sendgrid.client import SendGridProvider
from function.providers.ses.client import SesProvider, build_client_config
from function.providers.smtp import SmtpProvider
from laptop.providers.http_server import ProviderServer
from laptop.providers.mailgun import MailgunSimulator
from laptop.providers.provider_simulator import ProviderSimulator
from laptop.providers.resend import ResendSimulator
from laptop.providers.sendgrid import SendGridSimulator
from laptop.providers.smtp import SmtpServer
from laptop.ses.api import Ses
from laptop.ses.faults import ArmedFaults
from laptop.ses.http_server import SesServer
from laptop.ses.mailbox import Mailbox
from tests.tls import make_contexts
from tests.waiting import LIMIT

__all__ = ["PROVIDERS", "SENDER", "Stage", "stage"]

DOMAIN = "herald.example"
#: As `from_header` makes it of „Bücher“.
SENDER = f"=?utf-8?q?B=C3=BCcher?= <books@{DOMAIN}>"
KEY = "key-of-tests"

HTTP: dict[str, tuple[type[Any], type[Any], str]] = {
    "sendgrid": (SendGridSimulator, SendGridProvider, "sendgrid://"),
    "mailgun": (MailgunSimulator, MailgunProvider, f"mailgun+eu://{DOMAIN}"),
    "resend": (ResendSimulator, ResendProvider, "resend://"),
}
PROVIDERS = ("ses", "smtp", *HTTP)


@dataclass
class Stage:
    """`rotate` has the provider know another key only, and the reference name that one; `also` has it verify further
    domains, where it does so."""

    name: str
    provider: Provider
    faults: ArmedFaults
    mailbox: Mailbox
    rotate: Callable[[], None]
    also: Callable[..., None] = lambda *_: None


class RotatingSecret:
    """What keeps a secret, and a clock that jumps over the minute between two readings."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.now = 0.0

    def __call__(self) -> str:
        return self.value

    def secret(self) -> Secret:
        return Secret(self, self._clock)

    def _clock(self) -> float:
        self.now += 61
        return self.now


@contextmanager
def stage(name: str, folder: Path, patience: float = LIMIT) -> Iterator[Stage]:
    """The provider and its simulator; an answer is waited for so many seconds."""
    with ExitStack() as stack:
        if name == "ses":
            yield _ses(stack, patience)
        elif name == "smtp":
            yield _smtp(stack, folder, patience)
        else:
            yield _http(stack, name, patience)


def _serve(stack: ExitStack, server: ThreadingHTTPServer) -> str:
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return f"http://127.0.0.1:{server.server_address[1]}"


def _ses(stack: ExitStack, patience: float) -> Stage:
    account = Ses(lambda *_: None, after=lambda *_: None, region="eu-west-1")
    account.limits.per_second = 1000
    account.identities.create({"EmailIdentity": DOMAIN})
    account.sets.create({"ConfigurationSetName": "herald"})
    url = _serve(stack, SesServer(("127.0.0.1", 0), account, "http://127.0.0.1:9"))
    session = botocore.session.get_session()
    session.set_credentials("test", "test")
    config = build_client_config().merge(Config(connect_timeout=LIMIT, read_timeout=patience))
    client: Any = session.create_client("sesv2", region_name="eu-west-1", endpoint_url=url, config=config)
    provider = SesProvider("ses://eu-west-1", client, SENDER, "herald")
    return Stage("ses", provider, account.faults, account.mailbox, lambda: None)


def _smtp(stack: ExitStack, folder: Path, patience: float) -> Stage:
    serving, trusted = make_contexts(folder)
    mailbox = Mailbox()
    server = SmtpServer(("127.0.0.1", 0), mailbox, serving, DOMAIN, ArmedFaults())
    stack.callback(server.close)
    secret = RotatingSecret("laptop:laptop")
    provider = SmtpProvider(f"smtp://127.0.0.1:{server.port}", secret.secret(), SENDER, trusted, timeout=patience)

    def rotate() -> None:
        server.password, secret.value = "another", "laptop:another"

    return Stage("smtp", provider, server.faults, mailbox, rotate)


def _http(stack: ExitStack, name: str, patience: float) -> Stage:
    simulated, client, url = HTTP[name]
    simulator: ProviderSimulator = simulated(KEY, DOMAIN, ArmedFaults())
    mailbox = Mailbox()
    base = _serve(stack, ProviderServer(("127.0.0.1", 0), [simulator], mailbox))
    secret = RotatingSecret(KEY)
    provider: Provider = client(url, HttpClient(name, base, patience), secret.secret(), SENDER)

    def rotate() -> None:
        simulator.key = secret.value = "another-key"

    return Stage(
        name, provider, simulator.faults, mailbox, rotate, lambda *domains: setattr(simulator, "also", domains)
    )
