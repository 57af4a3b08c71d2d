"""What goes back into the queue, and how: by the queue or topic that a delivery came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import on_failure, sns, sns_notification, sqs_event
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald
from function.errors import OutcomeUnknown, ProviderUnavailable, QuotaExhausted
from function.event.envelope import QueueItem
from function.ledger.attempt import Held
from function.ledger.ledger import Ledger
from function.ledger.states import State
from function.message.catalogue import Catalogue
from function.queues.dead_letter import Letter
from function.queues.sqs import Queue
from tests.sandbox import Sandbox, Sqs

HOLD = 15 * 60


def message(number: int = 1) -> dict[str, Any]:
    """A valid event, as SNS hands it over."""
    return sns_notification(json.dumps(event(f"e{number}")), f"m{number}")


def batch(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records)}


def report_failed(*items: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": item} for item in items]}


@pytest.fixture
def sandbox(catalogue: Catalogue) -> Sandbox:
    return Sandbox(InMemoryHerald(MemoryTable("herald-ledger"), catalogue))


def test_every_message_of_an_sns_event_is_carried(sandbox: Sandbox) -> None:
    assert sandbox(sns(message(1), message(2))) == {}
    assert sandbox.world.mails == 2
    assert sandbox.sqs == Sqs()


@pytest.mark.parametrize("wrap", [lambda n: n, lambda n: on_failure(sns(n))], ids=["notification", "on-failure"])
def test_what_lies_in_the_queue_is_carried_from_there(sandbox: Sandbox, wrap: Callable[[Any], Any]) -> None:
    assert sandbox(batch(sqs_event(wrap(message())))) == report_failed()
    assert sandbox.world.mails == 1


def test_what_came_by_sns_and_was_not_sent_is_parked_with_a_delay(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [ProviderUnavailable("away")]
    assert sandbox(sns(message())) == {}
    (sent,) = sandbox.sqs.sent
    assert (sent["QueueUrl"], sent["DelaySeconds"], sent["MessageAttributes"]) == ("retry", 2, {})
    assert sandbox(batch(sqs_event(sent["MessageBody"]))) == report_failed()
    assert sandbox.world.mails == 1


@pytest.mark.parametrize(
    ("error", "delay"), [(QuotaExhausted("enough"), 900), (OutcomeUnknown("lost"), HOLD)], ids=["quota", "held"]
)
def test_no_delay_is_longer_than_sqs_takes(sandbox: Sandbox, error: Exception, delay: int) -> None:
    sandbox.world.post.answers = [error]
    sandbox(sns(message()))
    assert sandbox.sqs.sent[0]["DelaySeconds"] == delay <= 900


def test_what_lies_in_the_queue_already_is_made_invisible_and_reported_not_sent_again(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [ProviderUnavailable("away")]
    assert sandbox(batch(sqs_event(message(), item="item-7"))) == report_failed("item-7")
    assert sandbox.sqs == Sqs(postponed={"handle of item-7": 2})


@pytest.mark.parametrize("wrap", [sns, lambda n: batch(sqs_event(n))], ids=["sns", "sqs"])
def test_what_was_not_sent_goes_with_what_comes_back_where_the_ledger_could_not_be_told(
    sandbox: Sandbox, wrap: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.world.post.answers = [ProviderUnavailable("away")]
    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "release", lambda *_: Held(sandbox.world.clock() + 2_000))
        assert sandbox(wrap(message())) in ({}, report_failed())
    (sent,) = sandbox.sqs.sent
    marks = {name: mark["StringValue"] for name, mark in sent["MessageAttributes"].items()}
    assert marks == {"not_sent": "m1 request-1"}
    assert sandbox(batch(sqs_event(sent["MessageBody"], marks=marks))) == report_failed()
    assert (sandbox.world.mails, sandbox.world.state()) == (1, State.SENT)


def test_what_waits_says_how_long_it_has_however_often_it_was_received(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [ProviderUnavailable("away"), None]
    sandbox.world.clock.forward(7_200)
    sandbox(batch(sqs_event(message(), receives=9)))
    sandbox(batch(sqs_event(message(), receives=10)))
    assert [line.get("WaitingSeconds") for line in sandbox.lines] == [7_200, None]


def test_an_item_over_the_quota_stays_invisible_for_an_hour(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [QuotaExhausted("enough")]
    sandbox(batch(sqs_event(message())))
    assert sandbox.sqs.postponed == {"handle of item-1": 3600}


def test_an_item_in_doubt_stays_invisible_until_the_hold_ends(sandbox: Sandbox) -> None:
    sandbox.world.post.accept_then(OutcomeUnknown("lost"))
    sandbox(sns(message()))
    sandbox.world.clock.forward(300)
    assert sandbox(batch(sqs_event(message()))) == report_failed("item-1")
    assert sandbox.sqs.postponed == {"handle of item-1": 600}


def test_an_item_that_fails_does_not_touch_its_neighbours(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [None, ProviderUnavailable("away")]
    handed = batch(*(sqs_event(message(number), item=f"item-{number}") for number in (1, 2, 3)))
    assert sandbox(handed) == report_failed("item-2")
    assert set(sandbox.sqs.postponed) == {"handle of item-2"}
    assert sandbox.world.mails == 2


def test_an_on_failure_record_comes_back_when_the_first_of_its_messages_may(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [QuotaExhausted("enough"), ProviderUnavailable("away")]
    assert sandbox(batch(sqs_event(on_failure(sns(message(1), message(2)))))) == report_failed("item-1")
    assert sandbox.sqs.postponed == {"handle of item-1": 2}
    assert sandbox(batch(sqs_event(on_failure(sns(message(1), message(2)))))) == report_failed()
    assert sandbox.world.mails == 2


@pytest.mark.parametrize("handed", [None, [], {}, {"hello": "world"}, sns({"no": "message"}), batch({"Sns": "text"})])
def test_what_is_no_envelope_goes_to_dead_with_its_reason(sandbox: Sandbox, handed: Any) -> None:
    assert sandbox(handed) == {}
    (letter,) = sandbox.world.dead.letters
    assert letter.attributes["reason"]
    kept = json.loads(json.loads(letter.body)["Message"])
    assert kept == (handed["Records"][0] if isinstance(handed, dict) and "Records" in handed else handed)
    assert sandbox.world.mails == 0


def test_what_is_unreadable_in_the_queue_leaves_it_for_dead(sandbox: Sandbox) -> None:
    assert sandbox(batch(sqs_event("not an envelope"))) == report_failed()
    (letter,) = sandbox.world.dead.letters
    assert json.loads(letter.body)["Message"] == "not an envelope"


def test_the_same_unreadable_thing_twice_is_one_letter(sandbox: Sandbox) -> None:
    for _ in range(2):
        sandbox(batch(sqs_event("not an envelope")))
    assert len(sandbox.world.dead.letters) == 1


def test_the_invocation_s_last_three_seconds_are_kept_for_writing_down(sandbox: Sandbox) -> None:
    sandbox(sns(message()), milliseconds=14_999)
    assert sandbox.world.post.calls == 0
    assert sandbox.world.state() is State.RELEASED
    sandbox(sns(message()), milliseconds=15_000)
    assert sandbox.world.mails == 1


@pytest.mark.parametrize("handed", [sns(message()), batch(sqs_event(message()))], ids=["sns", "sqs"])
def test_only_the_unforeseen_is_raised(sandbox: Sandbox, handed: Any) -> None:
    sandbox.world.post.accept_then(ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError):
        sandbox(handed)


@pytest.mark.parametrize(
    "error", [ProviderUnavailable("away"), QuotaExhausted("enough"), OutcomeUnknown("lost")], ids=str
)
def test_what_is_foreseen_is_not_raised(sandbox: Sandbox, error: Exception) -> None:
    sandbox.world.post.answers = [error]
    assert sandbox(sns(message())) == {}


def test_a_queue_that_takes_no_letter_is_the_unforeseen(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Letter) -> None:
        raise ConnectionError

    monkeypatch.setattr(type(sandbox.world.dead), "put", lambda _, letter: refuse(letter))
    with pytest.raises(ConnectionError):
        sandbox(sns(sns_notification("not an event")))
    assert sandbox.world.ledger.read("m1") is None, "the letter goes before the record"


def test_a_handed_out_item_that_will_be_handed_out_no_more_goes_to_a_person(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [ProviderUnavailable("away")]
    assert sandbox(batch(sqs_event(message(), receives=200))) == report_failed()
    assert sandbox.world.dead.reasons == ["gave up after 1 attempts: away"]


def test_every_end_is_one_line_of_the_log_and_none_holds_an_address(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [None, ProviderUnavailable("away")]
    sandbox(sns(message(1), message(2), message(1), sns_notification('{"to": "ada@example.com"}', "m3")))
    ends = ["Sent", "Released", "Duplicate", "Rejected"]
    assert [next(name for name in ends if name in line) for line in sandbox.lines] == ends
    assert [line["message_id"] for line in sandbox.lines] == ["m1", "m2", "m1", "m3"]
    assert "@" not in sandbox.log.getvalue()


def test_the_line_of_a_mail_says_how_long_it_took(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [lambda: sandbox.world.clock.forward(0.25)]
    sandbox(sns(message()))
    assert sandbox.lines[0]["SendLatency"] == 250
    assert len(sandbox.log.getvalue()) <= 400


def test_a_release_is_told_how_long_a_delivery_took_but_for_the_first_of_a_sandbox(sandbox: Sandbox) -> None:
    sandbox.world.post.answers = [lambda: sandbox.world.clock.forward(0.25)] * 5
    sandbox(sns(*map(message, range(5))))
    assert [line.get("ms") for line in sandbox.lines] == [None, None, None, 250, 250], "the first make connections"


@pytest.mark.parametrize(("seconds", "visibility"), [(0, 0), (-5, 0), (0.2, 1), (2, 2), (50_000, 42_300)])
def test_an_item_is_invisible_for_whole_seconds_and_twelve_hours_from_its_receipt_at_most(
    seconds: float, visibility: int
) -> None:
    sqs = Sqs()
    Queue(sqs, "retry").postpone(QueueItem("item", "handle", 1), seconds)
    assert sqs.postponed == {"handle": visibility}


def test_a_type_that_there_is_no_notification_for_makes_no_metric_of_its_own(sandbox: Sandbox) -> None:
    sandbox(sns(sns_notification(json.dumps(event(type="made.up.by.somebody")))))
    assert "Type" not in sandbox.lines[0]
    assert sandbox.lines[0]["Rejected"] == 1
    assert "made.up.by.somebody" in sandbox.world.dead.reasons[0]
