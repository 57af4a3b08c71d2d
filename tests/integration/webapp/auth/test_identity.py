"""Tokens that must not open the door, and the one that must. Real keys, a real JWKS over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from fakes.oidc_issuer import Issuer, ada, rsa_key
from tests.integration.webapp.conftest import Seconds
from webapp.auth.identity import TokenVerifier
from webapp.errors import NotAllowed, NotAuthenticated, Unavailable


def test_an_id_token_names_its_owner(verifier: TokenVerifier, issuer: Issuer) -> None:
    reader = verifier.verify(issuer.token())
    assert (reader.sub, reader.email, reader.name, reader.locale) == (
        "ada-1815",
        "ada@example.com",
        "Ada Lovelace",
        "en-GB",
    )


def test_an_issuer_that_is_not_cognito_says_nothing_of_use(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(issuer.token(drop=("token_use",))).sub == "ada-1815"


def test_an_audience_may_be_a_list_and_who_asked_be_named(verifier: TokenVerifier, issuer: Issuer) -> None:
    """https://openid.net/specs/openid-connect-core-1_0.html#IDToken"""
    assert verifier.verify(issuer.token(aud=["client-of-herald"])).sub == "ada-1815"
    assert verifier.verify(issuer.token(aud="client-of-herald", azp="client-of-herald")).sub == "ada-1815"


def _segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def write_unsigned(_: Issuer) -> str:
    return jwt.encode(ada(), "", algorithm="none", headers={"kid": "first"})


def write_unsigned_in_capitals(_: Issuer) -> str:
    return f"{_segment({'alg': 'nOnE', 'kid': 'first'})}.{_segment(ada())}."


def hmac_with_the_public_key(_: Issuer) -> str:
    public = (
        rsa_key("first")
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    signed = f"{_segment({'alg': 'HS256', 'typ': 'JWT', 'kid': 'first'})}.{_segment(ada())}"
    signature = hmac.new(public, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def tamper(issuer: Issuer) -> str:
    header, _, signature = issuer.token().split(".")
    return f"{header}.{_segment(ada() | {'email': 'mallory@example.com'})}.{signature}"


def own_key_in_the_header(_: Issuer) -> str:
    key = jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("mallory").public_key(), as_dict=True)
    return jwt.encode(ada(), rsa_key("mallory"), algorithm="RS256", headers={"kid": "first", "jwk": key})


FORGERIES: dict[str, Callable[[Issuer], str]] = {
    "unsigned": write_unsigned,
    "unsigned in capitals": write_unsigned_in_capitals,
    "HMAC with the public key as its secret": hmac_with_the_public_key,
    "tampered": tamper,
    "own key in the header": own_key_in_the_header,
    "another key under a known id": lambda issuer: issuer.token(key="mallory", kid="first"),
    "another key under its own id": lambda issuer: issuer.token(key="mallory"),
    "RS512": lambda issuer: jwt.encode(ada(), rsa_key("first"), algorithm="RS512", headers={"kid": "first"}),
    "no key id, and another key": lambda issuer: issuer.token(key="mallory", kid=""),
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 60),
    "never expires": lambda issuer: issuer.token(drop=("exp",)),
    "not yet issued": lambda issuer: issuer.token(iat=int(time.time()) + 600),
    "another client": lambda issuer: issuer.token(aud="another-client"),
    "a list of clients": lambda issuer: issuer.token(aud=["client-of-herald", "another-client"]),
    "no client": lambda issuer: issuer.token(drop=("aud",)),
    "a list of another client": lambda issuer: issuer.token(aud=["another-client"]),
    "a list of nobody": lambda issuer: issuer.token(aud=[]),
    "asked for by another client": lambda issuer: issuer.token(aud=["client-of-herald"], azp="another-client"),
    "asked for by no name": lambda issuer: issuer.token(azp=["client-of-herald"]),
    "another issuer": lambda issuer: issuer.token(iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other"),
    "an access token": lambda issuer: issuer.token(token_use="access", client_id="client-of-herald", drop=("aud",)),
    "an access token with an audience": lambda issuer: issuer.token(token_use="access"),
    "an access token as RFC 9068 has it": lambda _: jwt.encode(
        ada(), rsa_key("first"), algorithm="RS256", headers={"kid": "first", "typ": "at+jwt"}
    ),
    "unverified address": lambda issuer: issuer.token(email_verified=False),
    "unverified address as text": lambda issuer: issuer.token(email_verified="false"),
    "nothing said of the address": lambda issuer: issuer.token(drop=("email_verified",)),
    "nobody": lambda issuer: issuer.token(sub=""),
    "not a token": lambda issuer: "not-a-token",
    "empty": lambda issuer: "",
    "not even ASCII": lambda issuer: "é.é.é",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_forgery_opens_the_door(verifier: TokenVerifier, issuer: Issuer, forgery: str) -> None:
    with pytest.raises(NotAuthenticated):
        verifier.verify(FORGERIES[forgery](issuer))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "ada@example",
        "a@b.example, c@d.example",
        "ada@example.com\r\nBcc: eve@example.com",
        "ä@b.example",
    ],
)
def test_an_account_whose_address_is_no_plain_one_is_turned_away(
    verifier: TokenVerifier, issuer: Issuer, address: str
) -> None:
    with pytest.raises(NotAllowed):
        verifier.verify(issuer.token(email=address))


