"""The cost of a mail whose event has several recipients: its own processing, and its share of the event's.

Counted by running the function's own code. SQS bills a request by 64 KB: https://aws.amazon.com/sqs/pricing/
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.cost.assumptions import Assumptions, Cpu
from bench.cost.meter import Meter
from bench.cost.usage import Usage
from fakes.example_events import event
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.event.envelope import Delivery, from_queue
from function.message.catalogue import Catalogue
from function.queues.batches import split_batches
from package.notifications.catalogue import EXAMPLES, compile_catalogue, read_examples

__all__ = ["measure_parts"]

_TYPE = "account"
#: SQS requests per part besides the one that sends it: received, deleted.
_QUEUE_REQUESTS = 2
_BILLED = 64 * 1024


def measure_parts(cpu: Cpu, given: Assumptions, recipients: int) -> Usage:
    """Measure one mail of an event with `recipients` recipients, without reports.

    Each delivery is assumed to take the CPU time of a mail.
    """
    meter = Meter()
    world = InMemoryHerald(meter, _make_catalogue())
    data: dict[str, Any] = read_examples(_TYPE, EXAMPLES)["typical"]
    one = data.pop("recipient")
    data["recipients"] = [one | {"email": f"reader{number}@example.com"} for number in range(recipients)]
    world.deliver(delivery("5b0c71b2-3e64-4c8a-9f6d-2a1f0e9d8c7b", event("order-4711", _TYPE, data=data)))
    parts = world.retry.letters
    for part in parts:
        record = {"messageId": "item", "receiptHandle": "handle", "attributes": {}, "body": part.body}
        for found in from_queue(record):
            if isinstance(found, Delivery):
                world.deliver(replace(found, item=None))
    if world.mails != recipients:
        raise RuntimeError(f"{recipients} recipients got {world.mails} mails")
    calls = sum(
        math.ceil(sum(len(letter.body) for letter in batch) / _BILLED)
        for batch in split_batches(parts, lambda letter: len(letter.body))
    )
    runs = 1 + 1 / recipients
    waits = given.transaction * runs + given.send + given.write
    milliseconds = cpu.notify * given.processor / given.memory * runs + waits
    return Usage(
        sns_publish=1 / recipients,
        sqs_request=_QUEUE_REQUESTS + calls / recipients,
        lambda_request=runs,
        lambda_gb_second=milliseconds / 1000 * given.memory / 1024,
        write_unit=meter.write_units / recipients,
        read_unit=meter.read_units / recipients,
        largest=meter.largest,
        kept=meter.bytes() // recipients,
    )


def _make_catalogue() -> Catalogue:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(EXAMPLES, Path(folder) / "mails")
        settings = Path(folder) / "mails" / _TYPE / "notification.json"
        settings.write_text(json.dumps(json.loads(settings.read_text("utf-8")) | {"recipients": True}), "utf-8")
        compile_catalogue(Path(folder) / "compiled", Path(folder) / "mails")
        return Catalogue.load(Path(folder) / "compiled")
