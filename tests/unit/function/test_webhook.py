"""What providers report over HTTP reaches the ledger, once, and nothing of it is lost."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from fakes.envelopes import ses_event
from function.ledger.states import State
from function.providers.urls import build_webhook_path
from laptop.providers.webhooks import REPORTERS, Webhook, derive_signing_key
from laptop.state import ROOT
from operations.redrive.dead_letters import DeadLetter
from tests.unit.function.conftest import Feedback
from tests.unit.function.webhook_gateway import BOUNCE, OTHER, SECONDS, SEED, URLS, Gateway, webhook

TOLD_BY_TWO = ("ses Send", "ses Delivery", "webhook Send", "webhook Bounce")


@pytest.fixture
def gateway(feedback: Feedback) -> Gateway:
    return Gateway(feedback)


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
def test_what_a_provider_reports_is_in_the_ledger(
    gateway: Gateway, url: str, type_: str, details: dict[str, Any], state: State, listed: bool
) -> None:
    assert gateway.post(url, webhook(url, type_, details)) == 200
    gateway.deliver()
    assert gateway.feedback.state() is state
    assert (gateway.feedback.suppression is not None) == listed
    (row,) = gateway.timeline("m1")
    assert row["provider"]["S"] == url.partition("://")[0]
    assert "@" not in str(row)
    assert gateway.feedback.record().sent_by == {"a1"}


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
    gateway.keys[url].append(derive_signing_key(url.partition("://")[0], OTHER))
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
    assert (line["WebhookRefused"], line["status"], line["detail"]) == (1, 401, "not signed by the provider")
    assert "@" not in gateway.log.getvalue()


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
    assert f'"POST {build_webhook_path(url)}"' in asserted


def test_a_report_that_became_a_dead_letter_is_known_as_one(gateway: Gateway) -> None:
    gateway.post("resend://", webhook("resend://", "Bounce", BOUNCE))
    letters = [
        DeadLetter.from_message({"MessageId": "1", "ReceiptHandle": "r", "Body": body})
        for body in (*gateway.queue.bodies, '{"webhook":', '{"webhook":7}')
    ]
    assert [(letter.is_feedback, letter.message_id) for letter in letters] == [(True, "m1"), (False, "1"), (False, "1")]


# -- two providers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["ses Send", "ses Delivery", "webhook Send", "webhook Bounce"]))
)
@pytest.mark.parametrize("url", URLS)
def test_reports_of_two_providers_on_two_attempts_come_to_the_same_in_every_order(
    gateway: Gateway, url: str, order: tuple[str, ...]
) -> None:
    """Both accepted the mail, which is what a lost answer and a person's yes can come to: it is seen, and seen once."""
    for who, type_ in map(str.split, order):
        if who == "ses":
            assert gateway.feedback.handle(ses_event(type_, {}, attempt="a0")) == []
            continue
        assert gateway.post(url, webhook(url, type_, BOUNCE if type_ == "Bounce" else {})) == 200
        gateway.deliver()
        gateway.queue.bodies.clear()
    record = gateway.feedback.record()
    assert record.state is State.BOUNCED
    assert record.sent_by == {"a0", "a1"}
    assert gateway.feedback.counts["SentTwice"] == 1
    assert [row["reason_code"]["S"] for row in gateway.timeline("m1") if "reason_code" in row].count("sent_twice") == 1
    assert gateway.feedback.suppression is not None
