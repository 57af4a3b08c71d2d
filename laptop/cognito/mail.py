"""Delivers Cognito's own mails to the inbox: ministack only records them."""

from __future__ import annotations

import json
import logging
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

from laptop.environment import REGION
from laptop.ses.errors import SesError
from laptop.ses.mailbox import Mailbox
from laptop.ses.send_email_request import read_submitted_mail

__all__ = ["CognitoMailPoller"]

log = logging.getLogger("accounts")


class CognitoMailPoller:
    """Copies mails from ministack's record of sent mails, to which only its own services write, into the inbox."""

    def __init__(self, aws: str, mailbox: Mailbox) -> None:
        self._url = f"{aws}/_ministack/ses/messages"
        self._mailbox = mailbox
        self._seen: set[str] = set()

    def run_forever(self, every: float = 1) -> None:
        """Poll for new mails every `every` seconds, forever."""
        while True:
            time.sleep(every)
            try:
                self.deliver_new()
            except (OSError, ValueError) as problem:  # ministack is starting, or stopping
                log.debug("no mails of Cognito: %s", problem)

    def deliver_new(self) -> None:
        """Copy each new mail once."""
        for message in self._fetch():
            if message["MessageId"] in self._seen:
                continue
            self._seen.add(message["MessageId"])
            try:
                self._mailbox.add(read_submitted_mail(_request(message), REGION))
            except SesError as problem:
                log.warning("a mail of Cognito was left out: %s", problem)

    def _fetch(self) -> Iterator[dict[str, Any]]:
        with urllib.request.urlopen(self._url, timeout=300) as answer:  # noqa: S310  ministack, on loopback
            accounts: dict[str, list[dict[str, Any]]] = json.load(answer)["messages"]
        for mails in accounts.values():
            yield from mails


def _request(message: dict[str, Any]) -> dict[str, Any]:
    parts = {"Text": message.get("BodyText"), "Html": message.get("BodyHtml")}
    body = {name: {"Data": text} for name, text in parts.items() if text}
    return {
        "FromEmailAddress": message["Source"],
        "Destination": {"ToAddresses": message["To"]},
        "Content": {"Simple": {"Subject": {"Data": message["Subject"]}, "Body": body}},
    }
