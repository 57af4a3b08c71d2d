"""Events with several recipients, and what became of their parts."""

from __future__ import annotations

from typing import Any

from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import Outcome, OutcomeKind
from function.event.envelope import Delivery, from_queue
from function.ledger.keys import event_key, part_id
from function.ledger.record import Record
from function.queues.dead_letter import Letter
from package.notifications.catalogue import EXAMPLES, read_examples

SOURCE = "urn:herald:webapp"
DATA: dict[str, Any] = read_examples("account", EXAMPLES)["typical"]
SHARED = {name: value for name, value in DATA.items() if name != "recipient"}
ADA, KIM, EVE = ({**DATA["recipient"], "email": f"{name}@example.com"} for name in ("ada", "kim", "eve"))


def to(*recipients: object, id_: str = "e", message_id: str = "m1", **changes: Any) -> Delivery:
    """An event `id_` to these recipients as its own message."""
    data = {**SHARED, "recipients": list(recipients)} | changes.pop("data", {})
    return delivery(message_id, event(id_, "account", data=data, **changes))


def send_parts(world: InMemoryHerald) -> list[Outcome]:
    """Whatever waits in the queue `retry` is delivered."""
    letters, world.retry.letters = world.retry.letters, []
    return [world.deliver(found) for letter in letters for found in read(letter)]


def read(letter: Letter) -> list[Delivery]:
    record = {"messageId": "item", "receiptHandle": "handle", "attributes": {}, "body": letter.body}
    return [found for found in from_queue(record) if isinstance(found, Delivery)]


def list_mailed(world: InMemoryHerald) -> list[str]:
    return sorted(mail.to for _, mail in world.post.taken)


def kinds(outcomes: list[Outcome]) -> list[OutcomeKind]:
    return [outcome.kind for outcome in outcomes]


def part_of(world: InMemoryHerald, number: int = 0, id_: str = "e") -> Record:
    """The record of a part, in the order of their names."""
    parent = world.item(event_key(SOURCE, id_))
    assert parent is not None
    name = sorted(world.record(parent["message_id"]["S"]).parts)[number]
    owner = world.item(event_key(SOURCE, part_id(id_, name)))
    assert owner is not None
    return world.record(owner["message_id"]["S"])


def cancellation(id_: str = "e", message_id: str = "c1") -> Delivery:
    return delivery(message_id, event("cancel", "mail.cancel", data={"source": SOURCE, "id": id_}))
