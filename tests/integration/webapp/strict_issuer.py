"""A second issuer, which takes other liberties than Cognito and none that the standards do not give it.

It has the client prove itself by HTTP Basic only, with name and secret encoded as RFC 6749 has it; names audiences in a
list; answers a refresh without an id token, or with one that says nothing of the person but who it is, with a new
refresh token each time; and ends the whole sign-in of whoever brings a refresh token twice (RFC 9700). It publishes
keys that are none of ours beside its own, which has no id, offers neither revocation nor signing out, and its name ends
with a slash.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any
from urllib.parse import unquote_plus

from fakes.oidc_issuer import CLIENT, Issuer

NAME = "https://login.example/tenant/"
SECRET = "a+b/c%20d:e=f&g"


class StrictIssuer(Issuer):
    """`secret` is what the client must send; `families` maps refresh tokens to their sign-in, spent ones too."""

    def reset(self) -> None:
        super().reset()
        self.secret = SECRET
        self.families: dict[str, str] = {}
        self.spent: set[str] = set()
        self.ended: set[str] = set()
        self.renewed_as: dict[str, Any] | None = None

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            return {
                "issuer": NAME,
                "jwks_uri": f"{self.url}/jwks.json",
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True,
            }
        others = [
            {"kty": "RSA", "use": "enc", "kid": "first", "n": "AQAB", "e": "AQAB"},
            {"kty": "of tomorrow", "kid": "second"},
        ]
        [own] = super().answer(path)["keys"]
        return {"keys": [*others, {name: value for name, value in own.items() if name not in {"kid", "alg"}}]}

    def sign_in(self, page: str) -> dict[str, str]:
        return super().sign_in(page) | {"iss": NAME}

    def post(self, path: str, form: dict[str, str], authorization: str | None = None) -> tuple[int, dict[str, Any]]:
        if path != "/token":
            return 404, {"error": "not_found"}
        if _who(authorization) != (CLIENT, self.secret) or {"client_id", "client_secret"} & form.keys():
            return 401, {"error": "invalid_client"}
        if form["grant_type"] == "refresh_token":
            return self._refresh(form["refresh_token"])
        asked = self.granted.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if not asked or asked["code_challenge"] != challenge.decode() or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        return 200, self._grant(secrets.token_hex(4)) | self._tell({"nonce": asked["nonce"], **self.claims})

    def _tell(self, claims: dict[str, Any], *, drop: tuple[str, ...] = ()) -> dict[str, str]:
        claims = {"iss": NAME, "aud": [CLIENT], "azp": CLIENT} | claims
        return {"id_token": self.token(kid="", drop=("token_use", *drop), **claims)}

    def _refresh(self, token: str) -> tuple[int, dict[str, Any]]:
        self.refreshes += 1
        family = self.families.get(token, "")
        if token in self.spent:
            self.ended.add(family)
        if not family or family in self.ended:
            return 400, {"error": "invalid_grant"}
        self.spent.add(token)
        described = ("email", "email_verified", "name", "locale")
        told = self._tell(self.renewed_as, drop=described) if self.renewed_as is not None else {}
        return 200, self._grant(family) | told

    def _grant(self, family: str) -> dict[str, Any]:
        refresh = f"{secrets.token_hex(8)}+/="
        self.families[refresh] = family
        return {"access_token": "a", "token_type": "bearer", "expires_in": 300, "refresh_token": refresh}


def _who(authorization: str | None) -> tuple[str, str]:
    scheme, _, proof = (authorization or "").partition(" ")
    name, _, secret = base64.b64decode(proof).decode().partition(":")
    return (unquote_plus(name), unquote_plus(secret)) if scheme == "Basic" else ("", "")
