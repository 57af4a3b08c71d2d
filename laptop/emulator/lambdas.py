"""Invocation of functions in ministack: weighted aliases, reserved concurrency for every kind of invocation, the
asynchronous queue.

Every kind of invocation ends in ministack's `_execute_function`, with a record whose configuration has the invoked ARN.
"""

from __future__ import annotations

import contextvars
import errno
import json
import os
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import partial
from threading import Semaphore
from typing import Any
from urllib.parse import urlsplit

from laptop.cloudwatch.metrics import MetricPoint, read_embedded_points, run_points
from laptop.emulator.patches import Ministack
from laptop.invocations.invocation import (
    Cause,
    InvocationOutcome,
    InvocationTarget,
    InvokeConfig,
    QueuedEvent,
    Run,
    Source,
    choose_version,
    is_weighted,
)
from laptop.invocations.journal import Journal, find_sns_message_id
from laptop.invocations.results import read_outcome
from laptop.model_validation import hold_to_model

__all__ = ["Lambdas", "patch_acquire_worker"]

JsonObject = dict[str, Any]
#: Maximum number of asynchronous events of one function that run at once. Each takes a process, and more of them would
#: only slow a busy machine further. The others wait, as they do in Lambda's queue on AWS.
MOST_AT_ONCE = 16
Invoke = Callable[..., Awaitable[tuple[int, dict[str, str], bytes]]]

#: ministack's error for an event that it could not pass to the sandbox's process.
_NOT_TAKEN = frozenset({str(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))})
#: Members of the response to `Invoke` that are HTTP headers.
_HEADERS = {
    "FunctionError": "X-Amz-Function-Error",
    "LogResult": "X-Amz-Log-Result",
    "ExecutedVersion": "X-Amz-Executed-Version",
}
#: Passes the version that ran to the caller who waits for the response.
_version: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("version", default=None)


