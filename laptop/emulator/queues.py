"""SQS in ministack: event source mappings that pass batches to functions, and messages that other services send to
queues.
"""

from __future__ import annotations

import contextlib
import functools
import json
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from laptop.emulator.lambdas import Lambdas
from laptop.emulator.patches import PATCHED, Ministack
from laptop.invocations.invocation import Cause, InvokeConfig
from laptop.invocations.results import choose_messages_to_delete
from laptop.invocations.retries import THROTTLED_FIRST, THROTTLED_LONGEST, Failed, on_failure_record

__all__ = ["Queues"]


class Queues:
    """Runs the batches of event source mappings, and stores what other services could not deliver."""

    def __init__(self, ministack: Ministack, lambdas: Lambdas, scale: float) -> None:
        self._sqs = ministack.queues
        self._topics = ministack.topics
        self._lambdas = lambdas
        self._scale = scale
        self._wake: Callable[[], None] = ministack.functions.esm_wake.set
        _change_one_at_a_time(ministack)
        ministack.replace(ministack.functions, "_run_sqs_batch", lambda _: self._run_batch)

    def give_up(self, failed: Failed, limits: InvokeConfig) -> None:
        """Send an event that Lambda gave up to its on-failure destination and its dead-letter target, if configured."""
        if limits.on_failure:
            self._keep(limits.on_failure, json.dumps(on_failure_record(failed, datetime.now(UTC))), {})
        if limits.dead_letters:
            attributes = {"RequestID": failed.event.request_id, "ErrorMessage": failed.condition}
            self._keep(limits.dead_letters, json.dumps(failed.event.payload), attributes)

    def put(self, arn: str, body: str, attributes: Mapping[str, str]) -> bool:
        """Put a message into a queue on behalf of a service; return False if the queue does not exist."""
        queue = self._sqs._queue_by_arn(arn)
        if queue is None:
            return False
        typed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        message = {
            "id": str(uuid.uuid4()),
            "body": body,
            "message_attributes": typed,
            "md5_attrs": self._sqs._md5_msg_attrs(typed),
            "visible_at": time.time() + self._sqs.queue_delay(queue),
        }
        self._sqs._ensure_msg_fields(message)
        with self._sqs._queues_lock:
            queue["messages"].append(message)
        self._wake()
        return True

    def _keep(self, arn: str, body: str, attributes: Mapping[str, str]) -> None:
        if ":sns:" in arn:
            self._topics._fanout(arn, str(uuid.uuid4()), body, "", "", {})
        else:
            self.put(arn, body, attributes)

    def _run_batch(
        self, mapping: dict[str, Any], record: dict[str, Any], event: Any, batch: Any, url: str, name: str
    ) -> None:
        """Run a batch. A throttled one is retried until its messages become visible again; a failed one is not."""
        partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
        until = min(message["visible_at"] for message in batch)
        cause, wait = Cause("sqs", str(uuid.uuid4())), THROTTLED_FIRST
        while True:
            _, outcome = self._lambdas.execute(record, event, cause)
            if outcome.ending != "throttled" or time.time() + wait * self._scale > until:
                break
            time.sleep(wait * self._scale)
            wait = min(wait * 2, THROTTLED_LONGEST)
        deleted = (
            choose_messages_to_delete(outcome.answer, {each["id"] for each in batch}, partial)
            if outcome.ending == "ok"
            else set()
        )
        mapping["LastProcessingResult"] = f"{name}: {outcome.ending}, {len(deleted)} of {len(batch)} messages"
        with contextlib.suppress(Exception):  # the queue may have been deleted meanwhile
            self._sqs._delete_messages_for_esm(
                url, {each["receipt_handle"] for each in batch if each["id"] in deleted and each["receipt_handle"]}
            )


def _change_one_at_a_time(ministack: Ministack) -> None:
    """Let only one thread at a time change a queue.

    ministack locks queues for its mappings, but not for clients. Both read the list of messages and store a new one, so
    that a message sent in between was lost, though SQS had accepted it.
    """
    queues: Any = ministack.queues
    lock = threading.RLock()
    if not isinstance(getattr(queues, "_queues_lock", None), type(threading.Lock())):
        raise SystemExit(f"ministack locks its queues in another way: look at it, and at {__file__}")
    queues._queues_lock = lock

    def hold(original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def run_locked(*arguments: Any, **named: Any) -> Any:
            with lock:
                return original(*arguments, **named)

        return run_locked

    for name in PATCHED["sqs"]:
        ministack.replace(queues, name, hold)
    ministack.replace(ministack.topics, "_deliver_to_sqs", hold)
    handlers = queues._HANDLERS
    handlers |= {action: vars(queues)[handler.__name__] for action, handler in handlers.items()}
