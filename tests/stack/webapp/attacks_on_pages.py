"""More attacks on the running web app: on the operators' pages, and by what people write into fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx

from laptop.cognito.demo_users import GRACE
from operations.pause import read_pause_status
from tests.stack.events import new_address
from tests.stack.webapp.attacks import Field, attack, describe_statuses
from tests.stack.webapp.browsing import Browser
from tests.stack.webapp.conftest import BOOK, PASSWORD, Reader, tokens_of
from tests.waiting import LIMIT

OPERATORS = ["/operations", "/operations/dead", "/operations/suppressions"]
DEEDS = [f"/operations/{deed}" for deed in ("search", "redrive", "suppressions/remove", "pause", "resume")]
#: Breaks out of attributes and of elements; the name of the element is nobody else's.
EVIL = "\"'></title></textarea><x-stored onclick=alert(1)>{{ 7*7 }}"


def is_running(field: Field) -> bool:
    return read_pause_status(field.cloud.clients.functions, "herald-notify").running


@attack("operator routes as a plain user, with good forms of their own session", "403, nothing done")
def plain_user(field: Field) -> str:
    form = {"message": "m", "reason": "r", "wanted": field.victim.address, "confirmed": "yes"}
    with Browser(field.herald) as browser:
        browser.sign_in(field.mallory.address, PASSWORD)
        answers = {browser.get(path).status_code for path in OPERATORS}
        answers |= {browser.submit(path, **form).status_code for path in DEEDS}
    return f"{describe_statuses(answers)}, {'nothing done' if is_running(field) else 'PAUSED'}"


@attack("operator routes without a session", "to the sign-in, nothing done")
def nobody(field: Field) -> str:
    base = field.herald.names.endpoints["web"]
    with httpx.Client(base_url=base, trust_env=False, timeout=LIMIT) as web:
        answers = [web.get(path) for path in OPERATORS] + [web.post(path, data={"wanted": "x"}) for path in DEEDS]
    led = {answer.headers.get("location", "").partition("?")[0] for answer in answers}
    return f"{'to the sign-in' if led == {'/sign-in'} else led}, {'nothing done' if is_running(field) else 'PAUSED'}"


@attack("forms of operators from another site, without the token, or with another's, in an operator's browser", "403")
def forged_deeds(field: Field) -> str:
    with Browser(field.herald) as browser, Browser(field.herald) as another:
        browser.sign_in(GRACE.email, GRACE.password)
        another.sign_in(field.mallory.address, PASSWORD)
        good, foreign = browser.csrf(), {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        answers = {browser.submit(path, csrf=token).status_code for path in DEEDS for token in ("", another.csrf())}
        for path in DEEDS:
            answer = browser.client.post(browser.web + path, data={"csrf": good}, headers=foreign)
            answers.add(answer.status_code)
    assert is_running(field)
    return describe_statuses(answers)


@attack("forms of the laptop's own pages, posted from another site", "403, nothing done")
def foreign_forms_of_the_laptop(field: Field) -> str:
    field.mails_of(field.book, field.victim)
    paths = ["/empty", "/play/publish", "/sign-up", "/confirm", "/reset", "/reset/code", "/faults"]
    with httpx.Client(base_url=field.herald.names.endpoints["inbox"], trust_env=False, timeout=LIMIT) as inbox:
        answers = {
            inbox.post(path, data={"email": field.victim.address}, headers={"Origin": origin}).status_code
            for path in paths
            for origin in ("https://evil.example", "null")
        }
    done = "nothing done" if field.herald.inbox.mails(field.victim.address) else "EMPTIED"
    return f"{describe_statuses(answers)}, {done}"


@attack("HTML through every field, looked for on every page, preview, mail and in the inbox", "text only")
def stored_html(field: Field) -> str:
    address = new_address()
    eve = Reader(field.herald, address, tokens_of(field.cloud, address, name=EVIL)["id"])
    book = eve.add_book(title=EVIL, author=EVIL)
    [mail] = field.mails_of(book, eve)
    with Browser(field.herald) as browser, Browser(field.herald) as grace:
        browser.sign_in(address, PASSWORD)
        grace.sign_in(GRACE.email, GRACE.password)
        shown = [*_reader_sees(browser, book["id"]), *_operator_sees(grace, book["id"])]
    with httpx.Client(base_url=field.herald.names.endpoints["inbox"], trust_env=False, timeout=LIMIT) as inbox:
        shown += _inbox_shows(inbox.get, str(mail["id"]))
        shown.append(inbox.post("/sign-up", data={"email": EVIL, "name": EVIL, "password": "short"}).text)
        shown.append(inbox.post("/confirm", data={"email": EVIL, "code": EVIL}).text)
    assert sum("&lt;x-stored" in page for page in shown) > 12, "the pages show what was written"
    return "text only" if not any("<x-stored" in page for page in shown) else "MARKUP"


def _reader_sees(browser: Browser, book: str) -> Iterator[str]:
    page = browser.get(f"/books/{book}").text
    preview = f"/books/{book}/preview" + page.partition(f"/books/{book}/preview")[2].partition('"')[0]
    paths = [
        f"/mails?book={book}",
        f"/books/{book}/edit",
        f"/books/{book}/delete",
        preview,
        preview.replace("/preview?", "/preview/html?"),
    ]
    paths += ["/", "/why", "/settings", f"/?then={EVIL}", f"/problems/{EVIL}", f"/unsubscribe/{EVIL}", f"/{EVIL}"]
    yield page
    yield from (browser.get(path).text for path in paths)
    yield browser.submit("/books", title=EVIL, author=EVIL, isbn=EVIL).text
    yield browser.submit("/settings", wanted=EVIL).text
    yield browser.submit("/settings", wanted="books").text


def _operator_sees(grace: Browser, book: str) -> Iterator[str]:
    yield grace.submit("/operations/search", wanted=book).text
    yield grace.submit("/operations/search", wanted=EVIL).text
    yield grace.submit("/operations/redrive", message=EVIL).text
    yield grace.submit("/operations/redrive", reason=EVIL).text
    yield grace.submit("/operations/suppressions/remove", wanted=EVIL).text
    yield from (grace.get(path).text for path in OPERATORS)


def _inbox_shows(get: Callable[[str], httpx.Response], mail: str) -> list[str]:
    views = [f"/mail/{mail}?view={view}" for view in ("html", "text", "headers", "raw")]
    return [get(path).text for path in ("/", "/list", "/stories", f"/messages/{mail}/frame", *views)]


@attack("forms posted from another site, in the victim's browser, even with the right token", "403")
def foreign_forms(field: Field) -> str:
    foreign = [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
    with field.browser() as browser:
        form = {**BOOK, "csrf": browser.csrf()}
        answers = {
            browser.client.post(browser.web + path, data=form, headers=headers).status_code
            for path in field.forms
            for headers in foreign
        }
        assert field.victim.address in browser.get("/").text
    return describe_statuses(answers)


@attack("forms without the token of the session, or with that of another session", "403")
def forms_without_token(field: Field) -> str:
    with field.browser() as browser, Browser(field.herald) as another:
        another.sign_in(field.mallory.address, PASSWORD)
        tokens = ["", "x" * 32, another.csrf()]
        answers = {browser.submit(path, **BOOK, csrf=token).status_code for path in field.forms for token in tokens}
        assert field.victim.address in browser.get("/").text
    return describe_statuses(answers)


@attack("a GET or HEAD that should change something, as scanners of mail send", "200, 405, nothing changed")
def changing_get(field: Field) -> str:
    """A question before a deletion is a page: 200."""
    with field.browser() as browser, field.victim.client() as web:
        before = web.get(field.path).headers["ETag"]
        paths = [path for path in field.forms if path not in {"/books", "/settings"}]
        answers = {
            browser.client.request(way, browser.web + path).status_code for way in ("GET", "HEAD") for path in paths
        }
        unchanged = web.get(field.path).headers.get("ETag") == before and browser.get("/settings").status_code == 200
    return f"{describe_statuses(answers)}, {'nothing changed' if unchanged else 'CHANGED'}"
