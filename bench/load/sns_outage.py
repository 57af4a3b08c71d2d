"""Measures a ten-second outage of SNS while both apps get requests: books stored, events published, events lost."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from bench.load.apps import ROOT, App, start_herald, start_plain
from fakes.faulty_proxy import FaultyProxy, run_proxy
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.cognito.demo_users import ADA
from laptop.supervision.ports import Ports

__all__ = ["measure"]

BEFORE, DOWN, AFTER = 3, 10, 3
A_SECOND = 5
BOOK = {"title": "The Dispossessed", "author": "Ursula K. Le Guin"}


@dataclass(slots=True)
class RequestCounts:
    """The outcome of the requests to one app."""

    asked: int = 0
    answered_201: int = 0
    stored: int = 0
    published: int = 0

    @property
    def lost(self) -> int:
        """The number of stored books whose event was never published."""
        return self.stored - self.published

    def as_dict(self) -> dict[str, int]:
        return asdict(self) | {"lost": self.lost}


def measure(peer_python: str) -> dict[str, dict[str, int]]:
    """Run both apps on one laptop cloud behind one proxy to SNS; return the outcome of the requests to each."""
    state = ROOT / "build" / "bench" / "losses"
    with (
        run_cloud(Options(state, scale=0.1)) as cloud,
        run_proxy(cloud.descriptor.endpoints["aws"]) as way,
        _start_both(cloud, way, peer_python) as (apps, receive),
    ):
        counts = {app.name: RequestCounts() for app, _ in apps}
        for second in range(BEFORE + DOWN + AFTER):
            way.shut = BEFORE <= second < BEFORE + DOWN
            _ask(apps, counts)
        _settle(cloud, counts, receive)
    return {name: counted.as_dict() for name, counted in counts.items()}


def _ask(apps: list[tuple[App, httpx.Client]], counts: dict[str, RequestCounts]) -> None:
    """Send the requests of one second."""
    end = time.monotonic() + 1
    for _ in range(A_SECOND):
        for app, client in apps:
            counts[app.name].asked += 1
            try:
                answer = client.post("/v1/books", json=BOOK)
            except httpx.HTTPError:
                continue
            counts[app.name].answered_201 += answer.status_code == 201
    time.sleep(max(end - time.monotonic(), 0))


def _settle(cloud: LaptopCloud, counts: dict[str, RequestCounts], receive: Callable[[], dict[str, set[str]]]) -> None:
    """Give both apps 30 seconds to publish what was missed, then count."""
    ours, theirs = counts.values()
    deadline = time.monotonic() + 30
    while True:
        received = receive()
        stored = _count_stored(cloud)
        ours.stored, theirs.stored = stored["book"], stored["plain"]
        ours.published, theirs.published = len(received["urn:herald:webapp"]), len(received["urn:bench:plain"])
        if time.monotonic() > deadline or (ours.lost <= 0 and theirs.lost <= 0):
            return
        time.sleep(1)


def _count_stored(cloud: LaptopCloud) -> dict[str, int]:
    pages = cloud.clients.dynamodb.get_paginator("scan").paginate(TableName="herald-books")
    kinds = [item["kind"]["S"] for page in pages for item in page["Items"]]
    return {kind: kinds.count(kind) for kind in ("book", "plain")}


@contextmanager
def _start_both(
    cloud: LaptopCloud, way: FaultyProxy, peer_python: str
) -> Iterator[tuple[list[tuple[App, httpx.Client]], Callable[[], dict[str, set[str]]]]]:
    described = cloud.descriptor
    environment = described.settings() | {
        "HERALD_EVENT_SOURCE": "urn:herald:webapp",
        "AWS_ENDPOINT_URL_SNS": way.url,
    }
    functions = cloud.clients.functions
    for name in ("herald-relay", "herald-sweeper"):
        before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": before | {"AWS_ENDPOINT_URL_SNS": way.url}}
        )
    tokens = cloud.clients.cognito.initiate_auth(
        ClientId=described.sign_in["client_id"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ADA.email, "PASSWORD": ADA.password},
    )["AuthenticationResult"]
    ports = Ports()
    with ExitStack() as stack:
        ours = stack.enter_context(start_herald(ports.take([]), environment))
        theirs = stack.enter_context(start_plain(peer_python, ports.take([]), environment))
        headers = {ours.port: {"Authorization": f"Bearer {tokens['IdToken']}"}, theirs.port: {}}
        clients = [
            (
                app,
                stack.enter_context(
                    httpx.Client(base_url=f"http://127.0.0.1:{app.port}", headers=headers[app.port], timeout=60)
                ),
            )
            for app in (ours, theirs)
        ]
        yield clients, _listen(cloud)


def _listen(cloud: LaptopCloud) -> Callable[[], dict[str, set[str]]]:
    """Return a function that receives newly published events, and returns all event ids so far by source."""
    topic, sqs = cloud.descriptor.topics["events"], cloud.clients.sqs
    queue = sqs.create_queue(QueueName="ear")["QueueUrl"]
    cloud.clients.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:ear")
    received: dict[str, set[str]] = {"urn:herald:webapp": set(), "urn:bench:plain": set()}

    def receive() -> dict[str, set[str]]:
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                event: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
                received[event["source"]].add(event["id"])
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return received

    return receive


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(sys.argv[1]), indent=2) + "\n")
