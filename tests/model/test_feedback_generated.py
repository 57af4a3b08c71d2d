"""Every order and repetition of feedback, of up to three attempts and in any batches, ends in one record."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fakes.dynamodb.table import MemoryTable
from function.feedback import FeedbackHandler
from function.ledger.keys import address_key
from function.ledger.ledger import Ledger, Writes
from function.ledger.states import PRECEDENCE, State
from function.ledger.table import Table
from function.runtime.metrics import Telemetry
from tests.model.model_state import HOLD, NOW, RETENTION

_SECRET = b"a key for hashes, of 32 bytes or more"
_ADDRESS = "ada@example.com"
#: What each kind of report means.
_KINDS: dict[str, tuple[State, dict[str, Any]]] = {
    "sent": (State.SENT, {"eventType": "Send"}),
    "refused": (State.REFUSED, {"eventType": "Reject", "reject": {"reason": "Bad content"}}),
    "delayed": (State.DELAYED, {"eventType": "DeliveryDelay", "deliveryDelay": {"delayType": "MailboxFull"}}),
    "bounced softly": (State.SOFT_BOUNCED, {"eventType": "Bounce", "bounce": {"bounceType": "Transient"}}),
    "delivered": (State.DELIVERED, {"eventType": "Delivery"}),
    "not spam": (State.DELIVERED, {"eventType": "Complaint", "complaint": {"complaintFeedbackType": "not-spam"}}),
    "bounced": (State.BOUNCED, {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}}),
    "complained": (State.COMPLAINED, {"eventType": "Complaint"}),
}
Report = tuple[str, str]
_REPORTS = st.tuples(st.sampled_from(["a-1", "b-2", "c-3"]), st.sampled_from(sorted(_KINDS)))


@st.composite
def _draw_reports(draw: st.DrawFn) -> tuple[list[Report], list[list[list[Report]]]]:
    """Some reports, and two ways to tell them: in which order, how often, and in which batches."""
    reports = draw(st.lists(_REPORTS, min_size=1, max_size=7, unique=True))
    ways = []
    for _ in range(2):
        again = draw(st.lists(st.sampled_from(reports), max_size=4))
        order = draw(st.permutations(reports + again))
        cuts = sorted(draw(st.sets(st.integers(1, len(order)), max_size=3)) | {0, len(order)})
        ways.append([order[start:end] for start, end in pairwise(cuts)])
    return reports, ways


def _end(batches: list[list[Report]]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The record without its timeline, and the address's entry in the list."""
    table = MemoryTable("herald-ledger")
    ledger = Ledger(
        Table(table, "herald-ledger"), Writes("herald-ledger", "r", HOLD, RETENTION // 1000, 1), lambda: NOW
    )
    telemetry = Telemetry("feedback", "r", lambda: NOW, io.StringIO())
    handler = FeedbackHandler(ledger, _SECRET, telemetry, "r", lambda: NOW, "herald")
    for batch in batches:
        records = [{"messageId": f"{number}", "body": _body(*report)} for number, report in enumerate(batch)]
        assert handler({"Records": records}, None) == {"batchItemFailures": []}
    items = table.snapshot()
    record = {name: value for name, value in items["message#m1"].items() if name != "timeline"}
    address = items.get(address_key(_SECRET, _ADDRESS))
    return record, None if address is None else dict(address)


def _body(attempt: str, kind: str) -> str:
    tags = {"message_id": ["m1"], "attempt": [attempt], "ses:configuration-set": ["herald"]}
    return json.dumps(_KINDS[kind][1] | {"mail": {"destination": [_ADDRESS], "tags": tags}})


@given(_draw_reports())
def test_every_order_and_repetition_of_feedback_ends_in_one_record(
    told: tuple[list[Report], list[list[list[Report]]]],
) -> None:
    reports, (one, other) = told
    record, address = _end(one)
    assert (record, address) == _end(other)
    said = {_KINDS[kind][0] for _, kind in reports}
    strongest = min(said, key=PRECEDENCE.index)
    assert record["state"][1] == strongest
    assert record["sent_by"][1] == {attempt for attempt, _ in reports}
    assert ("sent_twice" in record) == (len({attempt for attempt, _ in reports}) > 1)
    assert (address["reason"][1] if address else None) == (strongest if said & _LISTED else None)


#: What puts an address on the list.
_LISTED = {State.BOUNCED, State.COMPLAINED}
