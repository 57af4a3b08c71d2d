"""The courier's part for digests, used only if a notification is one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any

from function.errors import UnknownNotification
from function.event.cloudevent import Event, parse
from function.event.compression import compress
from function.ledger.attempt import Attempt, Held, Verdict
from function.ledger.digest_windows import Digest, DigestWindows
from function.ledger.keys import DIGEST_SOURCE
from function.ledger.record import Record
from function.message.catalogue import Catalogue
from function.message.digest import compose, find_ends, load_zone
from function.runtime.lean_dataclass import dataclass

__all__ = ["Digests"]

#: For a digest whose notification no longer exists: its mail is rejected with that reason.
_ANY: Mapping[str, Any] = {"most": 20}


@dataclass(frozen=True, slots=True)
class Digests:
    """Collects events for their readers' digests, and closes the digests."""

    windows: DigestWindows
    catalogue: Catalogue

    def collect(self, attempt: Attempt, event: Event) -> Verdict:
        """Keep the event for the reader's next digest that is still open."""
        recipient = event.data["recipient"]
        return self.windows.collect(attempt, self.find_ends(event.type, load_zone(recipient.get("timezone"))))

    def find_ends(self, type_: str, timezone: tzinfo) -> Iterator[int]:
        """Return the ends of a digest's windows, in epoch milliseconds."""
        rule = self.catalogue.get(type_).digest or {}
        return find_ends(rule, timezone, self.windows.ledger.clock())

    def close(self, name: str, owner: str) -> bool | Held:
        """Close a digest. Returns whether there is anything to mail, or Held if its window is still open. Raises
        Contended."""
        return self.windows.close(name, owner, self._compose)

    def _compose(self, record: Record, bodies: list[str]) -> Digest | None:
        if not bodies:
            return None
        rule, end = self._find_rule(record.type), record.scheduled_for or 0
        body = compose(rule, record.type, record.message_id, DIGEST_SOURCE, end, bodies)
        return Digest(parse(json.loads(body), lambda _: None).content_hash, compress(body))

    def _find_rule(self, type_: str) -> Mapping[str, Any]:
        try:
            return self.catalogue.get(type_).digest or _ANY
        except UnknownNotification:
            return _ANY
