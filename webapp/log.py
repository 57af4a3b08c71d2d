"""One line of JSON for each thing that happened, on standard output; lines that count are CloudWatch's metrics too.

What is counted is promised in docs/metrics.md. The format is CloudWatch's embedded metric format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

NAMESPACE: Final = "Herald"
_UNITS: Final = {"OutboxAgeSeconds": "Seconds"}


def info(event: str, **fields: object) -> None:
    """Say what happened."""
    _write({"level": "info", "event": event, **fields})


def error(event: str, **fields: object) -> None:
    """Say what went wrong, to what."""
    _write({"level": "error", "event": event, **fields})


def measured(event: str, metrics: Mapping[str, float], **fields: object) -> None:
    """Say what happened and count it; without metrics it is a plain line."""
    if not metrics:
        info(event, **fields)
        return
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [["Service"]],
        "Metrics": [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in metrics],
    }
    counted = {"_aws": {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [definition]}}
    service = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "webapp")
    _write({"level": "info", "event": event, "Service": service, **metrics, **fields, **counted})


def _write(line: dict[str, object]) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    sys.stdout.write(json.dumps({"at": at, **line}, default=str) + "\n")
    sys.stdout.flush()
