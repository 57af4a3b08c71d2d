"""An issuer, or an AWS, that is gone or never answers: who is known stays known, and every page is answered."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config

from fakes.oidc_issuer import CLIENT, NAME, Issuer
from tests.integration.webapp.conftest import Browser, Clock, Seconds
from tests.waiting import LIMIT, eventually
from webapp import deadline
from webapp.auth import discovery as discovery_module
from webapp.auth import issuer as issuer_module
from webapp.auth.discovery import Discovery
from webapp.auth.identity import OperatorClaim, TokenVerifier
from webapp.auth.issuer import Issuer as OidcIssuer
from webapp.aws.clients import CONFIG, keep_deadline
from webapp.books.repository import BookRepository
from webapp.composition import Services, build_client_registration
from webapp.errors import NotAuthenticated, Unavailable
from webapp.pages.operations import _LOOK_SECONDS
from webapp.timeline.ledger_reader import LedgerReader

#: As they are outside the tests, which have more patience.
DEADLINE, LAST_CALL = deadline.SECONDS, discovery_module.TIMEOUT_SECONDS


class Silence:
    """A server that takes every connection and says nothing, or one byte again and again that leads to nothing."""

    def __init__(self, *, drips: bool = False) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._drips = drips
        self._over = threading.Event()
        self.connections: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections.append(connection)
                if self._drips:
                    threading.Thread(target=self._drip, args=(connection,), daemon=True).start()

    def _drip(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            while not self._over.wait(0.02):
                connection.sendall(b"x")

    def close(self) -> None:
        self._over.set()
        self._socket.close()
        for connection in self.connections:
            connection.close()


@pytest.fixture
def silence() -> Iterator[Silence]:
    server = Silence()
    yield server
    server.close()


@pytest.fixture
def dripping() -> Iterator[Silence]:
    server = Silence(drips=True)
    yield server
    server.close()


@contextlib.contextmanager
def impatience() -> Iterator[None]:
    """No test waits for as long as a page may; what must succeed stands outside, since a busy machine needs longer."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (discovery_module, issuer_module):
            patch.setattr(module, "TIMEOUT_SECONDS", 0.3)
        patch.setattr(deadline, "SECONDS", 0.5)
        yield


def verifier_of(url: str, seconds: Seconds) -> TokenVerifier:
    return TokenVerifier(Discovery(NAME, url, seconds), CLIENT, OperatorClaim("groups", "operators"), seconds)


def test_good_tokens_stay_good_while_the_issuer_is_gone(
    verifier: TokenVerifier, issuer: Issuer, seconds: Seconds
) -> None:
    verifier.verify(issuer.token())
    issuer.broken = True
    for minutes in (6, 30, 59):
        seconds.at = 1000.0 + minutes * 60
        assert verifier.verify(issuer.token()).sub == "ada-1815"


def test_keys_are_believed_for_an_hour_without_the_issuer_and_no_longer(
    verifier: TokenVerifier, issuer: Issuer, seconds: Seconds
) -> None:
    verifier.verify(issuer.token())
    issuer.broken = True
    seconds.at += 3601
    with pytest.raises(Unavailable):
        verifier.verify(issuer.token())
    issuer.broken = False
    seconds.at += 6
    assert verifier.verify(issuer.token()).sub == "ada-1815"


def test_an_issuer_that_is_gone_is_not_asked_with_every_token(
    verifier: TokenVerifier, issuer: Issuer, seconds: Seconds
) -> None:
    verifier.verify(issuer.token())
    issuer.broken = True
    seconds.at += 360
    before = issuer.fetches
    for _ in range(20):
        verifier.verify(issuer.token())
    assert issuer.fetches == before + 1
    seconds.at += 6
    verifier.verify(issuer.token())
    assert issuer.fetches == before + 2


def test_a_key_that_is_unknown_while_the_issuer_is_gone_opens_nothing(
    verifier: TokenVerifier, issuer: Issuer, seconds: Seconds
) -> None:
    verifier.verify(issuer.token())
    issuer.broken = True
    seconds.at += 31
    with pytest.raises(NotAuthenticated):
        verifier.verify(issuer.token(key="mallory"))


@pytest.mark.parametrize("server", ["silence", "dripping"])
def test_eight_calls_wait_for_one_answer(
    request: pytest.FixtureRequest, server: str, issuer: Issuer, seconds: Seconds
) -> None:
    hanging: Silence = request.getfixturevalue(server)
    verifier, outcomes = verifier_of(hanging.url, seconds), []
    together = threading.Barrier(8)

    def call() -> None:
        together.wait(LIMIT)
        try:
            verifier.verify(issuer.token())
        except Unavailable as error:
            outcomes.append(error.retry_after)

    calls = [threading.Thread(target=call) for _ in range(8)]
    with impatience():
        for each in calls:
            each.start()
        for each in calls:
            each.join(LIMIT)
    assert outcomes == [5] * 8
    assert len(hanging.connections) == 1


