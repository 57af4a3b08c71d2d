"""Measures cold starts: interpreter, imports, clients and a first event, of every subject in turn, round by round."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bench.speed.package_variants import ROOT, PackageVariants
from bench.speed.processes import FakeAwsProcess, MeasuredHandler, MeasuredProcess, list_subjects
from bench.speed.sample import Sample

__all__ = ["ColdStart", "compute_parts", "list_starts", "measure", "measure_imports", "sum_by_package"]

_LINE = re.compile(r"import time: +(\d+) \| +\d+ \| +(\S+)")
_OTHERS = "the standard library and others"
_PACKAGES = {
    *("function", "botocore", "urllib3", "email", "jmespath", "dateutil", "minijinja", "boto3", "s3transfer"),
    *("aws_lambda_powertools", "jsonschema", "jsonschema_specifications", "referencing", "rpds", "attr", "jinja2"),
}


@dataclass(frozen=True, slots=True)
class ColdStart:
    """One variant of a cold start: the subject, whether it uses TLS, and flags of the interpreter."""

    name: str
    subject: MeasuredHandler
    tls: bool = False
    flags: tuple[str, ...] = ()


def list_starts(variants: PackageVariants, *, levers: bool, quick: bool) -> list[ColdStart]:
    """Return the variants to measure with one Python. `levers` adds Herald without each of its optimisations."""
    each = list_subjects(variants)
    ours = each["herald"]
    found = [ColdStart(name, subject) for name, subject in each.items()]
    if quick:
        return found
    found.append(ColdStart("imports only", replace(ours, without=("AWS_LAMBDA_FUNCTION_NAME",))))
    found += [ColdStart(f"{name} over TLS", each[name], tls=True) for name in ("herald", "powertools")]
    no_bytecode = {"herald": (variants.slower["bytecode"],), "powertools": (variants.reference_without_bytecode, ROOT)}
    found += [
        ColdStart(f"{name} without bytecode", replace(each[name], path=path), flags=("-B",))
        for name, path in no_bytecode.items()
    ]
    return [*found, *_list_without(ours, variants)] if levers else found


def _list_without(ours: MeasuredHandler, variants: PackageVariants) -> list[ColdStart]:
    """Return Herald's starts without each of its optimisations in turn."""
    cut = {lever: replace(ours, path=(root,)) for lever, root in variants.slower.items() if lever != "bytecode"}
    cut["garbage left alone"] = replace(ours, extra={"collect": True})
    cut["SQS's client made late"] = replace(ours, extra={"apart": "late"})
    found = [ColdStart(f"without: {lever}", subject) for lever, subject in cut.items()]
    return [*found, ColdStart("without: one TLS context", replace(ours, extra={"apart": "tls"}), tls=True)]


def measure(each: Sequence[ColdStart], aws: FakeAwsProcess, rounds: int) -> dict[str, Sample]:
    """Measure all starts, interleaved: CPU and wall milliseconds of init and of the first event."""
    taken: dict[str, list[dict[str, float]]] = defaultdict(list)
    for number in range(rounds + 1):
        for start in random.sample(each, len(each)):
            process = MeasuredProcess(start.subject, aws, tls=start.tls, flags=start.flags)
            first = process.ask("first", 1)
            process.end()
            if number:  # the first round only warms the machine's caches
                init = process.init
                row = {name: init[name] for name in ("boot_cpu", "init_cpu", "init_wall", "modules")}
                taken[start.name].append(row | {"first_cpu": first["cpu_ms"], "first_wall": first["wall_ms"]})
    return {name: Sample(rows) for name, rows in taken.items()}


def measure_imports(subject: MeasuredHandler, aws: FakeAwsProcess) -> dict[str, float]:
    """Return the import time by package in milliseconds, from `-X importtime` (which adds some time itself)."""
    process = MeasuredProcess(subject, aws, flags=("-X", "importtime"))
    process.ask("first", 1)
    return sum_by_package(process.end())


def sum_by_package(output: str) -> dict[str, float]:
    """Return the milliseconds by package, the longest first, from the output of `-X importtime`."""
    totals: dict[str, float] = defaultdict(float)
    for took, name in _LINE.findall(output):
        top = name.partition(".")[0]
        totals[top if top in _PACKAGES else _OTHERS] += int(took) / 1000
    return dict(sorted(totals.items(), key=_sort_key))


def _sort_key(item: tuple[str, float]) -> float:
    return -item[1]


def compute_parts(cold: Mapping[str, Sample]) -> dict[str, float]:
    """Return the parts of Herald's cold start, as medians in milliseconds of CPU."""
    whole, imports = cold["herald"], cold["imports only"]
    return {
        "interpreter": whole.median("boot_cpu"),
        "imports": imports.median("init_cpu"),
        "clients, keys and catalogue": whole.median("init_cpu") - imports.median("init_cpu"),
        "first event": whole.median("first_cpu"),
    }
