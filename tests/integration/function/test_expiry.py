"""Nothing is kept for ever: record and event expire together, and past that each counts as missing, deleted or not."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from bench.cost.meter import Meter, compute_size
from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald, delivery, event_item
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable, RefusedForGood
from function.event.compression import compress
from function.ledger.states import Action, State
from function.message.catalogue import Catalogue

_HOLD = 15 * 60
_DAY = 86_400
_KEPT = 60 * _DAY


def expiries(world: InMemoryHerald, message_id: str = "m1") -> tuple[int, int]:
    """Those of the record and of its event, in seconds from now."""
    record, kept = world.record(message_id), world.item(event_item())
    assert kept is not None
    assert record.expires_at is not None
    now = world.clock() // 1000
    return record.expires_at - now, int(kept["expires_at"]["N"]) - now


def redeliver_late() -> Any:
    """The same event, told when it is not too old."""
    return event(time="2027-01-25T08:00:00Z")


# -- one time for both ----------------------------------------------------------------------------------------------


def send(world: InMemoryHerald) -> None:
    world.deliver(delivery())


def refuse(world: InMemoryHerald) -> None:
    world.post.answers = [RefusedForGood("no")]
    world.deliver(delivery())


def suppress(world: InMemoryHerald) -> None:
    world.suppress()
    world.deliver(delivery())


def reject(world: InMemoryHerald) -> None:
    world.deliver(delivery("m1", event(data=example() | {"book": {}})))


def leave_in_doubt(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)


def park(world: InMemoryHerald) -> None:
    world.resends = 0
    leave_in_doubt(world)
    world.deliver(delivery())


def resend(world: InMemoryHerald) -> None:
    leave_in_doubt(world)
    world.report_twice()
    world.deliver(delivery())


def replace(world: InMemoryHerald) -> None:
    reject(world)
    world.clock.forward(_DAY)
    world.deliver(delivery("m2"))


@pytest.mark.parametrize("settle", [send, refuse, suppress, reject, park, resend], ids=lambda one: one.__name__)
def test_a_claim_and_whatever_settles_it_set_one_time_for_both_items(
    world: InMemoryHerald, settle: Callable[[InMemoryHerald], None]
) -> None:
    settle(world)
    assert expiries(world) == (_KEPT, _KEPT)


def test_a_correction_sets_it_for_itself_and_leaves_the_first_s(world: InMemoryHerald) -> None:
    replace(world)
    assert expiries(world, "m2") == (_KEPT, _KEPT)
    assert world.record("m1").expires_at == world.clock() // 1000 + _KEPT - _DAY


def test_nothing_else_prolongs_it(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    world.deliver(delivery())
    world.clock.forward(_DAY)
    world.deliver(delivery())
    owner = world.record().owner
    world.clock.forward(_DAY)
    world.apply_feedback(Action.FEEDBACK_SENT, State.SENT, attempt=owner)
    world.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, suppress="ada@example.com", attempt="another")
    assert expiries(world) == (_KEPT - _DAY, _KEPT - _DAY)


def test_feedback_sets_it_only_where_it_makes_the_record(world: InMemoryHerald) -> None:
    world.apply_feedback(Action.FEEDBACK_SENT, State.SENT)
    world.clock.forward(_DAY)
    world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED)
    assert world.record().expires_at == world.clock() // 1000 + _KEPT - _DAY


# -- past it ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settle", [refuse, suppress, reject, leave_in_doubt, park], ids=lambda one: one.__name__)
@pytest.mark.parametrize("deleted", [(), ("record",), ("event",), ("record", "event")], ids="+".join)
@pytest.mark.parametrize("message_id", ["m1", "m2"])
def test_past_it_the_event_is_new_whatever_ttl_has_deleted(
    world: InMemoryHerald, settle: Callable[[InMemoryHerald], None], deleted: tuple[str, ...], message_id: str
) -> None:
    settle(world)
    world.unsuppress()
    world.clock.forward(_KEPT)
    for key in {"record": "message#m1", "event": event_item()}.items():
        if key[0] in deleted:
            world.client.delete_item(TableName="herald-ledger", Key={"pk": {"S": key[1]}})
    outcome = world.deliver(delivery(message_id, redeliver_late()))
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.SENT, message_id)
    record = world.record(message_id)
    assert (record.attempts, record.at_risk, record.first_at) == (1, 1, world.clock())
    assert (record.sent_by, record.parked, record.reason) == (frozenset({record.owner}), None, None)
    assert expiries(world, message_id) == (_KEPT, _KEPT)


def test_a_released_record_past_it_begins_afresh_too(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    world.deliver(delivery())
    world.clock.forward(_KEPT)
    world.deliver(delivery("m1", redeliver_late()))
    assert (world.record().attempts, world.record().first_at) == (1, world.clock())


def test_a_letter_that_names_an_expired_attempt_is_a_mail_like_any_other(world: InMemoryHerald) -> None:
    refuse(world)
    owner = world.record().owner
    world.clock.forward(_KEPT)
    assert world.deliver(delivery("m1", redeliver_late(), letter=owner)).kind is OutcomeKind.SENT
    assert world.record().attempts == 1


def test_past_it_the_event_itself_is_read_by_nobody(world: InMemoryHerald) -> None:
    refuse(world)
    world.clock.forward(_KEPT - 1)
    assert world.ledger.read_event("m1") is not None
    world.clock.forward(1)
    assert world.ledger.read_event("m1") is None
    assert world.deliver(delivery(in_ledger=True)).kind is OutcomeKind.REJECTED
    assert world.mails == 0


def test_feedback_past_it_makes_a_record_of_its_own(world: InMemoryHerald) -> None:
    leave_in_doubt(world)
    world.clock.forward(_KEPT)
    assert world.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, suppress="a@example.com", attempt="request-1")
    record = world.record()
    assert (record.state, record.owner, record.sent_by) == (State.BOUNCED, "", frozenset({"request-1"}))
    assert record.expires_at == world.clock() // 1000 + _KEPT
    assert world.find_suppression("a@example.com") is not None


# -- the event itself -------------------------------------------------------------------------------------------------


def large(bytes_: int) -> Any:
    """An event that compresses to about so many bytes."""
    noise = random.Random(7).randbytes(bytes_ // 2).hex()
    return event(data=example() | {"more": noise})


def test_a_long_event_is_kept_only_once_it_is_settled(world: InMemoryHerald) -> None:
    long = delivery("m1", large(8_000))
    assert len(compress(long.body)) > 4096
    world.post.answers = [ProviderUnavailable("down"), RefusedForGood("no")]
    world.deliver(long)
    assert world.ledger.read_event("m1") is None
    world.deliver(long)
    assert (world.state(), world.ledger.read_event("m1")) == (State.REJECTED, long.body)


def test_what_the_ledger_cannot_keep_is_not_said_to_be_kept(world: InMemoryHerald) -> None:
    body = random.Random(7).randbytes(400_000).hex()
    world.deliver(delivery("m1", body))
    letter = json.loads(world.dead.letters[0].body)
    assert "MessageInLedger" not in letter
    assert letter["MessageTooLong"] is True
    assert (world.state(), world.ledger.read_event("m1")) == (State.REJECTED, None)


def test_what_is_no_event_is_kept_as_it_came(world: InMemoryHerald) -> None:
    world.deliver(delivery("m1", "no event"))
    assert world.ledger.read_event("m1") == "no event"


def test_an_event_of_849_bytes_and_the_record_of_its_mail_fit_one_write_unit_each(catalogue: Catalogue) -> None:
    meter = Meter()
    world = InMemoryHerald(meter, catalogue)
    message_id = "01234567-0123-0123-0123-0123456789ab"
    body = next(one for length in range(300, 3_000) if 845 <= len(compress(json.dumps(one := large(length)))) <= 849)
    world.deliver(delivery(message_id, body))
    assert meter.requests == 2
    assert meter.write_units == 6 + 1
    kept = world.item(event_item())
    assert kept is not None
    assert compute_size(kept) <= 1024
    requests = meter.requests
    world.deliver(delivery(message_id, body))
    assert meter.requests == requests + 1, "a duplicate is one round trip"
