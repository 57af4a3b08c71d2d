"""Sign-in at the OIDC issuer: authorization code with PKCE, renewal, and sign-out.

https://docs.authlib.org/en/stable/oauth2/client/http/index.html,
https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth and https://datatracker.ietf.org/doc/html/rfc7636
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

from webapp import deadline, log
from webapp.auth.discovery import TIMEOUT_SECONDS, Discovery, make_issuer_unavailable
from webapp.auth.identity import Identity, TokenVerifier
from webapp.errors import SignInFailed, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authlib.integrations.requests_client import OAuth2Session

__all__ = ["AuthorizationRequest", "ClientRegistration", "Issuer", "SignInResult"]

_SCOPE = "openid email profile"
_BASIC = "client_secret_basic"
_POST = "client_secret_post"
#: How long a renewed session lasts if the issuer does not say, in seconds.
_USUAL_SECONDS = 900
#: Errors that concern this app's registration or the issuer, not the user.
_NOT_THE_PERSONS_FAULT = frozenset({"invalid_scope", "server_error", "temporarily_unavailable", "unauthorized_client"})


@dataclass(frozen=True, slots=True)
class ClientRegistration:
    """This app's registration at the issuer; `secret` returns None for a public client, which is protected by PKCE
    alone."""

    id: str
    redirect_uri: str
    home: str
    secret: Callable[[], str | None] = lambda: None
    reread_secret: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A browser's authorization request, kept in that browser until the answer: RFC 9700, section 2.1."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def create(cls) -> AuthorizationRequest:
        return cls(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class SignInResult:
    """The user whom the issuer signed in, for how many seconds, and the refresh token."""

    identity: Identity
    seconds: int
    refresh_token: str | None


class Issuer:
    """Signs users in, renews their sign-in, and ends it. Raises `Unavailable` if the issuer does not answer."""

    def __init__(self, discovery: Discovery, verifier: TokenVerifier, client: ClientRegistration) -> None:
        self._discovery = discovery
        self._verifier = verifier
        self._client = client

    def build_authorization_url(self, request: AuthorizationRequest, *, fresh: bool = False) -> str:
        """Return the URL at which the browser signs in; `fresh` asks the issuer to authenticate the user again.

        https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest, `prompt` and `max_age`
        """
        url = self._discovery.endpoint("authorization_endpoint")
        again = {"prompt": "login", "max_age": "0"} if fresh else {}
        with self._open_session() as oauth:
            address, _ = oauth.create_authorization_url(
                url, state=request.state, nonce=request.nonce, code_verifier=request.verifier, **again
            )
        return str(address)

    def redeem_code(self, code: str, request: AuthorizationRequest) -> SignInResult:
        """Exchange the code for the user's tokens; raises `SignInFailed` if it does not belong to this request."""
        tokens = self._fetch_tokens(
            lambda oauth, url: oauth.fetch_token(
                url, grant_type="authorization_code", code=code, code_verifier=request.verifier
            )
        )
        claims = self._read_claims(tokens)
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), request.nonce.encode()):
            raise SignInFailed("The sign-in was begun in another browser.")
        return self._build_result(tokens, claims)

    def renew(self, refresh_token: str, identity: Identity) -> SignInResult:
        """Renew the sign-in of the same user, with the issuer's current claims if it sends them; raises `SignInFailed`
        if the issuer refuses.

        The answer need not contain an id token, and its id token need not contain the user's claims.
        https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse
        """
        tokens = self._fetch_tokens(lambda oauth, url: oauth.refresh_token(url, refresh_token=refresh_token))
        tokens = {"refresh_token": refresh_token, **tokens}
        claims = self._read_claims(tokens) if "id_token" in tokens else {}
        if "email" in claims:
            return self._build_result(tokens, claims)
        if claims.get("sub", identity.sub) != identity.sub:
            raise SignInFailed("The identity provider did not accept the sign-in.")
        return SignInResult(identity, _read_seconds(tokens.get("expires_in")), tokens["refresh_token"])

    def revoke(self, refresh_token: str) -> None:
        """Revoke this refresh token, if the issuer supports that; never raises."""
        try:
            url = self._discovery.find_endpoint("revocation_endpoint")
            if url is not None:
                self._ask(
                    lambda oauth: oauth.revoke_token(url, token=refresh_token, token_type_hint="refresh_token")  # noqa: S106  # a name
                )
        except Exception as error:  # signing out succeeds whatever the issuer does
            log.error("refresh token not revoked", error=type(error).__name__)

    def sign_out_url(self) -> str | None:
        """Return the URL at which the browser signs out at the issuer too; None if the issuer has none.

        Cognito calls the return URL `logout_uri`, OpenID Connect `post_logout_redirect_uri`.
        https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
        """
        url = self._discovery.find_endpoint("end_session_endpoint")
        home = self._client.home
        query = {"client_id": self._client.id, "logout_uri": home, "post_logout_redirect_uri": home}
        return f"{url}?{urlencode(query)}" if url else None

    def _build_result(self, tokens: Mapping[str, Any], claims: Mapping[str, Any]) -> SignInResult:
        return SignInResult(
            self._verifier.identity(claims), int(claims["exp"]) - int(claims["iat"]), tokens.get("refresh_token")
        )

    def _read_claims(self, tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise SignInFailed("The identity provider sent no id token.")
        return self._verifier.claims(token)

    def _fetch_tokens(self, ask: Callable[[OAuth2Session, str], Mapping[str, Any]]) -> Mapping[str, Any]:
        url = self._discovery.endpoint("token_endpoint")
        used = self._client.secret()
        try:
            return self._ask(lambda oauth: ask(oauth, url))
        except _SecretRefused:
            self._client.reread_secret()
            if self._client.secret() == used:
                raise _make_unavailable() from None
        try:
            return self._ask(lambda oauth: ask(oauth, url))
        except _SecretRefused:
            raise _make_unavailable() from None

    def _ask(self, ask: Callable[[OAuth2Session], Mapping[str, Any]]) -> Mapping[str, Any]:
        with self._open_session() as oauth:
            return deadline.call_within(deadline.get_remaining(TIMEOUT_SECONDS), lambda: ask(oauth))

    @contextmanager
    def _open_session(self) -> Iterator[OAuth2Session]:
        # importing these takes a quarter of a second, and API requests never need them
        from authlib.common.errors import AuthlibBaseError  # noqa: PLC0415
        from authlib.integrations.requests_client import OAuth2Session  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        client = self._client
        secret = client.secret()
        method = self._choose_authentication_method() if secret else "none"
        try:
            with OAuth2Session(
                client.id,
                secret,
                scope=_SCOPE,
                redirect_uri=client.redirect_uri,
                code_challenge_method="S256",
                default_timeout=TIMEOUT_SECONDS,
                token_endpoint_auth_method=method,
                revocation_endpoint_auth_method=method,
            ) as session:
                session.register_client_auth_method((_BASIC, _authenticate_basic))
                yield session
        except AuthlibBaseError as error:
            log.info("issuer refused", error=error.error)
            if error.error == "invalid_client":
                raise _SecretRefused from error
            if error.error in _NOT_THE_PERSONS_FAULT:
                raise _make_unavailable() from error
            raise SignInFailed("The identity provider did not accept the sign-in.") from error
        except (RequestException, OSError, ValueError) as error:
            raise make_issuer_unavailable() from error

    def _choose_authentication_method(self) -> str:
        """Choose how the client authenticates: in the body, which all issuers parse alike, if this issuer supports
        it."""
        offered = "token_endpoint_auth_methods_supported"
        return _POST if self._discovery.offers(offered, _POST) else _BASIC


class _SecretRefused(Exception):
    """The issuer rejects this app's client secret."""


def _make_unavailable() -> Unavailable:
    return Unavailable("The identity provider does not work with this app right now.", retry_after=5)


def _authenticate_basic(oauth: Any, _method: str, uri: str, headers: dict[str, str], body: str) -> Any:
    """Add Basic authentication; name and secret are form-encoded before they are joined.
    https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1"""
    proof = f"{quote_plus(oauth.client_id)}:{quote_plus(oauth.client_secret)}"
    return uri, {**headers, "Authorization": f"Basic {base64.b64encode(proof.encode()).decode()}"}, body


def _read_seconds(expires_in: object) -> int:
    try:
        return max(int(str(expires_in)), 0)
    except ValueError:
        return _USUAL_SECONDS
