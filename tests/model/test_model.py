"""The small scenarios and every seeded fault; `make model` explores the large ones too."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from function.ledger.attempt import Attempt, Suppressed
from function.ledger.digest_windows import Digest, close_window, collect_event
from function.ledger.ledger import Writes
from function.ledger.recipient_parts import add_parts, cancel_parted
from function.ledger.record import Record, TimelineRow
from function.ledger.schedule import cancel_record
from function.ledger.states import Action, State
from function.reason_codes import Reason, ReasonCode
from tests.model.herald import ABSTRACTED, DROPPED
from tests.model.scenario import Scenario
from tests.model.scenarios import SCENARIOS, find_scenario
from tests.model.search import Counterexample
from tests.model.seeded_faults import SEEDED_FAULTS, SeededFault

_SMALL = [scenario for scenario in SCENARIOS if not scenario.large]
#: Of these, the ones that take a processor for some seconds each.
_MIDDLE = {
    "a digest whose answer is lost",
    "a digest, and two who close it at once",
    "an event is cancelled past its hold, and only then it is told that nothing was sent",
    "an event to two, published twice, a crash anywhere",
    "on_unknown = hold, and other content while the first may have gone",
    "reported before: an event is cancelled while its answer is lost",
    "the answer is lost, a report on its own mail is marked too, and a crash between record and mark",
    "the same after an answer that was lost, and a crash",
    "the same, told by the delivery after it",
}


def _mark(scenario: Scenario) -> Any:
    return pytest.param(scenario, id=scenario.name, marks=[pytest.mark.slow] if scenario.name in _MIDDLE else [])


def test_what_is_called_middle_is_a_small_scenario() -> None:
    assert {scenario.name for scenario in _SMALL} >= _MIDDLE


@pytest.mark.parametrize("scenario", [_mark(scenario) for scenario in _SMALL])
def test_every_promise_holds_in_every_state(scenario: Scenario) -> None:
    explored = scenario.explore()
    assert explored.ends, "a scenario that never ends proves nothing"


@pytest.mark.parametrize(
    "seed", [seed for seed in SEEDED_FAULTS if not find_scenario(seed.within).large], ids=lambda seed: seed.fault
)
def test_a_seeded_fault_breaks_a_promise(seed: SeededFault) -> None:
    with pytest.raises(Counterexample):
        find_scenario(seed.within).explore(seed.code)


def test_no_condition_reads_what_the_model_leaves_out() -> None:
    writes, attempt = (
        Writes("t", "r", 1, 1, 1),
        Attempt("m", "o", "t", "event#e", "address#a", "stopped:c", "l", confirmed=True),
    )
    row = TimelineRow(State.REJECTED, 1, "r", detail="why")
    before = [Record("m0", state, owner="o") for state in (State.REJECTED, State.UNKNOWN, State.SENT)]
    requests = [
        *writes.claim(attempt, 1),
        *writes.claim_expired(attempt, 1),
        *writes.resend(attempt, before[1], 1),
        *(request for record in before for request in writes.claim(replace(attempt, predecessor=record), 1)),
        *writes.claim(replace(attempt, predecessor=before[2], never_tried="o"), 1),
        *writes.refuse(attempt, row),
        *writes.reject(attempt, row),
        *writes.suppress(attempt, row, Suppressed()),
        *writes.suppress(attempt, row, Suppressed("stopped:c")),
        *writes.park(attempt, "o", row),
        *writes.settle(attempt, row, Action.SCHEDULE, also={"due": "0", "due_at": 1}),
        *writes.settle(attempt, row, Action.CANCEL),
        *cancel_record(writes, attempt, Record("m", State.RELEASED), "event#e", Reason(ReasonCode.CANCELLED, "why"), 1),
        *writes.withdraw(attempt, row, Record("m", State.SENDING, event_key="event#e")),
        *collect_event(writes, replace(attempt, window="digest-1", due=1), 1),
        *close_window(writes, Record("digest-1", State.COLLECTING, event_key="event#d"), "o", Digest(b"", b""), 1),
        *close_window(writes, Record("digest-1", State.COLLECTING), "o", None, 1),
        *writes.settle(attempt, row, Action.PART, also={"parts": {"p"}, "parted_by": "o"}),
        {"Update": add_parts(writes, attempt, Record("m", State.REPLACED), {"p"}, 1)},
        {"Update": cancel_parted(writes, attempt, Record("m", State.REPLACED), 1)},
        *cancel_record(
            writes, attempt, Record("m", State.COLLECTED), "event#e", Reason(ReasonCode.CANCELLED, "why"), 1
        ),
        *writes.apply_feedback("m", Action.FEEDBACK_BOUNCED, row, "address#a"),
        *({"Update": update} for update in (writes.record(attempt, [row], "p"), writes.annotate(attempt, [row]))),
        *({"Update": update} for update in (writes.release_claim(attempt, row), writes.lose(attempt, row))),
        *({"Update": update} for update in (writes.give_back(attempt, row, "o"), writes.add_sender(attempt, row))),
        *writes.apply_feedback_afresh("m", row, "address#a", "o"),
        *({"Update": update} for update in (writes.mark_feedback("ses://0", 1, 1), writes.begin_probe("ses://0", 1))),
        {"Update": writes.tell_sent_twice("m", row)},
        {"Update": writes.tell_corrected_too_late(attempt, before[2], row)},
    ]
    conditions = " ".join(str(next(iter(request.values())).get("ConditionExpression", "")) for request in requests)
    read = set(re.findall(r"#(\w+)", conditions))
    assert not read & DROPPED
    assert read & set(ABSTRACTED) <= {"sent_twice"}  # whether it is there
    assert {"state", "owner", "held_until", "at_risk", "parked", "expires_at", "successor", "message_id"} <= read
