"""The ledger's keys: one string attribute, three kinds of item (design: one table, `pk`)."""

from __future__ import annotations

import hashlib
import hmac

__all__ = ["address_key", "choice_name", "event_key", "message_key"]


def message_key(message_id: str) -> str:
    """Key of the item that holds the state of the one mail of an SNS message."""
    return f"message#{message_id}"


def event_key(source: str, event_id: str) -> str:
    """Key of the item that names the message owning an event; `source` + `id` name the event for ever."""
    return "event#" + hashlib.sha256(f"{source}\0{event_id}".encode()).hexdigest()


def address_key(secret: bytes, address: str) -> str:
    """Key of an address's item: HMAC-SHA-256 of the lower-cased address, so that keys name nobody."""
    return "address#" + hmac.new(secret, address.strip().lower().encode(), hashlib.sha256).hexdigest()


def choice_name(category: str) -> str:
    """Name of the attribute of an address's item that says that its reader has unsubscribed from a category."""
    return f"stopped:{category}"
