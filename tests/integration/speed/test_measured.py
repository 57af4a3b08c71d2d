"""Handlers in the bench's own processes, against its fake AWS: what goes over the wire, not how fast."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bench.speed import processes, warm
from bench.speed.package_variants import ROOT
from bench.speed.processes import FakeAwsProcess, MeasuredHandler, MeasuredProcess, start_fake_aws
from laptop.providers.certificate import make_certificate
from package import build

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeAwsProcess]:
    own = make_certificate(tmp_path_factory.mktemp("aws"))
    with start_fake_aws(own, own) as fake:
        yield fake


@pytest.fixture(scope="module")
def herald(tmp_path_factory: pytest.TempPathFactory) -> MeasuredHandler:
    folder = tmp_path_factory.mktemp("function")
    with zipfile.ZipFile(build("laptop").function_zip) as opened:
        opened.extractall(folder)
    return MeasuredHandler("herald", sys.executable, (folder,), "function.notify:handler")


@pytest.fixture
def running(herald: MeasuredHandler, aws: FakeAwsProcess) -> Iterator[MeasuredProcess]:
    aws.list(warm._find_suppressed_key())
    process = MeasuredProcess(herald, aws)
    process.ask("first", 1)
    yield process
    process.end()


@pytest.mark.parametrize(
    ("kind", "trips"),
    [
        ("first", {"TransactWriteItems": 3, "SendEmail": 3, "UpdateItem": 3}),
        ("duplicate", {"TransactWriteItems": 6, "SendEmail": 3, "UpdateItem": 3}),
        ("suppressed", {"TransactWriteItems": 6}),
        ("refused", {"TransactWriteItems": 6, "SendEmail": 3, "SendMessage": 3}),
    ],
)
def test_three_mails_make_as_many_round_trips_as_the_budget_says(
    running: MeasuredProcess, aws: FakeAwsProcess, kind: str, trips: dict[str, int]
) -> None:
    """A duplicate is one, after the first delivery's three."""
    aws.counts()
    running.ask(kind, 3)
    assert aws.counts() == {**trips, "connections": 1 if kind == "refused" else 0}, "SQS is asked for the first time"


def test_what_a_mail_takes_is_told(running: MeasuredProcess) -> None:
    assert running.init["init_cpu"] > 0
    assert running.init["modules"] > 100
    took = running.ask("first", 3)
    assert took["cpu_ms"] > 0
    assert took["log_bytes"] > 100
    assert running.ask("first", 2, trace=True)["peak_kib"] > 1


def test_the_floor_makes_the_same_three_requests(aws: FakeAwsProcess) -> None:
    floor = MeasuredHandler("floor", sys.executable, (ROOT,), "bench.speed.references.floor:handler")
    process = MeasuredProcess(floor, aws)
    aws.counts()
    process.ask("first", 1)
    process.end()
    told = aws.counts()
    assert told == {"TransactWriteItems": 1, "SendEmail": 1, "UpdateItem": 1, "connections": told["connections"]}


@pytest.mark.parametrize("lever", ["tls", "fast_client", "late"])
def test_a_handler_sends_its_mail_without_each_lever(herald: MeasuredHandler, aws: FakeAwsProcess, lever: str) -> None:
    process = MeasuredProcess(replace(herald, extra={"apart": lever}), aws)
    aws.counts()
    process.ask("first", 1)
    process.end()
    assert aws.counts()["SendEmail"] == 1


def test_a_handler_that_cannot_start_is_told(aws: FakeAwsProcess, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="ended"):
        MeasuredProcess(MeasuredHandler("none", sys.executable, (ROOT,), "bench.speed.references.none:handler"), aws)
    assert "none" in capfd.readouterr().err


def test_settings_that_a_handler_is_not_to_see_are_not_there(herald: MeasuredHandler, aws: FakeAwsProcess) -> None:
    """Without its name it does not know Lambda, and composes itself only when it is called."""
    names = {name for name in processes._SETTINGS if name.startswith("HERALD_")}
    process = MeasuredProcess(replace(herald, without=tuple(names | {"AWS_LAMBDA_FUNCTION_NAME"})), aws)
    assert process.init["init_cpu"] > 0
    process.end()
