"""The release role as IAM holds a release to it. The emulator's IAM does not see CodeDeploy, and takes some of Lambda's
actions for others, so every call of a release's clients is judged here, by the statements that Terraform renders.

Which resource an action is judged on: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html,
and for CodeDeploy https://docs.aws.amazon.com/codedeploy/latest/userguide/auth-and-access-control-permissions-reference.html
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from herald.terraform.runner import INFRA
from release.release_context import ReleaseContext

__all__ = ["Role", "list_values", "render_statements"]

KEY = "arn:aws:kms:us-east-1:000000000000:key/the-key"
_PLACE = "us-east-1:000000000000"
_FUNCTIONS = f"arn:aws:lambda:{_PLACE}:function"
_CODEDEPLOY = f"arn:aws:codedeploy:{_PLACE}"
#: A call needs these on the function's key, too, through Lambda: what it stores is encrypted anew.
#: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html
_ENCRYPTS = {"UpdateFunctionCode", "PublishVersion"}
_OF_THE_GROUP = {
    *("BatchGetDeployments", "CreateDeployment", "GetDeployment", "GetDeploymentGroup", "ListDeployments"),
    *("StopDeployment", "UpdateDeploymentGroup"),
}
#: What a call asks for beside the action of its own name, as its page says.
_BESIDE = {
    "CreateDeployment": ("UpdateDeploymentGroup", "RegisterApplicationRevision", "GetApplicationRevision"),
}


def render_statements(folder: Path) -> list[dict[str, Any]]:
    """The statements of `modules/release-role` for the laptop's account, in which a key plays the functions' own."""
    for name in ("permissions.tf", "variables.tf"):
        shutil.copy(INFRA / "modules" / "release-role" / name, folder)
    account = {"partition": "aws", "region": "us-east-1", "account": "000000000000"}
    (folder / "account.tf.json").write_text(json.dumps({"locals": account}))
    provider = "arn:aws:iam::000000000000:oidc-provider/token.actions.githubusercontent.com"
    values = {"key_arn": KEY, "oidc_provider_arn": provider, "repository": "octo/herald"}
    (folder / "terraform.tfvars.json").write_text(json.dumps(values))
    command = ["terraform", f"-chdir={folder}", "console"]
    asked = "jsonencode(local.statements)\n"
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=300)
    statements: list[dict[str, Any]] = json.loads(json.loads(done.stdout))
    return statements


@dataclass(slots=True)
class Role:
    """Refuses what its statements do not allow; `used` are the actions that were."""

    statements: list[dict[str, Any]]
    used: set[str] = field(default_factory=set)

    def hold(self, context: ReleaseContext) -> None:
        """Judge every call of this context's clients from now on."""
        for client in (context.functions, context.codedeploy, context.cloudwatch, context.logs):
            client.meta.events.register("provide-client-params", self._judge)

    def _judge(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.endpoint_prefix
        for action, resources in _needs(service, model.name, params):
            if not all(self._allows(action, resource) for resource in resources):
                message = f"not authorized to perform: {action} on resource: {', '.join(resources)}"
                raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, model.name)
            self.used.add(action)

    def _allows(self, action: str, resource: str) -> bool:
        return any(
            action in list_values(statement["Action"])
            and any(fnmatchcase(resource, pattern) for pattern in list_values(statement["Resource"]))
            for statement in self.statements
            if statement["Effect"] == "Allow"
        )


def list_values(value: str | list[str]) -> list[str]:
    """The values of a statement's member, which JSON may write as one string."""
    return [value] if isinstance(value, str) else value


def _needs(service: str, operation: str, params: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each action that a call asks for, with the resources that it is judged on."""
    if service == "lambda":
        action = {"Invoke": "InvokeFunction"}.get(operation, operation)
        yield f"lambda:{action}", _functions(operation, params)
        if operation in _ENCRYPTS:
            yield from ((f"kms:{each}", [KEY]) for each in ("CreateGrant", "Decrypt", "Encrypt"))
    elif service == "codedeploy":
        for one in (operation, *_BESIDE.get(operation, ())):
            yield f"codedeploy:{one}", [_list_codedeploy_arns(one, params)]
        if operation == "CreateDeployment":
            config = f"{_CODEDEPLOY}:deploymentconfig:{params['deploymentConfigName']}"
            yield "codedeploy:GetDeploymentConfig", [config]
    elif service == "logs":
        yield f"logs:{operation}", [f"arn:aws:logs:{_PLACE}:log-group:{params['logGroupName']}:*"]
    else:
        assert service == "monitoring", service
        names: Iterable[str] = params.get("AlarmNames", [params.get("AlarmName", "")])
        alarms = [f"arn:aws:cloudwatch:{_PLACE}:alarm:{name}" for name in names]
        yield f"cloudwatch:{operation}", alarms if operation in ("PutMetricAlarm", "DeleteAlarms") else ["any"]


def _functions(operation: str, params: dict[str, Any]) -> list[str]:
    """The function, or what a call names of it; both where an alias is read or moved, since the pages name both."""
    function = f"{_FUNCTIONS}:{params['FunctionName']}"
    if operation in ("GetAlias", "UpdateAlias"):
        return [function, f"{function}:{params['Name']}"]
    return [f"{function}:{params['Qualifier']}" if "Qualifier" in params else function]


def _list_codedeploy_arns(operation: str, params: dict[str, Any]) -> str:
    if operation in _OF_THE_GROUP:
        return f"{_CODEDEPLOY}:deploymentgroup:herald/herald"
    if operation in ("GetApplicationRevision", "RegisterApplicationRevision"):
        return f"{_CODEDEPLOY}:application:herald"
    if operation in ("GetDeploymentConfig", "CreateDeploymentConfig"):
        return f"{_CODEDEPLOY}:deploymentconfig:{params['deploymentConfigName']}"
    return "any"
