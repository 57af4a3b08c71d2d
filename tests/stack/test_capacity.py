"""What `make capacity` says, beside the laptop cloud's real processes, at a size that both can play."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from operator import itemgetter
from statistics import median

import pytest

from herald.capacity.events import play
from herald.capacity.question import Question
from tests.stack.conftest import Herald, eventually
from tests.stack.events import new_address, new_event
from tests.stack.invocations.probe import Probe, probe

BURST = 24
AT_ONCE = 2
#: More than the probe can send: only the concurrency limits.
NO_LIMIT = 100_000.0


@pytest.fixture
def function(herald: Herald) -> Iterator[Probe]:
    """A function of this test's own."""
    with probe(herald) as made:
        yield made


def test_a_burst_drains_and_is_throttled_as_the_simulation_says(function: Probe, herald: Herald) -> None:
    """The laptop's waits are AWS's times the scale, its work is not: so the simulation is asked in AWS's seconds."""
    function.reserve(AT_ONCE)
    for number in range(BURST + AT_ONCE):
        function.send({"n": number, "seconds": 0.2})
    ran = eventually(function.ran, lambda runs: len(runs) == BURST + AT_ONCE, 60)
    runs = sorted(ran, key=itemgetter("at"))[AT_ONCE:]  # the first ones started the sandboxes
    scale = herald.names.scale
    took = max(run["at"] + run["ms"] / 1000 for run in runs) - runs[0]["at"]
    each = median(run["ms"] for run in runs) / 1000
    told = play(Question(NO_LIMIT, BURST, seconds=each / scale, concurrency=AT_ONCE))
    assert BURST * each / AT_ONCE * 0.9 <= took, "no more than the reserved concurrency ran at once"
    assert 0.5 < took / (told.drained * scale) < 2
    assert 0.4 < len(function.ran("throttled")) / told.throttles < 2.5


def test_a_burst_keeps_to_the_rate_of_ses_and_loses_nothing(herald: Herald) -> None:
    burst, rate = 12, 4
    to = new_address()
    with allowed(herald, rate):
        for _ in range(burst):
            herald.clients.sns.publish(TopicArn=herald.names.topics["events"], Message=json.dumps(new_event(to)))
        mails = herald.inbox.wait(to, burst, seconds=90)
    assert len(mails) == burst
    at = sorted(datetime.fromisoformat(mail["at"]).timestamp() for mail in mails)
    assert all(later - first >= 0.99 for first, later in zip(at, at[rate:], strict=False)), "more than the rate"
    told = play(Question(rate, burst, seconds=0.25))
    assert told.sent == burst
    assert (burst - rate) / rate <= at[-1] - at[0] < 3 * told.drained


@contextmanager
def allowed(herald: Herald, per_second: int) -> Iterator[None]:
    """SES at another rate, for a while."""
    before = herald.inbox.http.get("/limits").json()
    herald.inbox.http.put("/limits", json={"per_second": per_second}).raise_for_status()
    try:
        yield
    finally:
        herald.inbox.http.put("/limits", json=before).raise_for_status()
