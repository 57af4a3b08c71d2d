"""The promise at its edges, with the real processes: many deliveries at once, and nothing ever heard again."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fakes.envelopes import sns_notification, sqs_event
from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event, notification
from tests.waiting import eventually

_AT_ONCE = 8


def invoke(herald: Herald, delivery: dict[str, Any]) -> Any:
    answer = herald.clients.functions.invoke(
        FunctionName="herald-notify", Qualifier="live", Payload=json.dumps(delivery)
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def test_deliveries_at_once_by_both_roads_are_one_mail(herald: Herald) -> None:
    to, message_id = new_address(), str(uuid.uuid4())
    body = json.dumps(new_event(to))
    by_sns = notification(body, message_id, herald.names.topics["events"])
    by_queue = {"Records": [sqs_event(sns_notification(body, message_id))]}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = [pool.submit(invoke, herald, by_queue if number % 4 == 3 else by_sns) for number in range(_AT_ONCE)]
    answered = [one.exception() for one in done]
    assert herald.inbox.exactly(to, 1)[0]["tags"]["message_id"] == message_id
    assert all(error is None or "ReceiptHandle" in str(error) for error in answered), answered
    eventually(lambda: herald.state(message_id), lambda state: state == "delivered")


def test_publications_of_one_event_at_once_are_one_mail(herald: Herald) -> None:
    to = new_address()
    body = json.dumps(new_event(to))

    def publish(_: int) -> str:
        return herald.clients.sns.publish(TopicArn=herald.names.topics["events"], Message=body)["MessageId"]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        message_ids = set(pool.map(publish, range(_AT_ONCE)))
    assert len(message_ids) == _AT_ONCE
    assert herald.inbox.exactly(to, 1)[0]["tags"]["message_id"] in message_ids
    assert [bool(herald.record(message_id)) for message_id in message_ids].count(True) == 1


def test_a_mail_never_heard_of_is_sent_twice_at_most_and_then_waits_for_a_person(herald: Herald) -> None:
    to = new_address()
    herald.inbox.fault(fault="accept-then-close", times=None, recipient=to)
    herald.inbox.fault(fault="withhold-feedback", times=None, recipient=to)
    answer = herald.clients.sns.publish(TopicArn=herald.names.topics["events"], Message=json.dumps(new_event(to)))
    letter = herald.dead(lambda message: answer["MessageId"] in message["Body"])
    assert "may have been sent" in letter["MessageAttributes"]["reason"]["StringValue"]
    herald.inbox.exactly(to, 2)
    record = herald.record(answer["MessageId"])
    assert record is not None
    assert record["state"]["S"] == "unknown"
    assert record["parked"] == record["owner"], "it waits for a person"
    event = herald.clients.dynamodb.get_item(TableName=herald.names.tables["ledger"], Key={"pk": record["event_key"]})
    assert event["Item"]["expires_at"] == record["expires_at"], "and is kept as long as its event"
