"""Starts the measured processes and the fake AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.speed.package_variants import ROOT, PackageVariants

__all__ = ["FakeAwsProcess", "MeasuredHandler", "MeasuredProcess", "list_subjects", "start_fake_aws"]

_SETTINGS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_LAMBDA_FUNCTION_NAME": "herald-notify",
    "HERALD_LEDGER_TABLE": "herald-ledger",
    "HERALD_DEAD_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/herald-dead",
    "HERALD_RETRY_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/000000000000/herald-retry",
    "HERALD_PROVIDERS": "ses://us-east-1",
    "HERALD_FROM": "Herald <books@herald.example>",
    "HERALD_CONFIGURATION_SET": "herald",
    "HERALD_ADDRESS_KEY_PARAMETER": "/herald/address-key",
    "HERALD_LINK_KEY_PARAMETER": "/herald/link-key",
    "HERALD_UNSUBSCRIBE_URL": "https://herald.example/unsubscribe",
    "HERALD_BOOKS_TABLE": "herald-books",
    "HERALD_EVENTS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:herald-events",
}


@dataclass(frozen=True, slots=True)
class FakeAwsProcess:
    """The running fake AWS: its URLs, and the CA bundle that contains its certificate."""

    http: str
    https: str
    bundle: Path

    def counts(self) -> dict[str, int]:
        """Return the number of requests since the last call, by operation."""
        with urllib.request.urlopen(f"{self.http}/_counts") as answer:
            found: dict[str, int] = json.load(answer)
        return found | {"connections": found.get("connections", 0) - 1}  # not counting this request's own

    def list(self, key: str) -> None:
        """Put a key into the table."""
        urllib.request.urlopen(f"{self.http}/_listed", data=key.encode()).close()


@contextmanager
def start_fake_aws(certificate: Path, bundle: Path) -> Iterator[FakeAwsProcess]:
    """Run the fake AWS in its own process."""
    command = [sys.executable, "-m", "bench.speed.fake_aws", str(certificate)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        plain, tls = process.stdout.readline().split()
        try:
            yield FakeAwsProcess(f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{tls}", bundle)
        finally:
            process.kill()


@dataclass(frozen=True, slots=True)
class MeasuredHandler:
    """One handler in one folder with one Python.

    `extra` are settings for the measured process; the environment variables in `without` are not set there.
    """

    name: str
    interpreter: str
    path: tuple[Path, ...]
    handler: str
    flags: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()


def list_subjects(variants: PackageVariants) -> dict[str, MeasuredHandler]:
    """Return Herald and the three references, for one Python."""
    sources = {"BENCH_SOURCES": str(variants.sources)}
    libraries = (variants.reference, ROOT)

    def reference(name: str) -> MeasuredHandler:
        handler = f"bench.speed.references.{name}:handler"
        return MeasuredHandler(name, variants.interpreter, libraries, handler, environment=sources)

    ours = MeasuredHandler("herald", variants.interpreter, (variants.function,), "function.notify:handler")
    return {each.name: each for each in (ours, *map(reference, ("powertools", "check_then_put", "floor")))}


class MeasuredProcess:
    """A process with a handler. `init` has the measurements of its import."""

    def __init__(
        self, subject: MeasuredHandler, aws: FakeAwsProcess, *, tls: bool = False, flags: tuple[str, ...] = ()
    ) -> None:
        trust = {"AWS_ENDPOINT_URL": aws.https, "AWS_CA_BUNDLE": str(aws.bundle)}
        environment = _SETTINGS | (trust if tls else {"AWS_ENDPOINT_URL": aws.http}) | subject.environment
        settings = {
            "path": list(map(str, subject.path)),
            "handler": subject.handler,
            "root": str(ROOT),
            "log": str(aws.bundle.with_name("log")),
            "environment": {name: value for name, value in environment.items() if name not in subject.without},
            **subject.extra,
        }
        program = str(ROOT / "bench" / "speed" / "measured_process.py")
        self._process = subprocess.Popen(
            [subject.interpreter, "-I", "-S", "-W", "ignore", *subject.flags, *flags, program, json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if flags else None,
            env={"PATH": os.environ["PATH"]},
            text=True,
        )
        self.init: dict[str, float] = self._answer()

    def ask(self, kind: str, count: int, **more: object) -> dict[str, float]:
        """Measure one batch and return its figures."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"kind": kind, "count": count, **more}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> str:
        """End the process; return its standard error, if that was captured."""
        output = self._process.communicate()[1]
        return output or ""

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"a measured process ended: {self.end()[-2000:]}")
        found: dict[str, float] = json.loads(line)
        return found
