"""Which Herald is released: the laptop's, or one in AWS, by the prefix of its names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.infra.target import is_loopback
from ops.local.description import Description
from ops.local.state import descriptor_of
from ops.place import Account

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_lambda import LambdaClient

__all__ = ["ALIAS", "Names", "Place", "chosen"]

ALIAS = "live"


@dataclass(frozen=True, slots=True)
class Names:
    """What infra/modules/notifier calls things. Application and group have one name."""

    prefix: str = "herald"

    @property
    def notify(self) -> str:
        return f"{self.prefix}-notify"

    @property
    def feedback(self) -> str:
        return f"{self.prefix}-feedback"

    @property
    def hooks(self) -> dict[str, str]:
        """The hook functions by the lifecycle event that they are asked at."""
        return {
            "BeforeAllowTraffic": f"CodeDeployHook_{self.prefix}-before",
            "AfterAllowTraffic": f"CodeDeployHook_{self.prefix}-after",
        }

    @property
    def group(self) -> str:
        return self.prefix


@dataclass(frozen=True, slots=True)
class Place:
    """Clients and names of one Herald. `scale` is the factor on AWS's times, 1 on AWS itself."""

    functions: LambdaClient
    codedeploy: CodeDeployClient
    cloudwatch: CloudWatchClient
    names: Names
    account: str
    region: str
    local: bool = False
    scale: float = 1.0

    @property
    def pause(self) -> float:
        """Seconds between two looks at a deployment: AWS throttles who looks more often."""
        return max(0.25, 5 * self.scale)


def chosen(local: bool, state_dir: Path, prefix: str) -> Place:
    """The one that the command's options name; the shell's settings may lead to a laptop cloud, too.

    Raises `UserError` if nothing is there.
    """
    account = Account.chosen(local, state_dir, prefix)
    functions = account.functions
    return Place(
        functions,
        account.client("codedeploy"),
        account.client("cloudwatch"),
        Names(prefix),
        account.client("sts").get_caller_identity()["Account"],
        functions.meta.region_name,
        local=is_loopback(functions.meta.endpoint_url),
        scale=Description.read(descriptor_of(state_dir)).scale if local else 1.0,
    )
