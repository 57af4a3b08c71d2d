"""Every page opens and everything can be done, however long ago the books were added and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fakes.oidc_issuer import Issuer
from function.message.unsubscribe import UnsubscribeLinks
from tests.integration.webapp.conftest import Browser, Clock, Cloud, client_with
from tests.integration.webapp.pages.test_a_year_later import DAY, deliver, expire
from tests.integration.webapp.pages.test_pages import add
from webapp.app import create_app
from webapp.composition import Services
from webapp.outbox.publisher import Publisher

pytestmark = pytest.mark.slow

GROUPS: dict[str, Any] = {"cognito:groups": ["operators"]}
#: What a form or a body holds and what it is answered, for each route that changes something, in an order in which each
#: finds what it is about. Of a mail's own record nothing is left after half a year.
CHANGES: dict[str, tuple[int, dict[str, str]]] = {
    "POST /v1/books": (201, {"title": "Romola", "author": "George Eliot"}),
    "PATCH /v1/books/{book_id}": (200, {"title": "Romola"}),
    "POST /books": (303, {"title": "Romola", "author": "George Eliot"}),
    "POST /books/{book_id}/edit": (303, {"title": "Silas Marner", "author": "George Eliot", "version": "2"}),
    "POST /settings": (303, {"wanted": "books"}),
    "POST /settings/reading": (303, {"language": "de", "zone": "Europe/Berlin"}),
    "POST /unsubscribe/{token}": (200, {"List-Unsubscribe": "One-Click"}),
    "POST /operations/search": (200, {"wanted": "{book_id}"}),
    "POST /operations/redrive": (303, {"reason": "provider_refused"}),
    "POST /operations/discard": (303, {"reason": "provider_refused", "confirmed": "yes", "because": "old"}),
    "POST /operations/again": (409, {"message": "m-1"}),
    "POST /operations/publish": (409, {"subject": "books/{book_id}", "event": "{event}"}),
    "POST /operations/suppressions/remove": (409, {"wanted": "eve@example.com"}),
    "POST /operations/pause": (303, {}),
    "POST /operations/resume": (303, {}),
    "DELETE /v1/books/{book_id}": (204, {}),
    "POST /books/{book_id}/delete": (303, {}),
    "DELETE /v1/me": (200, {}),
    "POST /settings/delete": (200, {}),
    "POST /sign-out": (200, {}),
}


def routes(services: Services) -> Iterator[tuple[str, str]]:
    """Every method and path of the app, without what lies in its folder of files."""
    for route in create_app(services).routes:
        for each in getattr(getattr(route, "original_router", None), "routes", [route]):
            for method in getattr(each, "methods", None) or ():
                yield method, each.path


@pytest.fixture
def names(operator: Browser, services: Services, cloud: Cloud, clock: Clock, publisher: Publisher) -> dict[str, str]:
    """Ids of two books that are kept and of one that was deleted, all mails delivered; what else is in addresses."""
    operator.sign_in(**GROUPS)
    kept, other, gone = (add(operator, title) for title in ("Middlemarch", "Adam Bede", "Felix Holt"))
    operator.submit(f"/books/{gone}/delete")
    for book in (kept, other, gone):
        for event in services.outbox.list_by_subject(f"books/{book}"):
            deliver(event, services, cloud, clock, publisher)
    [event] = services.outbox.list_by_subject(f"books/{kept}")
    hashed = services.notifier.installation.address_keys("ada@example.com")[0].removeprefix("address#")
    link = UnsubscribeLinks("/unsubscribe", services.secrets.link()[0]).link("books", hashed)
    ids = {"book_id": kept, "other": other, "gone": gone, "event": event.id}
    return ids | {"token": link.rpartition("/")[2], "slug": "invalid"}


@pytest.mark.parametrize("days", [200, 361])
def test_everything_opens_and_everything_can_be_done(
    operator: Browser, services: Services, issuer: Issuer, cloud: Cloud, clock: Clock, names: dict[str, str], days: int
) -> None:
    clock.forward(days * DAY)
    expire(cloud, clock)
    operator.sign_in(**GROUPS)
    ada, bob = (
        client_with(services, issuer.token(sub=sub, auth_time=clock.at // 1000)) for sub in ("ada-1815", "bob-1900")
    )
    book, gone = names["book_id"], names["gone"]
    queries = {"/mails": f"?book={book}", "/books/{book_id}/preview": f"?event={names['event']}"}
    queries["/books/{book_id}/preview/html"] = queries["/books/{book_id}/preview"]
    special = {"/sign-in": 303, "/sign-in/done": 400} | dict.fromkeys(
        [*queries][1:], 404
    )  # there are no templates here
    asked = [path for method, path in routes(services) if method == "GET"]
    assert len(asked) > 20
    for path in asked:
        who = ada if path.startswith("/v1/") else operator
        answer = who.get(path.format(**names) + queries.get(path, ""), follow_redirects=False)
        assert answer.status_code == special.get(path, 200), path
    kept = 200 if days < 360 else 404
    for page in (f"/books/{gone}", f"/mails?book={gone}"):
        assert operator.get(page).status_code == kept, page
    assert ada.get(f"/v1/books/{gone}/notifications").status_code == kept
    assert ("Felix Holt" in operator.get("/deleted-books").text) == (kept == 200)
    for method, path in routes(services):
        assert method in {"GET", "HEAD"} or f"{method} {path}" in CHANGES
    for route, (status, fields) in CHANGES.items():
        method, path = route.split()
        named = names | ({"book_id": names["other"]} if route == "POST /books/{book_id}/delete" else {})
        sent = {name: value.format(**names) for name, value in fields.items()}
        if path.startswith("/v1/"):
            who = bob if path == "/v1/me" else ada
            answer = who.request(method, path.format(**named), json=sent, headers={"If-Match": "*"})
        else:
            answer = operator.submit(path.format(**named), follow=False, **sent)
        assert answer.status_code == status, route
