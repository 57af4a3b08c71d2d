"""`make demo`: creates one book, and requires exactly one mail about it."""

from __future__ import annotations

import time
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from laptop.cloud import LaptopCloud
from laptop.cognito.demo_users import ADA
from operations.errors import UserError

__all__ = ["run_demo"]

BOOK = {"title": "Notes on the Analytical Engine", "author": "Ada Lovelace"}


def run_demo(cloud: LaptopCloud, wait: float, settle: float, console: Console) -> None:
    """Create a book over HTTP as Ada, and print the mail's timeline; raise `UserError` unless exactly one correct mail
    came.

    `wait` is the longest time to wait for it, `settle` the time to wait for a second one, in seconds.
    """
    endpoints = cloud.descriptor.endpoints
    with httpx.Client(base_url=endpoints["web"], trust_env=False, timeout=300) as web:
        web.headers["Authorization"] = f"Bearer {_fetch_id_token(cloud)}"
        began = time.monotonic()
        answer = web.post("/v1/books", json=BOOK)
        if answer.status_code != 201:
            raise UserError(f"POST /v1/books answered {answer.status_code}: {answer.text}")
        book = answer.headers["Location"]
        with console.status("Waiting for the mail"):
            mails = _await_mails(endpoints["inbox"], began + wait)
        arrived = time.monotonic() - began
        time.sleep(settle)
        mails = _await_mails(endpoints["inbox"], time.monotonic())
        timeline = web.get(f"{book}/notifications").json()
    _require_one(mails, endpoints["web"], book)
    console.print(f"{ADA.name} created a book, and one mail came {arrived:.2f} s later: {mails[0]['subject']}")
    console.print(_draw_table(timeline))


def _fetch_id_token(cloud: LaptopCloud) -> str:
    answer = cloud.clients.cognito.initiate_auth(
        ClientId=cloud.descriptor.sign_in["client_id"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ADA.email, "PASSWORD": ADA.password},
    )
    return answer["AuthenticationResult"]["IdToken"]


def _await_mails(inbox: str, deadline: float) -> list[dict[str, Any]]:
    """Return all mails in the inbox as soon as there is one, or at the deadline."""
    with httpx.Client(base_url=inbox, trust_env=False, timeout=300) as client:
        while True:
            mails: list[dict[str, Any]] = client.get("/messages").json()
            if mails or time.monotonic() >= deadline:
                return mails
            time.sleep(0.05)


def _require_one(mails: list[dict[str, Any]], web: str, book: str) -> None:
    if len(mails) != 1:
        raise UserError(f"exactly one mail should have come, and {len(mails)} did")
    mail = mails[0]
    if mail["to"] != [ADA.email]:
        raise UserError(f"the mail should have gone to {ADA.email}, and went to {', '.join(mail['to'])}")
    if BOOK["title"] not in mail["subject"]:
        raise UserError(f"the subject should name the book, and is {mail['subject']!r}")
    link = f"{web}/books/{book.rpartition('/')[2]}"
    for part in ("text", "html"):
        if link not in (mail[part] or ""):
            raise UserError(f"the mail's {part} part should link to {link}, and does not")


def _draw_table(answer: dict[str, Any]) -> Table:
    table = Table("When", "What", "Detail", title="What happened to her mail", title_justify="left")
    for notification in answer["notifications"]:
        for row in notification["rows"]:
            detail = [row.get(name) for name in ("provider", "detail")]
            table.add_row(row["at"], row["state"], " ".join(str(part) for part in detail if part))
    return table
