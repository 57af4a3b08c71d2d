"""CodeDeploy's simulator with real functions: hooks that run, an alias that moves, and what follows an abort."""

from __future__ import annotations

import io
import json
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from laptop.codedeploy.api import CodeDeploy
from laptop.codedeploy.wire import Wire
from tests.integration.codedeploy.conftest import appspec, content
from tests.stack.conftest import Herald, eventually

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient

#: A minute of AWS in 0.6 seconds, and the hour that a hook has in 36.
SCALE = 0.01
#: The same hour in 1.8 seconds.
HASTE = 0.0005

#: A minute of AWS in half a minute: a canary that is over when the test is, and not before.
SLOWLY = 0.5

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
def handler(event, context):
    event["endpoint"] = os.environ["AWS_ENDPOINT_URL_CODEDEPLOY"]
    %s
"""


def zipped(code: str) -> bytes:
    with zipfile.ZipFile(archive := io.BytesIO(), "w") as opened:
        opened.writestr("code.py", code)
    return archive.getvalue()


class Simulator:
    """A simulator of one test's own, with the group `probe` in it, and one alias of the probed function."""

    def __init__(self, herald: Herald, function: str, scale: float) -> None:
        self._herald = herald
        self.function = function
        self.alias = f"a{uuid.uuid4().hex[:8]}"
        functions = herald.clients.functions
        functions.create_alias(FunctionName=function, Name=self.alias, FunctionVersion="1")
        account = CodeDeploy(functions, herald.clients.any("cloudwatch"), scale)
        self.wire = Wire(("127.0.0.1", 0), account)
        self.endpoint = f"http://127.0.0.1:{self.wire.server_port}"
        self.client: CodeDeployClient = boto3.client(
            "codedeploy",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def prepare(self) -> None:
        """Make the group, which deploys by a canary of one minute, half of the traffic first."""
        probe(self.client)

    def hook(self, body: str) -> str:
        """Make a hook of this code; its name."""
        name = f"CodeDeployHook_{uuid.uuid4().hex[:8]}"
        self._herald.clients.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role="arn:aws:iam::000000000000:role/hook",
            Handler="code.handler",
            Timeout=30,
            Code={"ZipFile": zipped(HOOK % body)},
            Environment={"Variables": {"AWS_ENDPOINT_URL_CODEDEPLOY": self.endpoint}},
        )
        return name

    def alarm(self, version: str) -> str:
        """Make an alarm that any error of this version under the alias sets off, as a release does; its name."""
        name = f"{self.alias}-{version}"
        dimensions = {
            "FunctionName": self.function,
            "Resource": f"{self.function}:{self.alias}",
            "ExecutedVersion": version,
        }
        self._herald.clients.any("cloudwatch").put_metric_alarm(
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
        answer = self._herald.clients.any("cloudwatch").describe_alarms(AlarmNames=[alarm])
        return str(answer["MetricAlarms"][0]["StateValue"])

    def invoke(self, *broken: str) -> str:
        """Invoke the alias, whose versions `broken` raise; the version that ran."""
        functions = self._herald.clients.functions
        answer = functions.invoke(
            FunctionName=self.function, Qualifier=self.alias, Payload=json.dumps({"broken": broken})
        )
        assert ("FunctionError" in answer) is (answer["ExecutedVersion"] in broken)
        return answer["ExecutedVersion"]

    def deploy(self, target: str = "2", current: str = "1", alarm: str = "", **hooks: str) -> str:
        """Create a deployment of the alias; `before` and `after` are hooks, `alarm` stands in for the group's."""
        revision: Any = content(appspec(current, target, self.function, self.alias, **hooks))
        alarms: Any = {"overrideAlarmConfiguration": {"enabled": True, "alarms": [{"name": alarm}]}} if alarm else {}
        group: Any = {"applicationName": "probe", "deploymentGroupName": "probe"}
        return self.client.create_deployment(**group, revision=revision, **alarms)["deploymentId"]

    def info(self, deployment: str) -> dict[str, Any]:
        return dict(self.client.get_deployment(deploymentId=deployment)["deploymentInfo"])

    def ended(self, deployment: str, seconds: float = 20) -> dict[str, Any]:
        """What is told of a deployment once it is over."""
        return eventually(lambda: self.info(deployment), lambda info: "completeTime" in info, seconds)

    def ended_under_load(self, deployment: str, broken: str) -> dict[str, Any]:
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
            "timeBasedCanary": {"canaryPercentage": 50, "canaryInterval": 2},
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
        Code={"ZipFile": zipped(VERSION % "one")},
        Publish=True,
    )
    for code in ("two", "three"):
        functions.update_function_code(FunctionName=name, ZipFile=zipped(VERSION % code), Publish=True)
    return name


@pytest.fixture
def simulator(herald: Herald, function: str) -> Iterator[Callable[[float], Simulator]]:
    """Makes a simulator of this scale."""
    started: list[Wire] = []

    def make(scale: float) -> Simulator:
        made = Simulator(herald, function, scale)
        threading.Thread(target=made.wire.serve_forever, args=(0.02,), daemon=True).start()
        started.append(made.wire)
        made.prepare()
        return made

    yield make
    for wire in started:
        wire.shutdown()
        wire.server_close()


