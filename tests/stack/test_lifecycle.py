"""A laptop cloud ends whole, however it ends; it meets neither its like nor the user's own AWS settings.

What kills its processes when it cannot is in tests/unit/laptop/test_supervisor.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from laptop.clients import LaptopClients
from laptop.state import ROOT
from tests.stack.conftest import Herald, Inbox
from tests.stack.events import new_address, new_event
from tests.stack.processes import RUN, Laptop, descendants, laptop
from tests.waiting import LIMIT

pytestmark = pytest.mark.slow

#: Settings that would break every command that listened to them.
FOREIGN = {
    "AWS_PROFILE": "does-not-exist",
    "AWS_REGION": "xx-nowhere-1",
    "AWS_DEFAULT_REGION": "xx-nowhere-1",
    "AWS_ENDPOINT_URL": "http://192.0.2.1:1",
    "AWS_ENDPOINT_URL_SESV2": "http://192.0.2.1:1",
    "AWS_CA_BUNDLE": "/does/not/exist.pem",
    "AWS_ACCESS_KEY_ID": "a-key-of-the-user",
    "HERALD_PROVIDERS": "nonsense",
    "HTTP_PROXY": "http://192.0.2.1:1",
    "https_proxy": "http://192.0.2.1:1",
    "ALL_PROXY": "http://192.0.2.1:1",
}


@pytest.fixture
def state(request: pytest.FixtureRequest) -> Path:
    return ROOT / "build" / "tests" / f"{request.node.originalname}-{os.getpid()}"


@pytest.fixture
def running(state: Path) -> Iterator[Laptop]:
    with laptop(RUN, state) as cloud:
        cloud.start_a_function()
        yield cloud


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_ends_it_in_good_order(running: Laptop, number: signal.Signals) -> None:
    family = running.family()
    assert len(family) >= 6  # herald, supervisor, ministack, simulators, web app, worker
    for sandbox in descendants(running.described["processes"]["ministack"]) - {
        running.described["processes"]["ministack"]
    }:
        os.kill(sandbox, signal.SIGKILL)  # one that was killed is no trouble at the end
    running.command.send_signal(number)
    output, _ = running.command.communicate(timeout=LIMIT)
    assert running.command.returncode == 0, output
    assert "Traceback" not in output
    running.assert_gone(family)


def test_it_ends_when_a_part_of_it_dies(running: Laptop) -> None:
    family = running.family()
    os.kill(running.described["processes"]["web"], signal.SIGKILL)
    output, _ = running.command.communicate(timeout=LIMIT)
    assert running.command.returncode == 1
    assert "web ended by itself with code -9" in output
    running.assert_gone(family)


def test_it_ends_when_make_is_killed(state: Path) -> None:
    command = ["make", "-s", f"PYTHON={sys.executable}", "run"]
    with laptop(["bash", "-c", f'{" ".join(command)} FLAGS="--state-dir $0" & echo $! >&2; wait'], state) as cloud:
        family = cloud.family()
        make = [pid for pid in Path("/proc").glob("[0-9]*") if is_make(pid, cloud.command.pid)]
        assert len(make) == 1
        os.kill(int(make[0].name), signal.SIGKILL)
        cloud.assert_gone(family)


def is_make(process: Path, parent: int) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        return words[0] == b"make" and int((process / "stat").read_text().rpartition(")")[2].split()[1]) == parent
    except OSError:
        return False


def test_a_second_one_beside_it_is_another_world(herald: Herald, state: Path) -> None:
    with laptop(RUN, state) as cloud:
        other = cloud.described
        assert not set(other["endpoints"].values()) & set(herald.names.endpoints.values())
        to = new_address()
        LaptopClients(other["endpoints"]).sns.publish(
            TopicArn=other["topics"]["events"], Message=json.dumps(new_event(to))
        )
        with httpx.Client(base_url=other["endpoints"]["inbox"], trust_env=False, timeout=LIMIT) as http:
            assert len(Inbox(http).wait(to)) == 1
        assert herald.inbox.mails(to) == []
        family = cloud.family()
        cloud.command.terminate()  # SIGTERM, the third of the signals above
        assert cloud.command.wait(LIMIT) == 0
        cloud.assert_gone(family)
    assert herald.web.get("/readyz").status_code == 200


def test_the_same_state_folder_is_refused(cloud: object, herald: Herald) -> None:
    done = run_herald("local", "run", "--state-dir", herald.names.state)
    assert done.returncode == 1
    assert "already runs" in done.stderr
    assert "Traceback" not in done.stderr
    assert Path(herald.names.state).exists()


def test_the_demo_ignores_the_users_settings_and_finds_exactly_one_mail(state: Path) -> None:
    state.mkdir(parents=True)
    config = state / "config"
    config.write_text("[default]\nendpoint_url = http://192.0.2.1:1\nregion = xx-nowhere-1\n")
    try:
        done = run_herald("local", "demo", environment={**FOREIGN, "AWS_CONFIG_FILE": str(config)})
    finally:
        config.unlink()
        state.rmdir()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one mail came" in done.stdout
    assert "sent" in done.stdout


def test_env_points_a_shell_at_it(herald: Herald) -> None:
    printed = run_herald("local", "env", "--state-dir", herald.names.state, environment=FOREIGN).stdout
    script = (
        f"{printed}\nenv; {sys.executable} -c \"import boto3; print(boto3.client('sqs').list_queues()['QueueUrls'])\""
    )
    shell = subprocess.run(
        ["bash", "-euc", script], env={**os.environ, **FOREIGN}, capture_output=True, text=True, check=True
    )
    assert f"AWS_ENDPOINT_URL={herald.names.endpoints['aws']}" in shell.stdout
    assert f"AWS_ENDPOINT_URL_SESV2={herald.names.endpoints['ses']}" in shell.stdout
    assert f"HERALD_EVENTS_TOPIC_ARN={herald.names.topics['events']}" in shell.stdout
    assert f"HERALD_EVENTS_URL={herald.names.events_api['url']}" in shell.stdout
    assert "does-not-exist" not in shell.stdout
    assert "herald-dead" in shell.stdout


def run_herald(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "herald", *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
