"""The web app reads every ledger item that the notifier's contract allows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from function.ledger.attributes import deserialize_item, serialize_item
from function.ledger.keys import event_key
from webapp.api.models import NotificationOut
from webapp.outbox.outbox import OutboxEvent
from webapp.pages.state_labels import STATES
from webapp.timeline.timeline import FINAL, MAILED, build_timeline

SCHEMA = json.loads((Path(__file__).parents[2] / "function/contracts/timeline.schema.json").read_text())
CONTRACT = Draft202012Validator(SCHEMA)
KNOWN = SCHEMA["$defs"]["state"]["enum"]
EVENT = OutboxEvent("e", "book.created", "books/b", "ada", "{}", "published", 1_795_248_000_000, 1_795_248_000_300, "m")

TIMES = st.integers(0, 4_102_444_800_000)
#: What a DynamoDB number holds: 38 digits.
NUMBERS = st.integers(-(10**38 - 1), 10**38 - 1)
ROWS = st.fixed_dictionaries(
    {"state": st.sampled_from(KNOWN), "at": TIMES, "release": st.text(min_size=1)},
    optional={"provider": st.text(), "ms": st.integers(0, 10**6), "detail": st.text(), "later": NUMBERS},
)
MESSAGES = st.fixed_dictionaries(
    {"pk": st.just("message#m"), "state": st.sampled_from(KNOWN), "timeline": st.lists(ROWS, max_size=5)},
    optional={
        "reason": st.text(),
        "parked": st.text(),
        "held_until": TIMES,
        "expires_at": st.integers(0, 4_102_444_800),
        "later": st.dictionaries(st.text(), NUMBERS),
    },
)


@given(MESSAGES)
def test_every_message_item_can_be_told(message: dict[str, Any]) -> None:
    CONTRACT.validate(message)
    told = build_timeline(EVENT, deserialize_item(serialize_item(message)))
    assert told.state == message["state"]
    assert [row.state for row in told.rows[2:] if row.state != "received"] == [
        row["state"] for row in message["timeline"]
    ]
    assert NotificationOut.from_timeline(told).state == message["state"]


def test_every_state_of_the_contract_has_its_words_and_its_verdict() -> None:
    assert set(KNOWN) < set(STATES)
    assert set(KNOWN) > FINAL | MAILED


def test_the_key_of_an_event_item_is_the_contracts() -> None:
    item = {"pk": event_key("urn:herald:webapp", "01KAJ8V3Q0S5T2M9Z6E1B4C7D9"), "message_id": "m"}
    CONTRACT.validate(item)
