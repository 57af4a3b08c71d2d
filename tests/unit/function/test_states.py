"""The table of moves: total, spoken, and without a state that nobody moves."""

from __future__ import annotations

import itertools

import pytest

from function.ledger.requests import in_source_state, state_in
from function.ledger.states import ACCEPTED, FINAL, IN_DOUBT, MEANING, MOVES, PRECEDENCE, Action, State, sources

HEARD = {
    action: State[action.name.removeprefix("FEEDBACK_")]
    for action in Action
    if action.name.startswith("FEEDBACK_") and action is not Action.FEEDBACK_NEVER_TRIED
} | {Action.FEEDBACK_NEVER_TRIED: State.REFUSED}
EVERY = list(itertools.product([None, *State], Action))
CHANGES = {
    (Action.CLAIM, None, State.SENDING),
    (Action.CLAIM, State.RELEASED, State.SENDING),
    (Action.CLAIM, State.SCHEDULED, State.SENDING),
    (Action.SCHEDULE, None, State.SCHEDULED),
    (Action.SCHEDULE, State.RELEASED, State.SCHEDULED),
    (Action.CANCEL, None, State.CANCELLED),
    (Action.CANCEL, State.SCHEDULED, State.CANCELLED),
    (Action.CANCEL, State.RELEASED, State.CANCELLED),
    (Action.CANCEL, State.REJECTED, State.CANCELLED),
    (Action.CANCEL, State.SUPPRESSED, State.CANCELLED),
    (Action.COLLECT, None, State.COLLECTED),
    (Action.COLLECT, State.RELEASED, State.COLLECTED),
    (Action.COLLECT, State.SCHEDULED, State.COLLECTED),
    (Action.PART, None, State.REPLACED),
    (Action.PART, State.RELEASED, State.REPLACED),
    (Action.CANCEL_PARTED, State.REPLACED, State.CANCELLED),
    (Action.CLOSE, State.COLLECTING, State.SCHEDULED),
    (Action.CLOSE_EMPTY, State.COLLECTING, State.CANCELLED),
    (Action.CANCEL_COLLECTED, State.COLLECTED, State.CANCELLED),
    (Action.REPLACE_COLLECTED, State.COLLECTED, State.REPLACED),
    (Action.REJECT, State.SCHEDULED, State.REJECTED),
    (Action.SUPPRESS, State.SCHEDULED, State.SUPPRESSED),
    (Action.REPLACE, State.SCHEDULED, State.REPLACED),
    (Action.RESEND, State.SENDING, State.SENDING),
    (Action.RESEND, State.UNKNOWN, State.SENDING),
    (Action.REDRIVE, State.REJECTED, State.SENDING),
    (Action.REDRIVE, State.SUPPRESSED, State.SENDING),
    (Action.REDRIVE_CONFIRMED, State.SENDING, State.SENDING),
    (Action.REDRIVE_CONFIRMED, State.UNKNOWN, State.SENDING),
    (Action.RECORD, State.SENDING, State.SENT),
    (Action.RELEASE, State.SENDING, State.RELEASED),
    (Action.GIVE_BACK, State.SENDING, State.UNKNOWN),
    (Action.WITHDRAW, State.SENDING, State.CANCELLED),
    (Action.LOSE, State.SENDING, State.UNKNOWN),
    (Action.REFUSE, State.SENDING, State.REJECTED),
    (Action.REJECT, None, State.REJECTED),
    (Action.REJECT, State.RELEASED, State.REJECTED),
    (Action.SUPPRESS, None, State.SUPPRESSED),
    (Action.SUPPRESS, State.RELEASED, State.SUPPRESSED),
    (Action.REPLACE, State.RELEASED, State.REPLACED),
    (Action.REPLACE, State.REJECTED, State.REPLACED),
    (Action.REPLACE, State.SUPPRESSED, State.REPLACED),
    (Action.REPLACE_CONFIRMED, State.SENDING, State.REPLACED),
    (Action.REPLACE_CONFIRMED, State.UNKNOWN, State.REPLACED),
}


def test_every_state_has_a_meaning_and_a_rank() -> None:
    assert set(MEANING) == set(State)
    assert sorted(PRECEDENCE) == sorted(State)


def test_the_precedence_is_the_one_that_is_promised() -> None:
    promised = (
        "complained > bounced > delivered > soft_bounced > delayed > refused > sent > cancelled > rejected > "
        "replaced > suppressed > unknown > sending > released > scheduled > collected > collecting"
    )
    assert " > ".join(PRECEDENCE) == promised


@pytest.mark.parametrize(("state", "action"), EVERY)
def test_every_action_in_every_state_is_decided_with_a_sentence(state: State | None, action: Action) -> None:
    move = MOVES[state, action]
    assert len(move.why.split()) >= 4
    assert move.why == move.why.strip()


def test_nothing_else_is_decided() -> None:
    assert set(MOVES) == set(EVERY)


def test_what_deliveries_and_owners_change_is_exactly_this() -> None:
    changes = {
        (action, state, move.to)
        for (state, action), move in MOVES.items()
        if move.to is not None and action not in HEARD
    }
    assert changes == CHANGES


@pytest.mark.parametrize(("state", "action"), list(itertools.product(State, HEARD)))
def test_feedback_moves_a_record_towards_the_stronger_word_only(state: State, action: Action) -> None:
    heard = HEARD[action]
    stronger = PRECEDENCE.index(heard) < PRECEDENCE.index(state)
    assert MOVES[state, action].to == (heard if stronger else None)


@pytest.mark.parametrize("action", HEARD)
def test_feedback_before_any_record_makes_it(action: Action) -> None:
    assert MOVES[None, action].to is HEARD[action]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(HEARD, HEARD)))
def test_two_words_of_feedback_say_the_same_in_either_order(one: Action, other: Action) -> None:
    def after(first: Action, second: Action) -> State | None:
        state = MOVES[None, first].to
        return MOVES[state, second].to or state

    assert after(one, other) is after(other, one)


@pytest.mark.parametrize("state", sorted(set(State) - FINAL))
def test_every_state_that_is_no_end_has_somebody_who_moves_it_on(state: State) -> None:
    movers = [action for action in Action if (to := MOVES[state, action].to) is not None and to is not state]
    assert movers


@pytest.mark.parametrize("state", sorted({State.SUPPRESSED, State.REJECTED}))
def test_what_ended_unsent_can_be_redriven(state: State) -> None:
    assert MOVES[state, Action.REDRIVE].to is State.SENDING


@pytest.mark.parametrize("state", [*sorted(ACCEPTED), State.REPLACED])
def test_nothing_leads_from_a_mail_that_a_provider_accepted_or_that_another_replaced_to_another_one(
    state: State,
) -> None:
    assert {action for action in Action if MOVES[state, action].to in (State.SENDING, State.REPLACED)} == set()


def test_only_a_mail_of_unknown_fate_may_be_sent_once_more() -> None:
    assert set(sources(Action.RESEND)) == set(sources(Action.REDRIVE_CONFIRMED)) == IN_DOUBT


@pytest.mark.parametrize("action", Action)
def test_the_states_in_a_condition_are_read_from_the_table(action: Action) -> None:
    expected = [state for state in PRECEDENCE if MOVES[state, action].to is not None]
    assert list(sources(action)) == expected
    if expected:
        assert in_source_state(action) == state_in(expected)
        assert in_source_state(action) == f"#state IN ({', '.join(f':{state}' for state in expected)})"
