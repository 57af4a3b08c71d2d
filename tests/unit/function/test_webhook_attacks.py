"""What nobody signed, or not lately, or not so, or too much of it: refused, and nothing is stored."""

from __future__ import annotations

import itertools
import json
from base64 import b64encode

import pytest

from function.ledger.states import State
from function.webhook import CLOCK_BOUND, LARGEST_BODY
from laptop.providers.webhooks import REPORTERS, Webhook
from tests.unit.function.conftest import Feedback
from tests.unit.function.webhook_gateway import BOUNCE, OTHER, SECONDS, SEED, URLS, Gateway, webhook


@pytest.fixture
def gateway(feedback: Feedback) -> Gateway:
    return Gateway(feedback)


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
def test_a_providers_signature_is_no_other_providers(gateway: Gateway, url: str) -> None:
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
