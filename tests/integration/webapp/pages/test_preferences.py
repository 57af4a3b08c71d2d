"""Unsubscribing by the link in a mail, as RFC 8058 has it, and by the settings page."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from mangum import Mangum

from fakes.oidc_issuer import Issuer
from function.ledger.keys import address_key, choice_name
from function.message.unsubscribe import UnsubscribeLinks
from tests.integration.webapp.conftest import HERE, Browser, Clock, Cloud
from webapp.app import create_app
from webapp.composition import Services

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def address_of(services: Services, email: str = "ada@example.com") -> str:
    return address_key(services.secrets.address()[0], email)


@pytest.fixture
def link(services: Services) -> str:
    """The path of the link in Ada's mails."""
    return UnsubscribeLinks("/unsubscribe", services.secrets.link()[0]).link("books", address_of(services))


@pytest.fixture
def program(services: Services) -> TestClient:
    """A mail provider's machine: no cookies, no `Accept: text/html`, no `Origin`."""
    return TestClient(create_app(services), base_url="https://herald.example")


def read_stopped(cloud: Cloud, services: Services, email: str = "ada@example.com") -> dict[str, str] | None:
    """Ada's choice as it lies in the ledger."""
    key = {"pk": {"S": address_of(services, email)}}
    item = cloud.dynamodb.get_item(TableName="herald-ledger", Key=key).get("Item", {})
    choice: Any = item.get(choice_name("books"))
    return None if choice is None else {name: str(next(iter(value.values()))) for name, value in choice["M"].items()}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_following_the_link_changes_nothing_and_asks(
    stranger: Browser, cloud: Cloud, services: Services, link: str, method: str
) -> None:
    page = stranger.request(method, link)
    assert page.status_code == 200
    assert method == "HEAD" or '<button class="primary">Unsubscribe</button>' in page.text
    assert read_stopped(cloud, services) is None


def test_one_click_without_cookies_stops_the_category(
    program: TestClient, cloud: Cloud, services: Services, clock: Clock, link: str
) -> None:
    assert program.post(link, data=ONE_CLICK).status_code == 200
    item = read_stopped(cloud, services)
    assert item is not None
    assert (item["since"], item["by"]) == (str(clock.at), "link")


def test_one_click_as_multipart_is_as_good(program: TestClient, cloud: Cloud, services: Services, link: str) -> None:
    assert program.post(link, files={"List-Unsubscribe": (None, "One-Click")}).status_code == 200
    assert read_stopped(cloud, services)


def test_the_pages_button_does_what_one_click_does(
    stranger: Browser, cloud: Cloud, services: Services, link: str
) -> None:
    page = stranger.post(link, data=ONE_CLICK, headers=HERE)
    assert "no more of these mails" in page.text
    assert read_stopped(cloud, services)


def test_a_link_used_again_is_harmless(
    program: TestClient, cloud: Cloud, services: Services, clock: Clock, link: str
) -> None:
    program.post(link, data=ONE_CLICK)
    first = read_stopped(cloud, services)
    clock.forward(60)
    assert program.post(link, data=ONE_CLICK).status_code == 200
    assert read_stopped(cloud, services) == first


def test_it_stops_this_reader_only(program: TestClient, cloud: Cloud, services: Services, link: str) -> None:
    program.post(link, data=ONE_CLICK)
    assert read_stopped(cloud, services, "bob@example.com") is None
    assert cloud.dynamodb.scan(TableName="herald-ledger")["Count"] == 1


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "one click"}, {"list": "One-Click"}])
def test_a_post_that_does_not_say_one_click_changes_nothing(
    program: TestClient, cloud: Cloud, services: Services, link: str, body: dict[str, str]
) -> None:
    assert program.post(link, data=body).status_code == 400
    assert read_stopped(cloud, services) is None


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("change", [lambda it: it[:-3], lambda it: it + "x", lambda it: it.replace("/ey", "/ex")])
def test_a_tampered_link_is_refused(
    program: TestClient, cloud: Cloud, link: str, method: str, change: type[str]
) -> None:
    data = ONE_CLICK if method == "POST" else None
    assert program.request(method, change(link), data=data).status_code == 404
    assert cloud.dynamodb.scan(TableName="herald-ledger")["Count"] == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda link: link,
        lambda link: link.replace("/unsubscribe/", "/unsubscribe/%0A"),
        lambda link: link.replace("/unsubscribe/", "/unsubscribe%0A/"),
        lambda link: link.replace("/unsubscribe/", "/%0Dunsubscribe/%E2%80%A8"),
        lambda link: link.replace("/unsubscribe/", "/unsubscribe//"),
        lambda link: link.replace("/unsubscribe/", "/Unsubscribe/"),
        lambda link: link.replace("/unsubscribe/", "/static/"),
        lambda link: link.replace("/unsubscribe/", "/"),
        lambda link: link + "/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
def test_no_log_line_holds_the_link(
    program: TestClient, link: str, change: Any, method: str, capfd: pytest.CaptureFixture[str]
) -> None:
    program.request(method, change(link))
    written = capfd.readouterr()
    assert '"event": "request"' in written.out
    assert not any(piece in written.out + written.err for piece in link.removeprefix("/unsubscribe/").split("."))


