"""The spans of a delivery and of what is heard of its mail, as a collector on this machine gets them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from fakes.clock import Clock
from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import ses_event, sns, sns_notification, sqs_event
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald
from function.delivery.report_tracing import ReportTracing
from function.delivery.tracing import DeliveryTracing
from function.errors import ProviderUnavailable, RefusedForGood
from function.message.catalogue import Catalogue
from function.runtime.otlp import Tracer
from tests.collector import Collector, collecting
from tests.sandbox import Sandbox
from tests.unit.function.conftest import Feedback
from tests.waiting import eventually

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"
OTHER = f"00-{'a' * 32}-{'b' * 16}-01"
HOSTILE = ["Bcc: all@example.com", f"00-{'0' * 32}-{SPAN}-01", f"{PARENT}\r\nX-Mail: yes", "é" * 500]


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as receiver:
        yield receiver


@pytest.fixture
def sandbox(catalogue: Catalogue, collector: Collector) -> Sandbox:
    world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue)
    world.tracing = DeliveryTracing(Tracer(collector.url, "herald-notify", "r1", world.clock, timeout_factor=10))
    return Sandbox(world)


def message(attribute: str | None = None, **changes: Any) -> dict[str, Any]:
    """A notification whose event says this, with a trace as its message attribute."""
    named = {} if attribute is None else {"traceparent": {"Type": "String", "Value": attribute}}
    return sns_notification(json.dumps(event(**changes)), MessageAttributes=named)


def test_a_delivery_is_a_span_in_its_events_trace_and_each_call_of_a_provider_one_below(
    sandbox: Sandbox, collector: Collector
) -> None:
    sandbox(sns(message(traceparent=PARENT)))
    whole, call = collector.named("process book.created"), collector.named("send ses")
    assert (whole.trace, whole.parent, whole.kind, whole.service) == (TRACE, SPAN, "consumer", "herald-notify")
    assert (call.trace, call.parent, call.kind) == (TRACE, whole.id, "client")
    assert whole.attributes["herald.outcome"] == "Sent"
    assert whole.attributes["messaging.message.id"] == "m1"
    assert whole.began <= call.began <= call.ended <= whole.ended


def test_the_mail_carries_the_span_and_the_record_the_trace(sandbox: Sandbox, collector: Collector) -> None:
    sandbox(sns(message(traceparent=PARENT)))
    [(_, mail)] = sandbox.world.post.taken
    assert mail.tags["traceparent"] == f"00-{TRACE}-{collector.named('process book.created').id}-01"
    assert sandbox.world.record().trace == TRACE


def test_who_handed_the_message_over_comes_before_what_the_event_says(sandbox: Sandbox, collector: Collector) -> None:
    sandbox(sns(message(PARENT, traceparent=OTHER)))
    assert collector.named("process book.created").parent == SPAN


@pytest.mark.parametrize("trace", HOSTILE)
def test_a_hostile_trace_refuses_no_event_and_is_in_none_of_what_leaves(
    sandbox: Sandbox, collector: Collector, trace: str
) -> None:
    sandbox(sns(message(trace, traceparent=trace)))
    [(_, mail)] = sandbox.world.post.taken
    span = collector.named("process book.created")
    assert (span.parent, mail.headers) == ("", {})
    assert sandbox.world.record().trace == span.trace != TRACE
    assert trace not in mail.tags["traceparent"]


def test_a_trace_that_its_beginner_does_not_record_is_carried_on_and_not_recorded(
    sandbox: Sandbox, collector: Collector
) -> None:
    sandbox(sns(message(traceparent=f"00-{TRACE}-{SPAN}-00")))
    [(_, mail)] = sandbox.world.post.taken
    assert collector.bodies == []
    assert mail.tags["traceparent"].startswith(f"00-{TRACE}-")
    assert mail.tags["traceparent"].endswith("-00")


def test_it_stays_in_its_trace_through_the_queue_retry(sandbox: Sandbox, collector: Collector) -> None:
    sandbox.world.post.answers = [ProviderUnavailable("away")]
    sandbox(sns(message(PARENT)))
    [waits] = sandbox.sqs.sent
    sandbox({"Records": [sqs_event(waits["MessageBody"])]})
    tries = [span for span in collector.spans if span.name == "process book.created"]
    assert [(span.trace, span.parent) for span in tries] == [(TRACE, SPAN)] * 2
    assert [span.attributes["herald.outcome"] for span in tries] == ["Released", "Sent"]
    assert [bool(span.error) for span in collector.spans if span.name == "send ses"] == [True, False]


def test_it_stays_in_its_trace_through_a_dead_letter_that_is_sent_again(sandbox: Sandbox, collector: Collector) -> None:
    sandbox.world.post.answers = [RefusedForGood("no")]
    sandbox(sns(message(PARENT)))
    [letter] = sandbox.world.dead.letters
    sandbox({"Records": [sqs_event(letter.body, marks=letter.attributes)]})
    outcomes = [span.attributes["herald.outcome"] for span in collector.spans if span.kind == "consumer"]
    assert outcomes == ["Rejected", "Sent"]
    assert {span.trace for span in collector.spans} == {TRACE}


def test_no_span_holds_an_address(sandbox: Sandbox, collector: Collector) -> None:
    sandbox.world.post.answers = [RefusedForGood("ada@example.com is not verified")]
    sandbox(sns(message(id="mail-for-ada@example.com", source="mailto:ada@example.com")))
    assert collector.bodies
    assert not [body for body in collector.bodies if b"ada@" in body or b"@example.com" in body]


def test_a_crash_is_a_span_that_says_so(sandbox: Sandbox, collector: Collector) -> None:
    sandbox.world.post.accept_then(MemoryError())
    with pytest.raises(MemoryError):
        sandbox(sns(message(PARENT)))
    assert collector.named("process book.created").error


@pytest.mark.parametrize("status", [400, 503, None])
def test_mails_go_without_a_collector_and_one_that_is_away_is_asked_once_a_minute(
    sandbox: Sandbox, collector: Collector, status: int | None
) -> None:
    collector.status = status or 200
    tracing = sandbox.world.tracing
    assert tracing
    asked: list[bytes] = []
    if status is None:
        tracing.tracer.endpoint = "http://127.0.0.1:1"
    original = Tracer._post

    def post(tracer: Tracer, body: bytes) -> None:
        asked.append(body)
        original(tracer, body)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tracer, "_post", post)
        for number in (1, 2):
            sandbox(sns(sns_notification(json.dumps(event(f"e{number}")), f"m{number}")))
        assert len(asked) == (2 if status else 1)
        sandbox.world.clock.forward(61)
        sandbox(sns(sns_notification(json.dumps(event("e3")), "m3")))
        assert len(asked) == (3 if status else 2)
    assert sandbox.world.mails == 3


@pytest.mark.parametrize(("factor", "spans"), [(1, 1), (20, 2)])
def test_a_busy_collector_is_waited_for_as_the_laptops_timeouts_say(
    collector: Collector, factor: int, spans: int
) -> None:
    """It has what came late in both; the one who gave it up sends it nothing for a minute."""
    collector.seconds = 1.5
    tracer = Tracer(collector.url, "herald-notify", "r1", Clock(), factor)
    for number in (1, 2):
        tracer.end(tracer.begin(f"span {number}", "consumer", None, {}))
        tracer.flush()
    eventually(lambda: len(collector.spans), lambda found: found == spans)


def make_report(trace: object, type_: str = "Delivery", **details: str) -> dict[str, Any]:
    report: dict[str, Any] = ses_event(type_, details)
    report["mail"]["tags"]["traceparent"] = [trace]
    return report


@pytest.fixture
def feedback(collector: Collector) -> Feedback:
    heard = Feedback()
    tracing = ReportTracing(Tracer(collector.url, "herald-feedback", "r1", heard.clock, timeout_factor=10))
    heard.handler = heard.handler_with(tracing)
    return heard


def test_a_report_ends_the_trace_with_a_span_from_the_providers_taking_the_mail(
    feedback: Feedback, collector: Collector
) -> None:
    feedback.handle(make_report(PARENT))
    span = collector.named("delivered")
    assert (span.trace, span.parent, span.service, span.error) == (TRACE, SPAN, "herald-feedback", "")
    assert span.attributes["messaging.message.id"] == "m1"
    assert span.began <= span.ended == feedback.clock() * 1_000_000


def test_a_bounce_is_a_span_that_failed_without_the_address(feedback: Feedback, collector: Collector) -> None:
    feedback.handle(make_report(PARENT, "Bounce", bounceType="Permanent"))
    assert collector.named("bounced").error == "bounced"
    assert b"example.com" not in b"".join(collector.bodies)


@pytest.mark.parametrize("trace", [*HOSTILE, 7, None])
def test_a_report_on_a_mail_that_was_not_traced_is_written_all_the_same(
    feedback: Feedback, collector: Collector, trace: object
) -> None:
    feedback.handle(make_report(trace))
    assert (feedback.state(), collector.bodies) == ("delivered", [])


def test_a_deployment_that_traces_nothing_imports_nothing_of_it() -> None:
    program = (
        "import function.notify, function.feedback, sys\n"
        "print([name for name in sys.modules if 'otlp' in name or 'tracing' in name])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
