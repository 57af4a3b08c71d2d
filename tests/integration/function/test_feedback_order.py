"""Feedback says the same in whatever order it comes and however often: every sequence of four, exhaustively."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import ses_event
from fakes.example_events import SECRET
from function.ledger.attempt import Attempt, Claimed
from function.ledger.keys import address_key, event_key
from function.ledger.ledger import Ledger, Writes
from function.ledger.record import TimelineRow
from function.ledger.states import PRECEDENCE, State
from function.ledger.table import Table
from function.providers.ses.events import FeedbackEvent, parse

EVENTS: dict[str, Any] = {
    "Send": ses_event("Send", {}),
    "Delivery": ses_event("Delivery", {}),
    "DeliveryDelay": ses_event("DeliveryDelay", {"delayType": "MailboxFull"}),
    "Bounce": ses_event("Bounce", {"bounceType": "Transient"}),
    "Bounce/Permanent": ses_event("Bounce", {"bounceType": "Permanent"}),
    "Complaint": ses_event("Complaint", {}),
    "Reject": ses_event("Reject", {}),
    "Rendering Failure": ses_event("Rendering Failure", {}),
}
SUPPRESSING = {State.BOUNCED: "bounced", State.COMPLAINED: "complained"}
ADDRESS = address_key(SECRET, "ada@example.com")
ATTEMPT = Attempt("m1", "request-1", "book.created", event_key("urn:test", "e1"), ADDRESS)
#: One step of a story: it changes the table.
Step = Callable[["Story"], object]


class Story:
    """One message's record, which can be taken back to where it was."""

    def __init__(self) -> None:
        self.table = MemoryTable("herald-ledger")
        self.clock = Clock()
        writes = Writes("herald-ledger", "r1", 900_000, 60 * 86_400, 1)
        self.ledger = Ledger(Table(self.table, "herald-ledger", lambda _: None), writes, self.clock)

    def take(self, feedback: FeedbackEvent) -> None:
        row = TimelineRow(feedback.state, self.clock(), "r1", detail=feedback.detail)
        listed = ADDRESS if feedback.suppress else None
        self.ledger.apply_feedback(feedback.message_id, feedback.action, row, listed, feedback.attempt)

    def item(self, key: str) -> dict[str, Any] | None:
        item: dict[str, Any] | None = self.table.get_item(TableName="herald-ledger", Key={"pk": {"S": key}}).get("Item")
        return item

    def end(self) -> tuple[str, str]:
        """The record and the suppression; the timeline alone tells in which order things were heard."""
        record = {name: value for name, value in (self.item("message#m1") or {}).items() if name != "timeline"}
        return json.dumps(record, sort_keys=True), json.dumps(self.item(ADDRESS), sort_keys=True)

    def tell(self, steps: dict[str, Step], length: int, told: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        """Every sequence of up to `length` of the steps; the table is as the sequence left it."""
        yield told
        if len(told) < length:
            before = self.table.snapshot()
            for name, step in steps.items():
                self.table.restore(before)
                step(self)
                yield from self.tell(steps, length, (*told, name))


def feedback() -> dict[str, Step]:
    """A step for each kind of feedback."""

    def step(feedback: FeedbackEvent) -> Step:
        return lambda story: story.take(feedback)

    found = {name: parse(json.dumps(event)) for name, event in EVENTS.items()}
    return {name: step(feedback) for name, feedback in found.items() if isinstance(feedback, FeedbackEvent)}


def find_strongest(states: set[State]) -> State:
    return min(states, key=PRECEDENCE.index)


def find_states(told: tuple[str, ...]) -> set[State]:
    found = (parse(json.dumps(EVENTS[name])) for name in set(told) & EVENTS.keys())
    return {feedback.state for feedback in found if isinstance(feedback, FeedbackEvent)}


def check(story: Story, sequences: Iterator[tuple[str, ...]], before: set[State]) -> int:
    """Each set of what was told has one end, and it is what the strongest word says."""
    ends: dict[frozenset[str], tuple[str, str]] = {}
    count = 0
    for told in sequences:
        count += 1
        end = story.end()
        known = frozenset(told)
        if known not in ends:
            ends[known] = end
            expected = find_strongest(find_states(told) | before)
            assert json.loads(end[0])["state"]["S"] == expected, told
            listed = json.loads(end[1])
            assert (listed and listed["reason"]["S"]) == SUPPRESSING.get(expected), told
        assert ends[known] == end, f"{told} ends otherwise than another order of the same"
    return count


def test_all_eight_kinds_are_told() -> None:
    assert len(feedback()) == 8


@pytest.mark.slow
def test_feedback_alone_makes_one_record_in_any_order() -> None:
    story = Story()
    sequences = (told for told in story.tell(feedback(), 4) if told)
    assert check(story, sequences, set()) == sum(8**length for length in range(1, 5))


@pytest.mark.parametrize(
    ("word", "state"), [("record", State.SENT), ("lose", State.UNKNOWN), ("die", State.SENDING)], ids=lambda part: part
)
def test_the_owner_s_own_word_may_come_anywhere_between(word: str, state: State) -> None:
    story = Story()
    assert isinstance(story.ledger.claim(ATTEMPT), Claimed)
    row = TimelineRow(state, story.clock(), "r1", "ses://eu-west-1", 37)
    words: dict[str, Step] = {
        "record": lambda one: one.ledger.record(ATTEMPT, [row], "0100"),
        "lose": lambda one: one.ledger.lose(ATTEMPT, row),
        "die": lambda _: None,
    }
    steps = feedback() | {"the owner": words[word]}
    sequences = (told for told in story.tell(steps, 3) if told.count("the owner") == 1)
    assert check(story, drop_receipts(story, sequences), {state}) == sum(n * 8 ** (n - 1) for n in range(1, 4))


def drop_receipts(story: Story, sequences: Iterator[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """SES's own id for the mail is kept only where the owner was first: take it out of what is compared."""
    for told in sequences:
        before = story.table.snapshot()
        if "provider_message_id" in (story.item("message#m1") or {}):
            story.table.update_item(
                TableName="herald-ledger",
                Key={"pk": {"S": "message#m1"}},
                UpdateExpression="REMOVE provider_message_id",
            )
        yield told
        story.table.restore(before)
