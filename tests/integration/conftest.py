"""moto answers one call at a time, as if it were a server of one thread, and looks the same things up once.

Its transactions copy whole tables and put the copies back, so that two at once break each other: in DynamoDB they are
isolated. What is tested, the order in which callers' requests interleave, stays free.
"""

from __future__ import annotations

import copyreg
import pickle
import threading
from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import moto.backends
import moto.core.utils
import pytest
from botocore.hooks import EventAliaser
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import XFormedAttributePicker
from moto.dynamodb.models.dynamo_type import LimitedSizeDict
from moto.sqs.models import SQSBackend

__all__ = ["moto_backend"]


def moto_backend(service: str) -> Any:
    """What moto keeps of a service, in the account and the region of the tests."""
    find: Any = moto.backends.get_backend
    return find(service)["123456789012"]["us-east-1"]


_KINDS = {"S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}


def _is_value(found: object) -> bool:
    """Whether it is one value of DynamoDB, such as `{"S": "text"}`."""
    return type(found) is dict and len(found) == 1 and next(iter(found)) in _KINDS


@pytest.fixture(scope="session", autouse=True)
def moto_remembers() -> Iterator[None]:
    """Its modules and methods are found once, not at each call, and its tables are copied by pickle, which is quicker;
    nothing here asks it by `requests`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.core.models.RESPONSES_METHODS", [])
        patch.setattr("moto.backends.get_backend", cache(moto.backends.get_backend))
        patch.setattr("moto.core.responses.method_names_from_class", cache(moto.core.utils.method_names_from_class))
        # An item is copied whole: set attribute by attribute, its size is counted anew at each.
        patch.setitem(copyreg.dispatch_table, LimitedSizeDict, lambda item: (LimitedSizeDict, (dict(item),)))
        quick = SimpleNamespace(deepcopy=lambda value: pickle.loads(pickle.dumps(value, -1)))
        patch.setattr("moto.dynamodb.models.copy", quick)
        # It looks for each of the ten kinds of a value under each name that any service may have for it.
        pick = XFormedAttributePicker.__call__
        patch.setattr(
            XFormedAttributePicker,
            "__call__",
            lambda picker, at: at.obj.get(at.key) if _is_value(at.obj) else pick(picker, at),
        )
        # botocore renames each event of each session anew.
        hooks: Any = EventAliaser
        renamed, aliases = hooks._alias_event_name, hooks(None)
        patch.setattr(hooks, "_alias_event_name", lambda _, name: renamed(aliases, name))
        yield


@pytest.fixture(scope="session", autouse=True)
def one_call_at_a_time() -> Iterator[None]:
    """So no queue is sent anything while somebody waits for it to have something: an empty one says so at once."""
    lock = threading.RLock()
    answer, receive = BotocoreStubber.process_request, SQSBackend.receive_message

    def alone(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            return answer(stubber, request)

    def receive_at_once(queues: SQSBackend, name: str, count: int, _wait: int, *others: Any) -> Any:
        return receive(queues, name, count, 0, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BotocoreStubber, "process_request", alone)
        patch.setattr(SQSBackend, "receive_message", receive_at_once)
        yield
