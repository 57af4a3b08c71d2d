"""Feedback in batches: what could not be written comes again, alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from fakes.dynamodb.errors import make_error
from fakes.envelopes import ses_event, sqs_event
from function.ledger.states import State
from function.queues.sqs import Queue
from laptop.model_validation import hold_to_model
from tests.unit.function.conftest import Feedback


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
    def throttle_second(_: str, operation: str, request: Any) -> None:
        if "message#m2" in json.dumps(request["Key"]):
            raise make_error(operation, code, "busy")

    feedback.table.fault = throttle_second
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

    def throttle_twice(when: str, operation: str, _: Any) -> None:
        if when == "before" and next(faults, None):
            raise make_error(operation, "ThrottlingException", "busy")

    feedback.table.fault = throttle_twice
    assert feedback.handle(ses_event("Delivery", {})) == []
    assert feedback.state() is State.DELIVERED


def test_a_table_out_of_reach_is_the_unforeseen(feedback: Feedback) -> None:
    def disconnect(*_: Any) -> None:
        raise ConnectionError

    feedback.table.fault = disconnect
    feedback.handle(ses_event("Open", {}))
    assert feedback.handle(ses_event("Open", {}), ses_event("Delivery", {})) == ["1"]
    with pytest.raises(ConnectionError):
        feedback.handle(ses_event("Delivery", {}))
    assert feedback.counts == {"Ignored": 2, "WaitingSeconds": 0}, "what was done is counted"


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
    def break_m2(when: str, operation: str, requests: Any) -> None:
        if when == "before" and "message#m2" in str(requests):
            raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    feedback.table.fault = break_m2
    bodies = [ses_event("Delivery", {}, message_id) for message_id in ("m1", "m2", "m3")]
    assert feedback.handle(*bodies) == ["1"]
    assert [feedback.state(name) for name in ("m1", "m2", "m3")] == [State.DELIVERED, None, State.DELIVERED]
    assert "UnicodeEncodeError" in feedback.log.getvalue()


@pytest.mark.parametrize("good", [ses_event("Open", {}), "not json", {}], ids=["ignored", "unreadable", "a probe's"])
def test_it_fails_alone_beside_what_moves_no_record(feedback: Feedback, good: Any) -> None:
    def fail(*_: Any) -> None:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    feedback.table.fault = fail
    probe = ses_event("Delivery", {})
    del probe["mail"]["tags"]["message_id"], probe["mail"]["tags"]["attempt"]
    probe["mail"]["tags"] |= {"probe": ["yes"]}
    assert feedback.handle(good or probe, ses_event("Delivery", {})) == ["1"]


def test_a_report_that_cannot_be_read_fails_alone_too(feedback: Feedback) -> None:
    good = sqs_event(ses_event("Delivery", {}), item="good")
    answer = feedback.handler({"Records": [{"messageId": "unreadable"}, good]}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "unreadable"}]}
    assert feedback.state() is State.DELIVERED


def test_a_schedule_has_the_dead_letters_counted(feedback: Feedback) -> None:
    handler = replace(feedback.handler, dead=Queue(DeadQueue(), "dead"))
    assert handler({"source": "aws.events", "detail-type": "Scheduled Event"}, None) == {}
    assert feedback.counts == {"DeadLetters": 6}


def test_and_what_did_not_come_home_from_other_regions(feedback: Feedback) -> None:
    there = (Queue(DeadQueue(), "there"), Queue(DeadQueue(), "elsewhere"))
    handler = replace(feedback.handler, dead=Queue(DeadQueue(), "dead"), undelivered=there)
    handler({"source": "aws.events", "detail-type": "Scheduled Event"}, None)
    assert feedback.counts == {"DeadLetters": 6, "UndeliveredFeedback": 12}


def test_a_region_that_does_not_answer_is_no_failure_of_feedback(feedback: Feedback) -> None:
    class Away:
        def get_queue_attributes(self, **_: object) -> None:
            raise EndpointConnectionError(endpoint_url="https://sqs")

    handler = replace(feedback.handler, dead=Queue(DeadQueue(), "dead"), undelivered=(Queue(Away(), "there"),))
    assert handler({"source": "aws.events", "detail-type": "Scheduled Event"}, None) == {}
    assert feedback.counts == {"DeadLetters": 6}
    assert "not counted: EndpointConnectionError" in feedback.log.getvalue()


class DeadQueue:
    """SQS with letters of every kind."""

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        counts = {name: str(number) for number, name in enumerate(AttributeNames, 1)}
        return hold_to_model("sqs", "GetQueueAttributes", {"Attributes": counts})


def test_half_a_character_in_a_servers_answer_is_no_reason_to_fail(feedback: Feedback) -> None:
    details = {"bounceType": "Permanent", "bouncedRecipients": [{"diagnosticCode": "550 \ud800 unknown"}]}
    assert feedback.handle(ses_event("Bounce", details)) == []
    assert feedback.state() is State.BOUNCED
    written = feedback.table.scan(TableName="herald-ledger")["Items"]
    assert json.dumps([written, feedback.log.getvalue()], ensure_ascii=False).encode(), "AWS takes UTF-8 only"


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
            raise make_error(operation, "ThrottlingException", "busy")

    feedback.handle(ses_event("Send", {}, attempt="first"))
    feedback.table.fault = dies_before_telling
    assert feedback.handle(ses_event("Send", {}, attempt="second")) == ["0"]
    feedback.table.fault = None
    feedback.handle(ses_event("Send", {}, attempt="second"))
    assert feedback.counts["SentTwice"] == 1
