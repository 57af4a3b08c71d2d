"""The OIDC issuer's side of a sign-in: authorization code with PKCE, renewal, and the end.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth and https://datatracker.ietf.org/doc/html/rfc7636
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from webapp import log
from webapp.api.problems import Problem
from webapp.auth.discovery import TIMEOUT_SECONDS, Discovery, unavailable
from webapp.auth.identity import Identity, Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webapp.auth.oauth import OAuth2Session

_SCOPE: Final = "openid email profile"


@dataclass(frozen=True, slots=True)
class Client:
    """What the issuer knows this app as; `secret` gives None for a public client, which PKCE alone protects."""

    id: str
    redirect_uri: str
    home: str
    secret: Callable[[], str | None] = lambda: None


@dataclass(frozen=True, slots=True)
class Question:
    """What one browser asked the issuer, kept in that browser until the answer: RFC 9700, section 2.1."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> "Question":
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class Answer:
    """Whom the issuer signed in, for how many seconds, and what renews that."""

    identity: Identity
    seconds: int
    refresh_token: str | None


class Issuer:
    """Signs people in, renews that, and ends it. Raises `Problem`: 503 if the issuer does not answer."""

    def __init__(self, discovery: Discovery, verifier: Verifier, client: Client) -> None:
        self._discovery = discovery
        self._verifier = verifier
        self._client = client

    def page(self, question: Question) -> str:
        """Where the browser goes to sign in."""
        url = self._discovery.endpoint("authorization_endpoint")
        with self._oauth() as oauth:
            page, _ = oauth.create_authorization_url(
                url, state=question.state, nonce=question.nonce, code_verifier=question.verifier
            )
        return str(page)

    def redeem(self, code: str, question: Question) -> Answer:
        """Whom the code stands for; raises `Problem` 400 if it is not the answer to this question."""
        tokens = self._tokens(
            lambda oauth, url: oauth.fetch_token(
                url, grant_type="authorization_code", code=code, code_verifier=question.verifier
            )
        )
        claims = self._claims(tokens)
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), question.nonce.encode()):
            raise failed("The sign-in was begun in another browser.")
        return self._answer(tokens, claims)

    def renew(self, refresh_token: str) -> Answer:
        """The same person again; raises `Problem` 400 if the issuer does not renew."""
        tokens = self._tokens(lambda oauth, url: oauth.refresh_token(url, refresh_token=refresh_token))
        return self._answer({"refresh_token": refresh_token, **tokens}, self._claims(tokens))

    def revoke(self, refresh_token: str) -> None:
        """Let nobody renew with this any more, if the issuer offers that; never raises."""
        try:
            url = self._discovery.offered("revocation_endpoint")
            if url is not None:
                with self._oauth() as oauth:
                    oauth.revoke_token(url, token=refresh_token, token_type_hint="refresh_token")  # noqa: S106  # a name
        except Exception as error:  # whoever signs out is signed out, whatever the issuer does
            log.error("refresh token not revoked", error=type(error).__name__)

    def end(self) -> str | None:
        """Where the browser goes to be signed out at the issuer too; None if it offers no such page.

        Cognito calls the way back `logout_uri`, OpenID Connect `post_logout_redirect_uri`.
        https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
        """
        url = self._discovery.offered("end_session_endpoint")
        home = self._client.home
        asked = {"client_id": self._client.id, "logout_uri": home, "post_logout_redirect_uri": home}
        return f"{url}?{urlencode(asked)}" if url else None

    def _answer(self, tokens: Mapping[str, Any], claims: Mapping[str, Any]) -> Answer:
        return Answer(
            self._verifier.identity(claims), int(claims["exp"]) - int(claims["iat"]), tokens.get("refresh_token")
        )

    def _claims(self, tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise failed("The identity provider sent no id token.")
        return self._verifier.claims(token)

    def _tokens(self, ask: "Callable[[OAuth2Session, str], Mapping[str, Any]]") -> Mapping[str, Any]:
        url = self._discovery.endpoint("token_endpoint")
        with self._oauth() as oauth:
            return ask(oauth, url)

    @contextmanager
    def _oauth(self) -> "Iterator[OAuth2Session]":
        from webapp.auth import oauth  # noqa: PLC0415  # slow to import, and calls of the API never need it

        client = self._client
        try:
            with oauth.OAuth2Session(
                client.id,
                client.secret(),
                scope=_SCOPE,
                redirect_uri=client.redirect_uri,
                code_challenge_method="S256",
                default_timeout=TIMEOUT_SECONDS,
            ) as session:
                yield session
        except oauth.AuthlibBaseError as error:
            log.info("issuer refused", error=error.error)
            raise failed("The identity provider did not accept the sign-in.") from error
        except (oauth.RequestException, ValueError) as error:
            raise unavailable() from error


def failed(detail: str) -> Problem:
    """400: this sign-in came to nothing, the next may work."""
    return Problem("sign-in-failed", detail)