class Lambdas:
    """Runs functions as AWS does; `store` stores metrics, `draw` returns a uniform number in [0, 1).

    `running` holds the runs in progress.
    """

    def __init__(
        self, ministack: Ministack, journal: Journal, store: Callable[[MetricPoint], None], draw: Callable[[], float]
    ) -> None:
        self._service = ministack.functions
        self._journal = journal
        self._store = store
        self._draw = draw
        self._turns: dict[str, Semaphore] = defaultdict(lambda: Semaphore(MOST_AT_ONCE))
        self.running: dict[object, Run] = {}
        ministack.replace(self._service, "_effective_func_record_for_qualifier", self._patch_qualifier)
        ministack.replace(self._service, "_emit_lambda_metrics", lambda _: lambda *_a, **_k: None)
        ministack.replace(self._service, "_execute_function", lambda _: self._execute)
        ministack.replace(self._service, "_get_function", self._patch_get_function)
        ministack.replace(self._service, "_invoke", _patch_invoke)
        ministack.replace(self._service, "acquire_worker", patch_acquire_worker)

    def limits(self, target: InvocationTarget) -> InvokeConfig:
        """Return the event-invoke configuration of exactly the invoked target: an alias does not inherit the
        function's.
        """
        function = self._service._functions.get(target.name)
        if function is None:
            return InvokeConfig()
        config = self._service._event_invoke_config(function, target.qualifier) or {}
        standard = InvokeConfig()
        return InvokeConfig(
            retries=config.get("MaximumRetryAttempts", standard.retries),
            age=config.get("MaximumEventAgeInSeconds", standard.age),
            on_failure=config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"),
            dead_letters=(function["config"].get("DeadLetterConfig") or {}).get("TargetArn"),
            closed=function.get("concurrency") == 0,
        )

    def run(self, event: QueuedEvent) -> InvocationOutcome:
        """Run one event of the asynchronous queue once."""
        record, _, _ = self._service._get_func_record_for_ref(event.target.arn)
        if record is None:
            return InvocationOutcome("ok", "", None)  # the function was deleted, and its events with it
        self._service._invoke_depth.set(event.hops)
        with self._turns[event.target.name]:
            return self.execute(record, event.payload, Cause(event.source, event.request_id, event.runs + 1))[1]

    def execute(self, record: JsonObject, payload: Any, cause: Cause) -> tuple[JsonObject, InvocationOutcome]:
        """Run a function once, on the version that its alias now resolves to. Returns ministack's result and the
        outcome.
        """
        target = InvocationTarget.parse(record["config"]["FunctionArn"])
        version, record = self._resolve_version(target, record)
        weighted, began, run = self._is_weighted(target), time.time(), object()
        self.running[run] = Run(target.name, version, began)
        try:
            result = self._run_in_slot(record, payload, cause.request_id, began)
            outcome = read_outcome(result, cause.request_id, version)
            if outcome.ending not in ("ok", "throttled"):
                result["body"] = outcome.answer
            self._record_outcome(target, outcome, cause, payload, result, began, weighted)
        finally:
            del self.running[run]
        return result, outcome

    def _patch_qualifier(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Resolve an alias but keep its ARN, because the record of a failure names the alias, not the version."""

        def resolve(function: JsonObject | None, qualifier: str | None) -> tuple[JsonObject | None, JsonObject | None]:
            record, config = original(function, qualifier)
            if record is None or function is None or qualifier not in function.get("aliases", {}):
                return record, config
            config = {**config, "FunctionArn": f"{function['config']['FunctionArn']}:{qualifier}"}
            return {**record, "config": config}, config

        return resolve

    def _patch_get_function(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """Let GetFunction return the code of the requested version; ministack returns that of `$LATEST` for each."""

        def get_function(name: str, qualifier: str | None = None) -> tuple[int, dict[str, str], bytes]:
            status, headers, body = original(name, qualifier)
            record, _ = self._service._get_func_record_for_qualifier(name, qualifier) if status == 200 else (None, None)
            if record and qualifier and "Location" in (answer := json.loads(body)).get("Code", {}):
                parts = urlsplit(answer["Code"]["Location"])
                answer["Code"]["Location"] = f"{parts.scheme}://{parts.netloc}/_herald/code/{name}/{qualifier}"
                body = json.dumps(answer).encode()
            return status, headers, body

        return get_function

    def code(self, name: str, qualifier: str) -> bytes | None:
        """Return the zip file of a function's version, or None."""
        record, _ = self._service._get_func_record_for_qualifier(name, qualifier)
        return (record or {}).get("code_zip")

    def _execute(self, record: JsonObject, payload: Any) -> JsonObject:
        record = record if "config" in record else {"config": record}
        if self._service._function_config_scope_mismatch(record["config"]):
            done: JsonObject = self._service._run_with_function_config_scope(record, self._execute, record, payload)
            return done
        return self.execute(record, payload, Cause(_read_source(payload), str(uuid.uuid4())))[0]

    def _is_weighted(self, target: InvocationTarget) -> bool:
        function = self._service._functions.get(target.name) or {}
        return is_weighted(function.get("aliases", {}).get(target.qualifier) or {})

    def _resolve_version(self, target: InvocationTarget, record: JsonObject) -> tuple[str, JsonObject]:
        function = self._service._functions.get(target.name)
        if function is None:
            return str(record["config"].get("Version", "$LATEST")), record
        alias = function.get("aliases", {}).get(target.qualifier)
        version = choose_version(alias, self._draw()) if alias else target.qualifier or "$LATEST"
        chosen = function.get("versions", {}).get(version, function)
        config = {**chosen["config"], "FunctionArn": target.arn}
        return version, {**chosen, "config": config, "concurrency": function.get("concurrency")}

    def _run_in_slot(self, record: JsonObject, payload: Any, request_id: str, began: float) -> JsonObject:
        slot, limit = self._service._acquire_execution_slot(record, record["config"])
        if slot is None:
            kind = "ReservedFunction" if limit == "function" else ""
            throttled: JsonObject = self._service._throttle_response(
                reason_code=f"{kind}ConcurrentInvocationLimitExceeded", msg="Rate Exceeded."
            )
            return throttled
        try:
            result: JsonObject = self._service._execute_function_dispatch(
                record, record["config"], payload, request_id, began
            )
            return result
        finally:
            self._service._release_execution_slot(slot)

    def _record_outcome(
        self,
        target: InvocationTarget,
        outcome: InvocationOutcome,
        cause: Cause,
        payload: Any,
        result: JsonObject,
        began: float,
        weighted: bool,
    ) -> None:
        milliseconds = (time.time() - began) * 1000
        for point in (
            *run_points(target, outcome, began, milliseconds, weighted),
            *read_embedded_points(result.get("log") or ""),
        ):
            self._store(point)
        self._journal.record_invocation(
            request_id=cause.request_id,
            function=target.name,
            alias=target.qualifier if target.qualifier != outcome.version else None,
            version=outcome.version,
            source=cause.source,
            at=began,
            ms=round(milliseconds, 1),
            outcome=outcome.ending,
            attempt=cause.attempt,
            message_id=find_sns_message_id(payload),
        )
        versions = _version.get()
        if versions is not None:
            versions.append(outcome.version)


def _patch_invoke(original: Invoke) -> Invoke:
    """Make a synchronous `Invoke` return the version that ran, instead of the alias's main version."""

    async def invoke(*arguments: Any, **named: Any) -> tuple[int, dict[str, str], bytes]:
        versions: list[str] = []
        _version.set(versions)
        status, headers, body = await original(*arguments, **named)
        all_headers = {**headers, **({"X-Amz-Executed-Version": versions[0]} if versions else {})}
        if status < 300:
            answer = {member: all_headers[header] for member, header in _HEADERS.items() if header in all_headers}
            hold_to_model("lambda", "Invoke", {"StatusCode": status, "Payload": body, **answer})
        return status, all_headers, body

    return invoke


def patch_acquire_worker(original: Callable[..., Any]) -> Callable[..., Any]:
    """Let a sandbox that fails to start end alone; ministack would kill every sandbox of its version."""

    def acquire(*arguments: Any, **named: Any) -> tuple[Any, str]:
        worker, reason = original(*arguments, **named)
        if worker is not None:
            worker.invoke = partial(_invoke_alone, worker)
        return worker, reason

    return acquire


def _invoke_alone(worker: Any, *arguments: Any, **named: Any) -> Any:
    try:
        result = type(worker).invoke(worker, *arguments, **named)
        if result.get("error") in _NOT_TAKEN:  # its process died while idle: another one runs the event
            result = type(worker).invoke(worker, *arguments, **named)
    except Exception as problem:  # whatever stopped its process
        worker.kill()
        return {"status": "error", "error": str(problem)}
    return result


def _read_source(payload: Any) -> Source:
    match payload:
        case {"Records": [{"eventSource": "aws:dynamodb"}, *_]}:
            return "stream"
    return "sync"
