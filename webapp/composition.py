"""The one place where the web app's parts are put together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from ulid import ULID

from webapp import aws, moments
from webapp.identity import Verifier
from webapp.ledger import Ledger
from webapp.limiter import Limiter
from webapp.outbox import Outbox
from webapp.settings import WebSettings
from webapp.store import Books


@dataclass(frozen=True, slots=True)
class Parts:
    """What a request is answered with."""

    settings: WebSettings
    books: Books
    outbox: Outbox
    ledger: Ledger
    verifier: Verifier
    limiter: Limiter
    clock: moments.Clock = moments.now
    new_id: Callable[[], str] = lambda: str(ULID())


def compose(settings: WebSettings) -> Parts:
    """The parts as they work against AWS, or whatever the endpoint variables name."""
    return Parts(
        settings=settings,
        books=Books(aws.dynamodb(), settings.books_table),
        outbox=Outbox(aws.dynamodb(), settings.books_table),
        ledger=Ledger(aws.dynamodb(), settings.ledger_table),
        verifier=Verifier(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_discovery_url),
        limiter=Limiter(settings.requests_per_second),
    )


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsOf = Annotated[Parts, Depends(_parts)]
