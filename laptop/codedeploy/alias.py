"""The alias that a deployment moves. It is checked before every move, so that no other change to it is overwritten.

https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from laptop.codedeploy.errors import DeploymentEnded, make_deployment_failure

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import AliasConfigurationResponseTypeDef

    from laptop.codedeploy.appspec import AppSpec

__all__ = ["Alias"]

#: CodeDeploy's error codes, by Lambda's.
CODES = {
    "ResourceNotFoundException": "INVALID_LAMBDA_FUNCTION",
    "PreconditionFailedException": "INVALID_LAMBDA_CONFIGURATION",
    "AccessDeniedException": "IAM_ROLE_PERMISSIONS",
    "TooManyRequestsException": "THROTTLED",
}


class Alias:
    """Moves one alias between the two versions of an AppSpec. Every problem is raised as `DeploymentEnded`."""

    def __init__(self, functions: LambdaClient, appspec: AppSpec) -> None:
        self._functions = functions
        self._appspec = appspec

    def require_match(self) -> None:
        """Raise `DeploymentEnded` unless the AppSpec can be deployed to the alias in its current state."""
        spec = self._appspec
        if spec.current == spec.target or not (spec.current.isdecimal() and spec.target.isdecimal()):
            raise _make_mismatch(
                f"CurrentVersion {spec.current}, TargetVersion {spec.target}: two published versions that differ."
            )
        alias = self._get()
        if alias.get("RoutingConfig", {}).get("AdditionalVersionWeights"):
            raise _make_mismatch(
                f"The alias {spec.alias} already shifts traffic between two versions. Clear its weights first."
            )
        if alias["FunctionVersion"] != spec.current:
            raise _make_mismatch(
                f"The alias {spec.alias} is on version {alias['FunctionVersion']}, not on {spec.current}."
            )
        for version in (spec.current, spec.target):
            self._require_version(version)

    def shift(self, percent: int) -> None:
        """Route `percent` of the traffic to the target version; at 100, the alias points to it alone."""
        alias = self._get()
        if alias["FunctionVersion"] != self._appspec.current:
            raise _make_mismatch(f"Somebody else moved the alias {self._appspec.alias} to {alias['FunctionVersion']}.")
        if percent == 100:
            self._put(alias, self._appspec.target, {})
        else:
            self._put(alias, self._appspec.current, {self._appspec.target: percent / 100})

    def restore(self) -> None:
        """Point the alias to the target version alone, whatever its current state."""
        self._put(self._get(), self._appspec.target, {})

    def _get(self) -> AliasConfigurationResponseTypeDef:
        try:
            return self._functions.get_alias(FunctionName=self._appspec.function, Name=self._appspec.alias)
        except (BotoCoreError, ClientError) as problem:
            raise _make_failure(problem) from None

    def _put(self, seen: AliasConfigurationResponseTypeDef, version: str, weights: dict[str, float]) -> None:
        try:
            self._functions.update_alias(
                FunctionName=self._appspec.function,
                Name=self._appspec.alias,
                FunctionVersion=version,
                RoutingConfig={"AdditionalVersionWeights": weights},
                RevisionId=seen["RevisionId"],
            )
        except (BotoCoreError, ClientError) as problem:
            raise _make_failure(problem) from None

    def _require_version(self, version: str) -> None:
        try:
            self._functions.get_function_configuration(FunctionName=self._appspec.function, Qualifier=version)
        except (BotoCoreError, ClientError) as problem:
            raise _make_failure(problem) from None


def _make_mismatch(why: str) -> DeploymentEnded:
    return make_deployment_failure("INVALID_LAMBDA_CONFIGURATION", f"The AppSpec does not fit the function: {why}")


def _make_failure(problem: BotoCoreError | ClientError) -> DeploymentEnded:
    code = problem.response["Error"]["Code"] if isinstance(problem, ClientError) else ""
    return make_deployment_failure(CODES.get(code, "INTERNAL_ERROR"), str(problem))
