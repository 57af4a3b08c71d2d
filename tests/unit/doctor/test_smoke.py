"""Following synthetic events through a ledger that the test writes, on a clock that the test owns."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from doctor.errors import RefusedError
from doctor.smoke import Journey, Latency, Smoke, compute_latency
from tests.unit.doctor.fake_cloud import FakeCloud, context, error

_EXAMPLE = {"recipient": {"email": "ada@example.com", "locale": "en"}, "book": {"title": "x"}}
_START = 1_795_852_800.0


class Clock:
    """Seconds since the epoch; sleeping moves it."""

    def __init__(self) -> None:
        self.now = _START
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class FakePipeline:
    """SNS and the ledger: a message is known so many seconds after its publication as its rows say."""

    def __init__(self, clock: Clock, rows: Callable[[int], list[tuple[str, float]]]) -> None:
        self._clock = clock
        self._rows = rows
        self._published: dict[str, float] = {}
        self.events: list[dict[str, Any]] = []

    def publish(self, **request: Any) -> dict[str, Any]:
        self.events.append(json.loads(request["Message"]))
        message_id = f"m-{len(self._published)}"
        self._published[message_id] = self._clock.now
        return {"MessageId": message_id}

    def get(self, Key: dict[str, Any], **_: Any) -> dict[str, Any]:
        message_id = Key["pk"]["S"].removeprefix("message#")
        published = self._published[message_id]
        past = [
            (state, published + after)
            for state, after in self._rows(int(message_id[2:]))
            if published + after <= self._clock.now
        ]
        if not past:
            return {}
        rows = [{"M": {"state": {"S": state}, "at": {"N": str(int(at * 1000))}}} for state, at in past]
        return {"Item": {"state": {"S": past[-1][0]}, "timeline": {"L": rows}, "reason": {"S": "why"}}}


def smoke(rows: Callable[[int], list[tuple[str, float]]], pause: float = 0.0) -> tuple[Smoke, FakePipeline, Clock]:
    clock = Clock()
    pipeline = FakePipeline(clock, rows)
    cloud = FakeCloud({("sns", "Publish"): pipeline.publish, ("dynamodb", "GetItem"): pipeline.get})
    test = Smoke(
        context(cloud=cloud), "arn:topic", "herald-ledger", "book.created", _EXAMPLE, clock, clock.sleep, pause
    )
    return test, pipeline, clock


def report_steps(_: int) -> list[tuple[str, float]]:
    return [("sending", 0.4), ("sent", 0.7), ("delivered", 2.5)]


def test_an_event_is_followed_to_its_delivery_and_each_step_has_its_time() -> None:
    test, pipeline, _ = smoke(report_steps)
    (journey,) = test.run(1, 60)
    assert journey.delivered
    assert journey.seconds == {"published": 0.0, "claimed": 0.4, "accepted": 0.7, "delivered": 2.5}
    (event,) = pipeline.events
    assert event["source"] == "urn:herald:synthetic"
    assert event["data"]["recipient"]["email"] == f"success+{event['id']}@simulator.amazonses.com"
    assert event["time"] == "2026-11-28T08:00:00.000Z"


def test_feedback_that_is_faster_than_the_record_proves_the_acceptance() -> None:
    test, _, _ = smoke(lambda _: [("sending", 0.1), ("delivered", 0.5)])
    (journey,) = test.run(1, 60)
    assert journey.seconds["accepted"] == 0.5


@pytest.mark.parametrize("state", ["rejected", "suppressed", "refused", "bounced", "complained"])
def test_what_will_never_be_delivered_is_not_waited_for(state: str) -> None:
    test, _, clock = smoke(lambda _: [("sending", 0.1), (state, 0.2)])
    (journey,) = test.run(1, 600)
    assert (journey.delivered, journey.state, journey.reason) == (False, state, "why")
    assert clock.now - _START < 10


def test_what_stays_away_is_waited_for_as_long_as_is_said() -> None:
    test, _, clock = smoke(lambda _: [("sending", 0.1), ("unknown", 0.2)])
    (journey,) = test.run(1, 120)
    assert (journey.has_ended, journey.state) == (False, "unknown")
    assert 120 <= clock.now - _START <= 122


def test_many_are_published_at_a_pace_and_progress_is_told() -> None:
    test, _, clock = smoke(report_steps, pause=0.5)
    told: list[tuple[int, int, int]] = []
    journeys = test.run(3, 60, lambda *counts: told.append(counts))
    assert clock.slept[:2] == [0.5, 0.5]
    assert told[:3] == [(1, 0, 3), (2, 0, 3), (3, 0, 3)]
    assert told[-1] == (3, 3, 3)
    assert all(journey.delivered for journey in journeys)


def test_a_refused_publication_is_raised() -> None:
    cloud = FakeCloud({("sns", "Publish"): error("AuthorizationError", "Publish", 403)})
    clock = Clock()
    test = Smoke(context(cloud=cloud), "arn:topic", "t", "book.created", _EXAMPLE, clock, clock.sleep)
    with pytest.raises(RefusedError) as refused:
        test.run(1, 60)
    assert refused.value.denied
    assert refused.value.action == "sns:Publish"


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], None),
        ([2.0], Latency(1, 2.0, 2.0)),
        ([1.0, 3.0], Latency(2, 2.0, 3.0)),
        ([float(one) for one in range(1, 201)], Latency(200, 100.5, 198.0)),
    ],
)
def test_the_median_and_the_99th_percentile(taken: list[float], expected: Latency | None) -> None:
    journeys = [Journey("e", "m", {"published": 0, "accepted": int(seconds * 1000)}) for seconds in taken]
    assert compute_latency([*journeys, Journey("never", "m", {"published": 0})]) == expected
