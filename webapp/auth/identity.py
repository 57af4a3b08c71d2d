"""The caller's identity: the verified OIDC id token, and the claims that Herald uses.

https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import jwt

from webapp import text_validation
from webapp.auth.discovery import Discovery, IssuerKeys
from webapp.errors import NotAllowed, NotAuthenticated
from webapp.user_locale import negotiate_language

__all__ = ["Identity", "OperatorClaim", "TokenVerifier", "choose_language"]

_LEEWAY_SECONDS = 10
_KNOWN_SECONDS = 30.0
_MOST_KNOWN = 10_000
_REQUIRED = ["iss", "aud", "exp", "iat", "sub"]


@dataclass(frozen=True, slots=True)
class OperatorClaim:
    """The claim that makes a user an operator: its name, and the value that it must equal or contain."""

    claim: str
    value: str

    def applies_to(self, claims: Mapping[str, Any]) -> bool:
        """Whether these claims have this role."""
        value = claims.get(self.claim)
        return self.value in value if isinstance(value, list) else self.value == value


@dataclass(frozen=True, slots=True)
class Identity:
    """The signed-in user; `email` is verified, and every text is one clean line."""

    sub: str
    email: str
    name: str
    locale: str
    operator: bool = False
    #: When the user last authenticated, in epoch milliseconds; 0 without a token.
    signed_in_at: int = 0
    #: The issuer's name for the account, if it is not `sub`.
    username: str = ""
    #: The time zone as the issuer gives it; "" if none.
    zone: str = ""

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any], operator_claim: OperatorClaim) -> Self:
        """Read the identity in a token; raises `NotAuthenticated` or `NotAllowed` if it is not an id token of a user
        who can get mail.

        Cognito names a token's purpose in `token_use`; other issuers' id tokens have no such claim.
        """
        if claims.get("token_use", "id") != "id":
            raise NotAuthenticated("this is not an id token")
        return cls.from_attributes(claims, operator=operator_claim.applies_to(claims))

    @classmethod
    def from_attributes(cls, claims: Mapping[str, Any], *, operator: bool = False) -> Self:
        """Read the identity in an issuer's account claims; raises `NotAuthenticated` or `NotAllowed` if the account
        cannot get mail."""
        if claims.get("email_verified") not in {True, "true"}:
            raise NotAuthenticated("the token's address is not verified")
        email, sub = claims.get("email"), claims.get("sub")
        if not isinstance(sub, str) or not 0 < len(sub) <= 255 or not sub.isprintable():
            raise NotAuthenticated("the token names nobody")
        if not isinstance(email, str) or not text_validation.is_address(email):
            raise NotAllowed("The account's address is not one that mail can be sent to.")
        name = (
            text_validation.clean_line(claims.get("name") or claims.get("given_name"), 100) or email.partition("@")[0]
        )
        return cls(
            sub,
            email,
            name,
            text_validation.read_language_tag(claims.get("locale")),
            operator,
            signed_in_at=_read_seconds(claims.get("auth_time", claims.get("iat"))) * 1000,
            username=text_validation.clean_line(claims.get("cognito:username"), 128),
            zone=text_validation.clean_line(claims.get("zoneinfo"), 64),
        )


def choose_language(reader: Identity, accept_language: str) -> Identity:
    """Return the reader with the language that `Accept-Language` asks for, if the pages support it."""
    wanted = negotiate_language(accept_language)
    if wanted is None or reader.locale.partition("-")[0].lower() == wanted:
        return reader
    return replace(reader, locale=wanted)


class TokenVerifier:
    """Verifies id tokens of one issuer for one client, with the issuer's published keys.

    A verified token is remembered for 30 seconds, or until it expires. `clock` returns seconds.
    """

    def __init__(
        self,
        discovery: Discovery,
        client_id: str,
        operator_claim: OperatorClaim,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = discovery.issuer
        self._client_id = client_id
        self._operator_claim = operator_claim
        self._clock = clock
        self._keys = IssuerKeys(discovery, clock)
        self._known: OrderedDict[bytes, tuple[Identity, float]] = OrderedDict()
        self._lock = threading.Lock()

    def find_verified(self, token: str) -> Identity | None:
        """Return the user of a token verified in the last 30 seconds; needs no I/O."""
        identity, until = self._known.get(_hash_token(token), (None, 0.0))
        return identity if self._clock() < until else None

    def verify(self, token: str) -> Identity:
        """Return the token's user; raises `NotAuthenticated`, `NotAllowed`, or `Unavailable` if the issuer does not
        answer."""
        claims = self.claims(token)
        identity = self.identity(claims)
        self._remember(token, identity, claims["exp"])
        return identity

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        """Return the user in these claims; raises `NotAuthenticated` or `NotAllowed`."""
        return Identity.from_claims(claims, self._operator_claim)

    def claims(self, token: str) -> Mapping[str, Any]:
        """Return the verified claims of a token for this client; raises as `verify` does."""
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._find_signing_key(token),
                algorithms=["RS256"],
                issuer=self._issuer,
                audience=self._client_id,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
        except jwt.PyJWTError as error:
            raise NotAuthenticated(_describe_error(error)) from error
        except (ValueError, RecursionError) as error:  # from the parsers that PyJWT uses
            raise NotAuthenticated("the token is not valid") from error
        if not self._is_for_us(claims):
            raise NotAuthenticated("the token was not issued for this app")
        return claims

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        """Whether the token is for this client only: the audience may be one name or a list of names, and `azp` may
        name the client that requested the token."""
        audience = claims["aud"]
        names = {audience} if isinstance(audience, str) else set(audience)
        return names == {self._client_id} and claims.get("azp", self._client_id) == self._client_id

    def _remember(self, token: str, identity: Identity, expires: float) -> None:
        with self._lock:
            self._known[_hash_token(token)] = identity, self._clock() + min(_KNOWN_SECONDS, expires - time.time())
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)

    def fetch_keys(self) -> None:
        """Fetch the issuer's keys; raises `Unavailable` if they cannot be fetched."""
        self._keys.get()

    def _find_signing_key(self, token: str) -> jwt.PyJWK:
        header = jwt.get_unverified_header(token)
        kid = header.get("kid")
        if header.get("alg") != "RS256" or not isinstance(kid, str | None) or header.get("typ") == "at+jwt":
            raise jwt.InvalidAlgorithmError
        key = self._keys.find(kid)
        if key is None:
            raise jwt.InvalidKeyError
        return key


def _read_seconds(claim: object) -> int:
    return int(claim) if isinstance(claim, int | float) and 0 <= claim < 10**11 else 0


def _hash_token(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _describe_error(error: jwt.PyJWTError) -> str:
    match error:
        case jwt.ExpiredSignatureError():
            return "the token has expired"
        case jwt.InvalidAudienceError() | jwt.InvalidIssuerError():
            return "the token was not issued for this app"
        case jwt.MissingRequiredClaimError():
            return "the token lacks a claim"
        case _:
            return "the token is not valid"
