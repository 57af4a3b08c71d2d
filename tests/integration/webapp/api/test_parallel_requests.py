"""A browser does several things at once: signs in in two tabs, and sends requests beside each other."""

from __future__ import annotations

import base64
import threading
from dataclasses import replace

import pytest
from botocore.exceptions import EndpointConnectionError

from fakes.oidc_issuer import Issuer
from tests.integration.webapp.conftest import Browser, Clock, Cloud
from tests.waiting import LIMIT
from webapp.auth.token_refresh import SingleFlightRefresh
from webapp.composition import Services
from webapp.errors import Unavailable

SESSION = "__Host-herald"


def begin(browser: Browser, then: str = "/") -> str:
    """Where the issuer's page of one more sign-in is."""
    return str(browser.get("/sign-in", params={"then": then}, follow_redirects=False).headers["location"])


def is_signed_in(browser: Browser) -> bool:
    return "My books" in browser.get("/").text


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (2, 1, 0)])
def test_tabs_sign_in_at_once(stranger: Browser, issuer: Issuer, order: tuple[int, ...]) -> None:
    pages = [begin(stranger) for _ in order]
    for which in order:
        answer = stranger.get("/sign-in/done", params=issuer.sign_in(pages[which]), follow_redirects=False)
        assert answer.status_code == 303
    assert is_signed_in(stranger)
    assert not [name for name in stranger.cookies if "sign-in" in name], "what was answered leaves no cookie"


@pytest.mark.parametrize("then", ["/", f"/{'a' * 299}", f"/{'a' * 2000}", f"/books?{'x=%25&' * 600}"], ids=len)
def test_sign_ins_that_nobody_ends_do_not_fill_the_browser(stranger: Browser, issuer: Issuer, then: str) -> None:
    """API Gateway takes 10,240 bytes of headers, all cookies together; a browser takes 4,096 of each."""
    pages = [begin(stranger, then) for _ in range(6)]
    assert sum(len(name) + len(value) for name, value in stranger.cookies.items()) < 4000
    done = stranger.get("/sign-in/done", params=issuer.sign_in(pages[-1]), follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, then if len(then) <= 300 else "/")


def test_a_form_of_the_first_tab_is_good_after_the_second_signed_in(browser: Browser, cloud: Cloud) -> None:
    csrf = browser.csrf()
    browser.sign_in()
    added = browser.post("/books", data={"csrf": csrf, "title": "T", "author": "A"}, follow_redirects=False)
    assert added.status_code == 303
    assert len(cloud.rows("book")) == 1


def test_a_form_of_another_persons_session_is_not(browser: Browser, cloud: Cloud) -> None:
    csrf = browser.csrf()
    browser.sign_in(sub="bob-1900", email="bob@example.com")
    assert browser.post("/books", data={"csrf": csrf, "title": "T", "author": "A"}).status_code == 403
    assert not cloud.rows("book")


def test_whoever_comes_late_with_the_old_cookie_gets_the_new_session(
    browser: Browser, services: Services, issuer: Issuer, clock: Clock
) -> None:
    beside = Browser(services, issuer)
    beside.cookies.update(browser.cookies)
    clock.forward(901)
    assert is_signed_in(browser)
    clock.forward(50)
    assert is_signed_in(beside)
    assert issuer.refreshes == 1
    assert beside.cookies[SESSION] == browser.cookies[SESSION]


def test_two_requests_renew_once(cloud: Cloud, clock: Clock) -> None:
    """In two processes; the second looks again until the first has its answer."""
    first, looked = SingleFlightRefresh(cloud.dynamodb, "herald-books", clock), threading.Event()
    second = SingleFlightRefresh(cloud.dynamodb, "herald-books", clock, lambda _: looked.set())
    answers: list[str | None] = []

    def ask_twice() -> str:
        beside = threading.Thread(target=lambda: answers.append(second.run_once("token", lambda: "by the second")))
        beside.start()
        besides.append(beside)
        assert looked.wait(LIMIT)
        return "by the first"

    besides: list[threading.Thread] = []
    answers.append(first.run_once("token", ask_twice))
    besides[0].join(LIMIT)
    assert answers == ["by the first", "by the first"]


def test_a_refusal_holds_for_the_others_too(cloud: Cloud, clock: Clock) -> None:
    token_refresh = SingleFlightRefresh(cloud.dynamodb, "herald-books", clock)
    assert token_refresh.run_once("token", lambda: None) is None
    assert token_refresh.run_once("token", lambda: "asked again") is None


def test_a_renewal_whose_issuer_did_not_answer_is_free_for_the_next(cloud: Cloud, clock: Clock) -> None:
    token_refresh = SingleFlightRefresh(cloud.dynamodb, "herald-books", clock)

    def hang() -> str:
        raise Unavailable("The identity provider does not answer.")

    with pytest.raises(Unavailable):
        token_refresh.run_once("token", hang)
    assert token_refresh.run_once("token", lambda: "now it does") == "now it does"


def test_a_renewal_whose_process_died_is_taken_over(cloud: Cloud, clock: Clock) -> None:
    token_refresh = SingleFlightRefresh(cloud.dynamodb, "herald-books", clock)

    def die() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        token_refresh.run_once("token", die)
    clock.forward(16)
    assert token_refresh.run_once("token", lambda: "by another") == "by another"


def test_a_renewal_is_kept_for_a_minute_and_never_longer(cloud: Cloud, clock: Clock) -> None:
    """TTL deletes late, so the time is in the condition."""
    token_refresh = SingleFlightRefresh(cloud.dynamodb, "herald-books", clock)
    token_refresh.run_once("token", lambda: "first")
    clock.forward(61)
    assert token_refresh.run_once("token", lambda: "second") == "second"


def test_neither_token_nor_session_lies_in_the_table_in_clear(
    browser: Browser, cloud: Cloud, issuer: Issuer, clock: Clock
) -> None:
    [before] = issuer.granted
    clock.forward(901)
    assert is_signed_in(browser)
    [kept] = cloud.rows("renewal")
    readable = f"{kept} {base64.urlsafe_b64decode(kept['session']['S'])!r}"
    assert not any(text in readable for text in (before, *issuer.granted, "ada-1815", "ada@example.com"))


def test_a_refused_renewal_takes_the_cookie_away(browser: Browser, issuer: Issuer, clock: Clock) -> None:
    issuer.granted.clear()
    clock.forward(901)
    assert not is_signed_in(browser)
    assert SESSION not in browser.cookies
    for _ in range(3):
        browser.get("/")
    assert issuer.refreshes == 1


def test_a_table_that_takes_no_answer_signs_nobody_out(
    browser: Browser, services: Services, issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Half:
        """DynamoDB that takes the claim of a renewal, then is gone."""

        calls = 0

        def put_item(self, **arguments: object) -> object:
            Half.calls += 1
            if Half.calls > 1:
                raise EndpointConnectionError(endpoint_url="https://dynamodb")
            return services.notifier.dynamodb.put_item(**arguments)  # type: ignore[arg-type]  # passed on

    token_refresh = SingleFlightRefresh(Half(), "herald-books", clock)  # type: ignore[arg-type]  # as much of it as is used
    monkeypatch.setattr(Services, "token_refresh", property(lambda _: token_refresh))
    clock.forward(901)
    assert is_signed_in(browser)
    assert issuer.refreshes == 1
    assert replace(services).token_refresh is token_refresh
