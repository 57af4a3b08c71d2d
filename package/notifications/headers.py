"""What a reader's mail program shows of a mail beside its two parts, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from function.message.catalogue import Notification
from function.message.rendering import Content
from function.message.sender import join_sender, split_sender
from function.message.unsubscribe import headers

__all__ = ["shown_headers"]


def shown_headers(
    notification: Notification, data: Mapping[str, Any], content: Content, unsubscribe_url: str | None
) -> dict[str, str]:
    """The headers of the mail that these data make, and what goes with it: copies by role, files, an invitation."""
    told = {"To": data["recipient"]["email"], "Subject": content.subject}
    if notification.sender:
        told = {"From": join_sender(*split_sender(notification.sender))} | told
    told |= {name: ", ".join(roles) for name, roles in (("Cc", notification.cc), ("Bcc", notification.bcc)) if roles}
    if notification.reply_to:
        told["Reply-To"] = notification.reply_to
    if notification.attachments and (files := data.get("attachments")):
        told["Attachments"] = ", ".join(f"{one['name']} ({one['type']})" for one in files)
    if notification.invitation and "invitation" in data:
        told["Invitation"] = f"{data['invitation']['summary']}, {data['invitation']['start']}"
    return told | (headers(unsubscribe_url) if unsubscribe_url else {})
