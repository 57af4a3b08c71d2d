"""The CodeDeploy simulator on a port of its own, reached by boto3 as AWS is; what it acts on has a memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
import yaml

from laptop.codedeploy.api import CodeDeployApi
from laptop.codedeploy.http_server import CodeDeployCalls, CodeDeployServer
from tests.integration.codedeploy.stage import Alarms, Functions, JumpingClock, Spawned

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient

__all__ = ["Stage", "appspec", "content"]

ROLLBACK: list[Any] = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]


def appspec(
    current: str = "1", target: str = "2", function: str = "herald-notify", alias: str = "live", **hooks: str
) -> str:
    """An AppSpec as the release sends it; `before` and `after` are hooks."""
    events = {"before": "BeforeAllowTraffic", "after": "AfterAllowTraffic"}
    properties = {"Name": function, "Alias": alias, "CurrentVersion": current, "TargetVersion": target}
    document = {
        "version": 0.0,
        "Resources": [{"notify": {"Type": "AWS::Lambda::Function", "Properties": properties}}],
        "Hooks": [{events[event]: function} for event, function in hooks.items()],
    }
    return yaml.safe_dump(document, sort_keys=False)


def content(text: str) -> dict[str, Any]:
    """The revision that carries this text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": text, "sha256": digest}}


@dataclass(frozen=True, slots=True)
class Stage:
    """The simulator and all that it acts on."""

    account: CodeDeployApi
    codedeploy: CodeDeployClient
    clock: JumpingClock
    functions: Functions
    alarms: Alarms
    spawned: Spawned

    def create(self, text: str | None = None, **more: Any) -> str:
        """Create a deployment in the group `herald` of the application `herald`; it does not run yet."""
        revision: Any = content(text or appspec())
        answer = self.codedeploy.create_deployment(
            **{"applicationName": "herald", "deploymentGroupName": "herald", "revision": revision} | more
        )
        return answer["deploymentId"]

    def deploy(self, text: str | None = None, **more: Any) -> str:
        """Create a deployment and carry it out, its rollback included."""
        deployment = self.create(text, **more)
        self.spawned.run()
        return deployment

    def info(self, deployment: str) -> dict[str, Any]:
        """What GetDeployment tells."""
        return cast("dict[str, Any]", self.codedeploy.get_deployment(deploymentId=deployment)["deploymentInfo"])

    def target(self, deployment: str, function: str = "herald-notify") -> dict[str, Any]:
        """What GetDeploymentTarget tells of the one target."""
        answer = self.codedeploy.get_deployment_target(deploymentId=deployment, targetId=function)
        return cast("dict[str, Any]", answer["deploymentTarget"]["lambdaTarget"])

    def lifecycle(self, deployment: str, function: str = "herald-notify") -> dict[str, str]:
        """The status of every event of its lifecycle, in order."""
        events = self.target(deployment, function)["lifecycleEvents"]
        return {event["lifecycleEventName"]: event["status"] for event in events}

    def answers(self, hook: str, status: str, after: float = 0) -> None:
        """Have a hook give this answer, so many seconds after it was asked."""

        def answer(deployment: str, execution: str) -> None:
            if after:
                self.clock.at(self.clock.passed + after, lambda: self.say(deployment, execution, status))
            else:
                self.say(deployment, execution, status)

        self.functions.hooks[hook] = answer

    def say(self, deployment: str, execution: str, status: str) -> None:
        """What a hook calls."""
        self.codedeploy.put_lifecycle_event_hook_execution_status(
            deploymentId=deployment,
            lifecycleEventHookExecutionId=execution,
            status=status,  # type: ignore[arg-type]
        )

    def group(self, **settings: Any) -> None:
        """Change the group's settings."""
        self.codedeploy.update_deployment_group(
            applicationName="herald", currentDeploymentGroupName="herald", **settings
        )


@pytest.fixture
def as_played() -> Callable[[CodeDeployCalls], CodeDeployCalls]:
    """What stands between the simulator and its clients: nothing, unless a file says otherwise."""
    return lambda player: player


@pytest.fixture
def scale() -> float:
    """The factor on AWS's waiting times."""
    return 1.0


@pytest.fixture
def bare(as_played: Callable[[CodeDeployCalls], CodeDeployCalls], scale: float) -> Iterator[Stage]:
    """A fresh simulator, with no application in it."""
    clock, alarms, spawned = JumpingClock(), Alarms(), Spawned()
    functions = Functions(clock)
    account = CodeDeployApi(
        cast("LambdaClient", functions), cast("CloudWatchClient", alarms), scale, clock, spawned, functions.list_running
    )
    wire = CodeDeployServer(("127.0.0.1", 0), as_played(account))
    thread = threading.Thread(target=wire.serve_forever, args=(0.02,))
    thread.start()
    endpoint = f"http://127.0.0.1:{wire.server_port}"
    client = boto3.client(
        "codedeploy",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield Stage(account, client, clock, functions, alarms, spawned)
    wire.shutdown()
    wire.server_close()
    thread.join()


@pytest.fixture
def codedeploy(bare: Stage) -> CodeDeployClient:
    return bare.codedeploy


@pytest.fixture
def endpoint(bare: Stage) -> str:
    """URL of the fresh simulator."""
    return bare.codedeploy.meta.endpoint_url


@pytest.fixture
def bare_group(bare: Stage) -> Stage:
    """A group as Terraform makes it: a canary of five minutes, every rollback on, one alarm."""
    bare.codedeploy.create_application(applicationName="herald", computePlatform="Lambda")
    bare.codedeploy.create_deployment_group(
        applicationName="herald",
        deploymentGroupName="herald",
        deploymentConfigName="CodeDeployDefault.LambdaCanary10Percent5Minutes",
        serviceRoleArn="arn:aws:iam::000000000000:role/herald-deployer",
        deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
        autoRollbackConfiguration={"enabled": True, "events": ROLLBACK},
        alarmConfiguration={"enabled": True, "alarms": [{"name": "herald-errors"}]},
    )
    bare.alarms.states["herald-errors"] = "OK"
    return bare


@pytest.fixture
def stage(bare_group: Stage) -> Stage:
    """A group that has deployed nothing yet."""
    return bare_group


@pytest.fixture
def proven(bare_group: Stage) -> Stage:
    """The same group after a deployment of version 1 succeeded: without one, there is nothing to roll back to."""
    bare_group.functions.versions.add("9")
    bare_group.functions.put("9")
    bare_group.deploy(appspec("9", "1"))
    bare_group.functions.moves.clear()
    bare_group.clock.restart()
    return bare_group
