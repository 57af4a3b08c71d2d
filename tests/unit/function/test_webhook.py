"""What comes in over HTTP: only what a vendor signed lately reaches the ledger, and it does so once, in any order."""

from __future__ import annotations

import io
import itertools
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from function.ledger.keys import message_key
from function.ledger.states import State
from function.providers.secret import Secret
from function.providers.urls import webhook_path
from function.providers.webhook_request import open_vendor
from function.runtime.metrics import Telemetry
from function.webhook import CLOCK_BOUND, LARGEST_BODY, Source, WebhookHandler
from laptop.providers.webhooks import REPORTERS, Webhook, signing_key
from laptop.service_model import hold_to_model
from laptop.ses.mailbox import Mail
from laptop.ses.outcomes import SendingEvent
from laptop.state import ROOT
from operations.redrive.dead_letters import DeadLetter
from tests.fakes import NOW
from tests.model.table import MemoryTable
from tests.unit.function.conftest import Feedback

URLS = ("sendgrid://", "mailgun://herald.example", "mailgun+eu://herald.example", "resend://")
SEED, OTHER = "seed of tests", "seed of somebody else"
SECONDS = NOW // 1000
BOUNCE = {"bounceType": "Permanent", "bouncedRecipients": [{"diagnosticCode": "550 5.1.1 user unknown"}]}


@dataclass
class Queue:
    """The queue `feedback`, with memory; `failing` of the next entries are refused, `down` raises."""

    bodies: list[str] = field(default_factory=list)
    failing: int = 0
    down: bool = False

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://sqs")
        assert len(Entries) <= 10, "as SQS allows"
        assert sum(len(entry["MessageBody"]) for entry in Entries) <= 1_048_576, "as SQS allows"
        refused, taken = Entries[: self.failing], Entries[self.failing :]
        self.failing = 0
        self.bodies += [entry["MessageBody"] for entry in taken]
        done = [{"Id": one["Id"], "MessageId": "m", "MD5OfMessageBody": "0" * 32} for one in taken]
        failed = [{"Id": one["Id"], "SenderFault": False, "Code": "InternalError"} for one in refused]
        return hold_to_model("sqs", "SendMessageBatch", {"Successful": done, "Failed": failed})


class Gateway:
    """`webhook` behind its route, and the `feedback` that reads its queue."""

    def __init__(self, feedback: Feedback) -> None:
        self.feedback = feedback
        self.queue = Queue()
        self.log = io.StringIO()
        self.keys = {url: [signing_key(url.partition("://")[0], SEED)] for url in URLS}
        self.seconds = 0.0
        sources = {webhook_path(url): Source(url, open_vendor(url), self._secret(url)) for url in URLS}
        telemetry = Telemetry("herald-webhook", "r1", feedback.clock, self.log)
        table: MemoryTable = feedback.table
        self.handler = WebhookHandler(
            sources, self.queue, table, "https://sqs/feedback", "herald-ledger", telemetry, feedback.clock
        )

    def _secret(self, url: str) -> Secret:
        return Secret(lambda: "\n".join(self.keys[url]), lambda: self.seconds)

    def post(self, url: str, webhook: Webhook, **changes: Any) -> int:
        """The status of the answer."""
        event = {
            "version": "2.0",
            "rawPath": webhook_path(url),
            "headers": {name.lower(): value for name, value in webhook.headers.items()},
            "body": webhook.body.decode("utf-8", "surrogateescape"),
            "isBase64Encoded": False,
        }
        status: int = self.handler(event | changes, None)["statusCode"]
        return status

    def deliver(self, order: Callable[[list[str]], list[str]] = list) -> None:
        """Let `feedback` read what lies in the queue."""
        bodies = order(self.queue.bodies)
        assert self.feedback.handle(*bodies) == []

    def timeline(self, message_id: str) -> list[Any]:
        """The rows of a record, as the table has them."""
        key = {"pk": {"S": message_key(message_id)}}
        item = self.feedback.table.get_item(TableName="herald-ledger", Key=key)["Item"]
        return [row["M"] for row in item["timeline"]["L"]]

    @property
    def stored(self) -> bool:
        """Whether anything is written anywhere."""
        return bool(self.queue.bodies or self.feedback.table.scan(TableName="herald-ledger")["Items"])


