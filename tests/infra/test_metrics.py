"""What the code writes is what docs/metrics.md promises: names, units, services, and which come by type."""

from __future__ import annotations

import ast
import io
import json
from collections.abc import Iterator
from pathlib import Path

from function.delivery.outcome import OutcomeKind
from function.providers.ses.events import KINDS
from function.runtime.metrics import (
    CANCELLED_TOO_LATE,
    COPY_FAILED,
    CORRECTED_TOO_LATE,
    NAMESPACE,
    RESENT,
    SENT_TWICE,
    SYNTHETIC,
    Telemetry,
)
from laptop.state import ROOT
from tests.infra.documented_metrics import read_own_metrics


def _by_service(service: str) -> set[str]:
    return {name for name, promise in read_own_metrics().items() if service in promise.services}


def _keywords(path: Path, function: str) -> Iterator[str]:
    """Names of the arguments, and keys of the dictionaries, that calls of a function are given in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == function:
            yield from (keyword.arg for keyword in node.keywords if keyword.arg)


def test_notify_counts_every_way_a_delivery_ends() -> None:
    beside = {RESENT, SENT_TWICE, CORRECTED_TOO_LATE, CANCELLED_TOO_LATE, "SendLatency", "WaitingSeconds", SYNTHETIC}
    assert {kind.value for kind in OutcomeKind} | beside == _by_service("notify")


def test_scheduler_tells_how_much_was_due_in_every_run() -> None:
    read = ast.walk(ast.parse((ROOT / "function" / "scheduler.py").read_text()))
    keys = {
        key.value for node in read if isinstance(node, ast.Dict) for key in node.keys if isinstance(key, ast.Constant)
    }
    assert (
        keys & {name for name in read_own_metrics() if name[0].isupper()}
        == _by_service("scheduler")
        == {"Due", "DueAgeSeconds"}
    )


def test_the_webhook_counts_what_became_of_each_post() -> None:
    read = ast.walk(ast.parse((ROOT / "function" / "mail_webhook.py").read_text()))
    counted = {
        str(node.args[0].value)
        for node in read
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "count"
        if isinstance(node.args[0], ast.Constant)
    }
    assert counted == _by_service("mail-webhook")


def test_feedback_counts_every_thing_that_it_hears() -> None:
    beside = {"Repeated", "Ignored", "DeadLetters", "UndeliveredFeedback", "WaitingSeconds", SENT_TWICE, SYNTHETIC}
    beside |= {COPY_FAILED}
    assert {kind.metric for kind in KINDS.values()} | beside == _by_service("feedback")


def test_what_the_web_app_counts_by_name_is_promised() -> None:
    files = (ROOT / "webapp").rglob("*.py")
    written = {name for path in files for name in _keywords(path, "tell") if name[0].isupper()}
    assert written
    assert written <= {
        name for name, promise in read_own_metrics().items() if promise.services & {"sweeper", "reconcile"}
    }


def test_a_line_of_notify_is_a_metric_as_it_is_promised() -> None:
    stream = io.StringIO()
    Telemetry("herald-notify", "r1", lambda: 0, stream).count("Sent", "book.created", {"SendLatency": 5})
    line = json.loads(stream.getvalue())
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    assert (definition["Namespace"], NAMESPACE) == ("Herald",) * 2
    assert {metric["Name"]: metric["Unit"] for metric in definition["Metrics"]} == {
        name: read_own_metrics()[name].unit for name in ("Sent", "SendLatency")
    }
    assert definition["Dimensions"] == [["Service"], ["Service", "Type"]]
    assert read_own_metrics()["Sent"].by_type
