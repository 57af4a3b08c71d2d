"""Displays a deployment: live in a terminal, as a line for each change without one, as JSON lines for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from release.analysis.comparison import Comparison
from release.progress.outcome import ReleaseOutcome
from release.progress.poller import Snapshot
from release.reporter import ProgressReporter

__all__ = ["DeploymentScreen", "JsonLines", "Lines", "Panel", "choose_screen"]

_STYLES = {"Succeeded": "green", "Failed": "bold red", "InProgress": "cyan", "OK": "green", "ALARM": "bold red"}


class DeploymentScreen(ProgressReporter, Protocol):
    """Where a deployment is shown while it is watched."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def plan(self, rows: Mapping[str, str]) -> None:
        """Show the plan: values by their names."""

    def show(self, snapshot: Snapshot) -> None:
        """Show the current state of the deployment."""

    def end(self, outcome: ReleaseOutcome, snapshot: Snapshot | None) -> None:
        """Show how it ended."""


class Lines:
    """Plain lines, one for each change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""
        self._compared = (0, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open."""

    def say(self, line: str) -> None:
        self._console.print(line, markup=False)

    def plan(self, rows: Mapping[str, str]) -> None:
        for name, value in rows.items():
            self._console.print(f"{name:9} {value}", markup=False)

    def show(self, snapshot: Snapshot) -> None:
        line = _format_line(snapshot)
        if line != self._last:
            self._last = line
            self._console.print(line, markup=False)
        if snapshot.comparison and self._is_news(snapshot.comparison):
            self._console.print(snapshot.comparison.describe(), markup=False)

    def _is_news(self, comparison: Comparison) -> bool:
        """Whether the verdict changed, or rests on twice as many mails."""
        mails, (seen, word) = comparison.figures[comparison.candidate].mails, self._compared
        if comparison.word == word and mails < 2 * max(seen, 1):
            return False
        self._compared = (mails, comparison.word)
        return True

    def end(self, outcome: ReleaseOutcome, snapshot: Snapshot | None) -> None:
        self._console.print(f"{outcome.word}: {_describe_error(snapshot) or outcome.meaning}", markup=False)


class Panel(Lines):
    """A panel that is redrawn with every snapshot."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._live = Live(console=console, refresh_per_second=8, transient=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        self._live.update(_draw_panel(snapshot))


class JsonLines(Lines):
    """One JSON object a line, each an `event` with the time `at`: the plan, what was said, the deployment and the
    comparison of its versions with every change, and at last the outcome."""

    def plan(self, rows: Mapping[str, str]) -> None:
        self._write("plan", {name.lower(): value for name, value in rows.items()})

    def say(self, line: str) -> None:
        self._write("said", {"said": line})

    def show(self, snapshot: Snapshot) -> None:
        value = _to_json(snapshot)
        text = json.dumps({name: each for name, each in value.items() if name != "seconds_left"})
        if text != self._last:
            self._last = text
            self._write("deployment", value)

    def end(self, outcome: ReleaseOutcome, snapshot: Snapshot | None) -> None:
        value = {"outcome": outcome.name.lower(), "exit_code": outcome.code, "meaning": outcome.meaning}
        self._write("outcome", value | {"error": snapshot.deployment.error if snapshot else None})

    def _write(self, event: str, value: dict[str, Any]) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        sys.stdout.write(json.dumps({"event": event, "at": at} | value) + "\n")
        sys.stdout.flush()


def choose_screen(console: Console, as_json: bool) -> DeploymentScreen:
    """JSON lines for a machine, a panel for a terminal, else plain lines."""
    if as_json:
        return JsonLines(console)
    return Panel(console) if console.is_terminal else Lines(console)


def _to_json(snapshot: Snapshot) -> dict[str, Any]:
    deployment = snapshot.deployment
    return {
        "deployment": deployment.id,
        "status": deployment.status,
        "current": deployment.current,
        "target": deployment.target,
        "stages": dict(snapshot.deployment.stages),
        "traffic": dict(snapshot.traffic),
        "alarms": dict(snapshot.alarms),
        "seconds_left": None if snapshot.left is None else round(snapshot.left),
        "rollback": deployment.rollback,
        "comparison": snapshot.comparison.as_json() if snapshot.comparison else None,
    }


def _format_line(snapshot: Snapshot) -> str:
    deployment = snapshot.deployment
    stage = next(
        (f"{name} {status}" for name, status in reversed([*deployment.stages.items()]) if status != "Pending"), ""
    )
    ringing = [name for name, state in snapshot.alarms.items() if state == "ALARM"]
    parts = [f"{deployment.id} {deployment.status}", stage, _format_traffic(snapshot)]
    parts += [f"ALARM {', '.join(ringing)}"] if ringing else []
    return "  ".join(part for part in parts if part)


def _draw_panel(snapshot: Snapshot) -> Group:
    deployment = snapshot.deployment
    head = Text.assemble((deployment.id, "bold"), "  ", (deployment.status, _STYLES.get(deployment.status, "")))
    if snapshot.left is not None:
        head.append(f"  {snapshot.left:.0f} s left until {snapshot.until}", style="dim")
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for name, status in snapshot.deployment.stages.items():
        table.add_row(name, Text(status, _STYLES.get(status, "dim")))
    for version, percent in sorted(snapshot.traffic.items()):
        bar = "█" * round(percent / 5)
        table.add_row(f"version {version}", Text(f"{bar:20} {percent:g} %"))
    for name, state in snapshot.alarms.items():
        table.add_row(Text(name), Text(state, _STYLES.get(state, "dim")))
    return Group(head, table, *_render_comparison(snapshot.comparison))


def _render_comparison(comparison: Comparison | None) -> list[RenderableType]:
    """Both versions' figures beside each other, and the verdict."""
    if comparison is None:
        return []
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", f"version {comparison.candidate}", f"version {comparison.before}", "they differ"):
        table.add_column(heading, justify="right" if heading else "left")
    for one in comparison.measures:
        sure = Text(one.certainty, "bold red" if one.worse else "dim")
        table.add_row(one.name, one.candidate, one.before, sure)
    return [table, Text(comparison.describe())]


def _format_traffic(snapshot: Snapshot) -> str:
    return ", ".join(f"{percent:g} % version {version}" for version, percent in snapshot.traffic.items())


def _describe_error(snapshot: Snapshot | None) -> str:
    if snapshot is None or not snapshot.deployment.error:
        return ""
    where = next((f"{version} has all traffic" for version, part in snapshot.traffic.items() if part == 100), "")
    code, message = snapshot.deployment.error
    return f"{code}: {message}" + (f" Version {where}." if where else f" The alias: {_format_traffic(snapshot)}.")
