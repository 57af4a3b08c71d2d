"""Reads CPU times from the results of `make bench`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.cost.assumptions import AS_MEASURED, Cpu

__all__ = ["read_cpu", "read_last_measured"]

_MAIL = "warm mail beside "
_FEEDBACK = "feedback in batches of 10"


def read_cpu(figures: Sequence[Mapping[str, Any]]) -> Cpu:
    """Return the CPU times from the figures of a bench, of the last Python; missing ones are those in `AS_MEASURED`."""
    cpu = AS_MEASURED
    for figure in figures:
        name = str(figure["name"])
        if name.startswith(f"{_MAIL}powertools"):
            cpu = replace(cpu, notify=figure["ours"], powertools=figure["reference"])
        elif name.startswith(f"{_MAIL}check_then_put"):
            cpu = replace(cpu, check_then_put=figure["reference"])
        elif name.startswith(_FEEDBACK):
            cpu = replace(cpu, feedback=1000 / figure["ours"])
    return cpu


def read_last_measured(path: Path) -> Cpu:
    """Return the CPU times from a `bench.json`, or `AS_MEASURED` if it does not exist."""
    return read_cpu(json.loads(path.read_text())["figures"]) if path.exists() else AS_MEASURED
