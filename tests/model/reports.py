"""What the provider says later of the mails that it took: in any order, any time, again and again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from function.feedback import FeedbackHandler
from function.ledger.states import Action
from function.ledger.table import Table
from function.runtime.metrics import Telemetry
from tests.model.herald import ADDRESS_TEXT, SECRET, Herald
from tests.model.promises import Promises
from tests.model.table import State as Snapshot
from tests.model.world import HOLD, RETENTION, Mail, World

__all__ = ["Reports"]

_BODIES: dict[Action, dict[str, Any]] = {
    Action.FEEDBACK_SENT: {"eventType": "Send"},
    Action.FEEDBACK_REFUSED: {"eventType": "Reject"},
    Action.FEEDBACK_DELIVERED: {"eventType": "Delivery"},
    Action.FEEDBACK_BOUNCED: {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}},
    Action.FEEDBACK_COMPLAINED: {"eventType": "Complaint"},
}


@dataclass(slots=True)
class Reports:
    """The moves of the provider, heard by Herald's own handler."""

    herald: Herald
    promises: Promises
    _heard: dict[tuple[Mail, Action, Snapshot, int], Snapshot] = field(default_factory=dict)

    def __call__(self, world: World) -> Iterator[tuple[str, World]]:
        """Every state after one report."""
        for mail, action in sorted(world.feedback):
            after = self._hear(mail, action, world.table, world.now)
            heard = world.heard | {(mail, action)}
            if after != world.table or heard != world.heard:
                yield f"{mail.attempt}: {action}", world._replace(table=after, heard=heard)

    def _hear(self, mail: Mail, action: Action, before: Snapshot, now: int) -> Snapshot:
        key = (mail, action, before, now)
        if key not in self._heard:
            self.herald.table.restore(before)
            batch = {"Records": [{"messageId": "report", "body": _report(mail, action)}]}
            self._handler(now)(batch, None)
            self._heard[key] = self.herald.table.snapshot()
            self.promises.judge_feedback(before, self._heard[key])
        return self._heard[key]

    def _handler(self, now: int) -> FeedbackHandler:
        code, client = self.herald.code, self.herald.table
        writes = code.writes("herald-ledger", "f", HOLD, RETENTION // 1000, 1)
        ledger = code.ledger(Table(client, "herald-ledger"), writes, lambda: now)
        return FeedbackHandler(ledger, SECRET, Telemetry("feedback", "f", lambda: now, io.StringIO()), "f", lambda: now)


def _report(mail: Mail, action: Action) -> str:
    """https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html"""
    tags = {"message_id": [mail.message], "attempt": [mail.attempt]}
    sent = datetime.fromtimestamp(mail.at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps(_BODIES[action] | {"mail": {"timestamp": sent, "destination": [ADDRESS_TEXT], "tags": tags}})
