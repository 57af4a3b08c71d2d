"""Mails by which a release tries a version: told from real ones by two marks at once, and counted apart."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import ses_event, sns, sns_notification
from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald
from function.event.cloudevent import SYNTHETIC_SOURCE, build_synthetic_event
from function.ledger.states import State
from function.message.catalogue import Catalogue
from function.message.delivery_mode import DeliveryMode
from function.providers.ses.events import FeedbackEvent, parse
from tests.sandbox import Sandbox

NAME = "release-1"


@pytest.fixture
def sandbox(catalogue: Catalogue) -> Sandbox:
    return Sandbox(InMemoryHerald(MemoryTable("herald-ledger"), catalogue))


def make_event(to: str = "", source: str = SYNTHETIC_SOURCE) -> dict[str, Any]:
    made = build_synthetic_event(NAME, "book.created", example(), "2026-11-21T08:00:00Z")
    made["source"] = source
    made["data"]["recipient"]["email"] = to or made["data"]["recipient"]["email"]
    return sns_notification(json.dumps(made), "m1")


def list_counted(sandbox: Sandbox) -> set[str]:
    (line,) = sandbox.lines
    return {metric["Name"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_a_synthetic_mail_is_sent_and_tagged_and_counted_apart(sandbox: Sandbox) -> None:
    sandbox(sns(make_event()))
    ((_, mail),) = sandbox.world.post.taken
    assert mail.to == f"success+{NAME}@simulator.amazonses.com"
    assert mail.tags.items() > {("synthetic", "yes")}
    assert list_counted(sandbox) == {"Synthetic"}
    assert sandbox.lines[0]["outcome"] == "Sent"
    assert sandbox.world.state() is State.SENT


def test_a_synthetic_event_may_name_the_one_provider_that_it_tries(sandbox: Sandbox) -> None:
    made = build_synthetic_event(
        NAME, "book.created", example(), "2026-11-21T08:00:00Z", provider=sandbox.world.post.url
    )
    sandbox(sns(sns_notification(json.dumps(made), "m1")))
    ((_, mail),) = sandbox.world.post.taken
    assert mail.tries == sandbox.world.post.url
    assert sandbox.world.state() is State.SENT


@pytest.mark.parametrize("named", ["resend://", 7, ["resend://"]])
def test_of_any_other_event_the_name_of_a_provider_means_nothing(sandbox: Sandbox, named: object) -> None:
    sandbox(sns(sns_notification(json.dumps(event(heraldprovider=named)), "m1")))
    ((_, mail),) = sandbox.world.post.taken
    assert (mail.tries, mail.to) == (None, event()["data"]["recipient"]["email"])


@pytest.mark.parametrize(
    "to", ["ada@example.com", "ada@simulator.amazonses.com.example.com", "a@x-simulator.amazonses.com"]
)
def test_the_source_alone_hides_no_mail(sandbox: Sandbox, to: str) -> None:
    sandbox(sns(make_event(to)))
    ((_, mail),) = sandbox.world.post.taken
    assert (mail.to, list(mail.tags)) == (to, ["attempt"])
    assert list_counted(sandbox) == {"Sent", "SendLatency"}


def test_the_recipient_alone_hides_no_mail(sandbox: Sandbox) -> None:
    sandbox(sns(make_event("success@simulator.amazonses.com", "urn:herald:webapp")))
    assert list_counted(sandbox) == {"Sent", "SendLatency"}


def test_what_is_no_valid_event_is_counted_as_what_it_is(sandbox: Sandbox) -> None:
    sandbox(sns(sns_notification(json.dumps(event(source=SYNTHETIC_SOURCE, data={})), "m1")))
    assert list_counted(sandbox) == {"Rejected"}


@pytest.mark.parametrize(
    "delivery_mode", [DeliveryMode(frozenset({"@example.com"})), DeliveryMode(redirect_to="me@example.com")]
)
def test_a_deployment_that_mails_few_can_be_tried_all_the_same(sandbox: Sandbox, delivery_mode: DeliveryMode) -> None:
    sandbox.world.delivery_mode = delivery_mode
    sandbox(sns(make_event()))
    ((_, mail),) = sandbox.world.post.taken
    assert mail.to == f"success+{NAME}@simulator.amazonses.com"


@pytest.mark.parametrize(("tags", "told"), [({"synthetic": ["yes"]}, True), ({}, False), ({"synthetic": "yes"}, False)])
def test_feedback_knows_a_synthetic_mail_by_its_tag(tags: dict[str, Any], told: bool) -> None:
    said = ses_event("Delivery", {})
    said["mail"]["tags"] |= tags
    feedback = parse(json.dumps(said))
    assert isinstance(feedback, FeedbackEvent)
    assert feedback.synthetic is told
