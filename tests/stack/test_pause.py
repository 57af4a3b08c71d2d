"""Pausing and resuming a Herald that runs: what is published in between waits, and then each event is one mail."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from operations.pause import count_waiting, pause, read_pause_status, resume
from tests.stack.conftest import Herald
from tests.stack.events import new_address, new_event
from tests.waiting import eventually

_NOTIFY = "herald-notify"


@pytest.fixture
def paused(herald: Herald) -> Iterator[Herald]:
    """A Herald that is paused, and runs again afterwards whatever a test did."""
    functions = herald.clients.functions
    pause(functions, _NOTIFY)
    yield herald
    resume(functions, _NOTIFY)


def test_what_is_published_while_it_is_paused_waits_and_then_is_one_mail_each(paused: Herald) -> None:
    readers = [new_address() for _ in range(3)]
    parked = count_waiting(paused.clients.sqs, paused.names.queues["retry"])
    for to in readers:
        paused.clients.sns.publish(TopicArn=paused.names.topics["events"], Message=json.dumps(new_event(to)))
    eventually(
        lambda: count_waiting(paused.clients.sqs, paused.names.queues["retry"]),
        lambda count: count >= parked + len(readers),
    )
    assert [paused.inbox.mails(to) for to in readers] == [[]] * len(readers)

    resume(paused.clients.functions, _NOTIFY)
    assert read_pause_status(paused.clients.functions, _NOTIFY).running
    for to in readers:
        paused.inbox.exactly(to, 1)