def test_a_server_beside_the_app_does_not_log_the_link_either(
    program: TestClient, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Uvicorn's access log writes the path of each request."""
    create_app(program.app.state.services)  # type: ignore[attr-defined]  # FastAPI's
    logging.getLogger("uvicorn.access").error("GET %s", link)
    assert link not in caplog.text


def test_what_leads_lambdas_requests_to_the_app_does_not_log_the_link_either(
    services: Services, link: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Lambda keeps every logger's lines of level INFO, and Mangum writes the path of each request so."""
    caplog.set_level(logging.INFO)
    http = {"method": "GET", "path": link, "sourceIp": "127.0.0.1", "protocol": "HTTP/1.1"}
    event: Any = {"version": "2.0", "rawPath": link, "rawQueryString": "", "headers": {"host": "herald.example"}}
    event |= {"requestContext": {"http": http, "stage": "$default"}, "isBase64Encoded": False}
    with ThreadPoolExecutor(1) as pool:  # a browser's tests leave a loop in their thread
        answer = pool.submit(lambda: Mangum(create_app(services), lifespan="off")(event, {})).result()  # type: ignore[arg-type]  # no context is read
    assert answer["statusCode"] == 200
    assert not any(piece in caplog.text for piece in link.removeprefix("/unsubscribe/").split("."))


def test_log_lines_name_the_route(program: TestClient, link: str, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (link, "/operations/dead", "/v1/books/x", "/static/herald.css", "/nowhere"):
        program.get(path, follow_redirects=False)
    lines = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert [line["route"] for line in lines if line["event"] == "request"] == [
        "/unsubscribe/{token}",
        "/operations/dead",
        "/v1/books/{book_id}",
        "/static",
        "none",
    ]


def test_settings_are_for_people_who_are_signed_in(stranger: Browser, cloud: Cloud) -> None:
    page = stranger.get("/settings", follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/sign-in?then=%2Fsettings")
    assert stranger.post("/settings", follow_redirects=False).headers["location"] == "/sign-in?then=%2F&form=yes"
    assert cloud.dynamodb.scan(TableName="herald-ledger")["Count"] == 0


def test_settings_stop_a_category_and_let_it_come_again(browser: Browser, cloud: Cloud, services: Services) -> None:
    assert "checked" in browser.get("/settings").text
    assert "Your choice is kept." in browser.submit("/settings").text
    item = read_stopped(cloud, services)
    assert item is not None
    assert item["by"] == "settings"
    assert "checked" not in browser.get("/settings").text
    browser.submit("/settings", wanted="books")
    assert read_stopped(cloud, services) is None
    assert "checked" in browser.get("/settings").text


def test_settings_know_what_the_link_did(browser: Browser, program: TestClient, link: str) -> None:
    program.post(link, data=ONE_CLICK)
    assert "checked" not in browser.get("/settings").text


def test_settings_take_no_form_of_another_site_or_session(browser: Browser, cloud: Cloud) -> None:
    csrf = browser.csrf()
    assert (
        browser.post("/settings", data={"csrf": csrf}, headers=HERE | {"Sec-Fetch-Site": "cross-site"}).status_code
        == 403
    )
    assert browser.submit("/settings", csrf="x").status_code == 403
    assert cloud.dynamodb.scan(TableName="herald-ledger")["Count"] == 0


def test_settings_write_nothing_that_is_no_category(browser: Browser, cloud: Cloud, issuer: Issuer) -> None:
    browser.submit("/settings", wanted="#../x")
    [item] = cloud.dynamodb.scan(TableName="herald-ledger")["Items"]
    assert item.keys() == {"pk", "stopped:books"}


def test_settings_leave_the_list_alone(browser: Browser, cloud: Cloud, services: Services) -> None:
    key = {"pk": {"S": address_of(services)}}
    listed = {**key, "reason": {"S": "bounced"}, "since": {"N": "1"}, "message_id": {"S": "m-0"}}
    cloud.dynamodb.put_item(TableName="herald-ledger", Item=listed)
    browser.submit("/settings")
    assert read_stopped(cloud, services)
    browser.submit("/settings", wanted="books")
    assert cloud.dynamodb.get_item(TableName="herald-ledger", Key=key)["Item"] == listed


def test_to_want_what_was_never_stopped_writes_nothing(browser: Browser, cloud: Cloud) -> None:
    browser.submit("/settings", wanted="books")
    assert cloud.dynamodb.scan(TableName="herald-ledger")["Count"] == 0


def test_settings_find_and_change_what_was_chosen_under_an_older_address_key(
    browser: Browser, cloud: Cloud, services: Services
) -> None:
    name, old = services.settings.address_key_parameter, services.secrets.address()[0].decode()
    services.preferences.unsubscribe("books", address_of(services).removeprefix("address#"), 1, "link")
    cloud.ssm.put_parameter(Name=name, Value=f"{'n' * 40} {old}", Type="SecureString", Overwrite=True)
    services.secrets.reread()
    newest, older = (
        key.removeprefix("address#") for key in services.notifier.installation.address_keys("ada@example.com")
    )
    assert "checked" not in browser.get("/settings").text
    browser.submit("/settings", wanted="books")
    assert "checked" in browser.get("/settings").text
    assert services.preferences.find_stopped(["books"], older) == set()
    browser.submit("/settings")
    assert services.preferences.find_stopped(["books"], newest) == {"books"}, "the newest key is written"
