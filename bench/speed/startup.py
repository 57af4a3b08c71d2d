"""Measures how long `make run` takes until everything is ready, by starting and stopping a real laptop cloud."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from bench.speed.package_variants import ROOT
from bench.speed.report.figure import Figure
from bench.speed.sample import compute_quartiles

__all__ = ["measure"]


def measure(work: Path, rounds: int) -> Figure:
    """Return the median seconds from the command to a cloud that is ready; each round starts from nothing."""
    taken = sorted(_measure_once(work / "laptop") for _ in range(rounds))
    return Figure("make run is ready", "s", taken[len(taken) // 2], budget=5.0, spread=compute_quartiles(taken))


def _measure_once(state: Path) -> float:
    shutil.rmtree(state, ignore_errors=True)
    began = time.monotonic()
    command = [sys.executable, "-m", "bench.speed.startup", str(state)]
    with subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        line = process.stdout.readline()
        took = time.monotonic() - began
    if line.strip() != "ready":
        raise SystemExit("the laptop cloud did not start")
    return took


def _main(state: Path) -> None:
    from laptop.cloud import Options, run_cloud  # noqa: PLC0415  its import is measured, in this process only

    with run_cloud(Options(state)):
        sys.stdout.write("ready\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