@pytest.fixture
def gateway(feedback: Feedback) -> Gateway:
    return Gateway(feedback)


def mail(scheme: str, message_id: str = "m1") -> Mail:
    tags = {"message_id": message_id, "attempt": "a1"}
    if scheme == "sendgrid":
        tags = {f"herald_{name}": value for name, value in tags.items()}
    at = datetime.fromtimestamp(SECONDS, UTC)
    return Mail("v1", at, "books@herald.example", ("ada@example.com",), "Hi", "Hi", None, (), tags, "vendor", b"")


def webhook(
    url: str, type_: str, details: dict[str, Any] | None = None, seed: str = SEED, at: int = SECONDS, **named: str
) -> Webhook:
    """A request as the vendor makes it."""
    reporter = REPORTERS[url.partition("://")[0]]
    one = mail(url.partition("://")[0], **named)
    return reporter.sign(reporter.report(one, SendingEvent(type_, "", 0, details or {}), one.at), seed, at)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    ("type_", "details", "state", "listed"),
    [
        ("Send", {}, State.SENT, False),
        ("Delivery", {}, State.DELIVERED, False),
        ("DeliveryDelay", {}, State.DELAYED, False),
        ("Bounce", BOUNCE, State.BOUNCED, True),
        ("Bounce", {"bounceType": "Transient"}, State.SOFT_BOUNCED, False),
        ("Bounce", {"bounceSubType": "OnAccountSuppressionList"}, State.BOUNCED, True),
        ("Complaint", {}, State.COMPLAINED, True),
        ("Reject", {}, State.REFUSED, False),
    ],
)
def test_what_a_vendor_reports_is_in_the_ledger(
    gateway: Gateway, url: str, type_: str, details: dict[str, Any], state: State, listed: bool
) -> None:
    assert gateway.post(url, webhook(url, type_, details)) == 200
    gateway.deliver()
    assert gateway.feedback.state() is state
    assert (gateway.feedback.suppression is not None) == listed
    (row,) = gateway.timeline("m1")
    assert row["provider"]["S"] == url.partition("://")[0]
    assert "ada" not in str(row)
    assert gateway.feedback.record().sent_by == {"a1"}


# -- forged ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", URLS)
def test_what_somebody_else_signed_is_refused_and_stored_nowhere(gateway: Gateway, url: str) -> None:
    assert gateway.post(url, webhook(url, "Complaint", seed=OTHER)) == 401
    assert not gateway.stored


@pytest.mark.parametrize("url", URLS)
def test_without_a_signature_nothing_is_taken(gateway: Gateway, url: str) -> None:
    bare = json.dumps([]) if url == "sendgrid://" else json.dumps({"data": {}, "event-data": {}, "signature": {}})
    assert gateway.post(url, Webhook({}, bare.encode())) == 401
    assert not gateway.stored


@pytest.mark.parametrize("url", URLS)
def test_a_vendors_signature_is_no_other_vendors(gateway: Gateway, url: str) -> None:
    for other in URLS:
        if other.partition("://")[0].partition("+")[0] != url.partition("://")[0].partition("+")[0]:
            assert gateway.post(other, webhook(url, "Complaint")) in (400, 401)
    assert not gateway.stored


@pytest.mark.parametrize("url", ["sendgrid://", "resend://"])
def test_one_changed_byte_of_the_body_is_enough(gateway: Gateway, url: str) -> None:
    sent = webhook(url, "Delivery")
    for body in (sent.body.replace(b"m1", b"m2"), sent.body + b" ", sent.body[:-1]):
        assert gateway.post(url, Webhook(sent.headers, body)) == 401
    assert not gateway.stored


