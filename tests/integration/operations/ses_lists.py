"""SES's suppression lists in several regions, each a simulated account on the wire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laptop.ses.api import Ses
from laptop.ses.http_server import SesServer
from tests.integration.ses.conftest import make_client, serve

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

__all__ = ["Region", "simulate_regions"]


@dataclass(frozen=True, slots=True)
class Region:
    """One region's account, and a client of it."""

    account: Ses
    client: SESV2Client
    endpoint: str

    def suppress(self, address: str) -> None:
        """List an address as SES does after a bounce."""
        self.client.put_suppressed_destination(EmailAddress=address, Reason="BOUNCE")

    @property
    def listed(self) -> frozenset[str]:
        """The addresses on the region's list."""
        return self.account.suppression.addresses()


@contextmanager
def simulate_regions(*names: str) -> Iterator[dict[str, Region]]:
    """A simulated account for each of these regions."""

    def drop_feedback(_topic: str, _body: str) -> None:
        """Nothing is sent here."""

    with ExitStack() as stack:
        regions = {}
        for name in names:
            account = Ses(drop_feedback, scale=1.0, region=name)
            wire: Any = SesServer(("127.0.0.1", 0), account, "http://127.0.0.1:1")
            endpoint = serve(wire)
            stack.callback(wire.server_close)
            stack.callback(wire.shutdown)
            regions[name] = Region(account, make_client(endpoint, region=name), endpoint)
        yield regions
