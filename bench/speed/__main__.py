"""Measures Herald and three references: `make bench`. It never fails because of a figure: a benchmark is no test."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.speed import cold, startup, warm
from bench.speed.package_variants import ROOT, PackageVariants, prepare
from bench.speed.processes import FakeAwsProcess, list_subjects, start_fake_aws
from bench.speed.report import figures, table
from bench.speed.sample import Sample
from bench.speed.warm import WarmResult
from laptop.providers.certificate import make_certificate

_OUT = ROOT / "build" / "bench.json"
#: Rounds of cold starts, rounds of warm batches, and invocations per batch: of the whole bench, and of the quick one.
_WIDTH = 150
_WHOLE, _QUICK = (5, 20, 8), (2, 4, 5)


def main() -> None:
    """Run all measurements; print one table and write the results file."""
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="this Python only, few rounds, no levers: under a minute")
    parser.add_argument("--out", type=Path, default=_OUT, help="the file with all figures (%(default)s)")
    options = parser.parse_args()
    console, began = Console(width=_WIDTH), time.monotonic()
    work = ROOT / "build" / "bench" / "speed"
    work.mkdir(parents=True, exist_ok=True)
    console.print("Building the packages and the references")
    each = prepare(work, quick=options.quick)
    report: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "load": {"before": _load()}}
    found: figures.Sections = {}
    with tempfile.TemporaryDirectory(dir=work) as folder, start_fake_aws(*_make_bundle(Path(folder), each[0])) as fake:
        for variants in each:
            console.print(f"Measuring with Python {variants.python}")
            sections, details = _measure(variants, fake, levers=variants is each[-1], quick=options.quick)
            found |= sections
            report.setdefault("pythons", {})[variants.python] = details
    rows = [row for section in found.values() for row in section]
    found["The whole"] = (
        figures.compute_cost(rows) if options.quick else [*figures.compute_cost(rows), startup.measure(work, 3)]
    )
    report["figures"] = [{"section": title, **row.as_dict()} for title, rows in found.items() for row in rows]
    report["seconds"], report["load"]["after"] = round(time.monotonic() - began, 1), _load()
    options.out.write_text(json.dumps(report, indent=2) + "\n")
    table.show(console, found)
    console.print(f"{report['seconds']:.0f} s at a load of {report['load']['before']:.1f} before and "
                  f"{report['load']['after']:.1f} after; all figures are in {options.out}")  # fmt: skip


def _load() -> float:
    """Return the machine's load average of the last minute."""
    return round(os.getloadavg()[0], 1)


def _make_bundle(folder: Path, variants: PackageVariants) -> tuple[Path, Path]:
    """Create a certificate for the fake AWS, and botocore's CA bundle with it added."""
    own, bundle = make_certificate(folder), folder / "bundle.pem"
    bundle.write_bytes((variants.reference / "botocore" / "cacert.pem").read_bytes() + own.read_bytes())
    return own, bundle


def _measure(
    variants: PackageVariants, fake: FakeAwsProcess, *, levers: bool, quick: bool
) -> tuple[figures.Sections, dict[str, Any]]:
    starts, batches, count = _QUICK if quick else _WHOLE
    started = cold.measure(cold.list_starts(variants, levers=levers, quick=quick), fake, starts)
    imports = (
        {} if quick else {name: cold.measure_imports(each, fake) for name, each in list_subjects(variants).items()}
    )
    warmed = warm.measure(variants, fake, batches, count, quick=quick)
    return figures.build_sections(variants, started, warmed), _collect_details(started, imports, warmed)


def _collect_details(
    started: dict[str, Sample], imports: dict[str, Any], warmed: Sequence[WarmResult]
) -> dict[str, Any]:
    return {
        "cold": {name: sample.figures() for name, sample in started.items()},
        "import_ms": imports,
        "warm": [
            each.workload._asdict()
            | {"round_trips": dict(each.trips), "opened": each.opened, "peak_kib": round(each.peak_kib, 1)}
            | {"per_event": each.sample.figures()}
            for each in warmed
        ],
    }


if __name__ == "__main__":
    main()
