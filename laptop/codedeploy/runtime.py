"""What deployments act on, time included, so that tests need not wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient

__all__ = ["Clock", "Runtime", "Work", "run_in_thread"]

Work = Callable[[], None]


class Clock:
    """This machine's time."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def run_in_thread(work: Work) -> None:
    """Do this work beside everything else; it ends with the process at the latest."""
    threading.Thread(target=work, daemon=True).start()


class Runtime:
    """What deployments act on. `scale` is the factor on AWS's waiting times; `spawn` does work beside them."""

    def __init__(
        self,
        functions: LambdaClient,
        cloudwatch: CloudWatchClient,
        scale: float,
        clock: Clock,
        spawn: Callable[[Work], None],
    ) -> None:
        self.functions = functions
        self.cloudwatch = cloudwatch
        self.scale = scale
        self.clock = clock
        self.spawn = spawn
