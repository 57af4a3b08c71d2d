"""A function that does what its event says, in two versions, made for one test and seen through the emulator's log."""

from __future__ import annotations

import inspect
import io
import json
import textwrap
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from laptop.environment import ACCOUNT, REGION
from tests.stack.conftest import Herald
from tests.waiting import LIMIT, eventually

__all__ = ["Gate", "Probe", "probe"]

ROLE = f"arn:aws:iam::{ACCOUNT}:role/herald-laptop"


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Runs inside Lambda; an order lies in the event itself, in an SNS message or in an SQS message's body."""
    import json
    import os
    import pathlib
    import time
    import uuid

    record = event["Records"][0] if "Records" in event else {}
    text = record["Sns"]["Message"] if "Sns" in record else record.get("body")
    order = json.loads(text) if text else event
    if order.get("kill"):
        os._exit(9)
    if order.get("fail") in (True, context.function_version):
        raise LookupError("asked to fail")
    if order.get("say"):
        print(json.dumps(order["say"]))  # noqa: T201
    if order.get("gate"):
        gate = pathlib.Path(order["gate"])
        (gate / f"run-{uuid.uuid4()}").touch()
        while not (gate / "open").exists():
            time.sleep(0.02)
    return order.get("answer") or {
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "event": event,
    }


@dataclass(frozen=True, slots=True)
class Gate:
    """Holds every run whose order names it until a test opens it: sandboxes run on this machine and see its files."""

    folder: Path

    @property
    def order(self) -> dict[str, Any]:
        """What makes a run wait here."""
        return {"gate": str(self.folder)}

    @property
    def begun(self) -> int:
        """How many runs have come here so far."""
        return len(list(self.folder.glob("run-*")))

    def wait_for(self, runs: int) -> None:
        """Wait until so many runs have come here."""
        eventually(lambda: self.begun, lambda begun: begun >= runs)

    def open(self) -> None:
        """Let all go on, and whoever comes later too."""
        (self.folder / "open").touch()


@dataclass(frozen=True, slots=True)
class Probe:
    """The function `name`, its alias `live` on version 1, and version 2."""

    herald: Herald
    name: str

    @property
    def arn(self) -> str:
        """The alias."""
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}:live"

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Set the alias's additional weights."""
        self.herald.clients.functions.update_alias(
            FunctionName=self.name, Name="live", RoutingConfig={"AdditionalVersionWeights": dict(weights)}
        )

    def reserve(self, concurrency: int) -> None:
        """Set the reserved concurrency."""
        self.herald.clients.functions.put_function_concurrency(
            FunctionName=self.name, ReservedConcurrentExecutions=concurrency
        )

    def configure(self, queue: str, **settings: int) -> None:
        """Set the alias's event-invoke configuration, with a queue for what fails."""
        self.herald.clients.functions.put_function_event_invoke_config(
            FunctionName=self.name,
            Qualifier="live",
            DestinationConfig={"OnFailure": {"Destination": self.arn_of(queue)}},
            **settings,
        )

    def queue(self, visibility: int = 30) -> str:
        """The URL of a new queue; `visibility` in seconds."""
        made = self.herald.clients.sqs.create_queue(
            QueueName=f"{self.name}-{uuid.uuid4().hex[:6]}", Attributes={"VisibilityTimeout": str(visibility)}
        )
        return made["QueueUrl"]

    def arn_of(self, queue: str) -> str:
        """The ARN of a queue."""
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rpartition('/')[2]}"

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Call the alias and wait: the answer of boto3, with the payload read."""
        answer: Any = self.herald.clients.functions.invoke(
            FunctionName=self.name, Qualifier="live", Payload=json.dumps(event)
        )
        return {**answer, "Payload": json.loads(answer["Payload"].read())}

    def send(self, event: Mapping[str, Any]) -> None:
        """Put an event into the alias's asynchronous queue."""
        self.herald.clients.functions.invoke(
            FunctionName=self.name, Qualifier="live", InvocationType="Event", Payload=json.dumps(event)
        )

    def kill(self) -> int:
        """SIGKILL to every sandbox; how many there were."""
        path = f"/_herald/functions/{self.name}/kill"
        killed: int = httpx.post(self.herald.names.endpoints["aws"] + path, trust_env=False, timeout=LIMIT).json()[
            "killed"
        ]
        return killed

    def runs(self) -> list[dict[str, Any]]:
        """What the emulator noted of this function's runs, oldest first."""
        return [run for run in reversed(self._list_noted("invocations")) if run["function"] == self.name]

    def list_failed(self, message_id: str) -> list[dict[str, Any]]:
        """The runs for one SNS message that did not succeed."""
        return [run for run in self.runs() if run.get("message_id") == message_id and run["outcome"] != "ok"]

    def deliveries(self) -> list[dict[str, Any]]:
        """What topics handed over lately, to any function."""
        return self._list_noted("deliveries")

    def _list_noted(self, what: str) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] = httpx.get(
            f"{self.herald.names.endpoints['aws']}/_herald/{what}", trust_env=False, timeout=LIMIT
        ).json()
        return seen

    def ran(self, outcome: str = "ok") -> list[dict[str, Any]]:
        """The runs that ended so."""
        return [run for run in self.runs() if run["outcome"] == outcome]

    def list_received(self, queue: str) -> list[dict[str, Any]]:
        """The bodies of the messages that wait in a queue; they stay there."""
        answer = self.herald.clients.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@contextmanager
def probe(herald: Herald) -> Iterator[Probe]:
    """Make one, and take it away."""
    name = f"probe-{uuid.uuid4().hex[:8]}"
    functions = herald.clients.functions
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="probe.handler",
        Code={"ZipFile": _package("one")},
        Timeout=900,
        Publish=True,
    )
    functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    functions.update_function_code(FunctionName=name, ZipFile=_package("two"), Publish=True)
    try:
        yield Probe(herald, name)
    finally:
        functions.delete_function(FunctionName=name)


def _package(mark: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        source = textwrap.dedent(inspect.getsource(handler))
        archive.writestr("probe.py", f"from __future__ import annotations\nMARK = {mark!r}\n{source}")
    return content.getvalue()
