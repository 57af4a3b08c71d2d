"""`make soak`: thousands of events with random faults, duplicates and kills, and what became of each."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from function.message.catalogue import Catalogue
from tests.faults.soak_batch import EventOutcome, SoakBatch

__all__ = ["fault_of", "soak"]

_ROOT = Path(__file__).parents[2]
_BATCH = 50


def soak(catalogue: Catalogue, events: int, seed: int) -> dict[str, Any]:
    """Run so many events, half of them under each policy; the numbers, and every event that broke the promise."""
    totals: Counter[str] = Counter()
    mishaps: Counter[str] = Counter()
    broken: list[dict[str, Any]] = []
    for start in range(0, events, _BATCH):
        ids = [f"{number:05}" for number in range(start, min(start + _BATCH, events))]
        batch = SoakBatch(catalogue, random.Random(f"{seed}/{start}"), ids, resends=start // _BATCH % 2 == 0)
        outcomes = batch.run()
        totals.update(_sort(outcome) for outcome in outcomes)
        totals["invocations"] += batch.invocations
        mishaps += batch.mishaps.counts
        broken += [
            {
                "event": outcome.id,
                "fault": fault,
                "mails": outcome.mails,
                "states": outcome.states,
                "reasons": outcome.reasons,
            }
            for outcome in outcomes
            if (fault := fault_of(outcome))
        ]
    return {"events": events, "seed": seed, "totals": dict(totals), "mishaps": dict(mishaps), "broken": broken}


def fault_of(outcome: EventOutcome) -> str | None:
    """What is wrong with an event's end: exactly one mail, or a letter with a reason, is right; and a second mail where
    the limits explain it, if it is told once it can be known."""
    if outcome.unexplained:
        return "duplicated"
    if not outcome.told:
        return "sent twice, and not told"
    if not all(outcome.reasons):
        return "without a reason"
    if outcome.mails == 0 and not outcome.reasons:
        return "lost"
    told = any(state not in ("sending", "unknown", "released") for state in outcome.states)
    return None if told or outcome.reasons else "silent"


def _sort(outcome: EventOutcome) -> str:
    if outcome.mails > 1:
        return "two mails, as the limits say"
    if outcome.mails:
        return "one mail, and a letter that asks about it" if outcome.reasons else "exactly one mail"
    return "no mail, and a letter with its reason"


def main() -> int:
    """Print the numbers and write them to build/soak.json; 1 if any event broke the promise."""
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    from package.notifications.catalogue import compile_catalogue

    compiled = _ROOT / "build" / "faults" / "compiled"
    compile_catalogue(compiled)
    began = time.monotonic()
    result = soak(Catalogue.load(compiled), chosen.events, chosen.seed)
    result["seconds"] = round(time.monotonic() - began, 1)
    (_ROOT / "build" / "soak.json").write_text(json.dumps(result, indent=1) + "\n")
    _tell(result)
    return 1 if result["broken"] else 0


def _tell(result: dict[str, Any]) -> None:
    out = sys.stdout.write
    out(f"{result['events']} events, seed {result['seed']}, {result['seconds']} s\n")
    for part in ("totals", "mishaps"):
        out("\n")
        for what, count in sorted(result[part].items(), key=lambda one: -one[1]):
            out(f"{count:8}  {what}\n")
    for event in result["broken"][:10]:
        out(f"{event}\n")
    out(f"\n{len(result['broken'])} events broke the promise\n")


if __name__ == "__main__":
    sys.exit(main())
