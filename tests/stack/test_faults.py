"""Each fault of SES, with the real processes: how many mails leave, and what the ledger says in the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event, notification
from tests.stack.processes import descendants
from tests.waiting import LIMIT, eventually


def publish(herald: Herald, to: str) -> str:
    answer = herald.clients.sns.publish(TopicArn=herald.names.topics["events"], Message=json.dumps(new_event(to)))
    return answer["MessageId"]


def ends(herald: Herald, message_id: str, state: str) -> None:
    eventually(lambda: herald.state(message_id), lambda seen: seen == state)


@pytest.mark.parametrize(
    "fault",
    [
        {"fault": "throttle", "times": 2},
        {"fault": "exhaust-quota"},
        {"fault": "refuse", "code": "SendingPausedException"},
        {"fault": "accept-then-close"},
        {"fault": "answer-slowly", "seconds": 2},
        {"fault": "delay-feedback", "seconds": 2},
        {"fault": "repeat-feedback", "copies": 3},
        {"fault": "reorder-feedback"},
    ],
    ids=lambda fault: fault["fault"],
)
def test_a_fault_costs_neither_the_mail_nor_a_second_one(herald: Herald, fault: dict[str, Any]) -> None:
    to = new_address()
    herald.inbox.fault(recipient=to, **fault)
    message_id = publish(herald, to)
    ends(herald, message_id, "delivered")
    herald.inbox.exactly(to, 1)


def test_one_killed_sandbox_takes_no_other_event_with_it(herald: Herald) -> None:
    """On AWS the others of its version run on; its own event runs again."""
    readers = [new_address() for _ in range(30)]
    messages = [publish(herald, to) for to in readers]
    os.kill(eventually(lambda: find_sandbox(herald, "herald-notify"), bool), signal.SIGKILL)
    for to in readers:
        herald.inbox.wait(to)
    herald.inbox.settle()
    assert [len(herald.inbox.mails(to)) for to in readers] == [1] * 30
    for message_id in messages:
        ends(herald, message_id, "delivered")


def find_sandbox(herald: Herald, function: str) -> int:
    """The process of one sandbox of a function; 0 if there is none."""
    for pid in descendants(herald.names.processes["ministack"]):
        with contextlib.suppress(OSError):
            if f"AWS_LAMBDA_FUNCTION_NAME={function}" in Path(f"/proc/{pid}/environ").read_text().split("\0"):
                return pid
    return 0


def test_an_answer_that_never_comes_costs_no_second_mail(herald: Herald) -> None:
    to = new_address()
    herald.inbox.fault(fault="accept-then-never-answer", recipient=to)
    message_id = publish(herald, to)
    ends(herald, message_id, "delivered")
    herald.inbox.exactly(to, 1)
    assert herald.state(message_id) == "delivered"


def test_a_connection_closed_before_reading_is_tried_again(herald: Herald) -> None:
    """What the client sees of it is up to the network: a reset while it connects (certainly not sent, tried again in
    seconds) or after it wrote (unknown, resent when the hold ends)."""
    to = new_address()
    herald.inbox.fault(fault="close-before-reading")
    message_id = publish(herald, to)
    ends(herald, message_id, "delivered")
    herald.inbox.exactly(to, 1)
    record = herald.record(message_id)
    assert record is not None
    assert int(record["attempts"]["N"]) == 2


def test_without_feedback_a_mail_stays_sent(herald: Herald) -> None:
    to = new_address()
    herald.inbox.fault(fault="withhold-feedback", recipient=to)
    message_id = publish(herald, to)
    herald.inbox.exactly(to, 1)
    assert herald.state(message_id) == "sent"


def test_a_burst_over_the_rate_of_ses_waits_and_loses_nothing(herald: Herald) -> None:
    readers = [new_address() for _ in range(12)]
    with allow_rate(herald, per_second=0):
        ids = [publish(herald, to) for to in readers]
        for message_id in ids:
            ends(herald, message_id, "released")
    for to, message_id in zip(readers, ids, strict=True):
        ends(herald, message_id, "delivered")
        assert len(herald.inbox.mails(to)) == 1


@contextmanager
def allow_rate(herald: Herald, per_second: int) -> Iterator[None]:
    """SES at another rate, for a while."""
    before = herald.inbox.http.get("/limits").raise_for_status().json()
    herald.inbox.http.put("/limits", json={"per_second": per_second}).raise_for_status()
    try:
        yield
    finally:
        herald.inbox.http.put("/limits", json=before).raise_for_status()


def test_a_refusal_for_good_goes_to_dead_with_its_reason(herald: Herald) -> None:
    to = new_address()
    herald.inbox.fault(fault="refuse", code="MessageRejected", message="Virus found.", recipient=to)
    message_id = publish(herald, to)
    letter = herald.dead(lambda message: message_id in message["Body"])
    assert "Virus found." in letter["MessageAttributes"]["reason"]["StringValue"]
    ends(herald, message_id, "rejected")
    assert herald.inbox.mails(to) == []


@pytest.mark.parametrize(
    ("name", "state"),
    [("bounce", "bounced"), ("complaint", "complained"), ("ooto", "delivered"), ("suppressionlist", "bounced")],
)
def test_feedback_ends_in_the_state_that_ses_tells(herald: Herald, name: str, state: str) -> None:
    message_id = publish(herald, f"{name}+{uuid.uuid4().hex[:8]}@simulator.amazonses.com")
    ends(herald, message_id, state)


def test_an_address_that_bounced_gets_no_second_mail(herald: Herald) -> None:
    to = f"bounce+{uuid.uuid4().hex[:8]}@simulator.amazonses.com"
    ends(herald, publish(herald, to), "bounced")
    ends(herald, publish(herald, to), "suppressed")
    herald.inbox.exactly(to, 1)


def test_a_function_killed_after_the_send_costs_no_second_mail(herald: Herald) -> None:
    to = new_address()
    herald.inbox.fault(fault="accept-then-never-answer", recipient=to)
    message_id = str(uuid.uuid4())
    delivery = notification(json.dumps(new_event(to)), message_id, herald.names.topics["events"])
    waiting = threading.Thread(target=invoke, args=(herald, delivery))
    waiting.start()
    herald.inbox.wait(to)
    assert herald.state(message_id) in ("sending", "sent", "delivered")
    kill_workers(herald)
    waiting.join()
    invoke(herald, delivery)
    ends(herald, message_id, "delivered")
    herald.inbox.exactly(to, 1)


def invoke(herald: Herald, delivery: dict[str, Any]) -> None:
    herald.clients.functions.invoke(FunctionName="herald-notify", Qualifier="live", Payload=json.dumps(delivery))


def kill_workers(herald: Herald) -> None:
    """SIGKILL to every sandbox of `notify`."""
    path = "/_herald/functions/herald-notify/kill"
    assert httpx.post(herald.names.endpoints["aws"] + path, trust_env=False, timeout=LIMIT).json()["killed"]
