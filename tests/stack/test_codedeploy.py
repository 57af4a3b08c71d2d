"""CodeDeploy's simulator with real functions: hooks that run, an alias that moves, and what follows an abort."""

from __future__ import annotations

import io
import json
import threading
import uuid
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest

from laptop.codedeploy.api import CodeDeployApi
from laptop.codedeploy.http_server import CodeDeployServer
from laptop.codedeploy.runtime import SystemClock
from tests.integration.codedeploy.conftest import appspec, content
from tests.stack.conftest import Herald
from tests.waiting import LIMIT, eventually

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient

pytestmark = pytest.mark.slow

#: A minute of AWS in 0.6 seconds.
SCALE = 0.01
#: A canary that ends when a test says so: it would take six minutes.
CANARY_MINUTES = 600

#: Raises where the event says that this version is to.
VERSION = """
CODE = %r
def handler(event, context):
    if context.function_version in event.get("broken", ()):
        raise RuntimeError("broken")
"""
HOOK = """
import os, time, boto3
def answer(event, status):
    client = boto3.client("codedeploy", endpoint_url=event["endpoint"], region_name="us-east-1")
    client.put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"], status=status)
def wait(event):
    client = boto3.client("codedeploy", endpoint_url=event["endpoint"], region_name="us-east-1")
    while "completeTime" not in client.get_deployment(deploymentId=event["DeploymentId"])["deploymentInfo"]:
        time.sleep(0.1)
def handler(event, context):
    event["endpoint"] = os.environ["AWS_ENDPOINT_URL_CODEDEPLOY"]
    %s
"""


def zip_module(code: str) -> bytes:
    with zipfile.ZipFile(archive := io.BytesIO(), "w") as opened:
        opened.writestr("code.py", code)
    return archive.getvalue()


class MovableClock(SystemClock):
    """This machine's time, which a test can move forward."""

    def __init__(self) -> None:
        self._moved = 0.0
        self.sleeps = 0

    def now(self) -> float:
        return super().now() + self._moved

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.sleeps += 1

    def forward(self) -> None:
        """Let as much time pass as anything here waits for."""
        self._moved += 3600


