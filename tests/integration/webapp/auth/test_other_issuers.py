"""Signing in at an issuer that is strict where Cognito is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes.oidc_issuer import CLIENT
from tests.integration.webapp.conftest import Browser, Clock, Cloud, Seconds
from tests.integration.webapp.strict_issuer import NAME, SECRET, StrictIssuer
from webapp.auth.discovery import Discovery
from webapp.auth.identity import OperatorClaim, TokenVerifier
from webapp.auth.issuer import Issuer as OidcIssuer
from webapp.auth.secrets import Secrets
from webapp.composition import Services, build_client_registration, build_parameter_names

SESSION = "__Host-herald"
PARAMETER = "/herald/client-secret"


@pytest.fixture
def issuer() -> Iterator[StrictIssuer]:
    with StrictIssuer() as strict:
        yield strict


@pytest.fixture
def strict(cloud: Cloud, services: Services, issuer: StrictIssuer, seconds: Seconds) -> Services:
    """The app as a confidential client of the strict issuer."""
    cloud.ssm.put_parameter(Name=PARAMETER, Value=SECRET, Type="SecureString")
    settings = services.settings.model_copy(
        update={
            "oidc_issuer": NAME,
            "oidc_discovery_url": issuer.discovery_url,
            "oidc_client_secret_parameter": PARAMETER,
        }
    )
    secrets = Secrets(cloud.ssm, build_parameter_names(settings))
    discovery = Discovery(NAME, issuer.discovery_url, seconds)
    verifier = TokenVerifier(discovery, CLIENT, OperatorClaim("groups", "operators"), seconds)
    registered = OidcIssuer(discovery, verifier, build_client_registration(settings, secrets))
    return replace(services, settings=settings, secrets=secrets, verifier=verifier, issuer=registered)


@pytest.fixture
def signed_in(strict: Services, issuer: StrictIssuer) -> Browser:
    browser = Browser(strict, issuer)
    assert browser.sign_in().status_code == 303
    return browser


def is_signed_in(browser: Browser) -> bool:
    return "My books" in browser.get("/").text


def test_a_secret_with_signs_and_an_audience_in_a_list_sign_in(signed_in: Browser) -> None:
    assert is_signed_in(signed_in)


@pytest.mark.parametrize("audience", [[CLIENT, "another"], ["another"], []])
def test_an_audience_of_others_signs_nobody_in(strict: Services, issuer: StrictIssuer, audience: list[str]) -> None:
    browser = Browser(strict, issuer)
    assert browser.sign_in(aud=audience).status_code == 401
    assert not is_signed_in(browser)


def test_a_refresh_without_an_id_token_keeps_the_person(signed_in: Browser, issuer: StrictIssuer, clock: Clock) -> None:
    for renewed in (1, 2, 3):
        clock.forward(901)
        assert is_signed_in(signed_in)
        assert "ada@example.com" in signed_in.get("/").text
        assert issuer.refreshes == renewed
    clock.forward(299)
    assert is_signed_in(signed_in)
    clock.forward(2)
    assert is_signed_in(signed_in)
    assert issuer.refreshes == 4, "good for as long as the issuer said: 300 seconds"


def test_an_id_token_that_only_names_the_person_keeps_who_they_are(
    signed_in: Browser, issuer: StrictIssuer, clock: Clock
) -> None:
    issuer.renewed_as = {}
    clock.forward(901)
    assert "ada@example.com" in signed_in.get("/").text


def test_an_id_token_of_somebody_else_ends_the_session(signed_in: Browser, issuer: StrictIssuer, clock: Clock) -> None:
    issuer.renewed_as = {"sub": "mallory"}
    clock.forward(901)
    assert not is_signed_in(signed_in)


def test_a_refresh_token_is_brought_once_by_all_requests_together(
    signed_in: Browser, strict: Services, issuer: StrictIssuer, clock: Clock
) -> None:
    beside = Browser(strict, issuer)
    beside.cookies.update(signed_in.cookies)
    clock.forward(901)
    assert is_signed_in(signed_in)
    assert is_signed_in(beside), "with the cookie of before the renewal"
    assert (issuer.refreshes, issuer.ended) == (1, set())
    assert beside.cookies[SESSION] == signed_in.cookies[SESSION]


def test_a_secret_that_was_changed_is_read_again(
    signed_in: Browser, cloud: Cloud, issuer: StrictIssuer, clock: Clock
) -> None:
    issuer.secret = "another + secret %"
    cloud.ssm.put_parameter(Name=PARAMETER, Value=issuer.secret, Type="SecureString", Overwrite=True)
    clock.forward(901)
    assert is_signed_in(signed_in)


def test_a_wrong_secret_signs_nobody_out(signed_in: Browser, issuer: StrictIssuer, clock: Clock) -> None:
    right, issuer.secret = issuer.secret, "another"
    clock.forward(901)
    assert signed_in.get("/").status_code == 503
    issuer.secret = right
    assert is_signed_in(signed_in)


def test_signing_out_ends_at_an_issuer_without_a_page_for_it(signed_in: Browser) -> None:
    answer = signed_in.submit("/sign-out", follow=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert not is_signed_in(signed_in)
