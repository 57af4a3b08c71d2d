"""A laptop cloud for the stack tests of each worker, started by the very code of `make run`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from laptop.clients import LaptopClients
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.cognito.demo_users import ADA
from laptop.descriptor import Descriptor
from laptop.state import ROOT
from operations.pause import count_waiting
from tests.waiting import LIMIT, eventually

__all__ = ["Herald", "Inbox"]

#: A minute takes 0.3 seconds; the hold stays as long as a send may take.
HASTE = 0.005


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, even if this folder was named to it
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests of a folder, so that they share a cloud."""
    for item in items:
        if "cloud" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.path.parent.name))


@dataclass(frozen=True, slots=True)
class Inbox:
    """The simulator's inbox and its faults, as a test uses them; `settle` waits until no mail can be under way."""

    http: httpx.Client
    settle: Callable[[], None] = lambda: None

    def mails(self, to: str) -> list[dict[str, Any]]:
        """Every mail to an address, oldest first."""
        mails: list[dict[str, Any]] = self.http.get("/messages", params={"to": to}).raise_for_status().json()
        return mails

    def wait(self, to: str, count: int = 1) -> list[dict[str, Any]]:
        """The mails to an address, once there are so many."""
        return eventually(lambda: self.mails(to), lambda mails: len(mails) >= count)

    def exactly(self, to: str, count: int) -> list[dict[str, Any]]:
        """The mails to an address, once one too many would have come."""
        self.wait(to, count)
        self.settle()
        mails = self.mails(to)
        assert len(mails) == count, [mail["subject"] for mail in mails]
        return mails

    def fault(self, **fault: Any) -> None:
        """Arm one fault of the simulator."""
        self.http.post("/faults", json=fault).raise_for_status()


@dataclass(frozen=True, slots=True)
class Herald:
    """The running cloud, with all that a test wants of it."""

    names: Descriptor
    clients: LaptopClients
    inbox: Inbox
    web: httpx.Client

    def sign_in(self) -> httpx.Client:
        """The web app's API, as Ada uses it."""
        answer = self.clients.cognito.initiate_auth(
            ClientId=self.names.sign_in["client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": ADA.email, "PASSWORD": ADA.password},
        )
        token = answer["AuthenticationResult"]["IdToken"]
        return httpx.Client(
            base_url=self.names.endpoints["web"],
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=LIMIT,
        )

    def record(self, message_id: str) -> dict[str, Any] | None:
        """The ledger's record of one SNS message, as DynamoDB gives it."""
        answer = self.clients.dynamodb.get_item(
            TableName=self.names.tables["ledger"], Key={"pk": {"S": f"message#{message_id}"}}, ConsistentRead=True
        )
        return answer.get("Item")

    def state(self, message_id: str) -> str | None:
        """The state of that record."""
        record = self.record(message_id)
        return str(record["state"]["S"]) if record else None

    def dead(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message in `dead` that is wanted; the others are left for whoever wants them."""

        def look() -> dict[str, Any] | None:
            answer = self.clients.sqs.receive_message(
                QueueUrl=self.names.queues["dead"],
                MaxNumberOfMessages=10,
                VisibilityTimeout=0,
                MessageAttributeNames=["All"],
            )
            return next((m for m in map(dict, answer.get("Messages", [])) if wanted(m)), None)

        found = eventually(look, lambda message: message is not None)
        assert found is not None
        return found


def settle(cloud: LaptopCloud) -> None:
    """Wait until nothing is on its way to a mail: neither in the notifier's own queue nor in `retry`.

    An event goes from the first to the second and never back, so they are looked at in this order.
    """
    with httpx.Client(base_url=cloud.descriptor.endpoints["aws"], trust_env=False, timeout=LIMIT) as emulator:
        eventually(lambda: emulator.get("/_herald/pending").json(), lambda pending: "herald-notify" not in pending)
    eventually(lambda: count_waiting(cloud.clients.sqs, cloud.descriptor.queues["retry"]), lambda count: not count)


@pytest.fixture(scope="package")
def cloud() -> Iterator[LaptopCloud]:
    with run_cloud(
        Options(ROOT / "build" / "tests" / f"stack-{os.getpid()}", scale=HASTE, events_api=True, event_bus=True)
    ) as started:
        yield started


@pytest.fixture(scope="package")
def herald(cloud: LaptopCloud) -> Iterator[Herald]:
    endpoints = cloud.descriptor.endpoints
    with (
        httpx.Client(base_url=endpoints["inbox"], trust_env=False, timeout=LIMIT) as inbox,
        httpx.Client(base_url=endpoints["web"], trust_env=False, timeout=LIMIT) as web,
    ):
        yield Herald(cloud.descriptor, cloud.clients, Inbox(inbox, lambda: settle(cloud)), web)
