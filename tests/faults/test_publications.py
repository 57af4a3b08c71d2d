"""A publication with other content, and a delivery after the retention, in every state of the first publication."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald, delivery, event_item, redrive
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, RefusedForGood, Throttled
from function.ledger.attempt import Attempt, KeptForLater
from function.ledger.digest_windows import DigestWindows
from function.ledger.states import ACCEPTED, IN_DOUBT, Action, State
from function.message.catalogue import Catalogue
from package.notifications.catalogue import compile_catalogue
from tests.faults.mishaps import Killed

_HOLD, _DAY, _RETENTION = 901, 90_000, 60 * 86_400
#: When what waits for its time is due.
_SOON = 600
_FEEDBACK = {
    State.SENT: Action.FEEDBACK_SENT,
    State.REFUSED: Action.FEEDBACK_REFUSED,
    State.DELAYED: Action.FEEDBACK_DELAYED,
    State.SOFT_BOUNCED: Action.FEEDBACK_SOFT_BOUNCED,
    State.DELIVERED: Action.FEEDBACK_DELIVERED,
    State.BOUNCED: Action.FEEDBACK_BOUNCED,
    State.COMPLAINED: Action.FEEDBACK_COMPLAINED,
}
TITLES = ["Alpha", "Beta", "Gamma"]


def book(title: str) -> dict[str, object]:
    data = example()
    return event(data=data | {"book": data["book"] | {"title": title}})


OLD, NEW, NEWEST = (book(title) for title in TITLES)


def release(world: InMemoryHerald) -> None:
    world.post.answers += [Throttled("slower")] * 3
    world.deliver(delivery(value=OLD))


def kill(world: InMemoryHerald) -> None:
    world.post.accept_then(Killed())
    with pytest.raises(Killed):
        world.deliver(delivery(value=OLD))


def lose_answer(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery(value=OLD))


def reject(world: InMemoryHerald) -> None:
    world.post.answers.append(RefusedForGood("content rejected"))
    world.deliver(delivery(value=OLD))


def suppress(world: InMemoryHerald) -> None:
    world.suppress()
    world.deliver(delivery(value=OLD))
    world.unsuppress()


def replace(world: InMemoryHerald) -> None:
    reject(world)
    world.post.answers.append(RefusedForGood("content rejected"))
    world.deliver(delivery("m0", NEW))


def schedule(world: InMemoryHerald) -> None:
    world.schedules = True
    later = datetime.fromtimestamp(world.clock() / 1000 + _SOON, UTC).isoformat()
    world.deliver(delivery(value=OLD | {"sendat": later}))


def cancel_event(world: InMemoryHerald) -> None:
    schedule(world)
    named = {name: OLD[name] for name in ("source", "id")}
    world.deliver(delivery("c1", event("cancel-1", "mail.cancel", data=named)))


def collect(world: InMemoryHerald) -> None:
    attempt = world.courier().builder.begin(delivery(value=OLD)).identify(Attempt("m1", "request-1"))
    assert isinstance(DigestWindows(world.ledger).collect(attempt, [world.clock() + _SOON * 1000]), KeptForLater)


def accept(state: State) -> Callable[[InMemoryHerald], None]:
    def deliver(world: InMemoryHerald) -> None:
        world.deliver(delivery(value=OLD))
        world.apply_feedback(_FEEDBACK[state], state)

    return deliver


FREE = {
    State.RELEASED: release,
    State.REJECTED: reject,
    State.SUPPRESSED: suppress,
    State.REPLACED: replace,
    State.SCHEDULED: schedule,
    State.COLLECTED: collect,
}
DOUBTFUL = {State.SENDING: kill, State.UNKNOWN: lose_answer}
SENT = {state: accept(state) for state in sorted(ACCEPTED)}
STATES = FREE | DOUBTFUL | SENT | {State.CANCELLED: cancel_event}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


@pytest.fixture
def world(catalogue: Catalogue) -> InMemoryHerald:
    return InMemoryHerald(MemoryTable("herald-ledger"), catalogue)


def titles(world: InMemoryHerald) -> list[str]:
    return [title for _, email in world.post.taken for title in TITLES if title in email.text][-1:]


def test_every_state_is_reached(world: InMemoryHerald) -> None:
    assert set(STATES) == set(State) - {State.COLLECTING}, "what collects is no message that anybody published"
    start = world.client.snapshot()
    for state, reach in STATES.items():
        world.client.restore(start)
        reach(world)
        assert world.state() is state


@pytest.mark.parametrize("state", FREE)
def test_other_content_is_sent_where_nothing_was(state: State, world: InMemoryHerald) -> None:
    FREE[state](world)
    outcome = world.deliver(delivery("m2", NEWEST))
    assert (outcome.kind, world.mails, titles(world)) == (OutcomeKind.SENT, 1, TITLES[2:])
    assert (world.state("m1"), world.state("m2")) == (State.REPLACED, State.SENT)


def test_no_content_is_sent_of_what_its_publisher_cancelled(world: InMemoryHerald) -> None:
    cancel_event(world)
    for message_id, value in (("m2", NEWEST), ("m1", OLD)):
        assert world.deliver(delivery(message_id, value)).kind is not OutcomeKind.SENT
    assert (world.mails, world.state()) == (0, State.CANCELLED)


@pytest.mark.parametrize("state", DOUBTFUL)
def test_other_content_waits_while_the_first_may_have_gone(state: State, world: InMemoryHerald) -> None:
    DOUBTFUL[state](world)
    for seconds in (0, _HOLD):
        world.clock.forward(seconds)
        assert world.deliver(delivery("m2", NEW)).retry_at is not None
    assert (world.mails, world.state(), world.dead.letters) == (1, state, [])


@pytest.mark.parametrize("state", DOUBTFUL)
def test_other_content_after_a_day_in_doubt_asks_a_person_and_needs_their_yes(
    state: State, world: InMemoryHerald
) -> None:
    DOUBTFUL[state](world)
    world.clock.forward(_HOLD + _DAY)
    assert world.deliver(delivery("m2", NEW)).kind is OutcomeKind.PARKED
    (letter,) = world.dead.letters
    assert world.deliver(redrive(letter)).kind is OutcomeKind.PARKED
    assert world.mails == 1
    assert world.deliver(redrive(letter, confirmed=True)).kind is OutcomeKind.SENT
    assert (world.mails, titles(world)) == (2, TITLES[1:2])
    assert (world.state("m1"), world.state("m2")) == (State.REPLACED, State.SENT)


@pytest.mark.parametrize("state", SENT)
def test_other_content_after_the_mail_was_sent_is_a_duplicate_that_is_told_once(
    state: State, world: InMemoryHerald
) -> None:
    SENT[state](world)
    before = len(world.item("message#m1")["timeline"]["L"])  # type: ignore[index]
    for _ in range(2):
        assert world.deliver(delivery("m2", NEW)).kind is OutcomeKind.DUPLICATE
    assert (world.mails, world.state(), world.ledger.read("m2")) == (1, state, None)
    assert len(world.item("message#m1")["timeline"]["L"]) == before + 1  # type: ignore[index]


@pytest.mark.parametrize("state", STATES)
def test_the_first_content_does_not_come_back(state: State, world: InMemoryHerald) -> None:
    STATES[state](world)
    world.deliver(delivery("m2", NEWEST))
    mails = world.mails
    world.deliver(delivery("m1", OLD))
    assert world.mails == mails
    assert world.state("m1") in {State.REPLACED, state}


@pytest.mark.parametrize("gone", [(), ("message",), ("event",), ("message", "event")], ids=" and ".join)
@pytest.mark.parametrize(("name", "content"), [("m1", OLD), ("m2", OLD), ("m2", NEW)], ids=["m1", "m2", "m2 corrected"])
@pytest.mark.parametrize("state", STATES)
def test_after_the_retention_nothing_stands_in_the_way_whatever_ttl_has_deleted(
    state: State, name: str, content: dict[str, object], gone: tuple[str, ...], world: InMemoryHerald
) -> None:
    STATES[state](world)
    mails, letters = world.mails, len(world.dead.letters)
    world.clock.forward(_RETENTION + _HOLD)
    for kind in gone:
        key = "message#m1" if kind == "message" else event_item()
        world.client.delete_item(TableName="herald-ledger", Key={"pk": {"S": key}})
    content = content | {"time": datetime.fromtimestamp(world.clock() / 1000, UTC).isoformat()}
    outcome = world.deliver(delivery(name, content))
    assert (outcome.kind, world.mails, len(world.dead.letters)) == (OutcomeKind.SENT, mails + 1, letters)
    assert world.state(name) is State.SENT
    assert world.deliver(delivery(name, content)).kind is OutcomeKind.DUPLICATE


def test_what_feedback_says_after_the_retention_makes_a_record_of_its_own(world: InMemoryHerald) -> None:
    lose_answer(world)
    world.clock.forward(_RETENTION + _HOLD)
    assert world.apply_feedback(Action.FEEDBACK_SENT, State.SENT, attempt="late")
    record = world.record()
    assert (record.state, record.sent_by, record.owner) == (State.SENT, frozenset({"late"}), "")
    assert not record.is_expired(world.clock())


assert set(DOUBTFUL) == IN_DOUBT
