"""The clients and names of one Herald, for a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient

__all__ = ["ALIAS", "COMPANIONS", "OPTIONAL", "Names", "ReleaseContext"]

ALIAS = "live"
#: The functions that are released and rolled back with notify, the same as in infra/modules/notifier and release-role.
#: `OPTIONAL` are those that exist only if they are configured.
COMPANIONS = ("feedback", "webhook", "mail-events", "events-api")
OPTIONAL = ("webhook", "mail-events", "events-api")


@dataclass(frozen=True, slots=True)
class Names:
    """The names that infra/modules/notifier gives. CodeDeploy's application and group have the same name."""

    prefix: str = "herald"

    @property
    def notify(self) -> str:
        return f"{self.prefix}-notify"

    @property
    def companions(self) -> list[str]:
        """The functions that move with notify, whether or not they exist."""
        return [f"{self.prefix}-{name}" for name in COMPANIONS]

    @property
    def hooks(self) -> dict[str, str]:
        """The hook functions by the lifecycle event at which CodeDeploy invokes them."""
        return {
            "BeforeAllowTraffic": f"CodeDeployHook_{self.prefix}-before",
            "AfterAllowTraffic": f"CodeDeployHook_{self.prefix}-after",
        }

    @property
    def group(self) -> str:
        return self.prefix


@dataclass(frozen=True, slots=True)
class ReleaseContext:
    """Clients and names of one Herald. `scale` is the factor on AWS's times, 1 on AWS itself; without `logs` the reason
    that a hook gave is not looked up."""

    functions: LambdaClient
    codedeploy: CodeDeployClient
    cloudwatch: CloudWatchClient
    names: Names
    account: str
    region: str
    local: bool = False
    scale: float = 1.0
    logs: Any = None

    @property
    def pause(self) -> float:
        """Seconds between two looks at a deployment: AWS throttles more frequent calls."""
        return max(0.5, 5 * self.scale)
