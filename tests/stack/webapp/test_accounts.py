"""An account's whole life by the pages, without JavaScript: sign up, confirm, sign in, unsubscribe, reset."""

from __future__ import annotations

import re
from typing import Any

import httpx
import jwt
import pytest

from laptop.cloud import LaptopCloud
from laptop.cognito.demo_users import ADA, GRACE
from tests.stack.conftest import Herald
from tests.stack.events import new_address
from tests.stack.webapp.browsing import Browser
from tests.stack.webapp.conftest import BOOK, PASSWORD, Reader, web_process
from tests.waiting import LIMIT, eventually

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def mails_to(herald: Herald, address: str, count: int) -> list[dict[str, Any]]:
    """The mails to an address, once there are so many."""
    return eventually(lambda: herald.inbox.mails(address), lambda mails: len(mails) >= count)


def code_in(mail: dict[str, Any]) -> str:
    code: str = re.findall(r"\b\d{6}\b", mail["text"] or mail["html"])[0]
    return code


def pages_of(herald: Herald) -> httpx.Client:
    """The laptop's account pages."""
    return httpx.Client(base_url=herald.names.endpoints["inbox"], trust_env=False, timeout=LIMIT)


def sign_up(herald: Herald, address: str) -> str:
    """Sign up by the page; the code that came by mail."""
    with pages_of(herald) as pages:
        answer = pages.post("/sign-up", data={"email": address, "name": "Nell", "password": PASSWORD})
        assert "Confirm your address" in answer.text
    return code_in(mails_to(herald, address, 1)[0])


def test_sign_up_confirm_sign_in_and_be_greeted(herald: Herald) -> None:
    address = new_address()
    code = sign_up(herald, address)
    with pages_of(herald) as pages, Browser(herald) as browser:
        assert address not in browser.sign_in(address, PASSWORD).text, "an address that is not confirmed"
        assert pages.post("/confirm", data={"email": address, "code": "000000"}).status_code == 422
        assert "ready" in pages.post("/confirm", data={"email": address, "code": code}).text
        assert address in browser.sign_in(address, PASSWORD).text
    welcome = mails_to(herald, address, 2)[1]
    assert not [name for name in welcome["headers"] if name.startswith("List-")], "transactional"


def test_a_password_is_reset_by_the_code_in_the_mail(herald: Herald, reader: Reader) -> None:
    with pages_of(herald) as pages, Browser(herald) as browser:
        assert "Choose a new password" in pages.post("/reset", data={"email": reader.address}).text
        code = code_in(mails_to(herald, reader.address, 1)[0])
        form = {"email": reader.address, "code": code, "password": "Another-Horse-1816"}
        assert pages.post("/reset/code", data=form | {"code": "000000"}).status_code == 422
        assert "ready" in pages.post("/reset/code", data=form).text
        assert reader.address not in browser.sign_in(reader.address, PASSWORD).text
        assert reader.address in browser.sign_in(reader.address, "Another-Horse-1816").text


@pytest.mark.parametrize("password", ["short", "no-capitals-1815"])
def test_a_weak_password_is_refused_with_the_reason(herald: Herald, password: str) -> None:
    with pages_of(herald) as pages:
        answer = pages.post("/sign-up", data={"email": new_address(), "name": "Nell", "password": password})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_grace_is_an_operator_and_ada_is_none(cloud: LaptopCloud, herald: Herald) -> None:
    groups = {}
    for person in (ADA, GRACE):
        tokens = cloud.clients.cognito.initiate_auth(
            ClientId=herald.names.sign_in["client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": person.email, "PASSWORD": person.password},
        )["AuthenticationResult"]
        claims = jwt.decode(tokens["IdToken"], options={"verify_signature": False})
        groups[person.name] = claims.get("cognito:groups", [])
    assert groups == {"Ada": [], "Grace": ["operators"]}


def test_a_session_is_renewed_at_the_emulator(herald: Herald, reader: Reader, cloud: LaptopCloud) -> None:
    with Browser(herald) as browser:
        browser.sign_in(reader.address, PASSWORD)
        [cookie] = [each.value for each in browser.client.cookies.jar if each.name == "herald"]
    aws = cloud.descriptor.endpoints["aws"]
    with (
        web_process(herald, aws, HERALD_SESSION_SECONDS="0") as (url, _),
        httpx.Client(base_url=url, trust_env=False, timeout=LIMIT, cookies={"herald": str(cookie)}) as hasty,
    ):
        first = hasty.get("/")
    assert reader.address in first.text


def test_unsubscribing_by_the_link_in_the_mail_stops_the_next_one(herald: Herald, reader: Reader) -> None:
    with Browser(herald) as browser:
        browser.sign_in(reader.address, PASSWORD)
        browser.submit("/books", **BOOK)
        [mail] = mails_to(herald, reader.address, 1)
        link = mail["headers"]["List-Unsubscribe"]
        assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        link = link.removeprefix("<").removesuffix(">")
        assert len(link) > 200
        assert link in mail["text"]
        assert "=?" not in mail["raw"].partition("\n\n")[0].partition("List-Unsubscribe")[2].partition("Subject")[0]
        assert httpx.get(link, trust_env=False, timeout=LIMIT).status_code == 200
        assert httpx.post(link, data=ONE_CLICK, trust_env=False, timeout=LIMIT).status_code == 200
        stopped = reader.add_book(title="Another")
        reader.wait_for(stopped, "suppressed")
        assert len(herald.inbox.mails(reader.address)) == 1
        page = browser.get(f"/books/{stopped['id']}").text
        assert "unsubscribed" in page
        browser.submit("/settings", wanted="books")
        reader.wait_for(reader.add_book(title="A third"), "sent", "delivered")
        assert len(herald.inbox.mails(reader.address)) == 2


def test_the_sign_in_page_says_what_belongs_where_and_leads_on(herald: Herald) -> None:
    with Browser(herald) as browser:
        page = browser.get("/sign-in").text
        assert '<label for="username">E-mail address of your account</label>' in page
        assert f"{ADA.email}, password {ADA.password}" in page
        for path, words in (("/sign-up", "Create an account"), ("/reset", "Reset your password")):
            assert words in browser.client.get(f"{herald.names.endpoints['inbox']}{path}").text
            assert f'href="{herald.names.endpoints["inbox"]}{path}"' in page


def test_an_account_is_deleted_with_its_person(herald: Herald, reader: Reader) -> None:
    book = reader.add_book(title="Emma")
    reader.wait_for(book, "sent", "delivered")
    with Browser(herald) as browser:
        browser.sign_in(reader.address, PASSWORD)
        assert "Nothing has been deleted yet" in browser.get("/settings/delete").text
        assert "Your account is deleted." in browser.submit("/settings/delete").text
        refused = browser.sign_in(reader.address, PASSWORD)
        assert refused.url.host == "127.0.0.1"
        assert reader.address not in refused.text
        assert "Sign in" in refused.text
    for table in ("books", "ledger"):
        pages = herald.clients.dynamodb.get_paginator("scan").paginate(TableName=herald.names.tables[table])
        assert not [item for page in pages for item in page["Items"] if reader.address in str(item)]
