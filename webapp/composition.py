"""Composes the web app's services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ulid import ULID

from operations.audit import Audit
from webapp import log
from webapp.accounts.deletion import AccountDeletion, IdentityStore
from webapp.admin.notifier_access import NotifierAccess, NotifierNames
from webapp.admin.search import MailSearch
from webapp.auth.cookie_cipher import CookieCipher
from webapp.auth.discovery import Discovery
from webapp.auth.identity import OperatorClaim, TokenVerifier
from webapp.auth.issuer import ClientRegistration, Issuer
from webapp.auth.rate_limit import RateLimiter
from webapp.auth.secrets import ParameterNames, Secrets
from webapp.auth.token_refresh import SingleFlightRefresh
from webapp.aws import clients
from webapp.books.mail_budget import MailBudget
from webapp.books.repository import BookRepository
from webapp.books.service import BookService
from webapp.clock import Clock, read_clock
from webapp.outbox.event import continue_trace, reuse_caller_span
from webapp.outbox.outbox import Outbox
from webapp.preferences.account import AccountRepository
from webapp.preferences.preferences import Preferences
from webapp.settings import WebSettings
from webapp.timeline.ledger_reader import LedgerReader

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

__all__ = ["Services", "build_client_registration", "build_notifier_names", "build_parameter_names", "compose"]


@dataclass(frozen=True, slots=True)
class Services:
    """The services that requests use."""

    settings: WebSettings
    books: BookRepository
    outbox: Outbox
    ledger: LedgerReader
    verifier: TokenVerifier
    issuer: Issuer
    secrets: Secrets
    preferences: Preferences
    limiter: RateLimiter
    notifier: NotifierAccess
    #: Returns the client that deletes users; created only when an account is deleted.
    cognito: Callable[[], CognitoIdentityProviderClient] = clients.cognito
    clock: Clock = read_clock
    new_id: Callable[[], str] = lambda: str(ULID())

    @property
    def book_service(self) -> BookService:
        """The use cases of books."""
        settings = self.settings
        return BookService(
            self.books,
            self.outbox,
            self.ledger,
            self.accounts,
            settings.event_source,
            settings.public_url,
            self.clock,
            self.new_id,
            reuse_caller_span if settings.otlp_endpoint else continue_trace,
        )

    @property
    def accounts(self) -> AccountRepository:
        """The accounts' data."""
        return AccountRepository(self.notifier.dynamodb, self.settings.books_table)

    @property
    def deletion(self) -> AccountDeletion:
        """The deletion of accounts."""
        return AccountDeletion(
            self.books,
            self.outbox,
            self.ledger,
            self.accounts,
            self.preferences,
            self.notifier.installation,
            IdentityStore(self.cognito, self.settings.user_pool),
            self.settings.event_source,
            self.clock,
        )

    @property
    def audit(self) -> Audit:
        """The audit log of operators' actions."""
        return Audit(self.notifier.dynamodb, self.settings.books_table, self.clock, self.new_id, log)

    @property
    def search(self) -> MailSearch:
        """The operators' search for mails."""
        return MailSearch(self.outbox, self.ledger, self.notifier.installation, self.settings.event_source, self.clock)

    @property
    def token_refresh(self) -> SingleFlightRefresh:
        """Renews each session by one request at a time."""
        return SingleFlightRefresh(self.notifier.dynamodb, self.settings.books_table, self.clock)

    @property
    def https(self) -> bool:
        """Whether users reach the app by HTTPS, which ends before this process."""
        return self.settings.public_url.startswith("https:")

    @property
    def session_cipher(self) -> CookieCipher:
        """Encrypts the cookie that holds a session."""
        return CookieCipher(self.secrets, "session", self.clock)

    @property
    def sign_in_cipher(self) -> CookieCipher:
        """Encrypts the cookie of a sign-in that is under way."""
        return CookieCipher(self.secrets, "sign-in", self.clock)

    @property
    def draft_cipher(self) -> CookieCipher:
        """Encrypts the cookie that keeps a form which was sent after its session had ended."""
        return CookieCipher(self.secrets, "draft", self.clock, compressed=True)


def compose(settings: WebSettings) -> Services:
    """Compose the services for AWS, or for the endpoints in the environment variables."""
    secrets = Secrets(clients.ssm(), build_parameter_names(settings))
    discovery = Discovery(settings.oidc_issuer, settings.oidc_discovery_url)
    verifier = TokenVerifier(
        discovery, settings.oidc_client_id, OperatorClaim(settings.operator_claim, settings.operator_value)
    )
    return Services(
        settings=settings,
        books=BookRepository(
            clients.dynamodb(),
            settings.books_table,
            MailBudget(settings.mails_per_ten_minutes, settings.mails_per_day),
        ),
        outbox=Outbox(clients.dynamodb(), settings.books_table),
        ledger=LedgerReader(clients.dynamodb(), settings.ledger_table),
        verifier=verifier,
        issuer=Issuer(discovery, verifier, build_client_registration(settings, secrets)),
        secrets=secrets,
        preferences=Preferences(clients.dynamodb(), settings.ledger_table),
        limiter=RateLimiter(settings.requests_per_second),
        notifier=NotifierAccess(
            clients.dynamodb(), clients.sqs(), clients.functions(), build_notifier_names(settings), secrets.address
        ),
    )


def build_parameter_names(settings: WebSettings) -> ParameterNames:
    """Return the names of the parameters that hold the app's secrets."""
    return ParameterNames(
        settings.session_key_parameter,
        settings.link_key_parameter,
        settings.address_key_parameter,
        settings.oidc_client_secret_parameter,
    )


def build_notifier_names(settings: WebSettings) -> NotifierNames:
    """Return the names of the notifier's queues, ledger and function."""
    return NotifierNames(
        dead=settings.dead_queue_url,
        retry=settings.retry_queue_url,
        feedback=settings.feedback_queue_url,
        ledger=settings.ledger_table,
        notify=settings.notify_function,
        books=settings.books_table,
    )


def build_client_registration(settings: WebSettings, secrets: Secrets) -> ClientRegistration:
    """Return this app's registration at the issuer; both of its URLs must be registered there."""
    base = settings.public_url
    return ClientRegistration(
        settings.oidc_client_id, f"{base}/sign-in/done", f"{base}/", secrets.client_secret, secrets.reread
    )
