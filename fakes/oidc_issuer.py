"""A small OIDC issuer on loopback with real RSA keys: it signs whatever a test asks for, and redeems codes by PKCE."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

__all__ = ["CLIENT", "NAME", "Issuer", "ada", "rsa_key"]

NAME = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_herald"
CLIENT = "client-of-herald"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """One key for each name, made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Serves discovery document, JWKS and tokens; counts how often the keys were fetched.

    `claims` is what it says of whoever signs in; `granted` maps codes and refresh tokens to what was asked for them.
    """

    def __init__(self) -> None:
        self._server: ThreadingHTTPServer
        self.reset()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(500 if issuer.broken else 200, issuer.answer(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: value for name, [value] in parse_qs(body).items()}
                self._say(*issuer.post(self.path, form, self.headers.get("Authorization")))

            def _say(self, status: int, body: object) -> None:
                self.send_response(500 if issuer.broken else status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.discovery_url = f"{self.url}/.well-known/openid-configuration"

    def reset(self) -> None:
        """As at the beginning."""
        self.published = ["first"]
        self.fetches = 0
        self.broken = False
        self.claims: dict[str, Any] = {}
        self.granted: dict[str, dict[str, str]] = {}
        self.refreshes = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            places = {
                "jwks_uri": "jwks.json",
                "authorization_endpoint": "authorize",
                "token_endpoint": "token",
                "revocation_endpoint": "revoke",
                "end_session_endpoint": "logout",
            }
            return {"issuer": NAME} | {name: f"{self.url}/{place}" for name, place in places.items()}
        self.fetches += 1
        return {"keys": [_public(name) for name in self.published]}

    def sign_in(self, page: str) -> dict[str, str]:
        """What the browser brings back from the sign-in page: `code` and `state`."""
        asked = {name: value for name, [value] in parse_qs(urlsplit(page).query).items()}
        code = secrets.token_hex(8)
        self.granted[code] = asked
        return {"code": code, "state": asked["state"]}

    def post(self, path: str, form: dict[str, str], _authorization: str | None = None) -> tuple[int, dict[str, Any]]:
        """The token and the revocation endpoint. https://datatracker.ietf.org/doc/html/rfc7636#section-4.6"""
        if path == "/revoke":
            self.granted.pop(form["token"], None)
            return 200, {}
        if form["grant_type"] == "refresh_token":
            self.refreshes += 1
            return self._tokens(self.granted.get(form["refresh_token"]), {})
        asked = self.granted.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked and asked["code_challenge"] != challenge.rstrip(b"=").decode():
            asked = None
        return self._tokens(asked, {"nonce": asked["nonce"]} if asked else {})

    def _tokens(self, asked: dict[str, str] | None, more: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if asked is None:
            return 400, {"error": "invalid_grant"}
        refresh = secrets.token_hex(8)
        self.granted[refresh] = asked
        tokens = {"id_token": self.token(**(self.claims | more)), "access_token": "a", "token_type": "Bearer"}
        return 200, tokens | {"refresh_token": refresh}

    def token(self, *, key: str = "first", kid: str | None = None, drop: tuple[str, ...] = (), **claims: object) -> str:
        """An id token of Ada, with the given claims instead of hers; it names no key if `kid` is empty."""
        told = {name: value for name, value in (ada() | claims).items() if name not in drop}
        return jwt.encode(told, rsa_key(key), algorithm="RS256", headers=None if kid == "" else {"kid": kid or key})


def ada() -> dict[str, object]:
    """What a good id token of Ada says."""
    now = int(time.time())
    return {
        "iss": NAME,
        "aud": CLIENT,
        "sub": "ada-1815",
        "iat": now,
        "exp": now + 600,
        "token_use": "id",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada Lovelace",
        "locale": "en-GB",
    }


def _public(name: str) -> Mapping[str, object]:
    key = RSAAlgorithm.to_jwk(rsa_key(name).public_key(), as_dict=True)
    return {**key, "kid": name, "use": "sig", "alg": "RS256"}
