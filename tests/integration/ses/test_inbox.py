"""The inbox's pages and its JSON API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from laptop.inbox.app import make_inbox
from laptop.ses.api import Ses
from tests.integration.ses.conftest import send

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

HOSTILE = '</title><script>alert(1)</script>"><img src=x onerror=alert(1)>'


@pytest.fixture
def mail_id(account: SESV2Client) -> str:
    return send(
        account,
        Content={
            "Simple": {
                "Subject": {"Data": HOSTILE},
                "Body": {"Text": {"Data": HOSTILE}, "Html": {"Data": f"<head></head><b>{HOSTILE}</b>"}},
                "Headers": [{"Name": "X-Hostile", "Value": HOSTILE}],
            }
        },
        EmailTags=[{"Name": "kind", "Value": "welcome"}],
    )


def test_mails_are_listed_by_address_and_tag(web: TestClient, mail_id: str) -> None:
    def ids(query: str) -> list[str]:
        return [mail["id"] for mail in web.get(f"/messages{query}").json()]

    assert ids("") == [mail_id]
    assert ids("?to=ADA@example.com") == [mail_id]
    assert ids("?to=bob@example.com") == []
    assert ids("?tag=kind:welcome") == [mail_id]
    assert ids("?tag=kind:welcome&tag=other:x") == []


def test_one_mail_has_every_part(web: TestClient, mail_id: str) -> None:
    mail = web.get(f"/messages/{mail_id}").json()
    assert mail.keys() >= {
        "id",
        "at",
        "from",
        "to",
        "subject",
        "text",
        "html",
        "headers",
        "tags",
        "configuration_set",
        "raw",
        "events",
    }
    assert web.get(f"/messages/{mail_id}/text").text == HOSTILE
    assert HOSTILE in web.get(f"/messages/{mail_id}/html").text
    assert web.get(f"/messages/{mail_id}/raw").headers["content-type"].startswith("text/plain")


def test_a_mails_files_are_named_on_its_page_and_saved_not_shown(web: TestClient, account: SESV2Client) -> None:
    raw = (
        b"From: ada@herald.example\r\nTo: ada@example.com\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nt\r\n'
        b"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; "
        b"filename*=utf-8''%3Cb%3E%E9%9B%AA.html\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n"
    )
    mail_id = send(account, Content={"Raw": {"Data": raw}})
    (told,) = web.get(f"/messages/{mail_id}").json()["attachments"]
    assert (told["name"], told["type"]) == ("<b>雪.html", "text/html")
    page = web.get(f"/mail/{mail_id}").text
    assert f'href="/messages/{mail_id}/attachments/0" download' in page
    assert "<b>雪" not in page
    saved = web.get(f"/messages/{mail_id}/attachments/0")
    assert saved.content.strip() == b"<script>alert(1)</script>"
    assert saved.headers["content-disposition"] == "attachment; filename*=UTF-8''%3Cb%3E%E9%9B%AA.html"
    assert saved.headers["content-security-policy"] == "sandbox"
    assert web.get(f"/messages/{mail_id}/attachments/1").status_code == 404


def test_the_inbox_can_be_emptied(web: TestClient, mail_id: str) -> None:
    assert web.delete("/messages").json() == {"deleted": 1}
    assert web.get("/messages").json() == []
    answer = web.get(f"/messages/{mail_id}")
    assert (answer.status_code, answer.json()) == (404, {"error": f"no mail {mail_id}"})


@pytest.mark.parametrize("view", ["html", "text", "headers", "raw", "nonsense"])
def test_no_page_runs_what_a_mail_brings(web: TestClient, mail_id: str, view: str) -> None:
    for path in ("/", "/list", f"/mail/{mail_id}?view={view}"):
        page = web.get(path)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_the_html_part_is_locked_in(web: TestClient, mail_id: str) -> None:
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in web.get(f"/mail/{mail_id}").text
    for path in (f"/messages/{mail_id}/html", f"/messages/{mail_id}/frame"):
        policy = web.get(path).headers["content-security-policy"]
        rules = policy.split("; ")
        assert "script-src" not in policy
        assert "default-src 'none'" in rules
        assert "sandbox allow-popups allow-popups-to-escape-sandbox" in rules
    assert '<head><base target="_blank">' in web.get(f"/messages/{mail_id}/frame").text


def test_the_pages_fetch_nothing_from_elsewhere(web: TestClient, mail_id: str) -> None:
    pages = [web.get("/").text, web.get(f"/mail/{mail_id}?view=text").text]
    styles = [web.get(f"/static/{name}").text for name in ("inbox.css", "inbox.js")]
    for text in pages + styles:
        assert not re.search(r"(src|href|url\()=?[\"']?(https?:)?//", text)


def test_the_pages_answer_under_no_foreign_name(ses: Ses) -> None:
    """Else a page elsewhere could have its own name point here, and read the mails."""
    assert TestClient(make_inbox(ses), base_url="http://evil.example").get("/messages").status_code == 400


def test_limits_are_read_and_set(web: TestClient) -> None:
    before = web.get("/limits").json()
    assert web.put("/limits", json={"per_second": 5}).json()["per_second"] == 5
    assert web.put("/limits", json={"production": False}).json() == {**before, "per_second": 5, "production": False}
    for wrong in ({"per_minute": 5}, {"per_second": True}, {"per_second": -1}, {"production": 0}):
        assert web.put("/limits", json=wrong).status_code == 422
    assert web.get("/limits").json()["per_second"] == 5


@pytest.mark.parametrize("body", ["{", "[]"])
def test_a_body_that_is_no_object_is_refused(web: TestClient, body: str) -> None:
    for call in (web.put("/limits", content=body), web.post("/faults", content=body)):
        assert call.status_code == 422
