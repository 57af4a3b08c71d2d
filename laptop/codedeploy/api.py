"""The operations that this simulator implements, by their names in the service model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from laptop.codedeploy.deployments import Deployments
from laptop.codedeploy.errors import CodeDeployError
from laptop.codedeploy.queries import Queries
from laptop.codedeploy.registry.applications import Applications, Tags
from laptop.codedeploy.registry.configs import Configs
from laptop.codedeploy.registry.groups import Groups
from laptop.codedeploy.runtime import Running, Runtime, SystemClock, Work, run_in_thread

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient

__all__ = ["CodeDeployApi"]

Operation = Callable[[Mapping[str, Any]], dict[str, Any]]


class CodeDeployApi:
    """One CodeDeploy account in one region. Requests are handled one at a time, deployments run concurrently.

    `functions` must neither retry an `Invoke` nor time out before the function does: a hook runs once. `scale` is the
    factor on AWS's waiting times.
    """

    def __init__(
        self,
        functions: LambdaClient,
        cloudwatch: CloudWatchClient,
        scale: float,
        clock: SystemClock | None = None,
        spawn: Callable[[Work], None] = run_in_thread,
        running: Running = lambda *_: (),
    ) -> None:
        self.applications = Applications()
        self.configs = Configs()
        self.groups = Groups()
        self.tags = Tags()
        self._lock = threading.RLock()
        self.deployments = Deployments(
            Runtime(functions, cloudwatch, scale, clock or SystemClock(), spawn, running), self._lock
        )
        self.queries = Queries(self.deployments)
        self._operations: dict[str, Operation] = {
            "CreateApplication": self._create_application,
            "GetApplication": self.applications.get,
            "ListApplications": self.applications.list,
            "UpdateApplication": self._rename_application,
            "DeleteApplication": self._delete_application,
            "CreateDeploymentGroup": self._create_group,
            "GetDeploymentGroup": self._require_application(self.groups.get),
            "ListDeploymentGroups": self._require_application(self.groups.list),
            "UpdateDeploymentGroup": self._require_application(self._require_config(self.groups.update)),
            "DeleteDeploymentGroup": self._delete_group,
            "CreateDeploymentConfig": self.configs.create,
            "GetDeploymentConfig": self.configs.get,
            "ListDeploymentConfigs": self.configs.list,
            "DeleteDeploymentConfig": self._delete_config,
            "CreateDeployment": self._require_application(self._require_config(self._create_deployment)),
            "GetApplicationRevision": self._require_application(self.deployments.revision),
            "StopDeployment": self.deployments.stop,
            "PutLifecycleEventHookExecutionStatus": self.deployments.answer,
            "ContinueDeployment": self._continue_deployment,
            "GetDeployment": self.queries.get,
            "BatchGetDeployments": self.queries.batch,
            "ListDeployments": self._list_deployments,
            "GetDeploymentTarget": self.queries.target,
            "BatchGetDeploymentTargets": self.queries.targets,
            "ListDeploymentTargets": self.queries.list_targets,
            "TagResource": self.tags.tag,
            "UntagResource": self.tags.untag,
            "ListTagsForResource": self.tags.list,
        }

    @property
    def operations(self) -> frozenset[str]:
        """The names of all implemented operations."""
        return frozenset(self._operations)

    def play(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out one operation and return its response. Raises `CodeDeployError`."""
        if operation not in self._operations:
            raise CodeDeployError("UnknownOperationException", f"This simulator does not play {operation}.")
        with self._lock:
            return self._operations[operation](request)

    def _create_application(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.applications.create(request)
        self.tags.put(f"application:{request['applicationName']}", request.get("tags") or [])
        return answer

    def _rename_application(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self.applications.rename(request)
        self.groups.rename_application(str(request["applicationName"]), str(request["newApplicationName"]))
        return answer

    def _delete_application(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["applicationName"])
        self.groups.delete_all(name)
        self.tags.drop(f"application:{name}")
        self.tags.drop(f"deploymentgroup:{name}/")
        return self.applications.delete(request)

    def _create_group(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._require_application(self._require_config(self.groups.create))(request)
        self.tags.put(_group(request), request.get("tags") or [])
        return answer

    def _delete_group(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.tags.drop(_group(request))
        return self.groups.delete(request)

    def _delete_config(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = str(request["deploymentConfigName"])
        if self.groups.uses(name):
            raise CodeDeployError("DeploymentConfigInUseException", f"A deployment group still uses {name}.")
        return self.configs.delete(request)

    def _create_deployment(self, request: Mapping[str, Any]) -> dict[str, Any]:
        group = self._require_group(request)
        config = str(request.get("deploymentConfigName") or group["deploymentConfigName"])
        routing = self.configs.get({"deploymentConfigName": config})["deploymentConfigInfo"]["trafficRoutingConfig"]
        return self.deployments.create(request, group, routing)

    def _list_deployments(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request.get("deploymentGroupName") and not request.get("applicationName"):
            raise CodeDeployError("ApplicationNameRequiredException", "A group is named by its application too.")
        if request.get("applicationName"):
            self.applications.require(str(request["applicationName"]))
            self._require_group(request)
        return self.queries.list_deployments(request)

    def _continue_deployment(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.deployments.get(str(request.get("deploymentId")))
        raise CodeDeployError(
            "UnsupportedActionForDeploymentTypeException", "A Lambda deployment waits for nobody to continue it."
        )

    def _require_group(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if not request.get("deploymentGroupName"):
            raise CodeDeployError("DeploymentGroupNameRequiredException", "An application's group has to be named.")
        group: Mapping[str, Any] = self.groups.get(request)["deploymentGroupInfo"]
        return group

    def _require_application(self, operation: Operation) -> Operation:
        """Wrap an operation so that it requires an existing application."""

        def with_application(request: Mapping[str, Any]) -> dict[str, Any]:
            self.applications.require(str(request["applicationName"]))
            return operation(request)

        return with_application

    def _require_config(self, operation: Operation) -> Operation:
        """Wrap an operation so that a deployment configuration, if one is named, must exist."""

        def with_application(request: Mapping[str, Any]) -> dict[str, Any]:
            if request.get("deploymentConfigName"):
                self.configs.require(str(request["deploymentConfigName"]))
            return operation(request)

        return with_application


def _group(request: Mapping[str, Any]) -> str:
    return f"deploymentgroup:{request['applicationName']}/{request['deploymentGroupName']}"
