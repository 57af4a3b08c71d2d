"""Attacks on the running web app, with real tokens of the laptop's user pool and over real sockets.

Each is a function that tries it and says what came of it; docs/attacks.md lists them all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from laptop.cloud import LaptopCloud
from tests.stack.conftest import Herald
from tests.stack.events import new_address
from tests.stack.webapp.browsing import Browser
from tests.stack.webapp.conftest import BOOK, PASSWORD, Reader, tokens_of
from tests.waiting import LIMIT

ATTACKS: dict[str, tuple[Callable[[Field], str], str]] = {}


@dataclass(frozen=True, slots=True)
class Field:
    """Where an attack happens: the running cloud, its victim with a book, and the attacker."""

    herald: Herald
    cloud: LaptopCloud
    victim: Reader
    book: dict[str, Any]
    mallory: Reader

    @property
    def path(self) -> str:
        """The victim's book."""
        return str(self.book["links"]["self"])

    @property
    def forms(self) -> list[str]:
        """Where the pages' forms go."""
        return ["/books", f"/books/{self.book['id']}/delete", "/settings", "/sign-out"]

    def with_token(self, token: str) -> str:
        """The status of reading one's books and of adding one with this token."""
        with httpx.Client(base_url=self.herald.names.endpoints["web"], trust_env=False, timeout=LIMIT) as web:
            headers = {"Authorization": f"Bearer {token}"}
            answers = {web.get("/v1/books", headers=headers).status_code}
            answers.add(web.post("/v1/books", json=BOOK, headers=headers).status_code)
        return describe_statuses(answers)

    def post(self, **request: Any) -> str:
        """The status of a POST by Mallory."""
        with self.mallory.client() as web:
            return describe_statuses(web.post("/v1/books", **request).status_code)

    def mails_of(self, book: dict[str, Any], reader: Reader) -> list[dict[str, Any]]:
        """All that was mailed to a reader, once the mail about a book is there."""
        reader.wait_for(book, "sent", "delivered")
        return self.herald.inbox.mails(reader.address)

    def browser(self) -> Browser:
        """The victim's browser, signed in on the emulator's page."""
        browser = Browser(self.herald)
        browser.sign_in(self.victim.address, PASSWORD)
        return browser

    def link(self) -> str:
        """The unsubscribe link in a mail to the victim."""
        [mail, *_] = self.mails_of(self.book, self.victim)
        return str(mail["headers"]["List-Unsubscribe"]).strip("<>")

    def describe_stopped(self, reader: Reader | None = None) -> str:
        """Whether the settings page shows that a category is stopped."""
        with Browser(self.herald) as browser:
            browser.sign_in((reader or self.victim).address, PASSWORD)
            return "nothing stopped" if " checked" in browser.get("/settings").text else "STOPPED"

    def raw(self, request: bytes) -> str:
        """The status line's code for bytes that no decent client sends."""
        place = urlsplit(self.herald.names.endpoints["web"])
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=LIMIT) as wire:
            wire.sendall(request)
            answer = wire.recv(65536).decode("latin-1")
        return answer.split(" ", 2)[1] if answer else "hung up"


def attack(name: str, outcome: str) -> Callable[[Callable[[Field], str]], Callable[[Field], str]]:
    """Register an attack under the name and the outcome that the page gives it."""

    def register(function: Callable[[Field], str]) -> Callable[[Field], str]:
        ATTACKS[name] = (function, outcome)
        return function

    return register