def test_name_and_locale_become_harmless(verifier: TokenVerifier, issuer: Issuer) -> None:
    reader = verifier.verify(issuer.token(name="Ada\r\nBcc: eve@example.com\x00" + "a" * 500, locale="en\r\nx"))
    assert reader.name.startswith("Ada Bcc: eve@example.com a")
    assert len(reader.name) == 100
    assert reader.locale == "en"


def test_without_a_name_the_address_speaks(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(issuer.token(name=" \t ")).name == "ada"


def test_keys_are_fetched_once(verifier: TokenVerifier, issuer: Issuer) -> None:
    for _ in range(5):
        verifier.verify(issuer.token())
    assert issuer.fetches == 1


def test_unknown_key_ids_cost_the_issuer_nothing(verifier: TokenVerifier, issuer: Issuer) -> None:
    verifier.verify(issuer.token())
    for number in range(20):
        with pytest.raises(NotAuthenticated):
            verifier.verify(issuer.token(key="mallory", kid=f"invented-{number}"))
    assert issuer.fetches == 1


def test_a_rotated_key_is_found(verifier: TokenVerifier, issuer: Issuer, seconds: Seconds) -> None:
    verifier.verify(issuer.token())
    issuer.published = ["first", "second"]
    seconds.at += 31
    assert verifier.verify(issuer.token(key="second")).sub == "ada-1815"


def test_a_withdrawn_key_is_forgotten(verifier: TokenVerifier, issuer: Issuer, seconds: Seconds) -> None:
    verifier.verify(issuer.token())
    issuer.published = ["second"]
    seconds.at += 301
    with pytest.raises(NotAuthenticated):
        verifier.verify(issuer.token())


def test_an_issuer_that_is_down_is_not_the_callers_fault(verifier: TokenVerifier, issuer: Issuer) -> None:
    issuer.broken = True
    with pytest.raises(Unavailable):
        verifier.verify(issuer.token())


def test_a_token_is_known_for_a_moment_and_never_longer_than_it_lives(
    verifier: TokenVerifier, issuer: Issuer, seconds: Seconds
) -> None:
    long, short = issuer.token(), issuer.token(exp=int(time.time()) + 5)
    assert verifier.find_verified(long) is None
    for token in (long, short):
        assert verifier.verify(token) == verifier.find_verified(token)
    assert verifier.find_verified(long + "x") is None
    seconds.at += 6
    assert (verifier.find_verified(short), verifier.find_verified(long) is None) == (None, False)
    seconds.at += 25
    assert verifier.find_verified(long) is None


def test_a_token_without_a_key_id_is_good_while_there_is_one_key(verifier: TokenVerifier, issuer: Issuer) -> None:
    assert verifier.verify(issuer.token(kid="")).sub == "ada-1815"


def test_a_token_without_a_key_id_is_nobodys_where_there_are_two_keys(verifier: TokenVerifier, issuer: Issuer) -> None:
    issuer.published = ["first", "second"]
    with pytest.raises(NotAuthenticated):
        verifier.verify(issuer.token(kid=""))
