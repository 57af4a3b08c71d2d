"""Pauses Herald: events wait in `retry` and nothing is sent until it is resumed. No event is lost meanwhile.

With a reserved concurrency of 0, Lambda puts every event straight into the on-failure queue, which is `retry`, and
nothing reads that queue while its event source mapping is disabled. The previous concurrency is kept in a tag of the
function.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operations.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["CONCURRENCY_TAG", "READING", "PauseStatus", "count_waiting", "pause", "read_pause_status", "resume"]

#: The tag that keeps the previous reserved concurrency while it is 0: a number, or `none`.
CONCURRENCY_TAG = "herald:reserved-concurrency"
_NONE = "none"
#: How long AWS may take to enable or disable a mapping, and the time between two checks, in seconds.
_SETTLED_WITHIN = 120
_STEP = 1.0
#: The states of an event source mapping that reads, or is about to.
READING = frozenset({"Enabled", "Enabling", "Creating", "Updating"})


@dataclass(frozen=True, slots=True)
class PauseStatus:
    """The function's reserved concurrency (None: not reserved), its previous one in the tag, and whether the mapping
    reads `retry`."""

    arn: str
    concurrency: int | None
    kept: str | None
    mapping: str
    reads: bool

    @property
    def paused(self) -> bool:
        """Whether `pause` has stopped all mail."""
        return self.concurrency == 0 and self.kept is not None and not self.reads

    @property
    def running(self) -> bool:
        """Whether nothing is stopped."""
        return self.concurrency != 0 and self.kept is None and self.reads


def read_pause_status(functions: LambdaClient, notify: str) -> PauseStatus:
    """The current status of the function `notify`; raises `UserError` if it, or its mapping, does not exist."""
    try:
        function = functions.get_function(FunctionName=notify)
    except functions.exceptions.ResourceNotFoundException:
        raise UserError(f"there is no function {notify} in this account and region") from None
    arn = function["Configuration"]["FunctionArn"]
    mapping = _find_mapping(functions, arn)
    reserved = functions.get_function_concurrency(FunctionName=notify).get("ReservedConcurrentExecutions")
    kept = functions.list_tags(Resource=arn).get("Tags", {}).get(CONCURRENCY_TAG)
    return PauseStatus(arn, reserved, kept, mapping["UUID"], mapping["State"] in READING)


def pause(functions: LambdaClient, notify: str, sleep: Callable[[float], None] = time.sleep) -> PauseStatus:
    """Stop all mail; safe to repeat, also after an interruption. Returns the status before."""
    before = read_pause_status(functions, notify)
    if before.concurrency == 0 and before.kept is None:
        raise UserError(
            f"the reserved concurrency of {notify} is 0 already, and no pause did that: nobody knows what it was. "
            "Apply the Terraform configuration to restore it, then pause again"
        )
    if before.concurrency != 0:
        kept = _NONE if before.concurrency is None else str(before.concurrency)
        functions.tag_resource(Resource=before.arn, Tags={CONCURRENCY_TAG: kept})
    _set_mapping(functions, before.mapping, False, sleep)  # first: what arrives in retry from now on must stay there
    functions.put_function_concurrency(FunctionName=notify, ReservedConcurrentExecutions=0)
    return before


def resume(functions: LambdaClient, notify: str, sleep: Callable[[float], None] = time.sleep) -> PauseStatus:
    """Undo `pause`; safe to repeat, also after an interruption. Returns the status before."""
    before = read_pause_status(functions, notify)
    if before.kept is None and before.concurrency == 0:
        raise UserError(
            f"the reserved concurrency of {notify} is 0, and no pause did that: nobody knows what it was. "
            "Apply the Terraform configuration to restore it"
        )
    if before.concurrency == 0 and before.kept == _NONE:
        functions.delete_function_concurrency(FunctionName=notify)
    elif before.concurrency == 0:
        functions.put_function_concurrency(FunctionName=notify, ReservedConcurrentExecutions=int(before.kept or 0))
    _set_mapping(functions, before.mapping, True, sleep)
    if before.kept is not None:
        # last: without the tag nobody knows which concurrency to restore
        functions.untag_resource(Resource=before.arn, TagKeys=[CONCURRENCY_TAG])
    return before


def count_waiting(sqs: SQSClient, retry: str) -> int:
    """Return the approximate number of events in `retry`: visible, delayed and in flight."""
    names: list[Any] = [f"ApproximateNumberOfMessages{part}" for part in ("", "Delayed", "NotVisible")]
    found = sqs.get_queue_attributes(QueueUrl=retry, AttributeNames=names)["Attributes"]
    return sum(int(found.get(name, 0)) for name in names)


def _find_mapping(functions: LambdaClient, arn: str) -> Any:
    """Return the mapping by which the function, or its alias, reads its queue `retry`."""
    queue = arn.replace(":lambda:", ":sqs:", 1).replace(":function:", ":").removesuffix("-notify") + "-retry"
    pages = functions.get_paginator("list_event_source_mappings").paginate(EventSourceArn=queue)
    for page in pages:
        for mapping in page["EventSourceMappings"]:
            if mapping["FunctionArn"] == arn or mapping["FunctionArn"].startswith(f"{arn}:"):
                return mapping
    raise UserError(f"no event source mapping reads {queue} for {arn}: apply the Terraform configuration to create it")


def _set_mapping(functions: LambdaClient, mapping: str, enabled: bool, sleep: Callable[[float], None]) -> None:
    """Enable or disable the mapping and wait until that is done: AWS takes a while, and rejects changes meanwhile."""
    wanted = "Enabled" if enabled else "Disabled"
    for _ in range(int(_SETTLED_WITHIN / _STEP)):
        state = functions.get_event_source_mapping(UUID=mapping)["State"]
        if state == wanted:
            return
        if state in ("Enabled", "Disabled"):
            state = functions.update_event_source_mapping(UUID=mapping, Enabled=enabled)["State"]
        if state != wanted:
            sleep(_STEP)
    raise UserError(f"the event source mapping {mapping} is not {wanted} after {_SETTLED_WITHIN} s: run it again")