def describe_statuses(statuses: int | set[int]) -> str:
    """Statuses as the page writes them."""
    return ", ".join(str(status) for status in sorted({statuses} if isinstance(statuses, int) else statuses))


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token."""
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


# Tokens


@attack("no token", "401")
def no_token(field: Field) -> str:
    with httpx.Client(base_url=field.herald.names.endpoints["web"], trust_env=False, timeout=LIMIT) as web:
        return describe_statuses({web.get("/v1/books").status_code, web.post("/v1/books", json=BOOK).status_code})


@attack("a token whose claims were changed", "401")
def changed_claims(field: Field) -> str:
    header, claims = parts_of(field.mallory.token)
    signature = field.mallory.token.rpartition(".")[2]
    return field.with_token(f"{segment(header)}.{segment(claims | {'email': field.victim.address})}.{signature}")


@attack("a token signed by another key under the issuer's key id", "401")
def another_key(field: Field) -> str:
    header, claims = parts_of(field.mallory.token)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return field.with_token(jwt.encode(claims, key, "RS256", {"kid": header["kid"]}))


@attack("a token that brings its own key in the header (`jwk`, `jku`)", "401")
def own_key(field: Field) -> str:
    header, claims = parts_of(field.mallory.token)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    brought = {"kid": header["kid"], "jwk": RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)}
    return field.with_token(jwt.encode(claims, key, "RS256", brought | {"jku": "http://127.0.0.1:9/jwks.json"}))


@attack("`alg=none`", "401")
def no_algorithm(field: Field) -> str:
    header, claims = parts_of(field.mallory.token)
    return field.with_token(f"{segment(header | {'alg': 'none'})}.{segment(claims)}.")


@attack("HS256 with the issuer's public key as the secret", "401")
def public_key_as_secret(field: Field) -> str:
    header, claims = parts_of(field.mallory.token)
    discovery = httpx.get(field.herald.names.sign_in["discovery_url"], trust_env=False, timeout=LIMIT).json()
    keys = jwt.PyJWKSet.from_dict(httpx.get(discovery["jwks_uri"], trust_env=False, timeout=LIMIT).json())
    public = keys[header["kid"]].key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signed = f"{segment(header | {'alg': 'HS256'})}.{segment(claims)}"
    signature = base64.urlsafe_b64encode(hmac.new(public, signed.encode(), hashlib.sha256).digest())
    return field.with_token(f"{signed}.{signature.rstrip(b'=').decode()}")


@attack("an access token in place of the id token", "401")
def access_token(field: Field) -> str:
    return field.with_token(tokens_of(field.cloud, new_address())["access"])


@attack("a good id token of another client of the same pool", "401")
def another_client(field: Field) -> str:
    pool = field.herald.names.sign_in["issuer"].rpartition("/")[2]
    client = field.cloud.clients.cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="another", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    return field.with_token(tokens_of(field.cloud, new_address(), client=client)["id"])


@attack("a good id token of another pool", "401")
def another_pool(field: Field) -> str:
    cognito = field.cloud.clients.cognito
    pool = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="another", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    return field.with_token(tokens_of(field.cloud, new_address(), pool=pool, client=client)["id"])


@attack("a good id token whose address is not verified", "401")
def unverified(field: Field) -> str:
    return field.with_token(tokens_of(field.cloud, new_address(), email_verified="false")["id"])


@attack("the page's cookie used on the API", "401")
def cookie_on_the_api(field: Field) -> str:
    with field.browser() as browser:
        return describe_statuses(browser.get("/v1/books").status_code)


# Other people's things


@attack("reading, changing, deleting another user's book by its id, or its timeline", "404")
def another_users_book(field: Field) -> str:
    with field.mallory.client() as web:
        answers = {
            web.get(field.path).status_code,
            web.get(f"{field.path}/notifications").status_code,
            web.patch(field.path, json={"title": "Mine"}, headers={"If-Match": "*"}).status_code,
            web.delete(field.path).status_code,
        }
    return describe_statuses(answers)


@attack("another user's idempotency key", "201, a book of their own")
def another_users_key(field: Field) -> str:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with field.victim.client() as web:
        first = web.post("/v1/books", json=BOOK, headers=key).json()
    with field.mallory.client() as web:
        second = web.post("/v1/books", json=BOOK, headers=key)
    is_own = second.json()["id"] != first["id"] and "idempotency-replayed" not in second.headers
    return f"{second.status_code}, {'a book of their own' if is_own else 'THE SAME BOOK'}"


@attack("a cursor made from another user's book", "200, one's own books only")
def anothers_cursor(field: Field) -> str:
    raw = _bytes_of_ulid(field.book["id"])
    cursor = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    own = field.mallory.add_book()
    with field.mallory.client() as web:
        answer = web.get("/v1/books", params={"cursor": cursor})
    seen = {book["id"] for book in answer.json()["books"]}
    return f"{answer.status_code}, {'one' if seen <= {own['id']} else 'OTHERS'}'s own books only"


def _bytes_of_ulid(text: str) -> bytes:
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return sum(alphabet.index(digit) << 5 * place for place, digit in enumerate(reversed(text))).to_bytes(16, "big")


@attack("cursors that were tampered with", "422")
def tampered_cursor(field: Field) -> str:
    cursors = ["x", "../../etc/passwd", "A" * 23, "' OR 1=1 --", "\x00", "A" * 22 + "=", "AAAAAAAAAAAAAAAAAAAAAB"]
    with field.mallory.client() as web:
        return describe_statuses({web.get("/v1/books", params={"cursor": cursor}).status_code for cursor in cursors})


# What goes into mails


@attack("a recipient in the body", "422")
def recipient_in_the_body(field: Field) -> str:
    bodies: list[dict[str, object]] = [
        {"recipient": {"email": field.victim.address}},
        {"email": field.victim.address},
        {"to": "x@example.com"},
    ]
    return ", ".join(sorted({field.post(json=BOOK | body) for body in bodies}))


@attack("line breaks in title and author, to add a header", "422")
def line_break_in_title(field: Field) -> str:
    breaks = ["\r\nBcc: eve@example.com", "\nX: y", "\rX", "\x00", "\x85", "\u2028"]
    bodies = [BOOK | {name: f"Momo{text}"} for name in ("title", "author") for text in breaks]
    return ", ".join(sorted({field.post(json=body) for body in bodies}))


@attack("HTML and template syntax in title and author", "one mail, shown as text")
def markup_in_title(field: Field) -> str:
    book = field.mallory.add_book(title="<script>alert(1)</script>{{ 7*7 }}", author='"><img src=x onerror=alert(1)>')
    [mail] = field.mails_of(book, field.mallory)
    harmless = "<script" not in mail["html"] and "<img src=x" not in mail["html"] and "49" not in mail["subject"]
    return "one mail, shown as text" if harmless and "{{ 7*7 }}" in mail["subject"] else "MARKUP"


@attack("line breaks and HTML in the account's name", "one mail, one recipient, shown as text")
def evil_name(field: Field) -> str:
    address = new_address()
    token = tokens_of(field.cloud, address, name="Ada\r\nBcc: eve@example.com <b>bold</b>")["id"]
    eve = Reader(field.herald, address, token)
    [mail] = field.mails_of(eve.add_book(), eve)
    one = mail["to"] == [address] and not [name for name in mail["headers"] if name.lower() in ("bcc", "cc")]
    return "one mail, one recipient, shown as text" if one and "<b>bold" not in mail["html"] else "INJECTED"


@attack("a path and line breaks in the account's locale", "one mail, in English")
def evil_locale(field: Field) -> str:
    address = new_address()
    eve = Reader(field.herald, address, tokens_of(field.cloud, address, locale="../../etc\r\nX: y")["id"])
    [mail] = field.mails_of(eve.add_book(), eve)
    return "one mail, in English" if 'lang="en"' in mail["html"] else "NOT IN ENGLISH"


@attack("a false `Host`, to bend the links in the mail", "one mail, the true links")
def false_host(field: Field) -> str:
    with field.mallory.client() as web:
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
        answer = web.post("/v1/books", json=BOOK, headers=headers)
    mails = field.mails_of(answer.json(), field.mallory)
    clean = "evil.example" not in answer.text + str(answer.headers) + "".join(str(mail) for mail in mails)
    return "one mail, the true links" if clean else "BENT"


# Bodies, methods, paths


@attack("a body over 64 KiB, announced and chunked", "413")
def large_body(field: Field) -> str:
    def chunks() -> Iterator[bytes]:
        yield from [b" " * 1024] * 80

    json_type = {"content-type": "application/json"}
    announced = field.post(json=BOOK | {"title": "a" * 70_000})
    return ", ".join(sorted({announced, field.post(content=chunks(), headers=json_type)}))


@attack("a body that is nested 30,000 deep", "400")
def deep_body(field: Field) -> str:
    return field.post(content=b"[" * 30_000 + b"]" * 30_000, headers={"content-type": "application/json"})


@attack("objects nested 5,000 deep where a text belongs", "400 or 422")
def deep_objects(field: Field) -> str:
    """400 where this Python's JSON reader gives up, 422 where it reads on to what the schema refuses."""
    status = field.post(
        content=b'{"title":' * 5_000 + b"1" + b"}" * 5_000, headers={"content-type": "application/json"}
    )
    return "400 or 422" if status in ("400", "422") else status