Make = Callable[[float], Simulator]


def test_both_hooks_run_and_the_alias_moves_by_way_of_two_versions(simulator: Make) -> None:
    probed = simulator(SCALE)
    hook = probed.hook("answer(event, 'Succeeded')")
    deployment = probed.deploy(before=hook, after=hook)
    eventually(probed.weights, lambda weights: weights == {"1": 0.5, "2": 0.5})
    assert probed.ended(deployment)["status"] == "Succeeded"
    assert probed.weights() == {"2": 1}


def test_a_hook_that_crashes_has_said_nothing_and_fails_when_its_hour_is_over(simulator: Make) -> None:
    probed = simulator(HASTE)
    deployment = probed.deploy(before=probed.hook("raise RuntimeError('crashed')"))
    began = time.monotonic()
    info = probed.ended(deployment)
    assert (info["status"], info["errorInformation"]["code"]) == ("Failed", "HOOK_EXECUTION_FAILURE")
    assert time.monotonic() - began > 3600 * HASTE * 0.9
    assert probed.weights() == {"1": 1}


def test_a_hook_that_hangs_answers_too_late(simulator: Make) -> None:
    probed = simulator(HASTE)
    deployment = probed.deploy(before=probed.hook("time.sleep(4); answer(event, 'Succeeded')"))
    assert probed.ended(deployment)["status"] == "Failed"
    time.sleep(3)
    assert probed.info(deployment)["status"] == "Failed"
    assert probed.weights() == {"1": 1}


def test_a_last_hook_that_fails_gives_the_traffic_back(simulator: Make) -> None:
    probed = simulator(SCALE)
    deployment = probed.deploy(after=probed.hook("answer(event, 'Failed')"))
    info = probed.ended(deployment)
    assert info["status"] == "Failed"
    assert probed.ended(info["rollbackInfo"]["rollbackDeploymentId"])["status"] == "Succeeded"
    assert probed.weights() == {"1": 1}


def test_after_an_abort_nothing_is_deployed_until_the_weights_are_cleared(herald: Herald, simulator: Make) -> None:
    probed = simulator(SCALE)
    aborted = probed.deploy()
    eventually(probed.weights, lambda weights: weights == {"1": 0.5, "2": 0.5})
    probed.client.stop_deployment(deploymentId=aborted, autoRollbackEnabled=False)
    assert probed.ended(aborted)["status"] == "Stopped"
    assert probed.weights() == {"1": 0.5, "2": 0.5}
    assert probed.ended(probed.deploy("3"))["errorInformation"]["code"] == "INVALID_LAMBDA_CONFIGURATION"
    herald.clients.functions.update_alias(
        FunctionName=probed.function, Name=probed.alias, RoutingConfig={"AdditionalVersionWeights": {}}
    )
    assert probed.ended(probed.deploy("3"))["status"] == "Succeeded"
    assert probed.weights() == {"3": 1}


@pytest.fixture
def halfway(simulator: Make) -> Callable[[bool], tuple[Simulator, str]]:
    """Brings a canary to where half of the traffic is on version 2, watched by the alarm of that version or by none."""

    def begin(watched: bool) -> tuple[Simulator, str]:
        probed = simulator(SLOWLY)
        deployment = probed.deploy(alarm=probed.alarm("2") if watched else "")
        eventually(probed.weights, lambda weights: weights == {"1": 0.5, "2": 0.5})
        return probed, deployment

    return begin


Halfway = Callable[[bool], tuple[Simulator, str]]


def test_real_invocations_follow_the_weights_of_the_canary(halfway: Halfway) -> None:
    probed, deployment = halfway(False)
    ran = [probed.invoke() for _ in range(100)]
    assert 28 <= ran.count("2") <= 72, "outside what 100 fair throws show in 99.999 % of all cases"
    probed.client.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    probed.ended(probed.ended(deployment)["rollbackInfo"]["rollbackDeploymentId"])
    assert {probed.invoke() for _ in range(10)} == {"1"}


def test_an_error_of_the_candidate_stops_it_and_gives_the_traffic_back(halfway: Halfway) -> None:
    probed, deployment = halfway(True)
    info = probed.ended_under_load(deployment, broken="2")
    assert (info["status"], info["errorInformation"]["code"]) == ("Stopped", "ALARM_ACTIVE")
    assert probed.info(info["rollbackInfo"]["rollbackDeploymentId"])["creator"] == "codeDeployRollback"
    assert probed.weights() == {"1": 1}


def test_an_error_of_the_version_that_is_leaving_does_not_stop_the_candidate(halfway: Halfway) -> None:
    probed, deployment = halfway(True)
    alarm = probed.alarm("1")
    eventually(lambda: (probed.invoke("1"), probed.state(alarm))[1], lambda state: state == "ALARM")
    time.sleep(1)  # four looks of the deployment at its own alarm
    assert probed.info(deployment)["status"] == "InProgress"
    probed.client.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
    assert probed.ended(deployment)["errorInformation"]["code"] == "MANUAL_STOP"
