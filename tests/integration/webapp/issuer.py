"""A small OIDC issuer on loopback with real RSA keys, which signs whatever a test asks for."""

import json
import threading
import time
from collections.abc import Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

NAME = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_herald"
CLIENT = "client-of-herald"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """One key for each name, made once."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Serves discovery document and JWKS; counts how often the keys were fetched."""

    def __init__(self) -> None:
        self.published = ["first"]
        self.fetches = 0
        self.broken = False
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = issuer.answer(self.path)
                self.send_response(500 if issuer.broken else 200)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.discovery_url = f"{self.url}/.well-known/openid-configuration"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            return {"issuer": NAME, "jwks_uri": f"{self.url}/jwks.json"}
        self.fetches += 1
        return {"keys": [_public(name) for name in self.published]}

    def token(self, *, key: str = "first", kid: str | None = None, drop: tuple[str, ...] = (), **claims: object) -> str:
        """An id token of Ada, with the given claims instead of hers."""
        told = {name: value for name, value in (ada() | claims).items() if name not in drop}
        return jwt.encode(told, rsa_key(key), algorithm="RS256", headers={"kid": kid or key})


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
