"""Measures warm invocations in long-running processes: CPU, wall time, round trips, log and memory."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

from bench.speed.package_variants import PackageVariants
from bench.speed.processes import FakeAwsProcess, MeasuredHandler, MeasuredProcess, list_subjects
from bench.speed.sample import Sample

__all__ = ["WarmResult", "measure"]

#: The kinds of events and the number of events per invocation, by subject.
_WORKLOADS = {
    "herald": [("first", 1), ("duplicate", 1), ("suppressed", 1), ("refused", 1)],
    "powertools": [("first", 1), ("duplicate", 1), ("refused", 1)],
    "check_then_put": [("first", 1), ("duplicate", 1)],
    "feedback": [("feedback", 1), ("feedback", 10), ("feedback Bounce", 10), ("feedback pairs", 20)],
    "relay": [("relay", 1), ("relay", 10)],
}
_FIRST = [("first", 1)]


class Workload(NamedTuple):
    """One kind of invocation of one handler, with `size` events in each."""

    subject: str
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class WarmResult:
    """The result: `sample` per event, `trips` per event by operation, `opened` connections in total, and the peak
    memory.
    """

    workload: Workload
    sample: Sample
    trips: Mapping[str, float]
    opened: int
    peak_kib: float

    @property
    def round_trips(self) -> float:
        """The round trips per event, to all services."""
        return sum(self.trips.values())


@dataclass(slots=True)
class _Totals:
    rows: list[dict[str, float]]
    trips: dict[str, float]
    opened: int = 0


def measure(
    variants: PackageVariants, aws: FakeAwsProcess, rounds: int, count: int, *, quick: bool
) -> list[WarmResult]:
    """Measure every subject and kind in batches of `count` invocations, in random order in each round."""
    aws.list(_find_suppressed_key())
    totals: dict[Workload, _Totals] = defaultdict(lambda: _Totals([], {}))
    with _start_processes(variants, aws, quick) as processes:
        each = [Workload(name, *arguments) for name in processes for arguments in _WORKLOADS.get(name, _FIRST)]
        for one in each:
            processes[one.subject].ask(one.kind, max(count, 8), size=one.size)
        for _ in range(rounds):
            for one in random.sample(each, len(each)):
                aws.counts()
                took = processes[one.subject].ask(one.kind, count, size=one.size)
                _note(totals[one], one, took, aws.counts(), count)
        peaks = {one: processes[one.subject].ask(one.kind, 5, size=one.size, trace=True)["peak_kib"] for one in each}
    first = {one.subject: totals[one].trips for one in each if one.kind == "first"}
    for subject, trips in first.items():
        if trips.get("SendEmail") != 1:
            raise SystemExit(f"{subject} does not send one mail for each event: {trips}")
    return [
        WarmResult(
            one,
            Sample(totals[one].rows),
            _subtract_first(one, totals[one].trips, first),
            totals[one].opened,
            peaks[one],
        )
        for one in each
    ]


def _note(totals: _Totals, one: Workload, took: Mapping[str, float], counts: Mapping[str, int], count: int) -> None:
    totals.rows.append({name: value / one.size for name, value in took.items()})
    totals.opened += counts["connections"]
    totals.trips = {name: requests / (count * one.size) for name, requests in counts.items() if name != "connections"}


def _subtract_first(
    one: Workload, trips: Mapping[str, float], first: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """Return the requests per event, for duplicates without those of their first deliveries."""
    before = first[one.subject] if one.kind == "duplicate" else {}
    found = {name: round(requests - before.get(name, 0), 3) for name, requests in sorted(trips.items())}
    return {name: requests for name, requests in found.items() if requests > 0}


@contextmanager
def _start_processes(
    variants: PackageVariants, aws: FakeAwsProcess, quick: bool
) -> Iterator[dict[str, MeasuredProcess]]:
    each: dict[str, MeasuredHandler] = list_subjects(variants)
    ours = each["herald"]
    each["feedback"] = replace(ours, handler="function.feedback:handler")
    each["relay"] = replace(ours, path=(variants.webapp,), handler="webapp.functions.relay:handler")
    tls = {}
    if not quick:
        each["without: the short way"] = replace(ours, extra={"apart": "fast_client"})
        tls["a new connection for each mail"] = replace(ours, extra={"idle": True})
        tls["without: one TLS context"] = replace(ours, extra={"idle": True, "apart": "tls"})
    with ExitStack() as stack:
        running = {name: MeasuredProcess(subject, aws) for name, subject in each.items()}
        running |= {name: MeasuredProcess(subject, aws, tls=True) for name, subject in tls.items()}
        for process in running.values():
            stack.callback(process.end)
        yield running


def _find_suppressed_key() -> str:
    """Return the ledger key of the suppressed address, hashed with the address key that the fake returns."""
    from function.ledger.keys import address_key  # noqa: PLC0415  not part of the measurement

    return address_key(b"k" * 64, "suppressed@example.com")
