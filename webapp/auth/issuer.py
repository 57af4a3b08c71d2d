"""Signing in at the OIDC issuer: authorization code with PKCE, renewal, and signing out.

https://docs.authlib.org/en/stable/oauth2/client/http/index.html,
https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth and https://datatracker.ietf.org/doc/html/rfc7636
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from webapp import log
from webapp.auth.discovery import TIMEOUT_SECONDS, Discovery, issuer_unavailable
from webapp.auth.identity import Identity, TokenVerifier
from webapp.errors import SignInFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authlib.integrations.requests_client import OAuth2Session

__all__ = ["AuthorizationRequest", "ClientRegistration", "Issuer", "SignInResult"]

_SCOPE: Final = "openid email profile"


@dataclass(frozen=True, slots=True)
class ClientRegistration:
    """What the issuer knows this app as; `secret` gives None for a public client, which PKCE alone protects."""

    id: str
    redirect_uri: str
    home: str
    secret: Callable[[], str | None] = lambda: None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What one browser asked of the issuer, kept in that browser until the answer: RFC 9700, section 2.1."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> AuthorizationRequest:
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class SignInResult:
    """Whom the issuer signed in, for how many seconds, and what renews that."""

    identity: Identity
    seconds: int
    refresh_token: str | None


class Issuer:
    """Signs people in, renews that, and ends it. Raises `Unavailable` if the issuer does not answer."""

    def __init__(self, discovery: Discovery, verifier: TokenVerifier, client: ClientRegistration) -> None:
        self._discovery = discovery
        self._verifier = verifier
        self._client = client

    def authorization_url(self, request: AuthorizationRequest) -> str:
        """Where the browser goes to sign in."""
        url = self._discovery.endpoint("authorization_endpoint")
        with self._oauth() as oauth:
            address, _ = oauth.create_authorization_url(
                url, state=request.state, nonce=request.nonce, code_verifier=request.verifier
            )
        return str(address)

    def redeem_code(self, code: str, request: AuthorizationRequest) -> SignInResult:
        """Whom the code stands for; raises `SignInFailed` if it does not answer this request."""
        tokens = self._tokens(
            lambda oauth, url: oauth.fetch_token(
                url, grant_type="authorization_code", code=code, code_verifier=request.verifier
            )
        )
        claims = self._claims(tokens)
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), request.nonce.encode()):
            raise SignInFailed("The sign-in was begun in another browser.")
        return self._answer(tokens, claims)

    def renew(self, refresh_token: str) -> SignInResult:
        """The same person again; raises `SignInFailed` if the issuer does not renew."""
        tokens = self._tokens(lambda oauth, url: oauth.refresh_token(url, refresh_token=refresh_token))
        return self._answer({"refresh_token": refresh_token, **tokens}, self._claims(tokens))

    def revoke(self, refresh_token: str) -> None:
        """Let nobody renew with this any more, if the issuer offers that; never raises."""
        try:
            url = self._discovery.find_endpoint("revocation_endpoint")
            if url is not None:
                with self._oauth() as oauth:
                    oauth.revoke_token(url, token=refresh_token, token_type_hint="refresh_token")  # noqa: S106  # a name
        except Exception as error:  # whoever signs out is signed out, whatever the issuer does
            log.error("refresh token not revoked", error=type(error).__name__)

    def sign_out_url(self) -> str | None:
        """Where the browser goes to be signed out at the issuer too; None if it offers no such page.

        Cognito calls the way back `logout_uri`, OpenID Connect `post_logout_redirect_uri`.
        https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
        """
        url = self._discovery.find_endpoint("end_session_endpoint")
        home = self._client.home
        query = {"client_id": self._client.id, "logout_uri": home, "post_logout_redirect_uri": home}
        return f"{url}?{urlencode(query)}" if url else None

    def _answer(self, tokens: Mapping[str, Any], claims: Mapping[str, Any]) -> SignInResult:
        return SignInResult(
            self._verifier.identity(claims), int(claims["exp"]) - int(claims["iat"]), tokens.get("refresh_token")
        )

    def _claims(self, tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise SignInFailed("The identity provider sent no id token.")
        return self._verifier.claims(token)

    def _tokens(self, ask: Callable[[OAuth2Session, str], Mapping[str, Any]]) -> Mapping[str, Any]:
        url = self._discovery.endpoint("token_endpoint")
        with self._oauth() as oauth:
            return ask(oauth, url)

    @contextmanager
    def _oauth(self) -> Iterator[OAuth2Session]:
        # importing these takes a quarter of a second, and calls of the API never need them
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415
        from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        client = self._client
        try:
            with OAuth2Session(
                client.id,
                client.secret(),
                scope=_SCOPE,
                redirect_uri=client.redirect_uri,
                code_challenge_method="S256",
                default_timeout=TIMEOUT_SECONDS,
            ) as session:
                yield session
        except AuthlibBaseError as error:
            log.info("issuer refused", error=error.error)
            raise SignInFailed("The identity provider did not accept the sign-in.") from error
        except (RequestException, ValueError) as error:
            raise issuer_unavailable() from error
