"""Whether an address gets mail at all: Herald's list, SES's lists, and what its reader has unsubscribed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from function.ledger.keys import choice_name
from operations.errors import UserError
from operations.installation import Installation
from operations.preview import find_categories
from operations.suppressions import Suppression, find_listing, get_suppression

__all__ = ["RecipientLists", "find_recipient"]


@dataclass(frozen=True, slots=True)
class RecipientLists:
    """`regions` are those whose SES has the address on its list; None: SES could not be asked, because of `unasked`."""

    entries: tuple[Suppression, ...]
    stopped: tuple[str, ...]
    regions: tuple[str, ...] | None = None
    unasked: str = ""

    def describe(self, command: str = "herald suppressions remove ADDRESS") -> list[str]:
        """What keeps mail from the address, a line each; at least one line."""
        lines = [
            f"on Herald's suppression list: {entry.reason} since {entry.since:%Y-%m-%d %H:%M} UTC, by message "
            f"{entry.message_id}; {command} takes it off"
            for entry in self.entries
        ]
        lines += [f"on SES's suppression list in {region}; {command} takes it off" for region in self.regions or ()]
        lines += [f"its reader has unsubscribed from {category}" for category in self.stopped]
        if self.regions is None and self.unasked:
            lines.append(f"whether SES has it on its list is not known: {self.unasked}")
        return lines or ["on no suppression list, and unsubscribed from nothing"]


def find_recipient(installation: Installation, keys: Sequence[str], address: str = "") -> RecipientLists:
    """What is known under these keys, and with an `address` on SES's lists too."""
    entries = tuple(entry for key in keys if (entry := get_suppression(installation, key)))
    categories = sorted(find_categories())
    names = [choice_name(category) for category in categories]
    items = [item for key in keys if (item := installation.read(key, ["pk", *names]))]
    stopped = [
        category for category, name in zip(categories, names, strict=True) if any(name in item for item in items)
    ]
    if not address:
        return RecipientLists(entries, tuple(stopped))
    try:
        return RecipientLists(entries, tuple(stopped), find_listing(installation, address).regions)
    except (BotoCoreError, ClientError, UserError) as problem:
        return RecipientLists(entries, tuple(stopped), None, str(problem))