@pytest.mark.parametrize("url", ["sendgrid://", "resend://"])
def test_the_time_of_a_signature_belongs_to_it(gateway: Gateway, url: str) -> None:
    old = webhook(url, "Complaint", at=SECONDS - 3600)
    headers = {name: str(SECONDS) if "timestamp" in name.lower() else value for name, value in old.headers.items()}
    assert gateway.post(url, Webhook(headers, old.body)) == 401
    assert not gateway.stored


def test_mailguns_time_belongs_to_its_signature(gateway: Gateway) -> None:
    url = "mailgun://herald.example"
    old = json.loads(webhook(url, "Complaint", at=SECONDS - 3600).body)
    old["signature"]["timestamp"] = str(SECONDS)
    assert gateway.post(url, Webhook({}, json.dumps(old).encode())) == 401
    assert not gateway.stored


def test_mailguns_signature_does_not_cover_the_body_so_its_token_is_good_for_one(gateway: Gateway) -> None:
    url = "mailgun://herald.example"
    seen = webhook(url, "Delivery")
    assert gateway.post(url, seen) == 200
    forged = json.loads(seen.body)
    forged["event-data"] = json.loads(webhook(url, "Complaint").body)["event-data"]
    assert gateway.post(url, Webhook({}, json.dumps(forged).encode())) == 401
    gateway.deliver()
    assert gateway.feedback.state() is State.DELIVERED
    assert gateway.feedback.suppression is None


@pytest.mark.parametrize("timestamp", ["", "-1", "+1", "1e9", "\uff11795248000", "9" * 5000, " 1795248000", "NaN"])
@pytest.mark.parametrize("url", URLS)
def test_a_time_that_is_none_is_refused(gateway: Gateway, url: str, timestamp: str) -> None:
    sent = webhook(url, "Complaint")
    headers = {name: timestamp if "timestamp" in name.lower() else value for name, value in sent.headers.items()}
    body = sent.body
    if url.startswith("mailgun"):
        content = json.loads(body)
        content["signature"]["timestamp"] = timestamp
        body = json.dumps(content).encode()
    assert gateway.post(url, Webhook(headers, body)) == 401
    assert not gateway.stored


# -- replayed and reordered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("apart", [-CLOCK_BOUND - 1, CLOCK_BOUND + 1])
def test_what_was_signed_long_ago_or_in_the_future_is_refused(gateway: Gateway, url: str, apart: int) -> None:
    assert gateway.post(url, webhook(url, "Complaint", at=SECONDS + apart)) == 401
    assert not gateway.stored


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("apart", [-CLOCK_BOUND, CLOCK_BOUND])
def test_within_five_minutes_it_is_taken(gateway: Gateway, url: str, apart: int) -> None:
    assert gateway.post(url, webhook(url, "Delivery", at=SECONDS + apart)) == 200


@pytest.mark.parametrize("url", URLS)
def test_a_replay_is_accepted_and_changes_nothing(gateway: Gateway, url: str) -> None:
    sent = webhook(url, "Bounce", BOUNCE)
    assert gateway.post(url, sent) == 200
    gateway.deliver()
    before, listed = gateway.feedback.record(), gateway.feedback.suppression
    assert [gateway.post(url, sent) for _ in range(5)] == [200] * 5
    gateway.deliver()
    assert gateway.feedback.record() == before
    assert gateway.feedback.suppression == listed


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("order", list(itertools.permutations(["Send", "DeliveryDelay", "Delivery", "Complaint"])))
def test_any_order_comes_to_the_same(gateway: Gateway, url: str, order: tuple[str, ...]) -> None:
    for type_ in order:
        assert gateway.post(url, webhook(url, type_)) == 200
        gateway.deliver()
        gateway.queue.bodies.clear()
    assert gateway.feedback.state() is State.COMPLAINED
    assert gateway.feedback.suppression is not None


