"""Mails with copies, and what is reported of them."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fakes.envelopes import ses_event, sqs_event
from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald, delivery
from fakes.queue import FakeQueue
from function.delivery.next_provider import NextProvider
from function.delivery.outcome import OutcomeKind
from function.event.envelope import Delivery
from function.feedback import FeedbackHandler
from function.ledger.states import State
from function.message.catalogue import Catalogue
from function.message.email import Email
from function.runtime.metrics import Telemetry
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, compile_catalogue, read_examples

#: The notification whose mails have copies.
TYPE = "receipt"
DATA: dict[str, Any] = read_examples(TYPE, EXAMPLES)["typical"]
ADA, BOOKS, ARCHIVE = str(DATA["recipient"]["email"]), "Books@shop.example", "archive@shop.example"
ROLES = {"accounting": BOOKS, "archive": ARCHIVE, "nobody-asked": "nobody@shop.example"}
#: A type of event, and the key and the content of what SES says of it.
Report = tuple[str, str, dict[str, Any]]


def compile_with_copies(folder: Path) -> Catalogue:
    """Herald's own notifications, and one whose mails have copies."""
    source = Path(shutil.copytree(NOTIFICATIONS, folder / "source"))
    shutil.copytree(EXAMPLES / TYPE, source / TYPE)
    path = source / TYPE / "notification.json"
    settings = json.loads(path.read_text("utf-8")) | {"cc": ["accounting"], "bcc": ["archive"]}
    path.write_text(json.dumps(settings), "utf-8")
    return compile_catalogue(folder / "compiled", source)


def make_delivery(message_id: str = "m1", **marks: Any) -> Delivery:
    """An event whose mail has copies."""
    return delivery(message_id, event("e", TYPE, data=DATA), **marks)


def find_mail(world: InMemoryHerald) -> Email:
    """The one mail of an event."""
    assert world.deliver(make_delivery()).kind is OutcomeKind.SENT
    ((_, mail),) = world.post.taken
    return mail


def timeline(world: InMemoryHerald) -> list[Mapping[str, Any]]:
    item = world.item("message#m1")
    assert item is not None
    return [row["M"] for row in item["timeline"]["L"]]


def make_bounce(*addresses: str, kind: str = "Permanent") -> Report:
    answers = [{"emailAddress": one, "diagnosticCode": f"550 5.1.1 not here, {one[0]}"} for one in addresses]
    return "Bounce", "bounce", {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": answers}


def make_complaint(*addresses: str, kind: str = "abuse") -> Report:
    named = [{"emailAddress": one} for one in addresses]
    return "Complaint", "complaint", {"complaintFeedbackType": kind, "complainedRecipients": named}


def make_delivery_report(*addresses: str) -> Report:
    return "Delivery", "delivery", {"recipients": list(addresses)}


def make_delay(*addresses: str) -> Report:
    named = [{"emailAddress": one, "status": "4.2.2"} for one in addresses]
    return "DeliveryDelay", "deliveryDelay", {"delayType": "MailboxFull", "delayedRecipients": named}


def make_ses_event(report: Report, mail: Email) -> dict[str, Any]:
    """The event that SES publishes, with the tags of the mail."""
    type_, key, details = report
    told: dict[str, Any] = ses_event(type_, {}, "m1", mail.to, mail.tags["attempt"], mail.addresses[1:])
    told["mail"]["tags"] |= {name: [value] for name, value in mail.tags.items()}
    return {**told, key: details}


class Heard:
    """`feedback` of a world, its log and what it asks the next provider for."""

    def __init__(self, world: InMemoryHerald) -> None:
        self.world, self.log, self.queue = world, io.StringIO(), FakeQueue()
        queue: Any = self.queue
        self.handler = FeedbackHandler(
            world.ledger,
            SECRET,
            Telemetry("feedback", "r1", world.clock, self.log),
            "r1",
            world.clock,
            "herald",
            next_provider=NextProvider(queue, ("sendgrid://", "ses://us-east-1")),
            roles=world.roles,
        )

    def hear(self, *bodies: object) -> State:
        """The state that the mail's record is in then."""
        records = [sqs_event(body, item=str(number)) for number, body in enumerate(bodies)]
        assert self.handler({"Records": records}, None) == {"batchItemFailures": []}
        return self.world.state()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    @property
    def failed(self) -> int:
        return sum(line.get("CopyFailed", 0) for line in self.lines)

    def addresses_in_the_log(self, addresses: Iterable[str]) -> list[str]:
        said = self.log.getvalue().lower()
        return [one for one in addresses if one.lower() in said or f" {one.partition('@')[0].lower()}" in said]
