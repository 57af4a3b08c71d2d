"""Events that are on an EventBridge bus already, with the real processes: rule, topic, notify, inbox."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from laptop.provision.event_bus import BUS_SOURCE
from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event
from tests.waiting import eventually


def put(herald: Herald, detail: Any, source: str = BUS_SOURCE) -> None:
    entry = {"Source": source, "DetailType": "anything", "Detail": json.dumps(detail)}
    answer = herald.clients.make_client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0


@pytest.mark.parametrize("title", ["Momo", 'quotes " and \\ and <angles> and $.paths', "ثلاثية"])
def test_the_detail_is_one_mail_however_often_it_is_put_on_the_bus(herald: Herald, title: str) -> None:
    to = new_address()
    event = new_event(to)
    event["data"]["book"]["title"] = title
    put(herald, event)
    put(herald, event)
    [mail] = herald.inbox.exactly(to, 1)
    assert title in mail["subject"]


def test_a_detail_that_names_a_tenant_is_a_mail_from_its_address(herald: Herald) -> None:
    to = new_address()
    put(herald, new_event(to, tenant="acme"))
    [mail] = herald.inbox.exactly(to, 1)
    assert mail["from"] == "Acme Books <mail@acme.example>"


def test_a_detail_that_is_no_event_is_a_letter_with_its_reason(herald: Herald) -> None:
    mark = uuid.uuid4().hex
    put(herald, {"order": mark})
    letter = herald.dead(lambda message: mark in message["Body"])
    assert letter["MessageAttributes"]["reason_code"]["StringValue"] == "event_invalid"


def test_what_another_source_puts_on_the_bus_is_none_of_ours(herald: Herald) -> None:
    theirs, ours = new_address(), new_address()
    put(herald, new_event(theirs), "com.example.other")
    put(herald, new_event(ours))
    herald.inbox.exactly(ours, 1)
    assert herald.inbox.mails(theirs) == []


@pytest.fixture
def closed(herald: Herald) -> Iterator[None]:
    """The topic without the rule in its policy."""
    topic = herald.names.topics["events"]
    policy = herald.clients.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]

    def write(text: str) -> None:
        herald.clients.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=text)

    write(policy.replace("rule/herald-events", "rule/somebody-elses"))
    yield
    write(policy)


def test_what_the_topic_does_not_take_is_kept_whole_with_the_reason(herald: Herald, closed: None) -> None:
    to = new_address()
    event = new_event(to)
    put(herald, event)
    queue = herald.names.queues["bus-undelivered"]

    def receive() -> list[Any]:
        answer = herald.clients.sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"])
        return [*answer.get("Messages", [])]

    [kept] = eventually(receive, bool)
    assert json.loads(kept["Body"])["detail"] == event
    assert kept["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert kept["MessageAttributes"]["RULE_ARN"]["StringValue"].endswith(":rule/herald-events")
    assert herald.inbox.mails(to) == []
