"""The outbox row and the ledger's record as one story."""

from __future__ import annotations

import pytest

from webapp.outbox.outbox import OutboxEvent
from webapp.pages import state_labels
from webapp.timeline.timeline import FINAL, MAILED, EventTimeline, build_record_timeline, build_timeline, list_steps

STATES = [
    "scheduled",
    "collected",
    "collecting",
    "cancelled",
    "sending",
    "released",
    "unknown",
    "suppressed",
    "rejected",
    "sent",
    "refused",
    "delayed",
    "soft_bounced",
    "replaced",
    "delivered",
    "bounced",
    "complained",
]


def event(**changes: object) -> OutboxEvent:
    values: dict[str, object] = {
        "id": "e",
        "type": "book.created",
        "subject": "books/b",
        "owner": "ada",
        "body": "{}",
        "state": "committed",
        "committed_at": 1000,
    }
    return OutboxEvent(**values | changes)  # type: ignore[arg-type]  # values of a row


def record(state: str, **more: object) -> dict[str, object]:
    return {"state": state, "timeline": [{"state": state, "at": 3000, "release": "7"}]} | more


def test_committed_and_nothing_more() -> None:
    told = build_timeline(event(), None)
    assert (told.state, told.final, told.mailed) == ("committed", False, False)
    assert [row.state for row in told.rows] == ["committed"]


def test_published_and_not_yet_heard_of() -> None:
    told = build_timeline(event(state="published", published_at=2000, message_id="m"), None)
    assert (told.state, told.final) == ("published", False)
    assert [(row.state, row.at) for row in told.rows] == [("committed", 1000), ("published", 2000)]


def test_an_event_that_could_not_be_published_is_final_and_says_why() -> None:
    told = build_timeline(event(state="rejected", rejected_at=2000, reason="too large"), None)
    assert (told.state, told.final, told.mailed, told.reason) == ("rejected", True, False, "too large")
    assert [(row.state, row.detail) for row in told.rows] == [("committed", None), ("rejected", "too large")]


@pytest.mark.parametrize("state", STATES)
def test_the_ledger_has_the_last_word(state: str) -> None:
    told = build_timeline(event(state="published", published_at=2000), record(state, reason="r"))
    assert told.state == state
    assert told.final is (state in FINAL)
    assert told.mailed is (state in MAILED)
    assert [row.state for row in told.rows] == ["committed", "published", state]
    assert told.reason == "r"


def test_a_state_of_a_later_release_is_shown_as_it_stands() -> None:
    told = build_timeline(event(), record("teleported"))
    assert (told.state, told.final) == ("teleported", False)
    assert state_labels.label_for("teleported").label == "Under way"


def test_only_a_held_mail_is_held() -> None:
    assert build_timeline(event(), record("unknown", held_until=9)).held_until == 9
    assert build_timeline(event(), record("sent", held_until=9)).held_until is None


def test_every_state_has_words() -> None:
    assert set(state_labels.STATES) == {"committed", "published", "received", *STATES}


def test_a_claim_tells_when_the_message_came_and_when_its_mail_was_ready() -> None:
    rows = [{"state": "sending", "at": 3040, "release": "7", "ms": 40}, {"state": "sent", "at": 3150, "release": "7"}]
    told = build_timeline(event(state="published", published_at=2000), {"state": "sent", "timeline": rows})
    seen = [(state_labels.find_step_label(step.row.state), step.after) for step in list_steps(told.rows)]
    assert seen == [("Committed", None), ("Published", 1000), ("Received", 1000), ("Rendered", 40), ("Accepted", 110)]


def test_nothing_is_received_before_it_is_published_though_the_relay_notes_it_late() -> None:
    rows = [{"state": "sending", "at": 2100, "release": "7", "ms": 50}]
    told = build_timeline(event(state="published", published_at=2300), {"state": "sending", "timeline": rows})
    assert [step.row.state for step in list_steps(told.rows)] == ["committed", "published", "received", "sending"]
    assert all(step.after is None or step.after >= 0 for step in list_steps(told.rows))


