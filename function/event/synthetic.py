"""Synthetic events: a release tries a version with them. They are told from real ones, and counted apart.

An event is synthetic if it says so *and* goes to SES's mailbox simulator, which nobody reads: so no mail to a person
can be taken out of the counts by a name.
https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from function.event.cloudevent import Event

__all__ = ["PROBE_RECIPIENT", "PROBE_TAG", "SOURCE", "TAG", "is_synthetic", "synthetic_event"]

SOURCE = "urn:herald:synthetic"
#: Name and value of the SES tag of a synthetic mail, which SES repeats in its feedback.
TAG = ("synthetic", "yes")
#: The same of a mail that only asks whether feedback comes at all: it has no message, and makes no record.
PROBE_TAG = ("probe", "yes")
_SIMULATOR = "simulator.amazonses.com"
#: Takes every mail, and SES reports that it did.
PROBE_RECIPIENT = f"success+probe@{_SIMULATOR}"


def is_synthetic(event: Event) -> bool:
    """Whether this event, valid by its type's schema, is an attempt of a release at a version."""
    domain: str = event.data["recipient"]["email"].rpartition("@")[2]
    return event.source == SOURCE and domain.lower() == _SIMULATOR


def synthetic_event(name: str, type_: str, data: Mapping[str, Any], time: str) -> dict[str, Any]:
    """A CloudEvent made from an example's data; its recipient at the simulator takes every mail."""
    recipient = {**data["recipient"], "email": f"success+{name}@{_SIMULATOR}"}
    return {
        "specversion": "1.0",
        "id": name,
        "source": SOURCE,
        "type": type_,
        "time": time,
        "datacontenttype": "application/json",
        "data": {**data, "recipient": recipient},
    }
