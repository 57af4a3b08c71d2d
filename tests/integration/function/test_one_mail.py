"""One event, one mail: what each way of being delivered leaves behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald, delivery, event_item, redrive
from fakes.provider import FakeProvider
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable, QuotaExhausted, RefusedForGood, Throttled
from function.event.envelope import QueueItem
from function.ledger.states import Action, State

_HOLD = 15 * 60
_DAY = 86_400


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """On both tables: each request of the ledger is one that moto takes too."""
    if "table" in metafunc.fixturenames:
        metafunc.parametrize("table", ["moto", "memory"], indirect=True)


def test_a_delivery_becomes_a_mail_and_a_record(world: InMemoryHerald) -> None:
    outcome = world.deliver(delivery())
    assert outcome.kind is OutcomeKind.SENT
    key, mail = world.post.taken[0]
    assert (key, mail.to) == ("m1", "ada@example.com")
    assert example()["book"]["title"] in mail.subject
    assert example()["book"]["url"] in mail.text
    assert world.state() is State.SENT
    item = world.item("message#m1")
    assert item is not None
    assert [row["M"]["state"]["S"] for row in item["timeline"]["L"]] == ["sending", "sent"]
    assert int(item["timeline"]["L"][0]["M"]["ms"]["N"]) >= 0, "how long it took to have the mail ready"
    expires_at = world.clock() // 1000 + 60 * _DAY
    kept = world.item(event_item())
    assert kept is not None
    assert set(kept) == {"pk", "message_id", "digest", "body", "expires_at"}
    assert (kept["message_id"], kept["expires_at"]) == ({"S": "m1"}, {"N": str(expires_at)})
    assert world.record().expires_at == expires_at
    assert world.ledger.read_event("m1") == delivery().body


def test_the_record_of_a_mail_has_no_address_and_fits_in_one_write_unit(world: InMemoryHerald) -> None:
    world.deliver(delivery("01234567-0123-0123-0123-0123456789ab"))
    stored = json.dumps(world.item("message#01234567-0123-0123-0123-0123456789ab"))
    assert "@" not in stored
    assert "Ada" not in stored
    assert len(stored) < 1024


def test_a_mail_carries_its_events_trace_on_and_nothing_that_is_none(world: InMemoryHerald) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    world.deliver(delivery("m1", event("e1", traceparent=trace)))
    world.deliver(delivery("m2", event("e2", traceparent="Bcc: all@example.com")))
    assert [mail.headers for _, mail in world.post.taken] == [{"Traceparent": trace}, {}]


def test_the_same_message_again_is_a_duplicate(world: InMemoryHerald) -> None:
    world.deliver(delivery())
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    world.clock.forward(_DAY)
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_an_event_published_twice_is_one_mail(world: InMemoryHerald) -> None:
    world.deliver(delivery("m1"))
    outcome = world.deliver(delivery("m2"))
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.DUPLICATE, "m1")
    assert world.mails == 1


def test_a_second_publication_goes_on_as_the_first_when_that_was_released(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    world.deliver(delivery("m1"))
    outcome = world.deliver(delivery("m2"))
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.SENT, "m1")
    assert world.ledger.read("m2") is None


def test_a_throttled_mail_is_tried_again_within_the_invocation(world: InMemoryHerald) -> None:
    world.post.answers = [Throttled("slow down")]
    assert world.deliver(delivery()).kind is OutcomeKind.SENT
    assert world.post.calls == 2


def test_waiting_stops_where_the_invocation_would_end(world: InMemoryHerald) -> None:
    world.post.answers = [Throttled("slow down")] * 5
    outcome = world.deliver(delivery(), seconds=12.1)
    assert (outcome.kind, world.post.calls) == (OutcomeKind.RELEASED, 1)


def test_nothing_is_sent_whose_timeout_would_end_after_the_invocation(world: InMemoryHerald) -> None:
    outcome = world.deliver(delivery(), seconds=11)
    assert (outcome.kind, world.post.calls) == (OutcomeKind.RELEASED, 0)
    assert world.state() is State.RELEASED


def test_a_mail_that_was_certainly_not_sent_is_free_at_once(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    outcome = world.deliver(delivery())
    assert outcome.kind is OutcomeKind.RELEASED
    assert outcome.retry_at is not None
    assert outcome.retry_at == world.clock() + 2000
    assert world.deliver(delivery()).kind is OutcomeKind.SENT
    assert world.mails == 1


def test_an_exhausted_quota_waits_an_hour(world: InMemoryHerald) -> None:
    world.post.answers = [QuotaExhausted("enough for today")]
    later = world.deliver(delivery()).retry_at
    assert later is not None
    assert later == world.clock() + 3_600_000


def test_waits_grow_with_the_attempts_on_the_record(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down") for _ in range(12)]
    waits = []
    for _ in range(12):
        later = world.deliver(delivery()).retry_at
        assert later is not None
        waits.append((later - world.clock()) // 1000)
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_a_day_of_trying_ends_with_a_person(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")] * 2
    world.deliver(delivery())
    world.clock.forward(_DAY + 1)
    outcome = world.deliver(delivery())
    assert outcome.kind is OutcomeKind.REJECTED
    assert world.dead.reasons == ["gave up after 2 attempts: down"]
    assert world.state() is State.REJECTED
    assert world.record().expires_at == world.clock() // 1000 + 60 * _DAY


def test_a_redriven_letter_that_gave_up_begins_a_day_of_its_own(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")] * 3
    world.deliver(delivery())
    world.clock.forward(86_401)
    assert world.deliver(delivery()).kind is OutcomeKind.REJECTED
    letter = world.dead.letters.pop()
    again = world.deliver(redrive(letter))
    assert (again.kind, world.state()) == (OutcomeKind.RELEASED, State.RELEASED)
    assert world.dead.letters == [], "the first day is over, and the letter's has just begun"
    assert world.record().first_at == world.clock()
    world.post.answers = []
    assert world.deliver(redrive(letter)).kind is OutcomeKind.SENT


@pytest.mark.parametrize("way", ["from the record", "its letter", "published again"])
def test_whatever_begins_anew_after_days_has_a_day_of_its_own(world: InMemoryHerald, way: str) -> None:
    """Released, with its item in `retry` gone: the clock of the first attempt says nothing of the next."""
    world.post.answers = [ProviderUnavailable("down")] * 4
    world.deliver(delivery())
    world.clock.forward(3 * _DAY)
    letter = None if way == "published again" else world.record().owner if way == "from the record" else "an attempt"
    item = QueueItem("item", "handle", 1, world.clock())
    again = delivery("m2" if way == "published again" else "m1", letter=letter, item=item)
    assert world.deliver(again).kind is OutcomeKind.RELEASED
    world.clock.forward(_DAY - 60)
    assert world.deliver(again).kind is OutcomeKind.RELEASED
    world.clock.forward(120)
    assert world.deliver(again).kind is OutcomeKind.REJECTED
    assert world.dead.reasons == ["gave up after 4 attempts: down"]


@pytest.mark.parametrize("ends", ["refused", "rejected", "suppressed", "parked"])
def test_what_waits_for_a_person_counts_no_day(world: InMemoryHerald, ends: str) -> None:
    if ends == "refused":
        world.post.answers = [RefusedForGood("bad content")]
    elif ends == "suppressed":
        world.suppress()
    elif ends == "parked":
        world.resends = 0
        world.post.accept_then(OutcomeUnknown("lost"))
        world.deliver(delivery())
        world.clock.forward(_HOLD + 1)
    world.deliver(delivery("m1", event(data={})) if ends == "rejected" else delivery())
    assert (world.record().first_at, world.record().expires_at) == (0, world.clock() // 1000 + 60 * _DAY)


def test_failing_over_happens_only_from_not_sent(world: InMemoryHerald) -> None:
    second = FakeProvider(world.clock, "ses://eu-west-1")
    world.posts.append(second)
    world.post.answers = [ProviderUnavailable("down")]
    world.deliver(delivery("m1", event("e1")))
    assert (len(world.post.taken), len(second.taken)) == (0, 1)
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery("m2", event("e2")))
    assert (len(world.post.taken), len(second.taken)) == (1, 1)


def test_one_not_sent_among_the_refusals_wins(world: InMemoryHerald) -> None:
    world.posts.append(FakeProvider(world.clock, "ses://eu-west-1", answers=[RefusedForGood("no")]))
    world.post.answers = [ProviderUnavailable("down")]
    assert world.deliver(delivery()).kind is OutcomeKind.RELEASED


# -- what can never be a mail ---------------------------------------------------------------------------------------


def test_a_bad_event_is_kept_with_its_reason(world: InMemoryHerald) -> None:
    assert world.deliver(delivery(value="not json")).kind is OutcomeKind.REJECTED
    assert "not JSON" in world.dead.reasons[0]
    assert json.loads(world.dead.letters[0].body)["Message"] == "not json"
    assert world.state() is State.REJECTED
    assert world.ledger.read_event("m1") == "not json"
    assert world.deliver(delivery(value="not json")).kind is OutcomeKind.DUPLICATE
    assert len(world.dead.letters) == 1


def test_a_rejected_letter_redriven_is_rejected_again_over_its_own_attempt(world: InMemoryHerald) -> None:
    bad = event(data=example() | {"recipient": {"email": "ada@example.com\r\nBcc: all@example.com"}})
    world.deliver(delivery(value=bad))
    letter = world.dead.letters.pop()
    assert world.deliver(redrive(letter)).kind is OutcomeKind.REJECTED
    assert len(world.dead.letters) == 1
    assert world.deliver(redrive(letter)).kind is OutcomeKind.PARKED, (
        "that attempt is over: back it goes, in the last one's name"
    )
    first, second = world.dead.letters
    assert first.attributes["attempt"] == second.attributes["attempt"] == world.record().owner
    assert world.mails == 0


def test_a_publication_repeated_while_the_first_is_rejected_stays_rejected(world: InMemoryHerald) -> None:
    world.post.answers = [RefusedForGood("no")]
    assert world.deliver(delivery("m1")).kind is OutcomeKind.REJECTED
    outcome = world.deliver(delivery("m2"))
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.DUPLICATE, "m1")
    assert world.mails == 0


def test_a_refused_mail_is_redriven_once_however_often_the_letter_is(world: InMemoryHerald) -> None:
    world.post.answers = [RefusedForGood("no")]
    world.deliver(delivery())
    letter = world.dead.letters.pop()
    assert world.deliver(redrive(letter)).kind is OutcomeKind.SENT
    assert world.deliver(redrive(letter)).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


@pytest.mark.exact  # a person takes it off by a client that repeats what is contended, and this one is the function's
def test_a_suppressed_address_gets_no_mail_and_keeps_the_event(world: InMemoryHerald) -> None:
    world.suppress()
    outcome = world.deliver(delivery())
    assert outcome.kind is OutcomeKind.SUPPRESSED
    record = world.record()
    assert (record.state, record.expires_at) == (State.SUPPRESSED, world.clock() // 1000 + 60 * _DAY)
    assert world.ledger.read_event("m1") == delivery().body
    assert world.mails == 0
    world.unsuppress()
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE, "only a person moves it on"
    assert world.deliver(delivery(letter=record.owner)).kind is OutcomeKind.SENT


def test_message_comes_before_address_in_judging(world: InMemoryHerald) -> None:
    world.deliver(delivery())
    world.suppress()
    assert world.deliver(delivery()).detail == "already sent"


def test_a_new_release_that_cannot_render_leaves_a_doubtful_record_alone(
    world: InMemoryHerald, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(_HOLD)
    broken: Any = delivery(value=event(data={}))
    assert world.deliver(broken).kind is OutcomeKind.PARKED
    assert world.state() is State.UNKNOWN
    assert "may have been sent" in world.dead.reasons[0]


def test_an_event_that_came_too_late_is_rejected_but_a_person_may_send_it(world: InMemoryHerald) -> None:
    late = event(time="2026-10-01T08:00:00Z")
    assert world.deliver(delivery(value=late)).kind is OutcomeKind.REJECTED
    assert "expired" in world.dead.reasons[0]
    assert world.deliver(redrive(world.dead.letters[0])).kind is OutcomeKind.SENT


# -- feedback -------------------------------------------------------------------------------------------------------


def test_feedback_before_any_record_makes_one(world: InMemoryHerald) -> None:
    assert world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED)
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 0


def test_a_repeated_bounce_does_not_undo_a_persons_removal(world: InMemoryHerald) -> None:
    world.deliver(delivery())
    world.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, suppress="Ada@Example.com")
    assert world.find_suppression() is not None
    world.unsuppress()
    assert not world.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, suppress="ada@example.com")
    assert world.find_suppression() is None


def test_a_late_send_heals_a_rejected_record_and_prolongs_nothing(world: InMemoryHerald) -> None:
    world.post.answers = [RefusedForGood("no")]
    world.deliver(delivery())
    before = world.record().expires_at
    world.clock.forward(_DAY)
    world.apply_feedback(Action.FEEDBACK_SENT, State.SENT)
    assert (world.state(), world.record().expires_at) == (State.SENT, before)
    assert world.ledger.read_event("m1") == delivery().body, "it may have to be sent again"


def test_an_expired_record_is_as_good_as_none(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down")]
    world.deliver(delivery())
    world.deliver(delivery())
    world.clock.forward(91 * _DAY)
    assert world.deliver(delivery(value=event(time="2027-02-20T08:00:00Z"))).kind is OutcomeKind.SENT
    record = world.record()
    assert (record.attempts, record.at_risk, record.first_at) == (1, 1, world.clock())


def test_the_timeline_does_not_grow_with_a_day_of_retrying(world: InMemoryHerald) -> None:
    world.post.answers = [ProviderUnavailable("down") for _ in range(40)]
    for _ in range(40):
        world.deliver(delivery())
    item = world.item("message#m1")
    assert item is not None
    assert len(item["timeline"]["L"]) == 15
    assert world.record().attempts == 40


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", None),
        ("en-GB", None),
        ("de-AT", None),
        ("pt-BR", "written in en: there is none in pt"),
        ("xx", "written in en: there is none in xx"),
    ],
)
def test_every_locale_gets_a_mail_and_one_in_another_language_says_so(
    world: InMemoryHerald, locale: str, said: str | None
) -> None:
    data = example() | {"recipient": example()["recipient"] | {"locale": locale}}
    outcome = world.deliver(delivery(value=event(data=data)))
    assert (outcome.kind, outcome.detail) == (OutcomeKind.SENT, said or "")
    item = world.item("message#m1")
    assert item is not None
    row = item["timeline"]["L"][-1]["M"]
    assert row["state"]["S"] == "sent"
    assert row.get("detail", {}).get("S") == said
    assert row.get("reason_code", {}).get("S") == ("language_missing" if said else None)
