"""One log line for each thing that ended, or for a batch of them, which CloudWatch also reads as its metrics.

Embedded metric format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
What is counted is promised in docs/metrics.md.
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
#: Counts everything about synthetic mails, in place of the metric that it would be for a real one.
SYNTHETIC = "Synthetic"
#: Counted beside what became of a delivery or a report.
RESENT = "Resent"
SENT_TWICE = "SentTwice"
CORRECTED_TOO_LATE = "CorrectedTooLate"
CANCELLED_TOO_LATE = "CancelledTooLate"
#: Counted beside what a report on a copy says of the mail.
COPY_FAILED = "CopyFailed"
_UNITS = {
    "SendLatency": "Milliseconds",
    **dict.fromkeys(("OutboxAgeSeconds", "DueAgeSeconds", "WaitingSeconds"), "Seconds"),
}


def embed_metrics(service: str, metrics: Mapping[str, float], at: int, type_: str = "") -> dict[str, object]:
    """The fields that make a line of JSON count `metrics`, of a service and, where known, of a notification's type.

    `at` is epoch milliseconds.
    """
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Service"], ["Service", "Type"]] if type_ else [["Service"]],
        "Metrics": [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in metrics],
    }
    dimensions = {"Service": service} | ({"Type": type_} if type_ else {})
    return {"_aws": {"Timestamp": at, "CloudWatchMetrics": [definition]}, **dimensions, **metrics}


def find_service(environment: Mapping[str, str], fallback: str) -> str:
    """The service that metrics are counted for: the function's own name in Lambda, elsewhere the fallback."""
    return environment.get("AWS_LAMBDA_FUNCTION_NAME", fallback)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Writes lines for one service. Never raises: a log line decides no retry."""

    service: str
    release: str
    clock: Callable[[], int]
    stream: TextIO = sys.stdout

    def count(self, metric: str, type_: str = "", also: dict[str, int] | None = None, **fields: object) -> None:
        """Count one `metric`, for the service and, where known, for the notification's type; the fields explain it."""
        self._measure({metric: 1} | (also or {}), type_, fields)

    def tally(self, counts: Mapping[str, int]) -> None:
        """Count what a batch came to in one line; nothing is no line."""
        if counts:
            self._measure(dict(counts), "", {})

    def note(self, event: str, **fields: object) -> None:
        """Log a line that counts nothing."""
        self._write({"Service": self.service, "event": event}, fields)

    def _measure(self, metrics: dict[str, int], type_: str, fields: dict[str, object]) -> None:
        self._write(embed_metrics(self.service, metrics, self.clock(), type_), fields)

    def _write(self, line: dict[str, object], fields: dict[str, object]) -> None:
        said = {name: value for name, value in fields.items() if value not in ("", None)}
        try:
            text = json.dumps(line | {"release": self.release} | said, separators=(",", ":"), default=str)
            self.stream.write(text + "\n")
            self.stream.flush()
        except (OSError, ValueError, TypeError):
            return