def test_nobody_waits_for_keys_that_are_only_old(
    issuer: Issuer, silence: Silence, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier = verifier_of(issuer.discovery_url, seconds)
    verifier.verify(issuer.token())
    monkeypatch.setattr(issuer, "url", silence.url)
    monkeypatch.setattr(discovery_module, "TIMEOUT_SECONDS", LIMIT)
    seconds.at += 301
    refreshing = threading.Thread(target=lambda: verifier.verify(issuer.token()), daemon=True)
    refreshing.start()
    eventually(lambda: silence.connections, bool)
    assert verifier.verify(issuer.token()).sub == "ada-1815"
    assert refreshing.is_alive(), "one waits for the issuer, and the others do not"
    silence.close()
    refreshing.join(LIMIT)


@pytest.mark.parametrize("path", ["/", "/why", "/settings", "/books/01KAJ8V3Q0S5T2M9Z6E1B4C7D8"])
def test_a_session_outlives_an_issuer_that_never_answers(
    browser: Browser, issuer: Issuer, silence: Silence, clock: Clock, seconds: Seconds, path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    clock.forward(901)
    seconds.at += 301
    right = issuer.url
    monkeypatch.setattr(issuer, "url", silence.url)
    with impatience():
        answer = browser.get(path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert len(silence.connections) <= 2
    monkeypatch.setattr(issuer, "url", right)
    seconds.at += 301
    assert browser.get("/").status_code == 200


@pytest.fixture
def deaf(services: Services, silence: Silence) -> Callable[[str], Services]:
    """The app, with one service of AWS that never answers."""
    config = CONFIG.merge(Config(connect_timeout=0.2, read_timeout=0.2))
    session: Any = boto3.Session("testing", "testing", region_name="us-east-1")
    dynamodb = keep_deadline(session.client("dynamodb", endpoint_url=silence.url, config=config))

    def build_services_without(part: str) -> Services:
        settings = services.settings
        if part == "books":
            return replace(services, books=BookRepository(dynamodb, settings.books_table))
        if part == "ledger":
            return replace(services, ledger=LedgerReader(dynamodb, settings.ledger_table))
        return replace(services, notifier=replace(services.notifier, dynamodb=dynamodb))

    return build_services_without


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("books", "/"),
        ("books", "/why"),
        ("ledger", "/"),
        ("ledger", "/why"),
        ("notifier", "/why"),
        ("books", "/readyz"),
    ],
)
def test_a_page_is_answered_though_dynamodb_is_not(
    browser: Browser, deaf: Callable[[str], Services], issuer: Issuer, silence: Silence, part: str, path: str
) -> None:
    for number in range(3):
        browser.submit("/books", title=f"Book {number}", author="A")
    lame = Browser(deaf(part), issuer)
    lame.cookies.update(browser.cookies)
    with impatience():
        assert lame.get(path).status_code == 503
    assert len(silence.connections) <= 3 * 3, "each of the three look-ups makes as many attempts as have time"


def test_no_call_begins_after_the_deadline(silence: Silence, deaf: Callable[[str], Services]) -> None:
    books = deaf("books").books

    def ask_too_late() -> None:
        deadline.begin(-1)
        books.page("ada-1815", 10)

    with pytest.raises(Unavailable):
        copy_context().run(ask_too_late)
    assert not silence.connections


def test_all_waiting_together_is_less_than_ten_seconds() -> None:
    """What begins just before the deadline has its own timeout still; a second is left for everything else."""
    timeouts: Any = CONFIG
    last = max(timeouts.connect_timeout + timeouts.read_timeout, LAST_CALL)
    assert max(DEADLINE, _LOOK_SECONDS) + last < 9


def test_a_token_endpoint_that_drips_is_one_that_does_not_answer(
    services: Services,
    discovery: Discovery,
    verifier: TokenVerifier,
    dripping: Silence,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registered = OidcIssuer(discovery, verifier, build_client_registration(services.settings, services.secrets))
    monkeypatch.setattr(discovery, "endpoint", lambda _: f"{dripping.url}/token")
    with impatience(), pytest.raises(Unavailable):
        registered.renew("token", verifier.verify(Issuer.token(Issuer.__new__(Issuer))))
