"""Killed, cut off and lost in every place between commit and ledger: no event is lost, and no second mail leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import httpx
import pytest

from fakes.faulty_proxy import FaultyProxy, run_proxy
from laptop.cloud import LaptopCloud
from tests.stack.conftest import Herald
from tests.stack.webapp.conftest import BOOK, Reader, change, environment, stream_gone, web_process
from tests.waiting import LIMIT, eventually

RELAY = "import json, sys; from webapp.functions.relay import handler; handler(json.load(sys.stdin), None)"


def test_killed_between_commit_and_answer_the_repetition_gets_the_answer(herald: Herald, reader: Reader) -> None:
    key = {"Idempotency-Key": "one-and-only"}
    with run_proxy(herald.names.endpoints["aws"], b"TransactWriteItems") as way:
        with web_process(herald, way.url) as (url, pid), reader.client(url) as web:
            way.victim = pid
            with pytest.raises(httpx.TransportError):
                web.post("/v1/books", json=BOOK, headers=key)
            assert way.killed.wait(LIMIT)
        way.victim = None
        with web_process(herald, way.url) as (url, _), reader.client(url) as web:
            answer = web.post("/v1/books", json=BOOK, headers=key)
            assert (answer.status_code, answer.headers["idempotency-replayed"]) == (201, "true")
            assert [book["id"] for book in web.get("/v1/books").json()["books"]] == [answer.json()["id"]]
    [mail] = herald.inbox.exactly(reader.address, 1)
    assert answer.json()["id"] in mail["text"]


def test_a_relay_killed_between_publish_and_mark_repeats_the_same_event(
    herald: Herald, cloud: LaptopCloud, reader: Reader, published: Callable[[str], int]
) -> None:
    with stream_gone(cloud), run_proxy(herald.names.endpoints["aws"], b"PublishBatch") as way:
        book = reader.add_book()
        row = cloud.clients.dynamodb.get_item(
            TableName=herald.names.tables["books"],
            Key={"pk": {"S": f"outbox#books/{book['id']}"}, "sk": {"S": book["event_id"]}},
        )["Item"]
        batch = json.dumps({"Records": [{"eventName": "INSERT", "dynamodb": {"NewImage": row}}]})
        relay = subprocess.Popen(
            [sys.executable, "-c", RELAY], env=environment(herald, way.url), stdin=subprocess.PIPE, text=True
        )
        way.victim = relay.pid
        relay.communicate(batch, timeout=LIMIT)
        assert way.killed.is_set()
        assert relay.returncode == -9
        herald.inbox.wait(reader.address)
        eventually(lambda: published(book["event_id"]), lambda times: times >= 2)
        reader.wait_for(book, "sent", "delivered")
    herald.inbox.exactly(reader.address, 1)


def test_with_sns_down_for_many_tries_nothing_is_lost(herald: Herald, way_to_sns: FaultyProxy, reader: Reader) -> None:
    way_to_sns.shut, before = True, way_to_sns.refused
    books = [reader.add_book(title=f"Volume {number}") for number in range(6)]
    eventually(lambda: way_to_sns.refused - before, lambda refused: refused >= 9)
    assert {reader.state_of(book) for book in books} == {"committed"}
    way_to_sns.shut = False
    for book in books:
        reader.wait_for(book, "sent", "delivered")
    mails = herald.inbox.exactly(reader.address, 6)
    assert all(any(book["id"] in mail["text"] for mail in mails) for book in books)


def test_with_the_stream_gone_the_sweeper_publishes_everything(
    herald: Herald, cloud: LaptopCloud, reader: Reader
) -> None:
    with stream_gone(cloud):
        books = [reader.add_book(title=f"Volume {number}") for number in range(6)]
        for book in books:
            reader.wait_for(book, "sent", "delivered")
    cloud.clients.functions.invoke(FunctionName="herald-sweeper", Payload=b"{}")
    herald.inbox.exactly(reader.address, 6)


def test_what_is_lost_between_sns_and_the_ledger_is_published_again(
    herald: Herald, cloud: LaptopCloud, reader: Reader, published: Callable[[str], int]
) -> None:
    sns, topic = cloud.clients.sns, herald.names.topics["events"]
    subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    [notify] = [each for each in subscriptions if each["Protocol"] == "lambda"]
    sns.unsubscribe(SubscriptionArn=notify["SubscriptionArn"])
    try:
        book = reader.add_book()
        reader.wait_for(book, "published")
        eventually(lambda: published(book["event_id"]), lambda times: times == 1)
    finally:
        sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=notify["Endpoint"])
    assert herald.inbox.mails(reader.address) == []
    before = change(cloud, "herald-reconcile", HERALD_RECONCILE_AFTER_SECONDS="0")
    cloud.clients.functions.invoke(FunctionName="herald-reconcile", Payload=b"{}")
    reader.wait_for(book, "sent", "delivered")
    cloud.clients.functions.invoke(FunctionName="herald-reconcile", Payload=b"{}")
    change(cloud, "herald-reconcile", **before)
    assert published(book["event_id"]) >= 2
    herald.inbox.exactly(reader.address, 1)
