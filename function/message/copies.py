"""Copies of a mail for roles of the deployment, such as `accounting`. Pure; imported only if a mail has copies.

One message goes to all addresses, and a report names the address that it concerns. A tag of the mail says which address
is the recipient's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from function.event.cloudevent import RECIPIENT_TAG, mark_recipient
from function.message.catalogue import Notification
from function.message.delivery_mode import DeliveryMode
from function.message.email import Email

__all__ = ["add_copies"]


def add_copies(email: Email, notification: Notification, roles: Mapping[str, str], mode: DeliveryMode) -> Email:
    """Add the copies that the notification asks for to a mail: only addresses that this deployment may mail, each once,
    and not the recipient's."""
    seen = {email.to.strip().lower()}

    def choose(names: tuple[str, ...]) -> Iterator[str]:
        for address in (roles[name] for name in names):
            if address.lower() not in seen and mode.may_copy(address):
                seen.add(address.lower())
                yield address

    cc, bcc = tuple(choose(notification.cc)), tuple(choose(notification.bcc))
    if not cc and not bcc:
        return email
    return replace(email, cc=cc, bcc=bcc, tags={**email.tags, RECIPIENT_TAG: mark_recipient(email.to)})
