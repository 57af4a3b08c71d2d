"""In bulk and event by event: the same story, at sizes that both can play."""

from __future__ import annotations

import pytest

from herald.capacity.events import play
from herald.capacity.flow import pour
from herald.capacity.question import Question

QUESTIONS = [
    Question(rate=14, burst=2_000),
    Question(rate=14, burst=2_000, concurrency=2),
    Question(rate=14, burst=5_000, concurrency=30),
    Question(rate=1, burst=500),
    Question(rate=200, burst=10_000),
    Question(rate=5, burst=8_000, over=300),
    Question(rate=14, burst=1_500, quota=500),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_both_ways_tell_the_same(question: Question) -> None:
    one, bulk = play(question), pour(question)
    assert bulk.sent + bulk.dead == pytest.approx(question.burst, abs=2)
    assert bulk.sent == pytest.approx(one.sent, abs=2)
    assert bulk.drained == pytest.approx(one.drained, rel=0.2)
    assert bulk.half == pytest.approx(one.half, rel=0.15)
    assert bulk.invocations == pytest.approx(one.invocations, rel=0.05)
    assert bulk.throttles == pytest.approx(one.throttles, rel=0.35)
    assert bulk.released == pytest.approx(one.released, rel=0.2, abs=0.01 * question.burst)
    assert bulk.most_in_lambda == pytest.approx(one.most_in_lambda, rel=0.3)