@attack("JSON sent as a form, as text, as XML, as multipart, or as nothing", "415")
def confused_content(field: Field) -> str:
    types = [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "",
    ]
    body = json.dumps(BOOK).encode()
    return ", ".join(sorted({field.post(content=body, headers={"content-type": each}) for each in types}))


@attack("methods that are not there, and a method in a header or a parameter", "405, nothing deleted")
def confused_method(field: Field) -> str:
    override = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE"}
    with field.victim.client() as web:
        answers = {web.request(method, "/v1/books").status_code for method in ("PUT", "DELETE", "TRACE", "FOO")}
        web.get(field.path, headers=override, params={"_method": "DELETE"})
        left = web.get(field.path).status_code
    return f"{describe_statuses(answers)}, {'nothing deleted' if left == 200 else 'DELETED'}"


@attack("`..`, its encodings and null bytes in paths", "404")
def path_tricks(field: Field) -> str:
    paths = [
        "/static/../settings.py",
        "/static/%2e%2e/settings.py",
        "/static/..%2fsettings.py",
        "/static/%252e%252e/settings.py",
        "/static//etc/passwd",
        "/v1/books/..%2f..%2fetc%2fpasswd",
        "/v1/books/%00",
        "//v1/books",
    ]
    token = field.mallory.token.encode()
    request = b"GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
    return ", ".join(sorted({field.raw(request % (path.encode(), token)) for path in paths}))


@attack("two lengths for one body, to smuggle a request", "400")
def smuggling(field: Field) -> str:
    twice = b"POST /v1/books HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 9\r\n\r\n{}{}"
    spaced = b"POST /v1/books HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\n{}{}"
    return ", ".join(sorted({field.raw(request) for request in (twice, spaced)}))
