"""Feedback in batches: what could not be written comes again, alone."""

from __future__ import annotations

import io
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from function.feedback import FeedbackHandler
from function.ledger.keys import address_key, feedback_key
from function.ledger.ledger import Ledger, Writes
from function.ledger.record import Record
from function.ledger.states import State
from function.ledger.table import Table
from function.queues.sqs import Queue
from function.runtime.metrics import Telemetry
from laptop.service_model import hold_to_model
from tests.envelopes import ses_event, sqs_event
from tests.fakes import NOW, SECRET, Clock
from tests.model.errors import refused
from tests.model.table import MemoryTable


class Feedback:
    """One `feedback` in one process, its table and its log."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.table = MemoryTable("herald-ledger")
        self.log = io.StringIO()
        writes = Writes("herald-ledger", "r1", 900_000, 60 * 86_400, 1)
        self.ledger = Ledger(Table(self.table, "herald-ledger", lambda _: None), writes, self.clock)
        telemetry = Telemetry("herald-feedback", "r1", self.clock, self.log)
        self.handler = FeedbackHandler(self.ledger, SECRET, telemetry, "r1", self.clock, "herald")

    def handle(self, *bodies: object) -> list[str]:
        """The numbers of the bodies that must come again."""
        records = [sqs_event(body, item=str(number)) for number, body in enumerate(bodies)]
        failures = self.handler({"Records": records}, None)["batchItemFailures"]
        return [failure["itemIdentifier"] for failure in failures]

    def state(self, message_id: str = "m1") -> State | None:
        record = self.ledger.read(message_id)
        return record.state if record else None

    def record(self, message_id: str = "m1") -> Record:
        record = self.ledger.read(message_id)
        assert record is not None
        return record

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    @property
    def counts(self) -> dict[str, int]:
        """What CloudWatch makes of the log."""
        counted: Counter[str] = Counter()
        for line in self.lines:
            for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"] if "_aws" in line else []:
                counted[metric["Name"]] += line[metric["Name"]]
        return dict(counted)

    @property
    def suppression(self) -> dict[str, Any] | None:
        key = {"pk": {"S": address_key(SECRET, "ada@example.com")}}
        item: dict[str, Any] | None = self.table.get_item(TableName="herald-ledger", Key=key).get("Item")
        return item


@pytest.fixture
def feedback() -> Feedback:
    return Feedback()


def test_what_was_heard_is_in_the_ledger(feedback: Feedback) -> None:
    assert feedback.handle(ses_event("Send", {}), ses_event("Delivery", {}, "m2")) == []
    assert (feedback.state("m1"), feedback.state("m2")) == (State.SENT, State.DELIVERED)
    assert feedback.counts == {"Healed": 1, "Delivered": 1}


@pytest.mark.parametrize(
    ("type_", "details", "state"),
    [
        ("Delivery", {}, State.DELIVERED),
        ("DeliveryDelay", {}, State.DELAYED),
        ("Bounce", {"bounceType": "Permanent"}, State.BOUNCED),
        ("Bounce", {"bounceType": "Transient"}, State.SOFT_BOUNCED),
        ("Complaint", {}, State.COMPLAINED),
        ("Reject", {}, State.REFUSED),
    ],
)
@pytest.mark.parametrize("send_first", [True, False])
def test_the_send_of_a_mail_of_which_the_batch_says_more_costs_no_write(
    feedback: Feedback, type_: str, details: dict[str, Any], state: State, send_first: bool
) -> None:
    writes = []
    feedback.handle(ses_event("Delivery", {}, "earlier"))  # and marks what was heard of
    feedback.table.fault = lambda when, operation, _: writes.append(operation) if when == "before" else None
    batch = [ses_event("Send", {}), ses_event(type_, details)]
    feedback.handle(*(batch if send_first else batch[::-1]))
    assert len(writes) == 1
    assert feedback.state() is state
    assert feedback.counts["Repeated"] == 1


def test_the_send_of_another_attempt_is_written(feedback: Feedback) -> None:
    feedback.handle(ses_event("Send", {}, attempt="first"), ses_event("Delivery", {}, attempt="second"))
    assert feedback.record().sent_by == {"first", "second"}


def test_the_send_of_another_mail_is_written(feedback: Feedback) -> None:
    feedback.handle(ses_event("Send", {}, "m1"), ses_event("Delivery", {}, "m2"))
    assert feedback.state("m1") is State.SENT


def test_a_batch_is_one_line_and_one_more_for_each_mail_out_of_the_ordinary(feedback: Feedback) -> None:
    delivered = [ses_event("Delivery", {}, f"m{number}") for number in range(50)]
    feedback.handle(*delivered, *delivered, ses_event("Bounce", {"bounceType": "Permanent"}, "m50"))
    assert feedback.counts == {"Delivered": 50, "Repeated": 50, "Bounced": 1}
    assert [line.get("message_id") for line in feedback.lines] == ["m50", None]
    assert len(feedback.log.getvalue()) / 51 < 20, "bytes of log for each mail"


def test_the_same_again_is_counted_as_repeated(feedback: Feedback) -> None:
    feedback.handle(ses_event("Delivery", {}), ses_event("Delivery", {}), ses_event("Send", {}))
    assert feedback.counts == {"Delivered": 1, "Repeated": 2}


def test_feedback_on_a_synthetic_mail_is_counted_apart(feedback: Feedback) -> None:
    said = ses_event("Delivery", {})
    said["mail"]["tags"]["synthetic"] = ["yes"]
    feedback.handle(said, said)
    assert feedback.state() is State.DELIVERED
    assert feedback.counts == {"Synthetic": 2}


@pytest.mark.parametrize(
    ("type_", "details", "reason"),
    [("Bounce", {"bounceType": "Permanent"}, "bounced"), ("Complaint", {}, "complained")],
)
def test_a_bounce_for_good_and_a_complaint_suppress_the_address(
    feedback: Feedback, type_: str, details: dict[str, Any], reason: str
) -> None:
    feedback.handle(ses_event(type_, details, to="Ada@Example.com"))
    assert feedback.suppression is not None
    assert feedback.suppression["reason"] == {"S": reason}
    assert feedback.suppression["since"] == {"N": str(feedback.clock())}


@pytest.mark.parametrize(
    ("type_", "details"), [("Bounce", {"bounceType": "Transient"}), ("DeliveryDelay", {}), ("Reject", {})]
)
def test_nothing_less_suppresses_it(feedback: Feedback, type_: str, details: dict[str, Any]) -> None:
    feedback.handle(ses_event(type_, details))
    assert feedback.suppression is None


def test_what_is_no_feedback_on_our_mail_is_ignored_and_does_not_come_again(feedback: Feedback) -> None:
    foreign = ses_event("Delivery", {})
    del foreign["mail"]["tags"]["message_id"]
    assert feedback.handle("not json", foreign, ses_event("Open", {})) == []
    assert feedback.counts == {"Ignored": 3}
    assert [line["detail"] for line in feedback.lines[:-1]] == [
        "not an SES event",
        "no message_id tag: not a mail of ours",
        "no meaning for Open",
    ]


@pytest.mark.parametrize(
    "code", ["TransactionConflictException", "ThrottlingException", "ProvisionedThroughputExceededException"]
)
def test_what_the_table_was_too_busy_for_comes_again_and_nothing_else(feedback: Feedback, code: str) -> None:
    def busy_with_the_second(_: str, operation: str, request: Any) -> None:
        if "message#m2" in json.dumps(request["Key"]):
            raise refused(operation, code, "busy")

    feedback.table.fault = busy_with_the_second
    bodies = [ses_event("Delivery", {}, f"m{number}") for number in (1, 2, 3)]
    assert feedback.handle(*bodies) == ["1"]
    assert [feedback.state(f"m{number}") for number in (1, 2, 3)] == [State.DELIVERED, None, State.DELIVERED]
    assert feedback.counts["WaitingSeconds"] == 0
    feedback.clock.forward(3_600)
    assert feedback.handle(*bodies) == ["1"]
    assert feedback.counts["WaitingSeconds"] == 3_600
    feedback.table.fault = None
    assert feedback.handle(bodies[1]) == []
    assert feedback.state("m2") is State.DELIVERED


def test_what_the_table_was_busy_for_only_twice_does_not_come_again(feedback: Feedback) -> None:
    faults = iter(["busy", "busy"])

    def busy_twice(when: str, operation: str, _: Any) -> None:
        if when == "before" and next(faults, None):
            raise refused(operation, "ThrottlingException", "busy")

    feedback.table.fault = busy_twice
    assert feedback.handle(ses_event("Delivery", {})) == []
    assert feedback.state() is State.DELIVERED


def test_a_table_out_of_reach_is_the_unforeseen(feedback: Feedback) -> None:
    def away(*_: Any) -> None:
        raise ConnectionError

    feedback.table.fault = away
    feedback.handle(ses_event("Open", {}))
    with pytest.raises(ConnectionError):
        feedback.handle(ses_event("Open", {}), ses_event("Delivery", {}))
    assert feedback.counts == {"Ignored": 2, "WaitingSeconds": 0}, "what was done before is counted"


def test_an_empty_batch_is_fine(feedback: Feedback) -> None:
    assert feedback.handler({}, None) == {"batchItemFailures": []}


def test_no_address_is_in_the_log_or_the_ledger(feedback: Feedback) -> None:
    answer = "smtp; 550 5.1.1 <ada@example.com>... unknown"
    details = {"bounceType": "Permanent", "bouncedRecipients": [{"diagnosticCode": answer}]}
    feedback.handle(ses_event("Bounce", details), ses_event("Complaint", {}), ses_event("Open", {}))
    items = feedback.table.scan(TableName="herald-ledger")["Items"]
    assert "@" not in feedback.log.getvalue()
    assert {item["pk"]["S"].partition("#")[0] for item in items} == {"message", "address", "feedback"}
    assert "@" not in json.dumps(items)


def test_a_report_that_raises_fails_alone_and_the_others_are_written_once(feedback: Feedback) -> None:
    def broken_for_m2(when: str, operation: str, requests: Any) -> None:
        if when == "before" and "message#m2" in str(requests):
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    feedback.table.fault = broken_for_m2
    bodies = [ses_event("Delivery", {}, message_id) for message_id in ("m1", "m2", "m3")]
    assert feedback.handle(*bodies) == ["1"]
    assert [feedback.state(name) for name in ("m1", "m2", "m3")] == [State.DELIVERED, None, State.DELIVERED]
    assert "UnicodeEncodeError" in feedback.log.getvalue()


def test_a_schedule_has_the_dead_letters_counted(feedback: Feedback) -> None:
    handler = replace(feedback.handler, dead=Queue(DeadQueue(), "dead"))
    assert handler({"source": "aws.events", "detail-type": "Scheduled Event"}, None) == {}
    assert feedback.counts == {"DeadLetters": 6}


class DeadQueue:
    """SQS with letters of every kind."""

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        counts = {name: str(number) for number, name in enumerate(AttributeNames, 1)}
        return hold_to_model("sqs", "GetQueueAttributes", {"Attributes": counts})


def test_half_a_character_in_a_servers_answer_is_no_reason_to_fail(feedback: Feedback) -> None:
    details = {"bounceType": "Permanent", "bouncedRecipients": [{"diagnosticCode": "550 \ud800 unknown"}]}
    assert feedback.handle(ses_event("Bounce", details)) == []
    assert feedback.state() is State.BOUNCED


def test_a_complaint_that_is_taken_back_suppresses_nobody(feedback: Feedback) -> None:
    feedback.handle(ses_event("Complaint", {"complaintFeedbackType": "not-spam"}, to="ada@example.com"))
    assert feedback.state() is State.DELIVERED
    assert feedback.suppression is None


def test_what_another_app_sent_is_ignored_and_counted_whatever_its_tags_say(feedback: Feedback) -> None:
    foreign = ses_event("Bounce", {"bounceType": "Permanent"})
    foreign["mail"]["tags"]["ses:configuration-set"] = ["newsletter"]
    feedback.handle(foreign)
    assert feedback.table.scan(TableName="herald-ledger")["Items"] == []
    assert feedback.counts == {"Ignored": 1}


# -- how far feedback has come --------------------------------------------------------------------------------------

PROVIDER = "ses://eu-west-1"


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


def test_each_provider_has_a_mark_of_its_own(feedback: Feedback) -> None:
    feedback.handle(report_at(10), report_at(20, message_id="m2", region="us-gov-west-1"))
    assert (mark(feedback), mark(feedback, "ses://us-gov-west-1")) == ((0, 10), (0, 20))


def test_a_batch_of_which_something_comes_again_marks_nothing(feedback: Feedback) -> None:
    def busy_with_the_second(_: str, operation: str, request: Any) -> None:
        if "message#m2" in json.dumps(request["Key"]):
            raise refused(operation, "ThrottlingException", "busy")

    feedback.table.fault = busy_with_the_second
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


# -- sent twice -----------------------------------------------------------------------------------------------------


def test_two_attempts_that_were_accepted_are_counted_once_and_logged(feedback: Feedback) -> None:
    first, second = (ses_event("Send", {}, attempt=name) for name in ("first", "second"))
    feedback.handle(first)
    feedback.handle(second, second, first)
    assert feedback.counts["SentTwice"] == 1
    assert feedback.record().sent_by == {"first", "second"}
    assert "SentTwice" in [line.get("event") for line in feedback.lines]


def test_what_could_not_be_told_of_a_second_mail_is_told_with_the_next_report(feedback: Feedback) -> None:
    def dies_before_telling(when: str, operation: str, request: Any) -> None:
        if when == "before" and "sent_twice" in request["UpdateExpression"]:
            raise refused(operation, "ThrottlingException", "busy")

    feedback.handle(ses_event("Send", {}, attempt="first"))
    feedback.table.fault = dies_before_telling
    assert feedback.handle(ses_event("Send", {}, attempt="second")) == ["0"]
    feedback.table.fault = None
    feedback.handle(ses_event("Send", {}, attempt="second"))
    assert feedback.counts["SentTwice"] == 1
