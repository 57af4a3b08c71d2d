"""A browser reaches the app through a proxy that calls it by another name, as CloudFront and a custom domain do: a real
server behind a real proxy on loopback, and nothing of the inner name comes out."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from fakes.oidc_issuer import Issuer
from function.ledger.keys import address_key
from function.message.unsubscribe import UnsubscribeLinks
from tests.integration.webapp.conftest import Cloud
from tests.waiting import LIMIT, eventually
from webapp.app import create_app
from webapp.auth.issuer import Issuer as OidcIssuer
from webapp.composition import Services, build_client_registration


class Proxy(BaseHTTPRequestHandler):
    """Passes requests on under the origin's name, with what proxies say of the way, and answers back as they are."""

    origin = ""
    passed: list[str]

    def pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        headers |= {"Host": self.origin, "Via": "1.1 proxy", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"}
        headers |= {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": self.origin}
        upstream = http.client.HTTPConnection(self.origin, timeout=LIMIT)
        upstream.request(self.command, self.path, body, headers)
        answer = upstream.getresponse()
        text = answer.read()
        upstream.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "transfer-encoding"}:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)
        self.passed.append(f"{answer.getheaders()} {text.decode(errors='replace')}")

    def do_GET(self) -> None:
        self.pass_on()

    def do_POST(self) -> None:
        self.pass_on()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class's name
        pass


@contextmanager
def serve(services: Services) -> Iterator[str]:
    """The app at an address of its own, which its public URL does not name; yields its host and port."""
    config = uvicorn.Config(create_app(services), port=0, log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    eventually(lambda: server.started, bool, every=0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(LIMIT)


@pytest.fixture
def proxy() -> Iterator[ThreadingHTTPServer]:
    """A proxy that has an address and not yet an origin."""
    handler = type("OwnProxy", (Proxy,), {"passed": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_browser_meets_the_public_name_alone(
    proxy: ThreadingHTTPServer, services: Services, issuer: Issuer, cloud: Cloud
) -> None:
    public = f"http://127.0.0.1:{proxy.server_port}"
    settings = services.settings.model_copy(update={"public_url": public})
    registered = OidcIssuer(
        services.issuer._discovery, services.verifier, build_client_registration(settings, services.secrets)
    )
    headers = {"Accept": "text/html", "Origin": public, "Sec-Fetch-Site": "same-origin"}
    with (
        serve(replace(services, settings=settings, issuer=registered)) as origin,
        httpx.Client(base_url=public, headers=headers, trust_env=False, timeout=LIMIT) as browser,
    ):
        proxy.RequestHandlerClass.origin = origin  # type: ignore[attr-defined]  # this test's own class
        first = browser.get("/sign-in", params={"then": "/why"}).headers["location"]
        assert first.startswith(f"{public}/sign-in?"), "by another name the app sends to its public one"
        page = browser.get(first).headers["location"]
        assert parse_qs(urlsplit(page).query)["redirect_uri"] == [f"{public}/sign-in/done"]
        done = browser.get(f"{public}/sign-in/done", params=issuer.sign_in(page), follow_redirects=True)
        assert (done.status_code, str(done.url)) == (200, f"{public}/why")
        csrf = browser.get("/").text.partition('name="csrf" value="')[2].partition('"')[0]
        fields = {"csrf": csrf, "title": "T", "author": "A"}
        shelf = browser.post("/books", data=fields, follow_redirects=True)
        assert (shelf.status_code, shelf.url.host, shelf.url.port) == (200, "127.0.0.1", proxy.server_port)
        [event] = cloud.rows("outbox")
        assert f"{public}/books/" in event["body"]["S"]
        link = UnsubscribeLinks(f"{public}/unsubscribe", services.secrets.link()[0]).link(
            "books", address_key(services.secrets.address()[0], "ada@example.com")
        )
        assert browser.get(link).status_code == 200
        assert browser.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        out = browser.post("/sign-out", data=fields)
        end = parse_qs(urlsplit(out.headers["refresh"].partition("url=")[2]).query)
        assert end["post_logout_redirect_uri"] == [f"{public}/"]
        assert 'name="csrf"' not in browser.get("/").text
        assert len(browser.cookies) == 0
        told = "".join([*proxy.RequestHandlerClass.passed, str(event)])  # type: ignore[attr-defined]  # as above
        assert origin not in told
