"""The mark of feedback: until when a provider has reported, written by the reports themselves."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.clock import NOW
from fakes.dynamodb.errors import make_error
from fakes.envelopes import ses_event
from function.ledger.keys import feedback_key
from function.ledger.states import State
from tests.unit.function.conftest import Feedback

PROVIDER = "ses://eu-west-1"


@pytest.fixture
def feedback(feedback: Feedback) -> Feedback:
    """A minute after the tests' time begins: nobody reports on mails that are still to be sent."""
    feedback.clock.forward(60)
    return feedback


def report_at(seconds: float, kind: str = "Delivery", message_id: str = "m1", region: str = "eu-west-1") -> Any:
    """A report on a mail that SES was given so many seconds after the tests' time begins."""
    report = ses_event(kind, {}, message_id)
    moment = datetime.fromtimestamp(NOW / 1000 + seconds, UTC)
    report["mail"]["timestamp"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    report["mail"]["sourceArn"] = f"arn:aws:ses:{region}:123456789012:identity/herald.example"
    return report


def probe_at(seconds: float) -> Any:
    """What SES says of a probe."""
    report = report_at(seconds)
    tags = report["mail"]["tags"]
    del tags["message_id"], tags["attempt"]
    tags |= {"synthetic": ["yes"], "probe": ["yes"]}
    return report


def mark(feedback: Feedback, provider: str = PROVIDER) -> tuple[int, int] | None:
    """`before` and `through`, in seconds after the tests' time begins."""
    item = feedback.table.get_item(TableName="herald-ledger", Key={"pk": {"S": feedback_key(provider)}}).get("Item")
    if item is None:
        return None
    before, through = (int(item[name]["N"]) for name in ("before", "through"))
    return (before and (before - NOW) // 1000), (through - NOW) // 1000


def test_two_reports_five_minutes_apart_are_remembered_by_when_their_mails_were_sent(feedback: Feedback) -> None:
    feedback.handle(report_at(10), report_at(30, message_id="m2"), report_at(20, message_id="m3"))
    assert mark(feedback) == (0, 30)
    feedback.clock.forward(300)
    feedback.handle(report_at(290))
    assert mark(feedback) == (30, 290)


def test_a_report_within_five_minutes_of_the_last_or_on_an_older_mail_says_nothing_new(feedback: Feedback) -> None:
    feedback.handle(report_at(10))
    feedback.clock.forward(299)
    feedback.handle(report_at(298))
    assert mark(feedback) == (0, 10)
    feedback.clock.forward(300)
    feedback.handle(report_at(9))
    assert mark(feedback) == (0, 10)


def test_a_clock_that_is_ahead_says_nothing_of_mails_to_come(feedback: Feedback) -> None:
    """Nor does a second report after it, once the mark of the first counts."""
    for seconds in (0, 300):
        feedback.clock.forward(seconds)
        feedback.handle(probe_at(86_400 + seconds))
    assert mark(feedback) == (60, 360)


def test_each_provider_has_a_mark_of_its_own(feedback: Feedback) -> None:
    feedback.handle(report_at(10), report_at(20, message_id="m2", region="us-gov-west-1"))
    assert (mark(feedback), mark(feedback, "ses://us-gov-west-1")) == ((0, 10), (0, 20))


def test_a_batch_of_which_something_comes_again_marks_nothing(feedback: Feedback) -> None:
    def throttle_second(_: str, operation: str, request: Any) -> None:
        if "message#m2" in json.dumps(request["Key"]):
            raise make_error(operation, "ThrottlingException", "busy")

    feedback.table.fault = throttle_second
    assert feedback.handle(report_at(10), report_at(20, message_id="m2")) == ["1"]
    assert mark(feedback) is None


def test_a_sandbox_writes_the_mark_once_in_five_minutes(feedback: Feedback) -> None:
    writes = []
    feedback.table.fault = lambda when, _, request: (
        writes.append(request["Key"]["pk"]["S"]) if when == "after" else None
    )
    for seconds in (0, 100, 100, 100, 1):
        feedback.clock.forward(seconds)
        feedback.handle(report_at((feedback.clock() - NOW) / 1000))
    assert writes.count(feedback_key(PROVIDER)) == 2


def test_the_report_on_a_probe_is_always_written_and_makes_no_record(feedback: Feedback) -> None:
    feedback.handle(report_at(0))
    feedback.clock.forward(299)
    feedback.handle(report_at(299))
    feedback.clock.forward(1)
    feedback.handle(probe_at(299))
    assert mark(feedback) == (0, 299)
    keys = {item["pk"]["S"] for item in feedback.table.scan(TableName="herald-ledger")["Items"]}
    assert keys == {"message#m1", feedback_key(PROVIDER)}
    assert feedback.counts["Synthetic"] == 1


def test_a_probe_of_another_app_proves_nothing(feedback: Feedback) -> None:
    foreign = probe_at(10)
    foreign["mail"]["tags"]["ses:configuration-set"] = ["newsletter"]
    feedback.handle(foreign)
    assert mark(feedback) is None


@pytest.mark.parametrize("broken", [{"sourceArn": None}, {"timestamp": "today"}, {"sourceArn": "arn:aws:sns:x:1:y"}])
def test_a_report_that_does_not_say_when_or_from_where_marks_nothing(feedback: Feedback, broken: Any) -> None:
    report = report_at(10)
    report["mail"] |= broken
    assert feedback.handle(report) == []
    assert feedback.state() is State.DELIVERED
    assert mark(feedback) is None