def test_feedback_that_came_before_the_senders_own_record_stands_in_the_order_of_time() -> None:
    rows = [{"state": state, "at": at, "release": "7"} for state, at in (("delivered", 3200), ("sent", 3100))]
    told = build_timeline(event(), {"state": "delivered", "timeline": rows})
    assert [step.row.state for step in list_steps(told.rows)] == ["committed", "sent", "delivered"]


def test_a_record_alone_is_a_story_too() -> None:
    told = build_record_timeline("m-1", record("rejected", reason="bad address"))
    assert (told.event_id, told.state, told.final, told.reason) == ("m-1", "rejected", True, "bad address")
    assert list_steps(()) == []


def describe(state: str, *codes: str) -> EventTimeline:
    row = {"state": state, "release": "7"}
    rows = [row | {"at": at, "detail": code, "reason_code": code} for at, code in enumerate(codes)]
    return build_record_timeline("m", {"state": state, "timeline": rows})


@pytest.mark.parametrize("state", ["soft_bounced", "refused", "bounced", "delivered", "complained", "replaced"])
def test_what_the_provider_has_given_up_is_final(state: str) -> None:
    told = describe(state)
    assert told.final
    label = state_labels.label_for(state)
    assert "nothing else is needed" not in label.advice
    assert "yet" not in label.label.lower()


@pytest.mark.parametrize("code", ["may_have_gone", "provider_refused", None])
@pytest.mark.parametrize("state", ["sending", "unknown"])
def test_a_mail_in_doubt_that_waits_for_a_person_is_not_told_as_on_its_way(state: str, code: str | None) -> None:
    why = {"reason_code": code} if code else {}
    parked = record(state, parked="an attempt", held_until=9, **why)
    for told in (build_record_timeline("m", parked), build_timeline(event(), parked)):
        assert (told.final, told.mailed, told.parked, told.held_until) == (True, False, True, None)
    label = state_labels.label_for(state, code, parked=True)
    assert "nobody can tell" in label.meaning
    assert "operator" in label.advice
    assert not build_record_timeline("m", record(state)).final
    assert state_labels.find_step_label(state, "may_have_gone") == "Handed to a person"


def test_what_a_report_settles_waits_for_nobody_any_more() -> None:
    told = build_record_timeline("m", record("sent", parked="an attempt"))
    assert (told.parked, told.final, told.mailed) == (False, False, True)


@pytest.mark.parametrize("state", ["sent", "delayed"])
def test_what_no_report_may_ever_come_of_says_what_to_do_after_a_day(state: str) -> None:
    assert "after a day? " in state_labels.label_for(state).advice
    assert "operator" in state_labels.label_for(state).advice.lower()


def test_a_mail_that_the_provider_never_tried_did_not_arrive() -> None:
    told = describe("bounced", "provider_suppressed", "sent_again")
    assert not told.mailed
    assert describe("bounced", "bounced").mailed
    assert told.reason_code == "provider_suppressed"
    label = state_labels.label_for(told.state, told.reason_code)
    assert "did not try" in label.meaning
    assert label.label == "Not sent"


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("resent", "Resent"),
        ("sent_twice", "Sent twice"),
        ("replaced", "Replaced by"),
        ("sent_again", "Again by"),
        ("corrected_too_late", "Corrected too late"),
    ],
)
def test_what_happens_beside_the_mails_own_way_is_a_step_of_its_own(code: str, step: str) -> None:
    assert state_labels.find_step_label("delivered", code) == step
    assert describe("delivered", code).reason_code == (code if code == "replaced" else None), "it is no reason"


@pytest.mark.parametrize("state", STATES)
def test_a_person_may_have_sent_once_more_what_a_provider_accepted_and_nobody_complained_of(state: str) -> None:
    accepted = {"sent", "refused", "delayed", "soft_bounced", "delivered", "bounced"}
    assert describe(state).once_more is (state in accepted)
    assert not build_record_timeline("m", {"state": state, "timeline": [], "successor": "m-2"}).once_more
