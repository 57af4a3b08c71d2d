"""The table of moves: total, spoken, and without a state that nobody moves."""

from __future__ import annotations

import itertools

import pytest

from function.ledger.states import (
    ACCEPTED,
    FINAL,
    IN_DOUBT,
    MEANING,
    MOVES,
    PRECEDENCE,
    SETTLED_UNSENT,
    UNTRIED,
    Action,
    State,
    list_sources,
)
from function.ledger.writes.requests import build_source_condition, build_state_condition

HEARD = {
    action: State[action.name.removeprefix("FEEDBACK_")]
    for action in Action
    if action.name.startswith("FEEDBACK_") and action is not Action.FEEDBACK_NEVER_TRIED
} | {Action.FEEDBACK_NEVER_TRIED: State.REFUSED}
EVERY = list(itertools.product([None, *State], Action))
#: What deliveries, owners and persons do: everything but the reports of providers.
ACTS = sorted(set(Action) - set(HEARD))
#: What only the attempt that holds the mail can say.
OWNERS = {Action.RECORD, Action.RELEASE, Action.GIVE_BACK, Action.WITHDRAW, Action.LOSE, Action.REFUSE}
#: How an action's name begins that does the same under several conditions, and the state that it leads to.
GOALS = {
    "cancel": State.CANCELLED,
    "claim": State.SENDING,
    "close": State.SCHEDULED,
    "close empty": State.CANCELLED,
    "collect": State.COLLECTED,
    "lose": State.UNKNOWN,
    "part": State.REPLACED,
    "record": State.SENT,
    "redrive": State.SENDING,
    "refuse": State.REJECTED,
    "reject": State.REJECTED,
    "replace": State.REPLACED,
    "resend": State.SENDING,
    "schedule": State.SCHEDULED,
    "suppress": State.SUPPRESSED,
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


def followers(state: State | None) -> set[State]:
    """The states that follow directly on `state`."""
    return {move.to for (before, _), move in MOVES.items() if before is state and move.to is not None}


@pytest.mark.parametrize("action", sorted(set(ACTS) - {Action.RELEASE, Action.GIVE_BACK, Action.WITHDRAW}))
def test_an_action_leads_to_one_state_wherever_it_changes_anything(action: Action) -> None:
    goal = GOALS.get(action) or GOALS.get(action.partition(" ")[0])
    assert {MOVES[state, action].to for state in (None, *State)} - {None} == ({goal} if goal else set())


def test_every_state_can_be_reached_from_no_record_but_the_window_that_a_collected_event_opens() -> None:
    reached: set[State] = set()
    following = followers(None)
    while following - reached:
        reached |= following
        following = set[State]().union(*map(followers, reached))
    assert set(State) - reached == {State.COLLECTING}


@pytest.mark.parametrize("state", sorted(FINAL))
def test_only_feedback_a_person_a_cancellation_and_other_content_lead_out_of_a_final_state(state: State) -> None:
    out = {action.partition(" ")[0] for action in ACTS if MOVES[state, action].to is not None}
    assert out <= {"cancel", "redrive", "replace"}


@pytest.mark.parametrize("action", sorted(OWNERS))
def test_the_word_of_an_owner_counts_only_while_its_mail_is_being_sent(action: Action) -> None:
    assert list_sources(action) == (State.SENDING,)
    assert MOVES[None, action].to is None


@pytest.mark.parametrize(
    ("action", "ends"),
    [
        (Action.RELEASE, State.RELEASED),
        (Action.WITHDRAW, State.CANCELLED),
        (Action.GIVE_BACK, State.UNKNOWN),
    ],
)
def test_an_owner_that_sent_nothing_leaves_the_mail_free_cancelled_or_in_the_doubt_of_an_earlier_attempt(
    action: Action, ends: State
) -> None:
    assert MOVES[State.SENDING, action].to is ends


@pytest.mark.parametrize("state", sorted(IN_DOUBT | ACCEPTED))
def test_only_an_owner_or_a_persons_yes_settles_as_unsent_what_may_have_gone(state: State) -> None:
    unsent = set(State) - IN_DOUBT - ACCEPTED
    settling = {action for action in ACTS if MOVES[state, action].to in unsent}
    assert settling <= OWNERS | {Action.REPLACE_CONFIRMED}


@pytest.mark.parametrize("action", sorted(set(ACTS) - {Action.REPLACE}))
def test_a_released_mail_is_as_good_as_one_that_never_was_tried(action: Action) -> None:
    assert MOVES[State.RELEASED, action].to is MOVES[None, action].to


@pytest.mark.parametrize("action", sorted(set(ACTS) - {Action.SCHEDULE, Action.PART}))
def test_a_scheduled_mail_is_moved_as_a_released_one_but_neither_kept_twice_nor_parted(action: Action) -> None:
    assert MOVES[State.SCHEDULED, action].to is MOVES[State.RELEASED, action].to


@pytest.mark.parametrize("action", [Action.CLAIM, Action.COLLECT, Action.REJECT, Action.SUPPRESS])
def test_a_delivery_takes_settles_or_collects_only_what_nobody_tried(action: Action) -> None:
    assert set(list_sources(action)) == UNTRIED


@pytest.mark.parametrize("action", [Action.CANCEL, Action.REPLACE])
def test_all_that_certainly_was_not_sent_can_be_cancelled_and_replaced(action: Action) -> None:
    assert set(list_sources(action)) == UNTRIED | SETTLED_UNSENT


def test_only_what_has_a_record_is_replaced() -> None:
    assert MOVES[None, Action.REPLACE].to is None


@pytest.mark.parametrize("action", [Action.SCHEDULE, Action.PART])
def test_of_what_has_a_record_only_a_released_mail_is_kept_for_later_or_parted(action: Action) -> None:
    assert list_sources(action) == (State.RELEASED,)


@pytest.mark.parametrize(
    ("state", "movers"),
    [
        (State.COLLECTING, {Action.CLOSE, Action.CLOSE_EMPTY}),
        (State.COLLECTED, {Action.CANCEL_COLLECTED, Action.REPLACE_COLLECTED}),
        (State.REPLACED, {Action.CANCEL_PARTED}),
        (State.CANCELLED, set()),
    ],
)
def test_digests_collected_events_and_parted_ones_have_actions_of_their_own(state: State, movers: set[Action]) -> None:
    assert {action for action in ACTS if MOVES[state, action].to is not None} == movers
    assert all(list_sources(action) == (state,) for action in movers)


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


def test_only_what_ended_unsent_is_redriven() -> None:
    assert set(list_sources(Action.REDRIVE)) == SETTLED_UNSENT
    assert MOVES[None, Action.REDRIVE].to is None


@pytest.mark.parametrize("state", [*sorted(ACCEPTED), State.REPLACED])
def test_nothing_leads_from_a_mail_that_a_provider_accepted_or_that_another_replaced_to_another_one(
    state: State,
) -> None:
    assert {action for action in Action if MOVES[state, action].to in (State.SENDING, State.REPLACED)} == set()


def test_only_a_mail_of_unknown_fate_may_be_sent_once_more() -> None:
    once_more = (Action.RESEND, Action.REDRIVE_CONFIRMED, Action.REPLACE_CONFIRMED)
    assert {frozenset(list_sources(action)) for action in once_more} == {IN_DOUBT}


@pytest.mark.parametrize("action", Action)
def test_the_states_in_a_condition_are_read_from_the_table(action: Action) -> None:
    expected = [state for state in PRECEDENCE if MOVES[state, action].to is not None]
    assert list(list_sources(action)) == expected
    if expected:
        assert build_source_condition(action) == build_state_condition(expected)
        assert build_source_condition(action) == f"#state IN ({', '.join(f':{state}' for state in expected)})"
