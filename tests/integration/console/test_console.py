"""The console on its own: what it tells, and from whom it takes no order. The stack tests press its buttons."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import httpx
import pytest
from moto import mock_aws
from starlette.testclient import TestClient

from function.ledger.keys import event_key
from laptop.codedeploy.api import CodeDeployApi
from laptop.console.console import Console
from laptop.console.event_history import MOST, EventHistory, Totals, build_histories, count_totals
from laptop.console.scenarios import NEW_EVENT_SCENARIOS, make_event
from laptop.inbox.app import make_inbox
from laptop.ses.api import Ses
from laptop.ses.http_server import SesServer
from laptop.ses.mailbox import Mail, Mailbox
from tests.waiting import LIMIT
from webapp.timeline.ledger_reader import LedgerReader

PUBLISH = NEW_EVENT_SCENARIOS[0]


class Seen:
    """What the emulator, the mailbox and the ledger hold."""

    def __init__(self, dynamodb: Any) -> None:
        self.dynamodb = dynamodb
        self.mailbox = Mailbox()
        self.deliveries: list[dict[str, Any]] = []
        self.invocations: list[dict[str, Any]] = []
        self.labels: dict[str, list[str]] = {}

    def deliver(self, message_id: str, body: Any) -> None:
        """SNS hands a message to the function; the newest stands first."""
        text = body if isinstance(body, str) else json.dumps(body)
        event = {"Records": [{"Sns": {"MessageId": message_id, "Message": text}}]}
        self.deliveries.insert(0, {"message_id": message_id, "function_arn": "arn", "event": event})

    def mail(self, mail_id: str, message_id: str) -> None:
        """SES takes a mail."""
        now = datetime.now(UTC)
        self.mailbox.add(
            Mail(mail_id, now, "a", ("b",), "c", None, None, (), {"message_id": message_id}, "herald", b"")
        )

    def record(self, event: Any, message_id: str, state: str, parked: str | None = None) -> None:
        """The ledger's two items."""
        items: list[dict[str, Any]] = [
            {"pk": {"S": event_key(event["source"], event["id"])}, "message_id": {"S": message_id}},
            {"pk": {"S": f"message#{message_id}"}, "state": {"S": state}, "type": {"S": event["type"]}},
        ]
        items[1] |= {"parked": {"S": parked}} if parked else {}
        for item in items:
            self.dynamodb.put_item(TableName="herald-ledger", Item=item)

    @property
    def stories(self) -> list[EventHistory]:
        ledger = LedgerReader(self.dynamodb, "herald-ledger")
        return build_histories(self.deliveries, self.invocations, self.mailbox, ledger, self.labels)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        dynamodb.create_table(
            TableName="herald-ledger",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Seen(dynamodb)


def test_an_event_that_was_published_twice_is_one_story(seen: Seen) -> None:
    event = make_event(PUBLISH)
    seen.deliver("m1", event)
    seen.deliver("m2", event)
    seen.mail("mail-1", "m1")
    seen.record(event, "m1", "sent")
    (story,) = seen.stories
    assert story.messages == ("m1", "m2")
    assert story.verdict == ("exactly one mail", "good")
    assert story.record is not None
    assert story.record.state == "sent"


def test_a_second_mail_under_any_of_its_messages_is_not_hidden(seen: Seen) -> None:
    event = make_event(PUBLISH)
    for message_id in ("m1", "m2"):
        seen.deliver(message_id, event)
        seen.mail(f"mail-{message_id}", message_id)
    assert [story.verdict for story in seen.stories] == [("2 mails", "bad")]
    assert count_totals(seen.deliveries, seen.mailbox).twice == 1


def test_the_score_counts_events_whose_stories_are_no_longer_told(seen: Seen) -> None:
    for number in range(20):
        seen.deliver(f"m{number}", make_event(PUBLISH))
        seen.mail(f"mail-{number}", f"m{number}")
    assert len(seen.stories) == MOST
    assert count_totals(seen.deliveries, seen.mailbox) == Totals(20, 20, 0, 0)


def test_no_mail_is_told_apart_from_no_mail_yet(seen: Seen) -> None:
    rejected, waiting = make_event(PUBLISH), make_event(PUBLISH)
    seen.deliver("m1", rejected)
    seen.record(rejected, "m1", "rejected")
    seen.deliver("m2", waiting)
    assert [story.verdict[0] for story in seen.stories] == ["no mail yet", "no mail, and it says why"]


@pytest.mark.parametrize(
    ("state", "parked", "verdict"),
    [
        ("unknown", "an attempt", "no mail, and it says why"),
        ("sending", "an attempt", "no mail, and it says why"),
        ("unknown", None, "no mail yet"),
        ("bounced", None, "no mail, and it says why"),
    ],
    ids=["parked", "parked while sending", "in doubt", "on the provider's own list"],
)
def test_what_ended_without_a_mail_is_not_told_as_on_its_way(
    seen: Seen, state: str, parked: str | None, verdict: str
) -> None:
    event = make_event(PUBLISH)
    seen.deliver("m1", event)
    seen.record(event, "m1", state, parked)
    assert [story.verdict[0] for story in seen.stories] == [verdict]


def test_the_runs_of_the_function_stand_in_the_order_of_time(seen: Seen) -> None:
    seen.deliver("m1", make_event(PUBLISH))
    seen.invocations = [
        {"message_id": "m1", "source": "sqs", "outcome": "ok", "version": "1"},
        {"message_id": "m9", "source": "sns", "outcome": "ok", "version": "1"},
        {"message_id": "m1", "source": "sns", "outcome": "killed", "version": "1"},
    ]
    assert [(run.source, run.outcome) for run in seen.stories[0].runs] == [("sns", "killed"), ("sqs", "ok")]


@pytest.mark.parametrize("body", ["no JSON", "[]", '{"id": "1", "source": "a", "data": {}}', '{"data": null}'])
def test_what_is_no_event_is_no_story(seen: Seen, body: str) -> None:
    seen.deliver("m1", body)
    assert seen.stories == []


# -- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def wire() -> Iterator[SesServer]:
    server = SesServer(("127.0.0.1", 0), Ses(lambda _topic, _body: None), "http://127.0.0.1:9")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def web(wire: SesServer) -> TestClient:
    """A console whose emulator does not answer."""
    nobody: Any = None
    console = Console(wire.ses, CodeDeployApi(nobody, nobody, 1.0), "http://127.0.0.1:9", wire)
    return TestClient(make_inbox(wire.ses, console), base_url="http://127.0.0.1:8025")


def test_ses_that_is_taken_down_is_reached_by_nobody_and_comes_back(web: TestClient, wire: SesServer) -> None:
    url = f"http://127.0.0.1:{wire.server_address[1]}/v2/email/account"
    with httpx.Client(trust_env=False, timeout=LIMIT) as standing:
        assert standing.get(url).status_code == 200
        for _ in range(2):
            assert web.post("/play/ses-down", follow_redirects=False).status_code == 303
        with pytest.raises(httpx.ConnectError):
            standing.get(url)
        assert "SES is down" in web.get("/").text
        for _ in range(2):
            assert web.post("/play/ses-back", follow_redirects=False).status_code == 303
        assert standing.get(url).status_code == 200
    assert "SES is down" not in web.get("/").text


def test_the_page_stands_while_the_cloud_is_starting(web: TestClient) -> None:
    page = web.get("/")
    assert page.status_code == 200
    assert "Nothing has been published yet" in page.text
    for button in ("Publish an event", "Crash after the send", "Twice at once", "Redrive"):
        assert f">{button}</button>" in page.text


def test_the_page_keeps_its_policy(web: TestClient) -> None:
    page = web.get("/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert " style=" not in page.text
    assert "<script>" not in page.text
    assert web.get("/static/herald.css").status_code == 200


def test_another_site_presses_no_button(web: TestClient) -> None:
    answer = web.post("/play/publish", headers={"Origin": "https://elsewhere.example"}, follow_redirects=False)
    assert answer.status_code == 403


def test_what_no_button_says_is_not_done(web: TestClient) -> None:
    assert web.post("/play/format-the-disk", follow_redirects=False).status_code == 404


def test_a_cloud_that_does_not_answer_is_said(web: TestClient) -> None:
    assert web.post("/play/deliver", follow_redirects=False).status_code == 502
    assert web.get("/stories.json").status_code == 502
