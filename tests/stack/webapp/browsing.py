"""A browser without JavaScript against the laptop cloud, which signs in on the emulator's own page."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Self

import httpx

from tests.stack.conftest import Herald
from tests.waiting import LIMIT

__all__ = ["Browser", "fields_of"]


@dataclass(slots=True)
class Browser:
    """Keeps cookies and follows redirects; `web` is the app's address, and the base of every path."""

    herald: Herald
    client: httpx.Client = field(
        default_factory=lambda: httpx.Client(trust_env=False, timeout=LIMIT, follow_redirects=True)
    )

    @property
    def web(self) -> str:
        return self.herald.names.endpoints["web"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, **request: object) -> httpx.Response:
        return self.client.get(self.web + path, **request)  # type: ignore[arg-type]  # httpx's own arguments

    def sign_in(self, address: str, password: str, then: str = "/") -> httpx.Response:
        """Sign in on the emulator's page; where that leads."""
        page = self.get("/sign-in", params={"then": then})
        action = re.findall(r'<form[^>]* action="([^"]*)"', page.text)[0]
        filled = {**fields_of(page), "username": address, "password": password}
        return self.client.post(page.url.join(html.unescape(action)), data=filled)

    def csrf(self) -> str:
        """What the forms of this session carry."""
        return fields_of(self.get("/")).get("csrf", "")

    def submit(self, path: str, **filled: str) -> httpx.Response:
        """Send a form of this session."""
        return self.client.post(self.web + path, data={"csrf": self.csrf(), **filled})


def fields_of(page: httpx.Response) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}
