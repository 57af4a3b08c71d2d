"""Keys change while two processes are warm: whatever one of them seals, the other opens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from fakes.oidc_issuer import Issuer
from function.ledger.keys import address_key
from function.message.unsubscribe import UnsubscribeLinks
from tests.integration.webapp.conftest import Browser, Cloud, Seconds
from tests.waiting import LIMIT, eventually
from webapp.auth import secrets as secrets_module
from webapp.auth.secrets import Secrets
from webapp.composition import Services, build_parameter_names
from webapp.errors import Misconfigured

SESSION = "__Host-herald"
NEW = "n" * 64


class CountedSsm:
    """Passes reads on to moto and counts them; raises `error` instead, if there is one."""

    def __init__(self, ssm: Any) -> None:
        self._ssm = ssm
        self.reads = 0
        self.error: Exception | None = None
        self.answers = threading.Event()
        self.answers.set()

    def get_parameters(self, **arguments: Any) -> Any:
        self.reads += 1
        if self.error:
            raise self.error
        assert self.answers.wait(LIMIT)
        return self._ssm.get_parameters(**arguments)


@pytest.fixture
def ssm(cloud: Cloud) -> CountedSsm:
    return CountedSsm(cloud.ssm)


@pytest.fixture
def secrets(ssm: CountedSsm, services: Services, seconds: Seconds) -> Secrets:
    return Secrets(ssm, build_parameter_names(services.settings), seconds)  # type: ignore[arg-type]  # as much of it as is used


Process = Callable[[], Services]


@pytest.fixture
def process(cloud: Cloud, services: Services) -> Process:
    """Another process of the same app: the same table and issuer, secrets of its own."""
    return lambda: replace(services, secrets=Secrets(cloud.ssm, build_parameter_names(services.settings)))


def put(cloud: Cloud, name: str, value: str) -> None:
    cloud.ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)


def put_in_front(cloud: Cloud, name: str) -> None:
    old = cloud.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    put(cloud, name, f"{NEW} {old}")


def is_signed_in(services: Services, issuer: Issuer, cookie: str) -> bool:
    browser = Browser(services, issuer)
    browser.cookies.set(SESSION, cookie, domain="herald.example", path="/")
    return "My books" in browser.get("/").text


def test_a_session_of_a_new_process_is_known_to_a_warm_one(
    process: Process, cloud: Cloud, issuer: Issuer, browser: Browser
) -> None:
    warm = process()
    before = browser.cookies[SESSION]
    assert is_signed_in(warm, issuer, before)
    put_in_front(cloud, warm.settings.session_key_parameter)
    fresh = process()
    newcomer = Browser(fresh, issuer)
    newcomer.sign_in()
    assert is_signed_in(warm, issuer, newcomer.cookies[SESSION])
    assert is_signed_in(fresh, issuer, before), "what the old key sealed stays readable"


def test_a_sign_in_begins_in_one_process_and_ends_in_another(process: Process, cloud: Cloud, issuer: Issuer) -> None:
    warm, fresh = process(), process()
    assert warm.secrets.session()
    put_in_front(cloud, warm.settings.session_key_parameter)
    begun = Browser(fresh, issuer)
    page = begun.get("/sign-in", follow_redirects=False).headers["location"]
    ended = Browser(warm, issuer)
    ended.cookies.update(begun.cookies)
    assert ended.get("/sign-in/done", params=issuer.sign_in(page), follow_redirects=False).status_code == 303


def test_a_link_signed_with_a_new_key_works_in_a_warm_process(process: Process, cloud: Cloud, issuer: Issuer) -> None:
    warm = process()
    hashed = address_key(warm.secrets.address()[0], "ada@example.com")
    assert warm.secrets.link()
    put_in_front(cloud, warm.settings.link_key_parameter)
    link = UnsubscribeLinks("/unsubscribe", NEW.encode()).link("books", hashed)
    assert Browser(warm, issuer).get(link).status_code == 200


def test_a_parameter_that_did_not_exist_at_the_first_read_is_found(
    process: Process, cloud: Cloud, issuer: Issuer
) -> None:
    late = process()
    name = late.settings.link_key_parameter
    value = cloud.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    cloud.ssm.delete_parameter(Name=name)
    link = UnsubscribeLinks("/unsubscribe", value.encode()).link(
        "books", address_key(late.secrets.address()[0], "ada@example.com")
    )
    browser = Browser(late, issuer)
    assert browser.get(link).status_code == 500
    put(cloud, name, value)
    assert browser.get(link).status_code == 200


def test_a_parameter_that_held_no_key_at_the_first_read_is_read_again(secrets: Secrets, cloud: Cloud) -> None:
    put(cloud, "/herald/link-key", "to-be-set")
    with pytest.raises(Misconfigured):
        secrets.link()
    put(cloud, "/herald/link-key", NEW)
    assert list(secrets.link()) == [NEW.encode()]


def test_nonsense_makes_a_process_read_again_three_times_in_half_a_minute(
    secrets: Secrets, ssm: CountedSsm, seconds: Seconds
) -> None:
    for _ in range(20):
        assert secrets.find(secrets.session, lambda keys: None) is None
    assert ssm.reads == 1 + 3
    seconds.at += 31
    for _ in range(20):
        secrets.find(secrets.session, lambda keys: None)
    assert ssm.reads == 1 + 3 + 3


def test_a_missing_parameter_is_asked_for_no_more_often(secrets: Secrets, ssm: CountedSsm, cloud: Cloud) -> None:
    cloud.ssm.delete_parameter(Name="/herald/link-key")
    for _ in range(20):
        with pytest.raises(Misconfigured):
            secrets.link()
    assert ssm.reads == 1 + 3


def test_a_key_that_was_taken_away_opens_nothing_after_five_minutes(
    secrets: Secrets, cloud: Cloud, seconds: Seconds
) -> None:
    [old] = secrets.session()
    put(cloud, "/herald/session-key", NEW)
    assert list(secrets.session()) == [old]
    seconds.at += 301
    assert list(secrets.session()) == [NEW.encode()]


def test_keys_stay_known_while_ssm_does_not_answer(secrets: Secrets, ssm: CountedSsm, seconds: Seconds) -> None:
    known = secrets.session()
    ssm.error = EndpointConnectionError(endpoint_url="https://ssm")
    seconds.at += 301
    assert secrets.session() == known
    secrets.reread()
    assert secrets.session() == known


def test_nobody_waits_for_keys_that_are_only_old(
    secrets: Secrets, ssm: CountedSsm, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = secrets.session()
    monkeypatch.setattr(secrets_module, "REREAD_PATIENCE_SECONDS", LIMIT)
    ssm.answers.clear()
    seconds.at += 301
    first = threading.Thread(target=secrets.session)
    first.start()
    eventually(lambda: ssm.reads, lambda reads: reads == 2)
    assert secrets.session() == known
    assert first.is_alive(), "one waits for SSM, and the others do not"
    ssm.answers.set()
    first.join(LIMIT)


def test_keys_stay_known_while_ssm_hangs(
    secrets: Secrets, ssm: CountedSsm, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = secrets.session()
    monkeypatch.setattr(secrets_module, "REREAD_PATIENCE_SECONDS", 0.05)
    ssm.answers.clear()
    seconds.at += 301
    assert secrets.session() == known
    secrets.reread()
    assert secrets.session() == known
    ssm.answers.set()
