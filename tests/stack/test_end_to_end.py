"""One event from end to end, with the real processes: web app, table, stream, relay, topic, function, ledger, inbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpx
import pytest

from laptop.cognito.demo_users import ADA
from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event, notification
from tests.waiting import LIMIT, eventually

BOOK = {"title": "Der Zauberberg <script>", "author": "Thomas Mann", "isbn": "9783596294336"}


def test_a_book_becomes_one_mail_to_its_owner(herald: Herald) -> None:
    before = len(herald.inbox.mails(ADA.email))
    with herald.sign_in() as web:
        created = web.post("/v1/books", json=BOOK)
        assert created.status_code == 201
        mail = herald.inbox.exactly(ADA.email, before + 1)[-1]
        told = web.get(f"{created.headers['Location']}/notifications").json()["notifications"]
    assert mail["to"] == [ADA.email]
    assert BOOK["title"] in mail["subject"]
    assert mail["from"] == "Herald <books@herald.example>"
    assert mail["configuration_set"] == "herald"
    link = f"{herald.names.endpoints['web']}/books/{created.json()['id']}"
    assert link in mail["text"]
    assert link in mail["html"]
    assert "<script>" not in mail["html"]
    assert [told[0]["event_id"], len(told)] == [created.json()["event_id"], 1]
    states = [row["state"] for row in told[0]["rows"]]
    assert states[:5] == ["committed", "published", "received", "sending", "sent"]
    assert herald.state(mail["tags"]["message_id"]) in ("sent", "delivered")


def test_feedback_moves_the_record_on(herald: Herald) -> None:
    to = new_address()
    publish_by_boto3(herald, new_event(to))
    mail = herald.inbox.wait(to)[0]
    eventually(lambda: herald.state(mail["tags"]["message_id"]), lambda state: state == "delivered")


def test_a_tenants_mail_comes_from_its_address_in_its_name_and_colours(herald: Herald) -> None:
    for tenant, sender, colour in (
        ("acme", "Acme Books <mail@acme.example>", "#9b1c31"),
        ("globex", "Globex Press <mail@globex.example>", "#1d5c3a"),
    ):
        to = new_address()
        publish_by_boto3(herald, new_event(to, tenant=tenant))
        mail = herald.inbox.wait(to)[0]
        assert mail["from"] == sender
        assert colour in mail["html"]
        assert sender.partition(" <")[0] in mail["text"]
        assert "Herald" not in mail["text"]
        message_id = mail["tags"]["message_id"]
        eventually(partial(herald.state, message_id), lambda state: state == "delivered")


def test_an_event_of_an_unknown_tenant_is_no_mail(herald: Herald) -> None:
    to = new_address()
    message_id = publish_by_boto3(herald, new_event(to, tenant="initech"))
    eventually(lambda: herald.state(message_id), lambda state: state == "rejected")
    assert herald.inbox.mails(to) == []


def publish_by_boto3(herald: Herald, event: dict[str, Any]) -> str:
    answer = herald.clients.sns.publish(
        TopicArn=herald.names.topics["events"],
        Message=json.dumps(event),
        MessageAttributes={"type": {"DataType": "String", "StringValue": event["type"]}},
    )
    return answer["MessageId"]


def publish_by_shell(herald: Herald, event: dict[str, Any]) -> str:
    """Any AWS client that reads the environment; the AWS CLI where there is one, else bare HTTP."""
    if shutil.which("aws") and subprocess.run(["aws", "--version"], capture_output=True, check=False).returncode == 0:
        command = ["aws", "sns", "publish", "--topic-arn", herald.names.topics["events"], "--message"]
        environment = {**os.environ, **herald.names.settings()}
        done = subprocess.run(
            [*command, json.dumps(event)], env=environment, capture_output=True, text=True, check=True, timeout=LIMIT
        )
        return str(json.loads(done.stdout)["MessageId"])
    form = {"Action": "Publish", "TopicArn": herald.names.topics["events"], "Message": json.dumps(event)}
    answer = (
        httpx.post(herald.names.endpoints["aws"], data=form, trust_env=False, timeout=LIMIT).raise_for_status().text
    )
    return answer.partition("<MessageId>")[2].partition("<")[0]


@pytest.mark.parametrize("publish", [publish_by_boto3, publish_by_shell])
def test_any_publisher_on_the_topic_causes_one_mail(
    herald: Herald, publish: Callable[[Herald, dict[str, Any]], str]
) -> None:
    to = new_address()
    message_id = publish(herald, new_event(to))
    mail = herald.inbox.exactly(to, 1)[0]
    assert mail["tags"]["message_id"] == message_id


def test_the_same_message_delivered_twice_is_one_mail(herald: Herald) -> None:
    to = new_address()
    delivery = notification(json.dumps(new_event(to)), str(uuid.uuid4()), herald.names.topics["events"])
    for _ in range(2):
        assert invoke(herald, delivery) == {}
    herald.inbox.exactly(to, 1)


def test_two_deliveries_at_the_same_moment_are_one_mail(herald: Herald) -> None:
    to = new_address()
    delivery = notification(json.dumps(new_event(to)), str(uuid.uuid4()), herald.names.topics["events"])
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: invoke(herald, delivery), range(2)))
    herald.inbox.exactly(to, 1)


def test_an_event_published_twice_is_one_mail(herald: Herald) -> None:
    to = new_address()
    event = new_event(to)
    first, second = publish_by_boto3(herald, event), publish_by_boto3(herald, event)
    assert first != second
    herald.inbox.exactly(to, 1)


def test_every_message_keeps_an_id_of_its_own(herald: Herald) -> None:
    readers = [new_address() for _ in range(10)]
    ids = [publish_by_boto3(herald, new_event(to)) for to in readers]
    assert len(set(ids)) == len(ids)
    for to, message_id in zip(readers, ids, strict=True):
        assert herald.inbox.wait(to)[0]["tags"]["message_id"] == message_id
        assert herald.record(message_id) is not None


def invoke(herald: Herald, delivery: dict[str, Any]) -> Any:
    answer = herald.clients.functions.invoke(
        FunctionName="herald-notify", Qualifier="live", Payload=json.dumps(delivery).encode()
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    return json.loads(answer["Payload"].read())


def bad_recipient(address: str) -> str:
    return json.dumps(new_event(address))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("this is not JSON", "JSON"),
        ('{"neither": "a CloudEvent"}', "specversion"),
        (json.dumps(new_event(new_address(), type="book.burnt")), "book.burnt"),
        (bad_recipient("a@example.com, b@example.com"), "email"),
        (bad_recipient("a@example.com\r\nBcc: b@example.com"), "email"),
        (json.dumps(new_event(new_address(), filler="x" * 70_000)), "65536 are allowed"),
    ],
    ids=["not-json", "no-cloudevent", "unknown-type", "two-addresses", "line-break", "too-large"],
)
def test_a_bad_event_is_kept_with_its_reason_and_never_mailed(herald: Herald, body: str, words: str) -> None:
    count = len(herald.inbox.http.get("/messages").json())
    message_id = herald.clients.sns.publish(TopicArn=herald.names.topics["events"], Message=body)["MessageId"]
    letter = herald.dead(lambda message: message_id in message["Body"])
    assert words in letter["MessageAttributes"]["reason"]["StringValue"]
    assert json.loads(letter["Body"])["Message"] == body
    eventually(lambda: herald.state(message_id), lambda state: state == "rejected")  # the letter is sent before
    assert len(herald.inbox.http.get("/messages").json()) == count


def test_the_sweeper_publishes_what_the_stream_missed(herald: Herald) -> None:
    mappings = herald.clients.functions.list_event_source_mappings(FunctionName="herald-relay")["EventSourceMappings"]
    before = len(herald.inbox.mails(ADA.email))
    herald.clients.functions.update_event_source_mapping(UUID=mappings[0]["UUID"], Enabled=False)
    try:
        with herald.sign_in() as web:
            web.post("/v1/books", json={"title": "Momo", "author": "Michael Ende"}).raise_for_status()
        mails = herald.inbox.wait(ADA.email, before + 1)
    finally:
        herald.clients.functions.update_event_source_mapping(UUID=mappings[0]["UUID"], Enabled=True)
    assert "Momo" in mails[-1]["subject"]
    herald.inbox.exactly(ADA.email, before + 1)
