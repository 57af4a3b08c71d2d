"""What a queue's mapping does with the messages of a batch that a function answered.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

__all__ = ["done"]


def done(answer: Any, batch: AbstractSet[str], partial: bool) -> set[str]:
    """The messages to delete; the others come back when their visibility timeout ends.

    `partial` is ReportBatchItemFailures. An answer that names nothing was a success; one that cannot be read, or names
    what was not in the batch, failed whole.
    """
    if not partial or answer is None:
        return set(batch)
    if not isinstance(answer, dict):
        return set()
    failures = answer.get("batchItemFailures") or []
    if not isinstance(failures, list):
        return set()
    failed = {failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures}
    return set(batch) - failed if failed <= batch else set()
