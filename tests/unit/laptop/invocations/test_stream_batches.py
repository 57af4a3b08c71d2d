"""A mapping takes every record of a shard to its function, in order, until it is taken or given up."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from laptop.invocations.stream_batches import Batch, ShardReader, StreamRules, find_first_failure

PARTIAL = StreamRules(size=10, partial=True, bisect=True)


def records(count: int) -> list[dict[str, Any]]:
    return [
        {"dynamodb": {"SequenceNumber": str(number), "ApproximateCreationDateTime": number}} for number in range(count)
    ]


def run(
    stream: list[dict[str, Any]],
    rules: StreamRules,
    answer: Callable[[Batch], int | None],
    reader: ShardReader | None = None,
    now: float = 0,
) -> tuple[list[list[int]], list[int]]:
    """The batches as the function saw them, and what was given up."""
    reader = reader or ShardReader(0, random.Random(3).random, repeats=False)
    seen: list[list[int]] = []
    lost: list[int] = []
    while batch := reader.take(rules, lambda position, most: stream[position : position + most]):
        seen.append([int(record["dynamodb"]["SequenceNumber"]) for record in batch.records])
        lost += [int(record["dynamodb"]["SequenceNumber"]) for record in reader.settle(rules, answer(batch), now)]
    return seen, lost


def test_batches_are_cut_and_every_record_comes_in_order() -> None:
    seen, lost = run(records(100), PARTIAL, lambda _: None)
    assert [number for batch in seen for number in batch] == [*range(100)]
    assert max(map(len, seen)) <= 10 < len(seen)
    assert lost == []


def test_what_was_taken_is_handed_over_again_now_and_then() -> None:
    seen, _ = run(records(1_000), PARTIAL, lambda _: None, ShardReader(0, random.Random(3).random))
    again = [batch for batch, before in zip(seen[1:], seen, strict=False) if batch == before]
    assert again
    assert sorted({number for batch in seen for number in batch}) == [*range(1_000)]


def test_from_what_failed_on_the_batch_comes_again() -> None:
    tries = iter([3, None])
    reader = ShardReader(0, lambda: 0.9, repeats=False)  # nothing is cut
    seen, _ = run(records(6), PARTIAL, lambda _: next(tries), reader)
    assert seen == [[0, 1, 2, 3, 4, 5], [3, 4, 5]]


def test_a_poisoned_record_is_alone_at_the_end_and_given_up_after_its_retries() -> None:
    rules = StreamRules(size=8, bisect=True, retries=2)
    reader = ShardReader(0, lambda: 0.9, repeats=False)

    def fails(batch: Batch) -> int | None:
        return 0 if any(record["dynamodb"]["SequenceNumber"] == "5" for record in batch.records) else None

    seen, lost = run(records(8), rules, fails, reader)
    assert lost == [5]
    assert seen.count([5]) == 3
    assert {number for batch in seen for number in batch} == {*range(8)}


def test_without_an_end_of_retries_age_ends_them() -> None:
    rules = StreamRules(size=1, age=60)
    _, lost = run(records(1), rules, lambda _: 0, ShardReader(0, lambda: 0.9), now=61)
    assert lost == [0]


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, None),
        ({}, None),
        ({"batchItemFailures": []}, None),
        ({"batchItemFailures": [{"itemIdentifier": "2"}]}, 2),
        ({"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "1"}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": "of another batch"}]}, 0),
        ({"batchItemFailures": [{"item": "2"}]}, 0),
        ({"batchItemFailures": "2"}, 0),
        ("no", 0),
    ],
)
def test_an_answer_names_the_first_that_failed_or_the_whole_batch_did(answer: Any, failed: int | None) -> None:
    assert find_first_failure(answer, Batch(tuple(records(4))), PARTIAL) == failed


def test_without_partial_answers_nothing_is_read_of_one() -> None:
    assert (
        find_first_failure({"batchItemFailures": [{"itemIdentifier": "2"}]}, Batch(tuple(records(4))), StreamRules())
        is None
    )


def test_the_rules_are_those_of_the_mapping() -> None:
    mapping = {
        "BatchSize": 7,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "BisectBatchOnFunctionError": True,
        "MaximumRetryAttempts": 0,
        "MaximumRecordAgeInSeconds": 60,
    }
    assert StreamRules.from_mapping(mapping) == StreamRules(7, partial=True, bisect=True, retries=0, age=60)
    assert StreamRules.from_mapping({}) == StreamRules()
