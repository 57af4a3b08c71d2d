"""Herald in the matrix: its own entry points, composed as Lambda composes them, on clients that speak over the pipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import botocore.session
from botocore.config import Config

from fakes.dynamodb.table import MemoryTable
from function import feedback, notify
from function.ledger.attributes import Item
from function.ledger.record import Record
from function.ledger.states import PRECEDENCE
from function.message.catalogue import Catalogue
from function.runtime.fast_client import FastClient
from tests.faults.botocore_pipe import BotocorePipe, ProcessClock
from tests.faults.matrix import Subject
from tests.faults.points import NthRequest, Stage
from tests.faults.sandbox import Handler

__all__ = ["ENVIRONMENT", "herald"]

ENVIRONMENT = {
    "HERALD_LEDGER_TABLE": "herald-ledger",
    "HERALD_DEAD_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/herald-dead",
    "HERALD_RETRY_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/herald-retry",
    "HERALD_PROVIDERS": "ses://us-east-1",
    "HERALD_FROM": "Herald <books@herald.example>",
    "HERALD_CONFIGURATION_SET": "herald",
    "HERALD_ADDRESS_KEY_PARAMETER": "/herald/address-key",
    # A day of waiting would only be more of the same.
    "HERALD_RETRY_SECONDS": "14400",
}


class _Clients:
    """What `function.bootstrap.Clients` makes, with the pipe for a network."""

    def __init__(self, pipe: BotocorePipe) -> None:
        self._pipe = pipe
        self._session = botocore.session.get_session()
        self._session.set_credentials("test", "test")

    def ses(self, region: str, config: Config) -> Any:
        return FastClient(self._client("sesv2", config), "SendEmail")

    def dynamodb(self) -> Any:
        return FastClient(self._client("dynamodb", _THRICE), "TransactWriteItems", "UpdateItem")

    def sqs(self) -> Any:
        return self._client("sqs", _THRICE)

    def _client(self, service: str, config: Config) -> Any:
        config = config.merge(_USER_AGENT)
        return self._pipe.join(self._session.create_client(service, region_name="us-east-1", config=config))

    def keys(self, parameter: str) -> tuple[bytes, ...]:
        return (b"a key for hashes, of 32 bytes or more",)

    def secret(self, parameter: str) -> str:
        raise AssertionError("SES needs no secret")


_USER_AGENT = Config(user_agent="herald")
_THRICE = Config(retries={"mode": "standard", "total_max_attempts": 3})


#: Rejecting is the transaction after the claim's.
_STAGES: dict[Stage, NthRequest] = {
    Stage.CLAIM: ("TransactWriteItems", 1),
    Stage.SEND: ("SendEmail", 1),
    Stage.RECORD: ("UpdateItem", 1),
    Stage.RELEASE: ("UpdateItem", 1),
    Stage.PARK: ("SendMessage", 1),
    Stage.LETTER: ("SendMessage", 1),
    Stage.REJECT: ("TransactWriteItems", 2),
    Stage.HEAR: ("UpdateItem", 1),
    Stage.READ_MARK: ("GetItem", "feedback#"),
    Stage.WRITE_MARK: ("UpdateItem", "#through"),
    Stage.RESEND: ("TransactWriteItems", ":resends"),
    Stage.NOTE_PROBE: ("UpdateItem", "#probed_at"),
    Stage.PROBE: ("SendEmail", "@simulator.amazonses.com"),
    Stage.SUCCEED: ("TransactWriteItems", ":before"),
    Stage.TELL: ("SendMessage", "herald-dead"),
}


def herald(compiled: Path, pipe: BotocorePipe, clock: ProcessClock, policy: str) -> Subject:
    """Both functions in two releases, the second's handlers under other names, with `on_unknown = policy`."""
    handlers: dict[str, Handler] = {}
    catalogue = Catalogue.load(compiled)
    for release in ("r1", "r2"):
        settings = ENVIRONMENT | {"HERALD_RELEASE": release, "HERALD_ON_UNKNOWN": policy}
        for name, compose in (("notify", notify.compose), ("feedback", feedback.compose)):
            handler = _compose(compose, settings, _Clients(pipe), catalogue)
            handlers[f"{name}@{release}"] = _rename(handler) if release == "r2" else handler
    return Subject(
        f"Herald, on_unknown = {policy}",
        handlers,
        _STAGES,
        ("herald-ledger", "pk"),
        _fate,
        pipe,
        clock,
        listens=True,
        queues=True,
        resends=policy == "resend",
    )


def _fate(table: MemoryTable) -> str:
    """The state of the event's record; of several, that which says most."""
    items: list[Item] = table.scan(TableName="herald-ledger")["Items"]
    states = [Record.from_item(item).state for item in items if item["pk"]["S"].startswith("message#m")]
    return str(min(states, key=PRECEDENCE.index, default=""))


def _compose(compose: Any, settings: dict[str, str], clients: Any, catalogue: Catalogue) -> Handler:
    """Compose with the catalogue that was compiled for the tests, which a package has beside its modules."""
    with patch.object(Catalogue, "load", return_value=catalogue):
        handler: Handler = compose(settings, clients)
    return handler


def _rename(handler: Handler) -> Callable[[dict[str, Any], Any], Any]:
    def handler_of_the_next_release(event: dict[str, Any], context: Any) -> Any:
        return handler(event, context)

    return handler_of_the_next_release
