"""The emulator starts only if everything that it replaces in ministack is there, and is replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from laptop.emulator.lambdas import patch_acquire_worker
from laptop.emulator.patches import PATCHED
from laptop.state import ROOT
from tests.waiting import LIMIT

_START = """
import importlib, laptop.emulator.__main__ as emulator
importlib.import_module("ministack.services.{module}").__dict__.pop("{function}", None)
emulator.compose(None, 1.0)
"""


@pytest.mark.parametrize(("module", "function"), [("sns", "_deliver_to_lambda"), ("lambda_svc", "_run_sqs_batch")])
def test_a_patched_function_that_is_gone_is_named(tmp_path: Path, module: str, function: str) -> None:
    done = start(_START.format(module=module, function=function), tmp_path)
    assert done.returncode == 1
    assert f"ministack has no {module}.{function} any more" in done.stderr


def test_a_patched_function_that_is_named_and_left_alone_is_an_error(tmp_path: Path) -> None:
    added = "import laptop.emulator.patches as s; s.PATCHED['sns'] += ('_fanout',)\n"
    done = start(added + _START.format(module="sns", function="no such name"), tmp_path)
    assert done.returncode == 1
    assert "not replaced in ministack: [('sns', '_fanout')]" in done.stderr


def test_sandboxes_that_are_unpacked_in_another_way_are_named(tmp_path: Path) -> None:
    gone = "import ministack.core.lambda_runtime as runtime; del runtime.zipfile\n"
    done = start(gone + _START.format(module="sns", function="no such name"), tmp_path)
    assert done.returncode == 1
    assert "ministack unpacks no sandbox with zipfile any more" in done.stderr


_UNPACK = """
import zipfile
from pathlib import Path
import laptop.emulator.__main__ as emulator, ministack.core.lambda_runtime as runtime
emulator.compose(None, 1.0)
with zipfile.ZipFile("package.zip", "w") as package:
    package.writestr("module.py", "x = 1")
for name in ("one/code", "two/code", "three/layer_0"):
    Path(name).mkdir(parents=True)
    with runtime.zipfile.ZipFile("package.zip") as package:
        package.extractall(name)
    print(Path(name, "module.py").read_text(), Path(name).is_symlink(), Path(name).resolve())
"""


def test_sandboxes_of_one_package_share_what_it_was_unpacked_to(tmp_path: Path) -> None:
    done = start("import os; os.chdir(os.environ['TMPDIR'])\n" + _UNPACK, tmp_path)
    one, two, layer = done.stdout.strip().splitlines()[-3:]
    assert one == two
    assert one.startswith("x = 1 True ")
    assert layer.startswith("x = 1 False ")


_ALARM = {
    "AlarmName": "a",
    "Namespace": "N",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}
_ASKED = """
import json, laptop.emulator.__main__ as emulator
from ministack.services import cloudwatch, cognito
emulator.compose(None, 1.0)
alarm = {alarm}
say = lambda answer: print(answer[0], bytes(answer[2]).decode().replace("\\n", " ").replace(chr(10), " "))
say(cloudwatch._put_metric_alarm({{}}, alarm, False, True))
say(cloudwatch._describe_alarms({{}}, {{}}, False, True))
say(cloudwatch._put_metric_alarm({{}}, alarm | {{"AlarmName": "x" * 256}}, False, True))
flat = {{name: [str(value)] for name, value in alarm.items()}}
say(cloudwatch._put_metric_alarm(flat | {{"Period": ["0"]}}, {{}}, False))
person = {{"ClientId": "c", "Username": "a b", "Password": "p"}}
say(cognito._run_idp_handler(lambda data: print("played"), "SignUp", person))
cloudwatch._alarms["a"]["StateValue"] = "BROKEN"
try:
    say(cloudwatch._describe_alarms({{}}, {{}}, False, True))
except Exception as problem:
    print("refused", problem)