# -- malformed and oversized ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[" * 100_000, b"\xff\xfe", b'"text"', b"[1]", b"{}", b"null"])
@pytest.mark.parametrize("url", ["sendgrid://", "resend://"])
def test_what_is_signed_and_malformed_is_400(gateway: Gateway, url: str, body: bytes) -> None:
    signed = REPORTERS[url.partition("://")[0]].sign(body, SEED, SECONDS)
    event = {"body": b64encode(body).decode(), "isBase64Encoded": True}
    assert gateway.post(url, signed, **event) == 400
    assert not gateway.stored


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[" * 100_000, b"\xff\xfe", b'"text"', b"[1]", b"{}", b"null", b'{"signature": 7}']
)
def test_mailguns_signature_is_in_the_body_so_malformed_comes_first(gateway: Gateway, body: bytes) -> None:
    event = {"body": b64encode(body).decode(), "isBase64Encoded": True}
    assert gateway.post("mailgun://herald.example", Webhook({}, b""), **event) == 400
    assert not gateway.stored


def test_a_signed_mailgun_webhook_without_an_event_is_400(gateway: Gateway) -> None:
    signed = REPORTERS["mailgun"].sign({"event-data": "text"}, SEED, SECONDS)
    assert gateway.post("mailgun://herald.example", signed) == 400
    assert gateway.queue.bodies == []


@pytest.mark.parametrize("url", URLS)
def test_more_than_a_megabyte_is_not_read(gateway: Gateway, url: str) -> None:
    sent = webhook(url, "Delivery")
    assert gateway.post(url, sent, body="x" * (LARGEST_BODY + 1)) == 413
    assert gateway.post(url, sent, body=b64encode(b"x" * (LARGEST_BODY + 1)).decode(), isBase64Encoded=True) == 413
    assert not gateway.stored


def test_one_event_too_large_for_the_queue_is_413(gateway: Gateway) -> None:
    long = json.loads(webhook("sendgrid://", "Delivery").body)
    long[0]["response"] = "x" * 200_000
    assert gateway.post("sendgrid://", REPORTERS["sendgrid"].sign(long, SEED, SECONDS)) == 413
    assert not gateway.stored


def test_a_path_of_no_provider_is_404(gateway: Gateway) -> None:
    for path in ("/", "/webhooks/", "/webhooks/ses", "/webhooks/resend/", "/webhooks/mailgun/other.example"):
        assert gateway.post("resend://", webhook("resend://", "Delivery"), rawPath=path) == 404
    assert not gateway.stored


# -- what is of ours, and what the queue takes -----------------------------------------------------------------------


def test_hundreds_of_events_come_in_one_request_and_each_is_heard(gateway: Gateway) -> None:
    events = [json.loads(webhook("sendgrid://", "Delivery", message_id=f"m{n}").body)[0] for n in range(250)]
    assert gateway.post("sendgrid://", REPORTERS["sendgrid"].sign(events, SEED, SECONDS)) == 200
    gateway.deliver()
    assert {gateway.feedback.state(f"m{n}") for n in range(250)} == {State.DELIVERED}


def test_events_on_mails_of_others_and_on_what_readers_do_cost_no_message(gateway: Gateway) -> None:
    (foreign,) = json.loads(webhook("sendgrid://", "Delivery").body)
    del foreign["herald_message_id"]
    (opened,) = json.loads(webhook("sendgrid://", "Delivery").body)
    events = [foreign, opened | {"event": "open"}, opened | {"event": "something new"}, opened | {"event": 7}]
    assert gateway.post("sendgrid://", REPORTERS["sendgrid"].sign(events, SEED, SECONDS)) == 200
    assert not gateway.stored


def test_what_the_queue_did_not_take_is_asked_for_again(gateway: Gateway) -> None:
    sent = webhook("mailgun://herald.example", "Delivery")
    gateway.queue.failing = 1
    assert gateway.post("mailgun://herald.example", sent) == 503
    gateway.queue.down = True
    assert gateway.post("mailgun://herald.example", sent) == 503
    gateway.queue.down = False
    assert gateway.post("mailgun://herald.example", sent) == 200, "the token is good for the same body"
    gateway.deliver()
    assert gateway.feedback.state() is State.DELIVERED


