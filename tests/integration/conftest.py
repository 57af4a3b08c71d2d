"""moto answers one call at a time, as if it were a server of one thread.

Its transactions copy whole tables and put the copies back, so that two at once break each other: in DynamoDB they are
isolated. What is tested, the order in which callers' requests interleave, stays free.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber


@pytest.fixture(scope="session", autouse=True)
def one_call_at_a_time() -> Iterator[None]:
    lock = threading.RLock()
    answer = BotocoreStubber.process_request

    def alone(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            return answer(stubber, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BotocoreStubber, "process_request", alone)
        yield
