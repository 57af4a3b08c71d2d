"""Measures requests per second and response times of both apps in turn, on an AWS that answers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median

from bench.load.apps import ROOT, App, start_herald, start_plain
from bench.load.load_generator import Round, ask, post
from fakes.oidc_issuer import CLIENT, NAME, Issuer
from laptop.supervision.ports import Ports

__all__ = ["measure"]

BOOK = json.dumps({"title": "The Left Hand of Darkness", "author": "Ursula K. Le Guin"}).encode()
CROWD = 16


@dataclass(slots=True)
class AppThroughput:
    """The rounds of one app."""

    rounds: list[Round] = field(default_factory=list)
    cpu_milliseconds: list[float] = field(default_factory=list)

    def take(self, app: App, request: bytes, seconds: float) -> None:
        before = app.cpu_seconds()
        seen = ask(app.port, request, CROWD, seconds)
        self.rounds.append(seen)
        self.cpu_milliseconds.append((app.cpu_seconds() - before) * 1000 / max(len(seen.took), 1))

    def as_dict(self) -> dict[str, float]:
        """Return the medians over the rounds."""
        return {
            "requests a second": median(each.per_second for each in self.rounds),
            "p50 ms": median(each.percentile(0.5) for each in self.rounds),
            "p99 ms": median(each.percentile(0.99) for each in self.rounds),
            "CPU ms a request": median(self.cpu_milliseconds),
            "failed": sum(each.failed for each in self.rounds),
        }


def measure(peer_python: str, rounds: int, seconds: float) -> dict[str, dict[str, float]]:
    """Measure both apps in alternating rounds; return the medians of each."""
    ours, theirs = AppThroughput(), AppThroughput()
    with _start_both(peer_python) as (herald_app, plain_app, token):
        requests = {
            herald_app.port: post(herald_app.port, BOOK, Authorization=f"Bearer {token}"),
            plain_app.port: post(plain_app.port, BOOK),
        }
        for app in (herald_app, plain_app):
            ask(app.port, requests[app.port], CROWD, 1.0)
        for _ in range(rounds):
            ours.take(herald_app, requests[herald_app.port], seconds)
            theirs.take(plain_app, requests[plain_app.port], seconds)
    return {herald_app.name: ours.as_dict(), plain_app.name: theirs.as_dict()}


@contextmanager
def _start_both(peer_python: str) -> Iterator[tuple[App, App, str]]:
    ports = Ports()
    aws, first, second = (ports.take([]) for _ in range(3))
    with ExitStack() as stack:
        fake = stack.enter_context(subprocess.Popen([sys.executable, "-m", "bench.load.fake_aws", str(aws)], cwd=ROOT))
        stack.callback(fake.kill)
        issuer = stack.enter_context(Issuer())
        environment = build_settings(f"http://127.0.0.1:{aws}", issuer)
        yield (
            stack.enter_context(start_herald(first, environment)),
            stack.enter_context(start_plain(peer_python, second, environment)),
            issuer.token(),
        )


def build_settings(aws: str, issuer: Issuer) -> dict[str, str]:
    """Return the environment of both apps."""
    return {
        "AWS_ENDPOINT_URL": aws,
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_EC2_METADATA_DISABLED": "true",
        "HERALD_BOOKS_TABLE": "herald-books",
        "HERALD_LEDGER_TABLE": "herald-ledger",
        "HERALD_EVENTS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:herald-events",
        "HERALD_PUBLIC_URL": "https://herald.example",
        "HERALD_EVENT_SOURCE": "urn:herald:webapp",
        "HERALD_OIDC_ISSUER": NAME,
        "HERALD_OIDC_CLIENT_ID": CLIENT,
        "HERALD_OIDC_DISCOVERY_URL": issuer.discovery_url,
        **{f"HERALD_{key}_KEY_PARAMETER": f"/herald/{key.lower()}-key" for key in ("SESSION", "LINK", "ADDRESS")},
        **{f"HERALD_{name.upper()}_QUEUE_URL": f"{aws}/herald-{name}" for name in ("dead", "retry", "feedback")},
        "HERALD_NOTIFY_FUNCTION": "herald-notify",
        "HERALD_REQUESTS_PER_SECOND": "1000000",
        "HERALD_MAILS_PER_TEN_MINUTES": "1000000",
        "HERALD_MAILS_PER_DAY": "1000000",
    }
