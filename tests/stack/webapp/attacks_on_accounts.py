"""More attacks on the running web app: on signing in, on accounts, and by the links that stop mails."""

from __future__ import annotations

import httpx

from tests.stack.events import new_address
from tests.stack.webapp.attacks import Field, attack, describe_statuses, segment
from tests.stack.webapp.browsing import Browser
from tests.stack.webapp.conftest import PASSWORD
from tests.waiting import LIMIT

# Signing in


@attack("signing in with an address of another site to return to", "lands on `/`")
def open_redirect(field: Field) -> str:
    places = ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/books/../..//evil"]
    lands = set()
    for place in places:
        with Browser(field.herald) as browser:
            lands.add(str(browser.sign_in(field.victim.address, PASSWORD, then=place).url).removeprefix(browser.web))
    return f"lands on {', '.join(f'`{land}`' for land in sorted(lands))}"


@attack("a session cookie that the attacker planted before the victim signs in", "replaced")
def session_fixation(field: Field) -> str:
    with Browser(field.herald) as mallory, Browser(field.herald) as browser:
        mallory.sign_in(field.mallory.address, PASSWORD)
        planted = mallory.client.cookies["herald"]
        browser.client.cookies.set("herald", planted, domain="127.0.0.1", path="/")
        browser.sign_in(field.victim.address, PASSWORD)
        replaced = [cookie.value for cookie in browser.client.cookies.jar if cookie.name == "herald"] != [planted]
        own = field.victim.address in browser.get("/").text and field.victim.address not in mallory.get("/").text
    return "replaced" if replaced and own else "FIXED"


@attack("the attacker's own code handed to the victim's browser (login CSRF)", "400")
def login_csrf(field: Field) -> str:
    with Browser(field.herald) as mallory, Browser(field.herald) as browser:
        mallory.client.event_hooks = {"response": [_stop_before_the_app]}
        try:
            mallory.sign_in(field.mallory.address, PASSWORD)
        except _Stopped as stopped:
            code = str(stopped)
        browser.client.get(browser.web + "/sign-in")
        answer = browser.client.get(code)
        assert "get one mail" in browser.get("/").text
    return describe_statuses(answer.status_code)


class _Stopped(Exception):
    """The redirect back to the app, caught before the browser followed it."""


def _stop_before_the_app(response: httpx.Response) -> None:
    if "/sign-in/done" in response.headers.get("location", ""):
        raise _Stopped(response.headers["location"])


@attack("an answer of the issuer used twice", "400")
def replayed_code(field: Field) -> str:
    with Browser(field.herald) as browser:
        page = browser.sign_in(field.victim.address, PASSWORD)
        [back] = [str(each.url) for each in page.history if "/sign-in/done" in str(each.url)]
        return describe_statuses(browser.client.get(back).status_code)


@attack("a session cookie with a bit changed, cut short, or made up", "a stranger")
def forged_session(field: Field) -> str:
    with field.browser() as browser:
        [cookie] = [each for each in browser.client.cookies.jar if each.name == "herald"]
    value = str(cookie.value)
    flipped = value[:60] + ("A" if value[60] != "A" else "B") + value[61:]
    for forged in (flipped, value[:-4], "gAAAAA", segment({"sub": "x"})):
        with httpx.Client(
            base_url=field.herald.names.endpoints["web"], cookies={"herald": forged}, trust_env=False, timeout=LIMIT
        ) as web:
            if "get one mail" not in web.get("/").text:
                return "LET IN"
    return "a stranger"


# Accounts


@attack(
    "signing up, confirming, resetting the password, for an address with and without an account", "the same answers"
)
def enumeration(field: Field) -> str:
    told: set[tuple[str, int, str]] = set()
    with httpx.Client(base_url=field.herald.names.endpoints["inbox"], trust_env=False, timeout=LIMIT) as pages:
        for address in (field.victim.address, new_address()):
            for path in ("/sign-up", "/confirm", "/reset", "/reset/code"):
                form = {"email": address, "name": "Eve", "password": PASSWORD, "code": "000000"}
                answer = pages.post(path, data=form)
                told.add((path, answer.status_code, answer.text.replace(address, "")))
    return "the same answers" if len(told) == 4 else f"TOLD APART: {told}"


@attack("guessing a code of six digits for somebody else's account", "422, not set")
def guessed_code(field: Field) -> str:
    with httpx.Client(base_url=field.herald.names.endpoints["inbox"], trust_env=False, timeout=LIMIT) as pages:
        pages.post("/reset", data={"email": field.victim.address})
        form = {"email": field.victim.address, "password": "Mallorys-Horse-1815"}
        answers = {pages.post("/reset/code", data=form | {"code": code}).status_code for code in ("000000", "1", "")}
    with field.browser() as browser:
        kept = field.victim.address in browser.get("/").text
    return f"{describe_statuses(answers)}, {'not set' if kept else 'SET'}"


# Unsubscribing


@attack("scanners of mail that follow the unsubscribe link by GET and HEAD", "200, nothing stopped")
def scanned_link(field: Field) -> str:
    link = field.link()
    with httpx.Client(trust_env=False, timeout=LIMIT, follow_redirects=True) as scanner:
        answers = {scanner.request(way, link).status_code for way in ("GET", "HEAD", "GET")}
    return f"{describe_statuses(answers)}, {field.describe_stopped()}"


@attack("an unsubscribe link with a letter changed, cut short, or made up", "404, nothing stopped")
def tampered_link(field: Field) -> str:
    link = field.link()
    head, claims, signature = link.rpartition("/")[2].split(".")
    page = link.rpartition("/")[0]
    own = segment({"category": "books", "sub": "0" * 64})
    made_up = f"{head}.{own}.{signature}"
    unsigned = f"{segment({'alg': 'none', 'typ': 'herald-unsubscribe'})}.{claims}."
    forged = [f"{head}.{claims}.{signature[::-1]}", made_up, unsigned, f"{head}.{claims}", "x"]
    with httpx.Client(trust_env=False, timeout=LIMIT) as mallory:
        answers = {
            mallory.post(f"{page}/{token}", data={"List-Unsubscribe": "One-Click"}).status_code for token in forged
        }
    return f"{describe_statuses(answers)}, {field.describe_stopped()}"


@attack(
    "an unsubscribe link used again after its reader subscribed again, and by somebody else", "the reader's mails only"
)
def replayed_link(field: Field) -> str:
    """Whoever has the mail has the link: it can stop this reader's mails again, which they can undo; no more."""
    link = field.link()
    with httpx.Client(trust_env=False, timeout=LIMIT) as mallory:
        for _ in range(3):
            assert mallory.post(link, data={"List-Unsubscribe": "One-Click"}).is_success
    others = field.describe_stopped(field.mallory) == "nothing stopped"
    stopped = field.describe_stopped() != "nothing stopped"
    with field.browser() as browser:
        browser.submit("/settings", wanted="books")
    return "the reader's mails only" if others and stopped and field.describe_stopped() == "nothing stopped" else "MORE"