class Simulator:
    """A simulator of one test's own, with the group `probe` in it, and one alias of the probed function."""

    def __init__(self, herald: Herald, function: str) -> None:
        self._herald = herald
        self.function = function
        self.alias = f"a{uuid.uuid4().hex[:8]}"
        functions = herald.clients.functions
        functions.create_alias(FunctionName=function, Name=self.alias, FunctionVersion="3")
        self.clock = MovableClock()
        account = CodeDeployApi(functions, herald.clients.make_client("cloudwatch"), SCALE, self.clock)
        self.wire = CodeDeployServer(("127.0.0.1", 0), account)
        self.endpoint = f"http://127.0.0.1:{self.wire.server_port}"
        self.client: CodeDeployClient = boto3.client(
            "codedeploy",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def prepare(self) -> None:
        """Make the group, which deploys by a canary, half of the traffic first; its first deployment went well."""
        probe(self.client)
        first = self.deploy("1", "3", config="CodeDeployDefault.LambdaAllAtOnce")
        assert self.wait_for_end(first)["status"] == "Succeeded"

    def hook(self, body: str) -> str:
        """Make a hook of this code; its name."""
        name = f"CodeDeployHook_{uuid.uuid4().hex[:8]}"
        self._herald.clients.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role="arn:aws:iam::000000000000:role/hook",
            Handler="code.handler",
            Timeout=900,
            Code={"ZipFile": zip_module(HOOK % body)},
            Environment={"Variables": {"AWS_ENDPOINT_URL_CODEDEPLOY": self.endpoint}},
        )
        return name

    def ran(self, hook: str) -> list[dict[str, Any]]:
        """The runs of a hook that have ended."""
        told = httpx.get(f"{self._herald.names.endpoints['aws']}/_herald/invocations", trust_env=False, timeout=LIMIT)
        return [run for run in told.json() if run["function"] == hook]

    def status(self, deployment: str, event: str) -> str:
        """How a lifecycle event of a deployment stands."""
        targets: Any = self.client.batch_get_deployment_targets(
            deploymentId=deployment,
            targetIds=self.client.list_deployment_targets(deploymentId=deployment)["targetIds"],
        )
        events = targets["deploymentTargets"][0]["lambdaTarget"]["lifecycleEvents"]
        return str(next(one["status"] for one in events if one["lifecycleEventName"] == event))

    def alarm(self, version: str) -> str:
        """Make an alarm that any error of this version under the alias sets off, as a release does; its name."""
        name = f"{self.alias}-{version}"
        dimensions = {
            "FunctionName": self.function,
            "Resource": f"{self.function}:{self.alias}",
            "ExecutedVersion": version,
        }
        self._herald.clients.make_client("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/Lambda",
            MetricName="Errors",
            Dimensions=[{"Name": dimension, "Value": value} for dimension, value in dimensions.items()],
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        return name

    def state(self, alarm: str) -> str:
        """What CloudWatch says of an alarm."""
        answer = self._herald.clients.make_client("cloudwatch").describe_alarms(AlarmNames=[alarm])
        return str(answer["MetricAlarms"][0]["StateValue"])

    def invoke(self, *broken: str) -> str:
        """Invoke the alias, whose versions `broken` raise; the version that ran."""
        functions = self._herald.clients.functions
        answer = functions.invoke(
            FunctionName=self.function, Qualifier=self.alias, Payload=json.dumps({"broken": broken})
        )
        assert ("FunctionError" in answer) is (answer["ExecutedVersion"] in broken)
        return answer["ExecutedVersion"]

    def deploy(self, target: str = "2", current: str = "1", alarm: str = "", config: str = "half", **hooks: str) -> str:
        """Create a deployment of the alias; `before` and `after` are hooks, `alarm` stands in for the group's."""
        revision: Any = content(appspec(current, target, self.function, self.alias, **hooks))
        alarms: Any = {"overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": alarm}]}} if alarm else {}
        group: Any = {"applicationName": "probe", "deploymentGroupName": "probe"}
        answer = self.client.create_deployment(**group, revision=revision, deploymentConfigName=config, **alarms)
        return answer["deploymentId"]

    def info(self, deployment: str) -> dict[str, Any]:
        return dict(self.client.get_deployment(deploymentId=deployment)["deploymentInfo"])

    def wait_for_end(self, deployment: str) -> dict[str, Any]:
        """What is told of a deployment once it is over."""
        return eventually(lambda: self.info(deployment), lambda info: "completeTime" in info)

    def wait_for_canary(self) -> None:
        """Wait until half of the traffic is on version 2."""
        eventually(self.weights, lambda weights: weights == {"1": 0.5, "2": 0.5})

    def let_time_pass(self) -> None:
        """Let what a deployment waits for come to pass, once it waits: a wait that begins later would begin anew."""
        slept = self.clock.sleeps
        eventually(lambda: self.clock.sleeps, lambda sleeps: sleeps > slept)
        self.clock.forward()

    def finish(self, deployment: str) -> dict[str, Any]:
        """Let the canary's time pass; what is told of the deployment once it is over."""
        self.wait_for_canary()
        self.let_time_pass()
        return self.wait_for_end(deployment)

    def wait_for_end_under_load(self, deployment: str, broken: str) -> dict[str, Any]:
        """The same, while this version raises under a steady load."""
        return eventually(lambda: (self.invoke(broken), self.info(deployment))[1], lambda info: "completeTime" in info)

    def weights(self) -> dict[str, float]:
        """What the alias gives to which version, as Lambda tells it."""
        alias = self._herald.clients.functions.get_alias(FunctionName=self.function, Name=self.alias)
        more = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        return {alias["FunctionVersion"]: 1 - sum(more.values()), **more}


def probe(client: CodeDeployClient) -> None:
    client.create_application(applicationName="probe", computePlatform="Lambda")
    client.create_deployment_config(
        deploymentConfigName="half",
        computePlatform="Lambda",
        trafficRoutingConfig={
            "type": "TimeBasedCanary",
            "timeBasedCanary": {"canaryPercentage": 50, "canaryInterval": CANARY_MINUTES},
        },
    )
    client.create_deployment_group(
        applicationName="probe",
        deploymentGroupName="probe",
        deploymentConfigName="half",
        serviceRoleArn="arn:aws:iam::000000000000:role/deployer",
        deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        autoRollbackConfiguration={"enabled": True, "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]},
    )


@pytest.fixture(scope="module")
def function(herald: Herald) -> str:
    """A function with three versions."""
    functions, name = herald.clients.functions, f"probe-{uuid.uuid4().hex[:8]}"
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/probe",
        Handler="code.handler",
        Code={"ZipFile": zip_module(VERSION % "one")},
        Publish=True,
    )
    for code in ("two", "three"):
        functions.update_function_code(FunctionName=name, ZipFile=zip_module(VERSION % code), Publish=True)
    return name


@pytest.fixture
def probed(herald: Herald, function: str) -> Iterator[Simulator]:
    """A simulator, ready to deploy."""
    made = Simulator(herald, function)
    threading.Thread(target=made.wire.serve_forever, args=(0.02,), daemon=True).start()
    made.prepare()
    yield made
    made.wire.shutdown()
    made.wire.server_close()