"""


def test_what_is_asked_and_answered_in_a_patched_call_is_held_to_the_model(tmp_path: Path) -> None:
    done = start(_ASKED.format(alarm=_ALARM), tmp_path)
    assert done.returncode == 0, done.stderr
    made, told, long, never, blank, broken = done.stdout.strip().splitlines()
    assert made.startswith("200")
    assert '"AlarmName": "a"' in told
    assert '""' not in told
    assert "AlarmName is above 255" in long
    assert "Invalid value for parameter Period" in never
    assert "InvalidParameterException" in blank
    assert broken == "refused DescribeAlarms.MetricAlarms[].StateValue is never 'BROKEN'"


_MEANWHILE = """
import asyncio, threading
import laptop.emulator.__main__ as emulator
from ministack.services import sqs
emulator.compose(None, 1.0)
call = lambda action, **asked: asyncio.run(sqs._dispatch(action, asked, ""))
dead = call("CreateQueue", QueueName="dead")["QueueUrl"]
arn = call("GetQueueAttributes", QueueUrl=dead, AttributeNames=["All"])["Attributes"]["QueueArn"]
policy = '{"maxReceiveCount": 5, "deadLetterTargetArn": "%s"}' % arn
url = call("CreateQueue", QueueName="retry", Attributes={"RedrivePolicy": policy})["QueueUrl"]
clients = []

class Messages(list):
    def __iter__(self):
        yield from list.__iter__(self)
        if len(clients) < 3:  # a client sends while another thread has read the messages, and not yet put them back
            client = threading.Thread(target=call, args=["SendMessage"], kwargs={"QueueUrl": url, "MessageBody": "x"})
            clients.append(client)
            client.start()
            client.join(1)

sqs._get_q(url)["messages"] = Messages()
sqs._receive_messages_for_esm(url, 1)
for client in clients:
    client.join()
print("sent", len(clients), "kept", len(sqs._get_q(url)["messages"]))
"""


def test_a_message_that_is_sent_while_a_mapping_receives_is_kept(tmp_path: Path) -> None:
    done = start(_MEANWHILE, tmp_path)
    _, sent, _, kept = done.stdout.strip().splitlines()[-1].split()
    assert int(sent) > 1, done.stderr
    assert kept == sent


def test_with_all_of_them_it_starts(tmp_path: Path) -> None:
    assert sum(map(len, PATCHED.values())) > 10
    assert start(_START.format(module="sns", function="no such name"), tmp_path).returncode == 0


class Worker:
    """A sandbox as ministack has it; one that `fails` is killed while it starts, one whose process is `gone` was
    killed while it waited."""

    def __init__(self, fails: bool = False, gone: bool = False) -> None:
        self.fails = fails
        self.gone = gone
        self.killed = False

    def invoke(self, event: dict[str, int]) -> dict[str, object]:
        if self.fails:
            raise RuntimeError("Worker init failed")
        if self.gone:
            self.gone = False
            return {"status": "error", "error": "[Errno 32] Broken pipe"}
        return {"status": "ok", "result": event}

    def kill(self) -> None:
        self.killed = True


def test_a_sandbox_that_is_killed_while_it_starts_ends_alone() -> None:
    """What its call raises makes ministack kill all sandboxes of its version, so it raises nothing."""
    broken, sound = Worker(fails=True), Worker(fails=False)
    workers = [(broken, "spawn"), (sound, "reused"), (None, "func_cap")]
    acquire = patch_acquire_worker(lambda name: workers.pop(0))
    assert acquire("notify")[0].invoke({"n": 1}) == {"status": "error", "error": "Worker init failed"}
    assert acquire("notify")[0].invoke({"n": 2}) == {"status": "ok", "result": {"n": 2}}
    assert acquire("notify") == (None, "func_cap")
    assert (broken.killed, sound.killed) == (True, False)


def test_an_event_that_a_dead_sandbox_never_took_runs_in_another() -> None:
    acquire = patch_acquire_worker(lambda name: (Worker(gone=True), "reused"))
    assert acquire("notify")[0].invoke({"n": 1}) == {"status": "ok", "result": {"n": 1}}


def start(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT), "STATE_DIR": str(folder), "S3_DATA_DIR": str(folder), "TMPDIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
    )
