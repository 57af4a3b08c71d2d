"""Whether an address gets mail at all: Herald's lists, SES's lists, and its reader's unsubscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from function.ledger.keys import choice_name, own_list_of
from operations.errors import UserError
from operations.installation import Installation
from operations.preview import find_categories
from operations.suppressions import Suppression, find_address_suppressions, get_suppression

__all__ = ["RecipientLists", "find_recipient"]


@dataclass(frozen=True, slots=True)
class RecipientLists:
    """`regions` are those whose SES list contains the address; None: SES could not be asked, for the reason
    `unasked`."""

    entries: tuple[Suppression, ...]
    stopped: tuple[str, ...]
    regions: tuple[str, ...] | None = None
    unasked: str = ""

    def describe(self, remover: str) -> list[str]:
        """Return what keeps mail from the address, one line each; at least one line.

        `remover` is what takes it off a list: a command or a page.
        """
        lines = [
            f"on {entry.whose}: {entry.reason} since {entry.since:%Y-%m-%d %H:%M} UTC, by message "
            f"{entry.message_id}; {remover} takes it off"
            for entry in self.entries
        ]
        lines += [f"on SES's suppression list in {region}; {remover} takes it off" for region in self.regions or ()]
        lines += [f"its reader has unsubscribed from {category}" for category in self.stopped]
        if self.regions is None and self.unasked:
            lines.append(f"whether SES has it on its list is not known: {self.unasked}")
        return lines or ["on no suppression list, and unsubscribed from nothing"]


def find_recipient(installation: Installation, keys: Sequence[str], address: str = "") -> RecipientLists:
    """Return what is known under these keys and, with an `address`, on SES's lists too."""
    with suppress(BotoCoreError, ClientError, UserError):  # the query to SES below reports the cause
        keys = installation.add_own_list_keys(keys)
    entries = tuple(entry for key in keys if (entry := get_suppression(installation, key)))
    stopped = tuple(dict.fromkeys(name for key in keys for name in _find_stopped(installation, key)))
    if not address:
        return RecipientLists(entries, stopped)
    try:
        return RecipientLists(entries, stopped, find_address_suppressions(installation, address).regions)
    except (BotoCoreError, ClientError, UserError) as problem:
        return RecipientLists(entries, stopped, None, str(problem))


def _find_stopped(installation: Installation, key: str) -> Iterator[str]:
    """Return the categories that are stopped in one address item; those of a tenant's own list with its name."""
    names = {choice_name(category): category for category in sorted(find_categories())}
    item, tenant = installation.read(key, ["pk", *names]) or {}, own_list_of(key)
    return (f"{names[name]} of {tenant}" if tenant else names[name] for name in names if name in item)