def test_both_hooks_run_and_the_alias_moves_by_way_of_two_versions(probed: Simulator) -> None:
    hook = probed.hook("answer(event, 'Succeeded')")
    deployment = probed.deploy(before=hook, after=hook)
    assert probed.finish(deployment)["status"] == "Succeeded"
    assert probed.weights() == {"2": 1}


def test_a_hook_that_crashes_has_said_nothing_and_fails_when_its_hour_is_over(probed: Simulator) -> None:
    hook = probed.hook("raise RuntimeError('crashed')")
    deployment = probed.deploy(before=hook)
    eventually(lambda: [run["outcome"] for run in probed.ran(hook)], lambda outcomes: outcomes == ["error"])
    assert probed.status(deployment, "BeforeAllowTraffic") == "InProgress"
    probed.let_time_pass()
    info = probed.wait_for_end(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert probed.weights() == {"1": 1}


def test_a_hook_that_hangs_answers_too_late(probed: Simulator) -> None:
    hook = probed.hook("wait(event); answer(event, 'Succeeded')")
    deployment = probed.deploy(before=hook)
    eventually(lambda: probed.info(deployment)["status"], lambda status: status == "InProgress")
    eventually(lambda: probed.status(deployment, "BeforeAllowTraffic"), lambda status: status == "InProgress")
    probed.let_time_pass()
    assert probed.wait_for_end(deployment)["status"] == "Failed"
    eventually(lambda: probed.ran(hook), bool)
    assert probed.info(deployment)["status"] == "Failed"
    assert probed.weights() == {"1": 1}


def test_a_last_hook_that_fails_gives_the_traffic_back(probed: Simulator) -> None:
    deployment = probed.deploy(after=probed.hook("answer(event, 'Failed')"))
    info = probed.finish(deployment)
    assert info["status"] == "Failed"
    assert probed.wait_for_end(info["rollbackInfo"]["rollbackDeploymentId"])["status"] == "Succeeded"
    assert probed.weights() == {"1": 1}


def test_after_an_abort_nothing_is_deployed_until_the_weights_are_cleared(herald: Herald, probed: Simulator) -> None:
    aborted = probed.deploy()
    probed.wait_for_canary()
    probed.client.stop_deployment(deploymentId=aborted, autoRollbackEnabled=False)
    assert probed.wait_for_end(aborted)["status"] == "Stopped"
    assert probed.weights() == {"1": 0.5, "2": 0.5}
    assert probed.wait_for_end(probed.deploy("3"))["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"
    herald.clients.functions.update_alias(
        FunctionName=probed.function, Name=probed.alias, RoutingConfig={"AdditionalVersionWeights": {}}
    )
    deployment = probed.deploy("3")
    eventually(probed.weights, lambda weights: weights == {"1": 0.5, "3": 0.5})
    probed.let_time_pass()
    assert probed.wait_for_end(deployment)["status"] == "Succeeded"
    assert probed.weights() == {"3": 1}


def test_real_invocations_follow_the_weights_of_the_canary(probed: Simulator) -> None:
    deployment = probed.deploy()
    probed.wait_for_canary()
    ran = [probed.invoke() for _ in range(100)]
    assert 28 <= ran.count("2") <= 72, "outside what 100 fair throws show in 99.999 % of all cases"
    probed.client.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    probed.wait_for_end(probed.wait_for_end(deployment)["rollbackInfo"]["rollbackDeploymentId"])
    assert {probed.invoke() for _ in range(10)} == {"1"}


def test_an_error_of_the_candidate_stops_it_and_gives_the_traffic_back(probed: Simulator) -> None:
    deployment = probed.deploy(alarm=probed.alarm("2"))
    probed.wait_for_canary()
    info = probed.wait_for_end_under_load(deployment, broken="2")
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert probed.info(info["rollbackInfo"]["rollbackDeploymentId"])["creator"] == "codeDeployRollback"
    eventually(probed.weights, lambda weights: weights == {"1": 1})


def test_an_error_of_the_version_that_is_leaving_does_not_stop_the_candidate(probed: Simulator) -> None:
    deployment = probed.deploy(alarm=probed.alarm("2"))
    probed.wait_for_canary()
    alarm = probed.alarm("1")
    eventually(lambda: (probed.invoke("1"), probed.state(alarm))[1], lambda state: state == "ALARM")
    before = probed.clock.sleeps
    eventually(lambda: probed.clock.sleeps, lambda sleeps: sleeps > before + 2)  # the deployment has looked again
    assert probed.info(deployment)["status"] == "InProgress"
    probed.client.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    assert probed.wait_for_end(deployment)["errorInformation"]["code"] == "MANUAL_STOP"