@pytest.mark.parametrize("url", URLS)
def test_while_a_key_is_rotated_either_signs(gateway: Gateway, url: str) -> None:
    gateway.keys[url].append(signing_key(url.partition("://")[0], OTHER))
    gateway.seconds = 61  # a minute after it was read last
    assert gateway.post(url, webhook(url, "Send", seed=OTHER)) == 200
    assert gateway.post(url, webhook(url, "Delivery")) == 200
    gateway.keys[url].pop(0)
    gateway.seconds = 122
    assert gateway.post(url, webhook(url, "Complaint", seed="nobody")) == 401, "which has it read anew"
    assert gateway.post(url, webhook(url, "Send")) == 401, "the old key is gone"


def test_resend_signs_with_two_keys_while_it_rotates_them(gateway: Gateway) -> None:
    sent = webhook("resend://", "Delivery")
    other = REPORTERS["resend"].sign(sent.body, OTHER, SECONDS).headers["svix-signature"]
    both = {**sent.headers, "svix-signature": f"{other} v1a,asymmetric {sent.headers['svix-signature']}"}
    assert gateway.post("resend://", Webhook(both, sent.body)) == 200


def test_the_example_of_svix_is_verified(gateway: Gateway) -> None:
    """https://github.com/svix/svix-webhooks, the tests of each of its libraries."""
    gateway.keys["resend://"] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    gateway.seconds = 61
    gateway.feedback.clock.now = 1_614_265_330_000
    headers = {
        "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "svix-timestamp": "1614265330",
        "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert gateway.post("resend://", Webhook(headers, b'{"test": 2432232314}')) == 400, "signed, and no event"
    assert gateway.post("resend://", Webhook(headers, b'{"test": 2432232315}')) == 401


def test_an_event_of_a_subaccount_is_signed_for_the_account_above(gateway: Gateway) -> None:
    url = "mailgun://herald.example"
    content = json.loads(webhook(url, "Delivery").body)
    content["signature"] |= {"parent-signature": content["signature"]["signature"], "signature": "0" * 64}
    assert gateway.post(url, Webhook({}, json.dumps(content).encode())) == 200


def test_a_refusal_is_counted_and_names_nobody(gateway: Gateway) -> None:
    gateway.post("resend://", webhook("resend://", "Complaint", seed=OTHER))
    (line,) = [json.loads(line) for line in gateway.log.getvalue().splitlines()]
    assert (line["WebhookRefused"], line["status"], line["detail"]) == (1, 401, "not signed by the vendor")
    assert "ada" not in gateway.log.getvalue()


def test_a_probe_is_heard_and_makes_no_record(gateway: Gateway) -> None:
    content = json.loads(webhook("mailgun://herald.example", "Delivery").body)
    content["event-data"]["user-variables"] = {"probe": "yes"}
    signed = REPORTERS["mailgun"].sign({"event-data": content["event-data"]}, SEED, SECONDS)
    assert gateway.post("mailgun://herald.example", signed) == 200
    gateway.deliver()
    assert gateway.feedback.counts == {"Synthetic": 1}


@pytest.mark.parametrize("url", ["resend://", "sendgrid://", "mailgun+eu://mg.herald.example"])
def test_terraform_makes_the_route_of_this_path(url: str) -> None:
    asserted = (ROOT / "infra" / "tests" / "notifier_webhook.tftest.hcl").read_text()
    assert f'"POST {webhook_path(url)}"' in asserted


def test_a_report_that_became_a_dead_letter_is_known_as_one(gateway: Gateway) -> None:
    gateway.post("resend://", webhook("resend://", "Bounce", BOUNCE))
    letters = [
        DeadLetter.of({"MessageId": "1", "ReceiptHandle": "r", "Body": body})
        for body in (*gateway.queue.bodies, '{"webhook":', '{"webhook":7}')
    ]
    assert [(letter.is_feedback, letter.message_id) for letter in letters] == [(True, "m1"), (False, "1"), (False, "1")]
