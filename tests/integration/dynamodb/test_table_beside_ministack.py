"""ministack answers as DynamoDB is documented to, and so as the table with memory, but for what is listed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.dynamodb.agreement import client_of, differing
from tests.dynamodb.case import ConditionCase, UpdateCase, holds, run_update
from tests.dynamodb.conditions import CONDITIONS
from tests.dynamodb.transactions import TRANSACTIONS, TransactionCase, run_transaction
from tests.dynamodb.updates import UPDATES
from tests.waiting import LIMIT, eventually

BUILD = Path(__file__).parents[3] / "build"
DIFFERING = differing("ministack")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A ministack of our own, with nothing of this shell's environment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    home = BUILD / "tmp" / f"ministack-{port}"
    home.mkdir(parents=True)
    environment = {
        "PATH": os.defpath,
        "HOME": str(home),
        "TMPDIR": str(home),
        "STATE_DIR": str(home),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ministack")],
            env=environment,
            cwd=home,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await(f"{url}/_ministack/health")
        yield url
        shutil.rmtree(home, ignore_errors=True)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def ministack(endpoint: str) -> Any:
    return client_of(endpoint)


@pytest.mark.parametrize("case", CONDITIONS, ids=str)
def test_ministack_judges_alike_but_for_what_is_listed(ministack: Any, case: ConditionCase) -> None:
    assert (holds(ministack, "one", case) != case.answer) == (str(case) in DIFFERING)


@pytest.mark.parametrize("case", UPDATES, ids=str)
def test_ministack_updates_alike_but_for_what_is_listed(ministack: Any, case: UpdateCase) -> None:
    assert (run_update(ministack, "one", case) != case.outcome) == (str(case) in DIFFERING)


@pytest.mark.parametrize("case", TRANSACTIONS, ids=str)
def test_ministack_transacts_alike_but_for_what_is_listed(ministack: Any, case: TransactionCase) -> None:
    assert (run_transaction(ministack, case) != case.outcome) == (str(case) in DIFFERING)


def _await(url: str) -> None:
    def answers() -> bool:
        try:
            with urlopen(url, timeout=LIMIT):
                return True
        except (URLError, ConnectionError, TimeoutError):
            return False

    eventually(answers, bool)
