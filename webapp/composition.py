"""The one place where the web app's parts are put together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from ulid import ULID

from webapp.admin import admin
from webapp.admin.admin import Admin
from webapp.admin.audit import Audit
from webapp.api.rate_limit import Limiter
from webapp.auth.discovery import Discovery
from webapp.auth.identity import Role, Verifier
from webapp.auth.issuer import Client, Issuer
from webapp.auth.sealed_cookies import Seal
from webapp.auth.secrets import Keys, Names
from webapp.aws import clients
from webapp.books.repository import Books
from webapp.clock import Clock, now
from webapp.outbox.outbox import Outbox
from webapp.preferences.preferences import Choices
from webapp.settings import WebSettings
from webapp.timeline.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Parts:
    """What a request is answered with."""

    settings: WebSettings
    books: Books
    outbox: Outbox
    ledger: Ledger
    verifier: Verifier
    issuer: Issuer
    keys: Keys
    choices: Choices
    limiter: Limiter
    admin: Admin
    clock: Clock = now
    new_id: Callable[[], str] = lambda: str(ULID())

    @property
    def audit(self) -> Audit:
        """The record of what operators did."""
        return Audit(self.admin.dynamodb, self.settings.books_table, self.clock, self.new_id)

    @property
    def https(self) -> bool:
        """Whether people reach the app by TLS, which ends before it."""
        return self.settings.public_url.startswith("https:")

    @property
    def session_seal(self) -> Seal:
        """What the cookie with the session is sealed with."""
        return Seal(self.keys.session, "session", self.clock)

    @property
    def question_seal(self) -> Seal:
        """What the cookie of somebody who is just signing in is sealed with."""
        return Seal(self.keys.session, "sign-in", self.clock)


def compose(settings: WebSettings) -> Parts:
    """The parts as they work against AWS, or whatever the endpoint variables name."""
    keys = Keys(clients.ssm(), key_names(settings))
    discovery = Discovery(settings.oidc_issuer, settings.oidc_discovery_url)
    verifier = Verifier(discovery, settings.oidc_client_id, Role(settings.operator_claim, settings.operator_value))
    return Parts(
        settings=settings,
        books=Books(clients.dynamodb(), settings.books_table),
        outbox=Outbox(clients.dynamodb(), settings.books_table),
        ledger=Ledger(clients.dynamodb(), settings.ledger_table),
        verifier=verifier,
        issuer=Issuer(discovery, verifier, client_of(settings, keys)),
        keys=keys,
        choices=Choices(clients.dynamodb(), settings.ledger_table),
        limiter=Limiter(settings.requests_per_second),
        admin=Admin(clients.dynamodb(), clients.sqs(), clients.functions(), machinery_names(settings), keys.address),
    )


def key_names(settings: WebSettings) -> Names:
    """The parameters that hold the app's secrets."""
    return Names(
        settings.session_key_parameter,
        settings.link_key_parameter,
        settings.address_key_parameter,
        settings.oidc_client_secret_parameter,
    )


def machinery_names(settings: WebSettings) -> admin.Names:
    """What the notifier's parts are called."""
    return admin.Names(
        dead=settings.dead_queue_url,
        retry=settings.retry_queue_url,
        feedback=settings.feedback_queue_url,
        ledger=settings.ledger_table,
        notify=settings.notify_function,
    )


def client_of(settings: WebSettings, keys: Keys) -> Client:
    """What the issuer knows this app as; its two addresses must be among those that the issuer was told."""
    base = settings.public_url
    return Client(settings.oidc_client_id, f"{base}/sign-in/done", f"{base}/", keys.client_secret)


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]
