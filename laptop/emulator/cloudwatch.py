"""CloudWatch in ministack: metrics are stored, and alarms are evaluated several times a second."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from laptop.cloudwatch.alarm_evaluation import SHORTEST, evaluate_alarm
from laptop.cloudwatch.metrics import MetricPoint, compute_measuring_time
from laptop.emulator.patches import Ministack
from laptop.emulator.query_protocol import convert_text, read_members, write_xml
from laptop.model_validation import hold_to_model, leave_blanks, load_operation_model, request_violations

__all__ = ["AlarmEvaluator", "compute_oldest_age"]

Call = Callable[..., Any]

EVERY = 0.2  # seconds between two evaluations of every alarm
_FORGOTTEN = 3  # number of receives after which a message's age no longer counts
KEPT = 5_000  # maximum number of points per metric
SAMPLED = 60.0  # seconds between two samples of a queue on AWS; with short periods, at least one every second


class AlarmEvaluator:
    """Stores metric points, samples queues, and evaluates alarms."""

    def __init__(self, ministack: Ministack, scale: float) -> None:
        self._metrics = ministack.metrics
        self._queues = ministack.queues._queues
        self._scale = scale
        self._sampled = 0.0
        self._set_by_hand: dict[str, float] = {}
        self._evaluated: dict[str, float] = {}
        for function, make in {
            "_evaluate_alarm": lambda _: self._evaluate,
            "_put_metric_alarm": self._patch_put_metric_alarm,
            "_set_alarm_state": self._patch_set_alarm_state,
            "_describe_alarms": self._patch_describe_alarms,
        }.items():
            ministack.replace(self._metrics, function, make)

    def start(self) -> None:
        """Evaluate all alarms periodically, on a separate thread."""
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def store(self, point: MetricPoint) -> None:
        """Store one point of a metric."""
        key = (point.namespace, point.name, self._metrics._dims_key(point.dimensions))
        bucket = self._metrics._metric_bucket(key)
        bucket.append(
            {
                "Timestamp": point.at,
                "Value": point.value,
                "Unit": point.unit,
                "Dimensions": dict(point.dimensions),
                "Measured": compute_measuring_time(point, time.time(), self._scale),
            }
        )
        del bucket[:-KEPT]

    def _run(self) -> None:
        while True:
            time.sleep(EVERY)
            if time.time() - self._sampled >= min(SAMPLED * self._scale, SHORTEST):
                self._sample_queues()
            for alarm in list(self._metrics._alarms.values()):
                self._evaluate(alarm)

    def _sample_queues(self) -> None:
        """Store the size of each queue and the age of its oldest message, the age in unscaled (AWS) seconds."""
        now = self._sampled = time.time()
        for url, queue in list(self._queues.items()):
            waiting = [message for message in list(queue["messages"]) if message["visible_at"] <= now]
            values = {
                "ApproximateNumberOfMessagesVisible": (float(len(waiting)), "Count"),
                "ApproximateAgeOfOldestMessage": (
                    compute_oldest_age(list(queue["messages"]), now) / self._scale,
                    "Seconds",
                ),
            }
            for name, (value, unit) in values.items():
                self.store(MetricPoint("AWS/SQS", name, value, unit, now, {"QueueName": url.rpartition("/")[2]}))

    def _compute_statistic(
        self, namespace: str, name: str, dimensions: Mapping[str, str], stat: str, start: float, end: float
    ) -> float | None:
        points = self._metrics._metrics.get((namespace, name, self._metrics._dims_key(dimensions))) or ()
        within = [point for point in list(points) if start < point.get("Measured", point["Timestamp"]) <= end]
        if not within:
            return None
        value: float | None = self._metrics._stat_value(self._metrics._calc_stats(within), stat, within)
        return value

    def _evaluate(self, alarm: dict[str, Any]) -> None:
        now = time.time()
        if now < self._set_by_hand.get(alarm["AlarmName"], 0):
            return
        old = alarm["StateValue"]
        last = self._evaluated.get(alarm["AlarmName"], now)
        self._evaluated[alarm["AlarmName"]] = now
        try:
            new = evaluate_alarm(alarm, self._compute_statistic, now, self._scale, now - last) or old
            reason = f"evaluated at {time.strftime('%H:%M:%S', time.gmtime(now))}"
        except (ValueError, KeyError, StopIteration) as problem:
            new, reason = "INSUFFICIENT_DATA", f"cannot be evaluated here: {problem}"
        if new == old:
            return
        alarm |= {"StateValue": new, "StateReason": reason, "StateUpdatedTimestamp": int(now)}
        self._metrics._record_history(alarm["AlarmName"], old, new, reason)
        self._metrics._dispatch_alarm_actions(alarm, old, new, reason)
        self._metrics._evaluate_parent_alarms(alarm)

    def _patch_put_metric_alarm(self, original: Call) -> Call:
        def put(params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
            request = data if is_cbor or is_json else read_members(params)
            if refused := self._refuse("PutMetricAlarm", request, is_cbor, is_json):
                return refused
            answer = original(params, data, is_cbor, is_json)
            alarm = self._metrics._alarms.get(request.get("AlarmName"))
            if answer[0] == 200 and alarm is not None:
                alarm["Metrics"] = _convert_queries(request.get("Metrics") or [])
                alarm["InsufficientDataActions"] = request.get("InsufficientDataActions") or []
                if alarm["Metrics"]:
                    alarm |= {"Period": None, "Statistic": None}
                self._evaluate(alarm)
            return answer

        return put

    def _patch_set_alarm_state(self, original: Call) -> Call:
        """Keep a state set by SetAlarmState until the next evaluation, which on AWS follows within a minute."""

        def set_state(params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
            request = data if is_cbor or is_json else read_members(params)
            if refused := self._refuse("SetAlarmState", request, is_cbor, is_json):
                return refused
            self._set_by_hand[str(request.get("AlarmName"))] = time.time() + max(60 * self._scale, SHORTEST)
            return original(params, data, is_cbor, is_json)

        return set_state

    def _patch_describe_alarms(self, original: Call) -> Call:
        """Return complete alarms in the XML protocol too, where ministack omits most fields."""

        def describe(params: Mapping[str, Any], data: Mapping[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
            request = data if is_cbor or is_json else read_members(params)
            if refused := self._refuse("DescribeAlarms", request, is_cbor, is_json):
                return refused
            status, headers, body = original(params, request, False, True)
            if status != 200:
                return original(params, data, is_cbor, is_json)
            answer = hold_to_model("cloudwatch", "DescribeAlarms", leave_blanks(json.loads(body)))
            if is_cbor:
                return original(params, data, True, False)
            return (status, headers, json.dumps(answer).encode()) if is_json else write_xml("DescribeAlarms", answer)

        return describe

    def _refuse(self, operation: str, request: Mapping[str, Any], is_cbor: bool, is_json: bool) -> Any:
        """Return the error response for a request that violates the service model, None for a valid one."""
        shape = load_operation_model("cloudwatch", operation).input_shape
        broken = request_violations(
            "cloudwatch", operation, request if is_cbor or is_json else convert_text(request, shape)
        )
        if not broken:
            return None
        return self._metrics._error("ValidationError", "; ".join(broken), 400, use_json=is_json, use_cbor=is_cbor)


def compute_oldest_age(messages: Sequence[Mapping[str, Any]], now: float) -> float:
    """Return the seconds since the oldest message was sent, leaving out messages that were received three times or
    more.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    counted = (message["sent_at"] for message in messages if message.get("receive_count", 0) < _FORGOTTEN)
    return now - min(counted, default=now)


def _convert_queries(queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Convert the text values of the Query protocol in metric queries to numbers and booleans."""
    return [
        query
        | {"ReturnData": str(query.get("ReturnData", "true")).lower() == "true"}
        | ({"MetricStat": _convert_stat(query["MetricStat"])} if "MetricStat" in query else {})
        for query in queries
    ]


def _convert_stat(stat: dict[str, Any]) -> dict[str, Any]:
    return stat | {"Period": int(stat["Period"])}
