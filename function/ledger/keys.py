"""The ledger's keys: one string attribute, four kinds of items (design: one table, `pk`)."""

from __future__ import annotations

import hashlib
import hmac
import re

__all__ = [
    "ADDRESS_PREFIX",
    "DIGEST_SOURCE",
    "DUE_INDEX",
    "DUE_SHARDS",
    "EVENT_PREFIX",
    "address_key",
    "choice_name",
    "event_key",
    "feedback_key",
    "is_window",
    "message_key",
    "own_list_key",
    "own_list_of",
    "part_id",
    "part_message_id",
    "part_name",
    "split_keys",
    "successor_id",
    "window_id",
]

#: Prefixes of the keys of addresses and events; a hash follows.
ADDRESS_PREFIX, EVENT_PREFIX = "address#", "event#"
#: The index of due records: partition key `due`, sort key `due_at`, keys only.
DUE_INDEX = "due"
#: Partitions of that index: each takes a thousand writes a second, and is read once a minute.
DUE_SHARDS = 4

#: Bytes: the length of a SHA-256 digest.
_SHORTEST_SECRET = 32
#: The `source` of digests' events; their `id` is the digest's name.
DIGEST_SOURCE = "urn:herald:digest"
_WINDOW = "digest-"
#: Characters of an event's id, and of a message's id as far as the ids of its parts repeat it.
_LONGEST_ID, _LONGEST_MESSAGE_ID = 256, 150
#: The format of `successor_id`. SNS's ids are UUIDs, whose last group has twelve digits, so they do not match.
_AGAIN = re.compile(r"(.*)-([2-9]|[1-9][0-9]{1,3})", re.DOTALL)


def message_key(message_id: str) -> str:
    """Key of the message item, which holds the state of the one mail of an SNS message."""
    return f"message#{message_id}"


def event_key(source: str, event_id: str) -> str:
    """Key of the event item, which names the message that owns the event; `source` and `id` identify the event
    permanently."""
    return EVENT_PREFIX + hashlib.sha256(f"{source}\0{event_id}".encode()).hexdigest()


def feedback_key(provider: str) -> str:
    """Key of the item that says how far a provider's feedback, such as `ses://eu-west-1`, has come."""
    return f"feedback#{provider}"


def window_id(type_: str, address: str, end: int, tenant: str | None = None) -> str:
    """Return the MessageId of the digest of one type and tenant for one reader whose window ends at `end` (epoch
    milliseconds).

    It cannot equal the MessageId of a published message: SNS's ids are UUIDs.
    """
    named = f"{type_}\0{address}\0{end}" + (f"\0{tenant}" if tenant else "")
    return _WINDOW + hashlib.sha256(named.encode()).hexdigest()[:40]


def is_window(message_id: str) -> bool:
    """Whether the MessageId is that of a digest, or of a digest that is sent again."""
    return message_id.startswith(_WINDOW)


def part_name(key: str, who: str) -> str:
    """Return a name for one of an event's recipients: a hash of the lower-cased address, with a key kept in the event's
    record."""
    return hmac.new(key.encode(), who.strip().lower().encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:20]


def part_id(event_id: str, name: str) -> str:
    """Return the event id of one recipient's part, under the event's source. An id too long to append the name is
    hashed."""
    room = _LONGEST_ID - len(name) - 1
    return f"{event_id if len(event_id) <= room else hashlib.sha256(event_id.encode()).hexdigest()}~{name}"


def part_message_id(message_id: str, name: str) -> str:
    """Return the MessageId of one recipient's part of a message. The name alone distinguishes the parts."""
    return f"{message_id[:_LONGEST_MESSAGE_ID]}-r{name}"


def successor_id(message_id: str) -> str:
    """Return the MessageId under which an accepted mail is sent again: `<M1>-2`, then `<M1>-3`, and so on.

    Two operators who send the same mail again get the same MessageId.
    """
    again = _AGAIN.fullmatch(message_id)
    return f"{again[1]}-{int(again[2]) + 1}" if again else f"{message_id}-2"


def address_key(secret: bytes, address: str) -> str:
    """Key of an address item: HMAC-SHA-256 of the lower-cased address, so that the key does not reveal it."""
    return ADDRESS_PREFIX + hmac.new(secret, address.strip().lower().encode(), hashlib.sha256).hexdigest()


def own_list_key(address: str, tenant: str) -> str:
    """Key of an address's item for a tenant with its own suppression list; `address` is the key of the address item."""
    return f"{address}#{tenant}"


def own_list_of(key: str) -> str | None:
    """Return the tenant whose own list this key belongs to; None if it is the address item for all other mail."""
    _, _, named = key.partition("#")
    return named.partition("#")[2] or None


def choice_name(category: str) -> str:
    """Name of the address item's attribute which says that the reader has unsubscribed from a category."""
    return f"stopped:{category}"


def split_keys(parameter: bytes) -> tuple[bytes, ...]:
    """Parse the secret keys in a parameter, newest first, separated by white space: the first is used for writing, all
    for reading.

    Raises ValueError if any has fewer than 32 bytes: a space in the middle of a key makes two short ones.
    https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    """
    keys = tuple(parameter.split())
    if not keys or any(len(key) < _SHORTEST_SECRET for key in keys):
        raise ValueError(f"each key has at least {_SHORTEST_SECRET} bytes and no space in it")
    return keys
