"""Which version runs: by the alias's weights on every road, and the function knows by which name it was called."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from math import sqrt
from typing import Any

from tests.stack.invocations.probe import Gate, Probe
from tests.waiting import eventually

MANY, WEIGHT = 200, 0.3
#: Six standard deviations: one false alarm in half a billion runs.
SPREAD = 6 * sqrt(MANY * WEIGHT * (1 - WEIGHT))


def test_calls_are_spread_by_the_weights_and_the_answer_tells_the_version_that_ran(function: Probe) -> None:
    function.weigh({"2": WEIGHT})
    answers = [function.invoke({}) for _ in range(MANY)]
    assert all(answer["ExecutedVersion"] == answer["Payload"]["version"] for answer in answers)
    assert abs(Counter(run["version"] for run in function.runs())["2"] - MANY * WEIGHT) < SPREAD
    assert {answer["Payload"]["arn"] for answer in answers} == {function.arn}


def test_a_weight_that_is_taken_away_is_gone_at_once(function: Probe) -> None:
    function.weigh({"2": 1.0})
    assert function.invoke({})["ExecutedVersion"] == "2"
    function.weigh({})
    assert {function.invoke({})["ExecutedVersion"] for _ in range(20)} == {"1"}


def test_a_topic_and_a_queue_follow_the_weights_too(function: Probe) -> None:
    function.weigh({"2": 0.5})
    topic = subscribe(function)
    queue = function.queue()
    map_queue(function, queue)
    for number in range(30):
        function.herald.clients.sns.publish(TopicArn=topic, Message=json.dumps({"n": number}))
        function.herald.clients.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps({"n": number}))
    runs = eventually(function.ran, lambda seen: len(seen) >= 60)
    by_road = Counter((run["source"], run["version"]) for run in runs)
    assert set(by_road) == {("sns", "1"), ("sns", "2"), ("sqs", "1"), ("sqs", "2")}, by_road
    assert all(run["alias"] == "live" for run in runs)


def test_what_a_topic_hands_over_has_awss_keys_and_an_id_of_its_own(function: Probe) -> None:
    topic = subscribe(function)
    sent = {function.herald.clients.sns.publish(TopicArn=topic, Message="{}")["MessageId"] for _ in range(3)}
    eventually(function.ran, lambda runs: {run["message_id"] for run in runs} == sent)
    [record] = delivery(function, sent.pop())["event"]["Records"]
    assert {"SigningCertUrl", "UnsubscribeUrl", "Subject", "MessageAttributes"} <= record["Sns"].keys()
    assert not {"SigningCertURL", "UnsubscribeURL"} & record["Sns"].keys()


def test_a_topic_that_the_alias_does_not_admit_leaves_its_messages_with_the_subscription(function: Probe) -> None:
    queue = function.queue()
    topic = subscribe(function, admitted=False, redrive=function.arn_of(queue))
    sent = function.herald.clients.sns.publish(TopicArn=topic, Message="{}")["MessageId"]
    [left] = eventually(lambda: function.list_received(queue), lambda found: len(found) == 1)
    assert (left["Type"], left["MessageId"]) == ("Notification", sent)
    assert function.runs() == []


def test_a_mapping_runs_no_more_at_once_than_it_may(function: Probe, gate: Gate) -> None:
    queue = function.queue(visibility=900)
    for _ in range(8):
        function.herald.clients.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(gate.order))
    map_queue(function, queue)
    gate.wait_for(2)
    for _ in range(20):  # each call is answered by the process that would begin a third
        function.invoke({"n": "beside"})
    assert gate.begun == 2
    gate.open()
    eventually(lambda: gate.begun, lambda begun: begun == 8)


#: The answer to a batch in which a failure names no message: all of it has failed.
UNREADABLE = json.dumps({"answer": {"batchItemFailures": [{"itemIdentifier": ""}]}})


def test_an_answer_that_names_no_message_leaves_the_whole_batch_hidden(function: Probe) -> None:
    queue = function.queue(visibility=900)
    function.herald.clients.sqs.send_message(QueueUrl=queue, MessageBody=UNREADABLE)
    map_queue(function, queue)
    eventually(function.ran, lambda seen: len(seen) >= 1)
    assert count(function, queue) == {
        "ApproximateNumberOfMessages": 0,
        "ApproximateNumberOfMessagesNotVisible": 1,
    }


def test_that_batch_comes_again_when_its_visibility_ends(function: Probe) -> None:
    queue = function.queue(visibility=1)
    function.herald.clients.sqs.send_message(QueueUrl=queue, MessageBody=UNREADABLE)
    map_queue(function, queue)
    eventually(function.ran, lambda seen: len(seen) >= 2)


def count(function: Probe, queue: str) -> dict[str, int]:
    """How many messages of a queue wait, and how many are with a receiver."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = function.herald.clients.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return {name: int(attributes[name]) for name in names}


def subscribe(function: Probe, admitted: bool = True, redrive: str | None = None) -> str:
    topic = function.herald.clients.sns.create_topic(Name=f"probe-{uuid.uuid4().hex[:8]}")["TopicArn"]
    if admitted:
        function.herald.clients.functions.add_permission(
            FunctionName=function.name,
            Qualifier="live",
            StatementId="topic",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=topic,
        )
    attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": redrive})} if redrive else {}
    function.herald.clients.sns.subscribe(
        TopicArn=topic, Protocol="lambda", Endpoint=function.arn, Attributes=attributes
    )
    return topic


def map_queue(function: Probe, queue: str) -> None:
    function.herald.clients.functions.create_event_source_mapping(
        EventSourceArn=function.arn_of(queue),
        FunctionName=function.arn,
        BatchSize=1,
        ScalingConfig={"MaximumConcurrency": 2},
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )


def delivery(function: Probe, message_id: str) -> dict[str, Any]:
    return next(each for each in function.deliveries() if each["message_id"] == message_id)
