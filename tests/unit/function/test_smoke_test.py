"""The smoke test of a version: what it does with synthetic events, and what the ledger says of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from function.canary.smoke_test import Candidate, SmokeTest
from function.errors import Throttled
from function.ledger.table import Table
from function.message.catalogue import Catalogue
from tests.fakes import example
from tests.model.table import MemoryTable
from tests.sandbox import Sandbox
from tests.world import World

CANDIDATE = Candidate("herald-notify:7", "7", "r1")
EXAMPLES = {type_: example(type_=type_) for type_ in ("book.created", "user.welcome")}


@dataclass
class Functions:
    """Lambda with one version in it, which is whatever `run` does."""

    run: Callable[[Any], Any]
    version: str = "7"
    #: Invocations that the alias still leads to another version, as UpdateAlias is not in force everywhere at once.
    stale: int = 0
    busy: int = 0
    invoked: list[str] = field(default_factory=list)

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.invoked.append(request["FunctionName"])
        if self.busy:
            self.busy -= 1
            raise ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}, "Invoke")
        if self.stale:
            self.stale -= 1
            return {"ExecutedVersion": "6", "Payload": io.BytesIO(b"{}")}
        try:
            self.run(json.loads(request["Payload"]))
        except Exception as error:
            said = f'{{"errorMessage": "{error}"}}'.encode()
            return {"FunctionError": "Unhandled", "ExecutedVersion": self.version, "Payload": io.BytesIO(said)}
        return {"ExecutedVersion": self.version, "Payload": io.BytesIO(b"{}")}


@dataclass
class Bench:
    """A notify, and the smoke test of it."""

    sandbox: Sandbox
    functions: Functions

    def failure_reason(self, candidate: Candidate = CANDIDATE) -> str | None:
        world = self.sandbox.world
        table = Table(world.client, "herald-ledger")
        return SmokeTest(self.functions, table, EXAMPLES, world.clock, world.clock.forward).failure_reason(candidate)


@pytest.fixture
def bench(catalogue: Catalogue) -> Bench:
    sandbox = Sandbox(World(MemoryTable("herald-ledger"), catalogue))
    return Bench(sandbox, Functions(sandbox))


def test_a_version_that_writes_a_mail_of_every_type_is_good(bench: Bench) -> None:
    assert bench.failure_reason() is None
    assert bench.functions.invoked == ["herald-notify:7"] * 2
    assert [mail.to.rpartition("@")[2] for _, mail in bench.sandbox.world.post.taken] == ["simulator.amazonses.com"] * 2


def test_a_version_that_raises_is_not(bench: Bench) -> None:
    bench.sandbox.world.post.accept_then(ZeroDivisionError("a bug"))
    assert bench.failure_reason() == 'book.created: it raised: {"errorMessage": "a bug"}'
    assert len(bench.functions.invoked) == 1, "a crash is not tried again"


def test_a_version_that_does_nothing_is_not(bench: Bench) -> None:
    bench.functions.run = lambda event: {}
    assert bench.failure_reason() == "book.created: it returned, and the ledger knows nothing of the mail"


def test_a_version_that_rejects_what_it_should_send_is_not(bench: Bench) -> None:
    def rejects(event: Any) -> Any:
        event["Records"][0]["Sns"]["Message"] = "not an event"
        return bench.sandbox(event)

    bench.functions.run = rejects
    assert bench.failure_reason() == "book.created: the ledger says rejected"


def test_another_version_s_answer_says_nothing_of_this_one(bench: Bench) -> None:
    bench.functions.version = "6"
    assert bench.failure_reason() == "book.created: version 6 answered instead of 7"


def test_an_alias_that_leads_to_the_old_version_for_a_while_does_not_take_a_release_back(bench: Bench) -> None:
    bench.functions.stale = 6
    assert bench.failure_reason() is None


def test_an_old_version_that_crashes_meanwhile_says_nothing_of_the_new_one(bench: Bench) -> None:
    bench.functions.version = "6"
    bench.functions.run = lambda event: 1 / 0
    assert bench.failure_reason() == "book.created: version 6 answered instead of 7"


def test_rows_must_name_the_release(bench: Bench) -> None:
    assert (
        bench.failure_reason(Candidate("herald-notify:7", "7", "r2"))
        == "book.created: the timeline does not name release r2"
    )
    assert bench.failure_reason(Candidate("herald-notify:7", "7")) is None, (
        "a deployment that was made by hand names none"
    )


def test_a_busy_ses_does_not_take_a_release_back(bench: Bench) -> None:
    bench.sandbox.world.post.answers = [Throttled("busy")] * 3
    assert bench.failure_reason() is None


def test_a_busy_lambda_does_not_take_a_release_back(bench: Bench) -> None:
    bench.functions.busy = 2
    assert bench.failure_reason() is None


def test_an_ses_that_takes_nothing_for_long_does(bench: Bench) -> None:
    bench.sandbox.world.post.answers = [Throttled("busy")] * 100
    assert bench.failure_reason() == "book.created: the ledger says released"
