"""The road of one event over what Terraform made, with IAM enforced: from the web app to the mail and its feedback."""

from __future__ import annotations

from typing import Any

import httpx

from tests.infra.laptop.applied import Applied
from tests.infra.laptop.emulator import publish_meanwhile
from tests.waiting import eventually


def test_a_book_becomes_one_mail_and_its_feedback_comes_home(
    applied: Applied, ada: dict[str, Any], inbox: httpx.Client
) -> None:
    with publish_meanwhile(applied.clients), applied.web(ada["token"]) as web:
        answer = web.post("/v1/books", json={"title": "Notes", "author": "Ada Lovelace"})
        assert answer.status_code == 201, answer.text
        to = {"to": ada["email"]}
        mails = eventually(lambda: inbox.get("/messages", params=to).json(), lambda found: len(found) >= 1)
        timeline = answer.json()["links"]["notifications"]
        eventually(lambda: web.get(timeline).text, lambda text: "delivered" in text)
    assert [mail["subject"] for mail in inbox.get("/messages", params=to).json()] == [mails[0]["subject"]]
    assert mails[0]["configuration_set"] == "herald"
