"""DynamoDB streams in ministack: event source mappings that follow the rules of `stream_batches`.

ministack itself ignores partial batch failures, neither splits nor repeats batches, and retries forever.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from laptop.cloudwatch.metrics import MetricPoint
from laptop.emulator.lambdas import Lambdas
from laptop.emulator.patches import Ministack
from laptop.invocations.invocation import Cause, InvocationTarget
from laptop.invocations.stream_batches import Batch, ShardReader, StreamRules, find_first_failure

__all__ = ["Streams"]

#: Seconds before a failed batch is retried; AWS does not document a value (guessed).
AFTER_FAILURE = 1.0
#: Suffix of the functions that sometimes get a successful batch again. The relay does not: it would publish the batch
#: twice, and the timelines on the laptop would be full of duplicates.
REPEATED = "-mail-events"


class Streams:
    """Reads one shard for each mapping; `put` sends a message to a queue, `draw` returns a uniform number in [0, 1)."""

    def __init__(
        self,
        ministack: Ministack,
        lambdas: Lambdas,
        put: Callable[[str, str, Mapping[str, str]], bool],
        store: Callable[[MetricPoint], None],
        draw: Callable[[], float],
        scale: float,
    ) -> None:
        self._functions = ministack.functions
        self._tables = ministack.tables
        self._lambdas = lambdas
        self._put = put
        self._store = store
        self._draw = draw
        self._scale = scale
        self._readers: dict[str, ShardReader] = {}
        ministack.replace(self._functions, "_poll_dynamodb_streams", lambda _: self._poll)

    def _poll(self) -> bool:
        """Start the next batch of each idle mapping; return whether any was started."""
        scope = self._functions
        begun = False
        for account, region, mapping in scope._iter_all_esms():
            tokens = scope._request_account_id.set(account), scope._request_region.set(region)
            try:
                begun = self._begin(mapping) or begun
            finally:
                scope._request_account_id.reset(tokens[0])
                scope._request_region.reset(tokens[1])
        return begun

    def _begin(self, mapping: dict[str, Any]) -> bool:
        arn, name = mapping.get("EventSourceArn", ""), mapping["UUID"]
        if ":dynamodb:" not in arn or not mapping.get("Enabled", True) or self._functions._esm_inflight.get(name):
            return False
        if self._functions._esm_backoff_until.get(name, 0) > time.time():
            return False
        table = arn.partition("/stream/")[0].rpartition("/")[2]
        function, _ = self._functions._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        if function is None or (self._tables._tables.get(table) or {}).get("LatestStreamArn") != arn:
            return False
        reader = self._make_reader(mapping, table)
        rules = StreamRules.from_mapping(mapping)
        batch = reader.take(rules, lambda position, most: self._tables.stream_records_since(table, position, most))
        if batch is None:
            return False
        self._functions._dispatch_esm_batch(name, self._run, mapping, function, reader, rules, batch)
        return True

    def _make_reader(self, mapping: dict[str, Any], table: str) -> ShardReader:
        """Return the reader of a mapping; it starts where ministack's position was when the mapping was created."""
        name = mapping["UUID"]
        if name not in self._readers:
            start = self._functions._dynamodb_stream_positions.get(name, self._tables.stream_start_position(table))
            repeats = mapping["FunctionName"].endswith(REPEATED)
            self._readers[name] = ShardReader(start, self._draw, repeats)
        return self._readers[name]

    def _run(
        self, mapping: dict[str, Any], function: dict[str, Any], reader: ShardReader, rules: StreamRules, batch: Batch
    ) -> None:
        wanted = self._functions._apply_filter_criteria(list(batch.records), mapping)
        failed: int | None = None
        if wanted:
            handed = Batch(tuple(wanted))
            _, outcome = self._lambdas.execute(function, {"Records": wanted}, Cause("stream", str(uuid.uuid4())))
            inside = find_first_failure(outcome.answer, handed, rules) if outcome.ending == "ok" else 0
            failed = None if inside is None else batch.records.index(wanted[inside])
            mapping["LastProcessingResult"] = "OK" if failed is None else "PROBLEM: Function call failed"
            self._measure(mapping, handed)
        if failed is not None:
            self._functions._esm_backoff_until[mapping["UUID"]] = time.time() + max(AFTER_FAILURE * self._scale, 0.1)
        if lost := reader.settle(rules, failed, time.time()):
            self._note_lost(mapping, lost, rules)

    def _measure(self, mapping: dict[str, Any], batch: Batch) -> None:
        """Store `IteratorAge`, the age of the batch's last record.

        https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
        """
        now = time.time()
        age = max(0.0, now - float(batch.records[-1]["dynamodb"]["ApproximateCreationDateTime"])) * 1000 / self._scale
        target = InvocationTarget.parse(mapping["FunctionArn"])
        every = [{"FunctionName": target.name}]
        if target.qualifier:
            every.append({**every[0], "Resource": f"{target.name}:{target.qualifier}"})
        for dimensions in every:
            self._store(MetricPoint("AWS/Lambda", "IteratorAge", age, "Milliseconds", now, dimensions))

    def _note_lost(self, mapping: dict[str, Any], lost: Any, rules: StreamRules) -> None:
        """Send the on-failure record to the mapping's destination: it names the part of the stream, not its content.

        https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
        """
        destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        if not destination:
            return
        first, last = lost[0]["dynamodb"], lost[-1]["dynamodb"]
        condition = "RetryAttemptsExhausted" if rules.retries >= 0 else "MaxRecordAgeExceeded"
        note = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": mapping["FunctionArn"],
                "condition": condition,
                "approximateInvokeCount": 1,
            },
            "version": "1.0",
            "timestamp": _format_iso(time.time()),
            "DDBStreamBatchInfo": {
                "shardId": _SHARD,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _format_iso(first["ApproximateCreationDateTime"]),
                "approximateArrivalOfLastRecord": _format_iso(last["ApproximateCreationDateTime"]),
                "batchSize": len(lost),
                "streamArn": mapping["EventSourceArn"],
            },
        }
        self._put(destination, json.dumps(note), {})


#: The only shard of a table in ministack.
_SHARD = "shardId-00000000000000000000-00000000"


def _format_iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
