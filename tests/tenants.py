"""Two tenants as tests declare them, and what SES reports of their mails."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from fakes.envelopes import ses_event, sqs_event
from fakes.example_events import SECRET
from fakes.in_memory_herald import InMemoryHerald
from function.feedback import FeedbackHandler
from function.message.addressing.tenant import Tenant
from function.message.email import Email
from function.runtime.metrics import Telemetry

__all__ = ["ACME", "GLOBEX", "bounce", "report"]

#: With a suppression list of its own, and without.
ACME = Tenant("acme", "Acme Books <mail@acme.example>", "acme-set", own_list=True)
GLOBEX = Tenant("globex", "mail@globex.example")


def report(world: InMemoryHerald, kind: str, details: Mapping[str, Any], mail: Email, message_id: str) -> None:
    """What SES says of a mail, with the tags that it was sent with, as `feedback` gets it."""
    told = ses_event(kind, dict(details), message_id, mail.to, mail.tags["attempt"])
    told["mail"]["tags"] |= {name: [value] for name, value in mail.tags.items()}
    if mail.tenant and mail.tenant.configuration_set:
        told["mail"]["tags"]["ses:configuration-set"] = [mail.tenant.configuration_set]
    telemetry = Telemetry("feedback", "r1", world.clock, io.StringIO())
    FeedbackHandler(world.ledger, SECRET, telemetry, "r1", world.clock, "herald")({"Records": [sqs_event(told)]}, None)


def bounce(world: InMemoryHerald, mail: Email, message_id: str) -> None:
    """The mailbox refuses a mail for good."""
    details = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": mail.to}]}
    report(world, "Bounce", details, mail, message_id)
