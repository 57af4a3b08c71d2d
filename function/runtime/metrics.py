"""Writes log lines, one for each result or batch, which CloudWatch also reads as metrics.

Embedded metric format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html The
metrics are documented in docs/metrics.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import TextIO

from function.runtime.lean_dataclass import dataclass

__all__ = [
    "CANCELLED_TOO_LATE",
    "COPY_FAILED",
    "CORRECTED_TOO_LATE",
    "NAMESPACE",
    "RESENT",
    "SENT_TWICE",
    "SYNTHETIC",
    "Telemetry",
    "embed_metrics",
    "find_service",
]

NAMESPACE = "Herald"
#: Counts everything about synthetic mails, instead of the metric for a real mail.
SYNTHETIC = "Synthetic"
#: Counted in addition to the outcome of a delivery or a report.
RESENT = "Resent"
SENT_TWICE = "SentTwice"
CORRECTED_TOO_LATE = "CorrectedTooLate"
CANCELLED_TOO_LATE = "CancelledTooLate"
#: Counted in addition to the metric of a report about the mail, if a copy failed.
COPY_FAILED = "CopyFailed"
_UNITS = {
    "SendLatency": "Milliseconds",
    **dict.fromkeys(("OutboxAgeSeconds", "DueAgeSeconds", "WaitingSeconds"), "Seconds"),
}


def embed_metrics(service: str, metrics: Mapping[str, float], at: int, type_: str = "") -> dict[str, object]:
    """Return the fields that make a JSON log line count `metrics`, for a service and, if known, a notification's type.

    `at` is in epoch milliseconds.
    """
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Service"], ["Service", "Type"]] if type_ else [["Service"]],
        "Metrics": [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in metrics],
    }
    dimensions = {"Service": service} | ({"Type": type_} if type_ else {})
    return {"_aws": {"Timestamp": at, "CloudWatchMetrics": [definition]}, **dimensions, **metrics}


def find_service(environment: Mapping[str, str], fallback: str) -> str:
    """Return the service that metrics are counted for: the function's name in Lambda, else the fallback."""
    return environment.get("AWS_LAMBDA_FUNCTION_NAME", fallback)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Writes log lines for one service. Never raises: a failed log line must not cause a retry."""

    service: str
    release: str
    clock: Callable[[], int]
    stream: TextIO = sys.stdout

    def count(self, metric: str, type_: str = "", also: dict[str, int] | None = None, **fields: object) -> None:
        """Count one `metric`, for the service and, if known, for the notification's type; `fields` explain it."""
        self._measure({metric: 1} | (also or {}), type_, fields)

    def tally(self, counts: Mapping[str, int]) -> None:
        """Count a batch's results in one line; write no line if there are none."""
        if counts:
            self._measure(dict(counts), "", {})

    def note(self, event: str, **fields: object) -> None:
        """Log a line without metrics."""
        self._write({"Service": self.service, "event": event}, fields)

    def _measure(self, metrics: dict[str, int], type_: str, fields: dict[str, object]) -> None:
        self._write(embed_metrics(self.service, metrics, self.clock(), type_), fields)

    def _write(self, line: dict[str, object], fields: dict[str, object]) -> None:
        given = {name: value for name, value in fields.items() if value not in ("", None)}
        try:
            text = json.dumps(line | {"release": self.release} | given, separators=(",", ":"), default=str)
            self.stream.write(text + "\n")
            self.stream.flush()
        except (OSError, ValueError, TypeError):
            return
