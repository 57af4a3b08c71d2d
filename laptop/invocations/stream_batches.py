"""The rules by which an event source mapping passes a shard of a DynamoDB stream to a function. No I/O.

Never more favourable than AWS: about half of the batches are split, and now and then a successful batch is delivered
again, as if Lambda had not received the response. Only `draw` is random.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Batch", "ShardReader", "StreamRules", "find_first_failure"]

Records = tuple[Mapping[str, Any], ...]
#: Probabilities that a batch is split, and that a successful batch is delivered again.
_CUT, _AGAIN = 0.5, 0.1


@dataclass(frozen=True, slots=True)
class StreamRules:
    """The settings of a mapping; `retries` and `age` (in seconds) are unlimited if -1."""

    size: int = 100
    partial: bool = False
    bisect: bool = False
    retries: int = -1
    age: float = -1

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> StreamRules:
        """Read the settings from a mapping as Lambda describes it."""
        return cls(
            size=mapping.get("BatchSize") or 100,
            partial="ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()),
            bisect=bool(mapping.get("BisectBatchOnFunctionError")),
            retries=_read_limit(mapping.get("MaximumRetryAttempts")),
            age=_read_limit(mapping.get("MaximumRecordAgeInSeconds")),
        )


def _read_limit(value: Any) -> int:
    return -1 if value is None else int(value)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records passed to the function in one call; `tries` counts failed calls, `taken` says that one succeeded."""

    records: Records
    tries: int = 0
    taken: bool = False


@dataclass(slots=True)
class ShardReader:
    """Reads one shard in order.

    `position` is the first record not read yet; `draw` returns a uniform number in [0, 1); `repeats` allows delivering
    successful batches again.
    """

    position: int
    draw: Callable[[], float]
    repeats: bool = True
    _left: list[Batch] = field(default_factory=list)

    def take(self, rules: StreamRules, read: Callable[[int, int], Sequence[Mapping[str, Any]]]) -> Batch | None:
        """Return the next batch, or None; `read(position, most)` returns the stream's records from there."""
        if not self._left:
            records = tuple(read(self.position, rules.size))
            self.position += len(records)
            self._left = self._cut(records)
        return self._left[0] if self._left else None

    def settle(self, rules: StreamRules, failed_from: int | None, now: float) -> Records:
        """Continue after an attempt of the current batch; return the records that are given up.

        `failed_from` is the index of the first failed record, None after a success. `now` is in seconds since 1970.
        """
        batch = self._left.pop(0)
        if failed_from is None:
            if self.repeats and not batch.taken and self.draw() < _AGAIN:
                self._left.insert(0, replace(batch, taken=True))
            return ()
        rest = batch.records[failed_from:]
        tries = batch.tries + 1 if failed_from == 0 else 0
        if rules.bisect and len(rest) > 1 and failed_from == 0:  # splitting does not count as a retry
            middle = len(rest) // 2
            self._left[:0] = [Batch(rest[:middle], batch.tries), Batch(rest[middle:], batch.tries)]
            return ()
        if (0 <= rules.retries < tries) or (0 <= rules.age < now - _find_oldest_time(rest)):
            return rest
        self._left.insert(0, Batch(rest, tries))
        return ()

    def _cut(self, records: Records) -> list[Batch]:
        if not records:
            return []
        at = 1 + int(self.draw() * len(records)) if self.draw() < _CUT else len(records)
        return [Batch(part) for part in (records[:at], records[at:]) if part]


def find_first_failure(answer: Any, batch: Batch, rules: StreamRules) -> int | None:
    """Return the index of the first failed record, None if none failed.

    An invalid response, or one that names no record of the batch, fails the whole batch.
    """
    if not rules.partial or answer is None:
        return None
    if not isinstance(answer, Mapping):
        return 0
    failures = answer.get("batchItemFailures") or []
    numbers = [record["dynamodb"]["SequenceNumber"] for record in batch.records]
    try:
        return min((numbers.index(failure["itemIdentifier"]) for failure in failures), default=None)
    except (ValueError, KeyError, TypeError):
        return 0


def _find_oldest_time(records: Records) -> float:
    return min(float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in records)
