"""The environment of deployments: AWS clients, clock and threads, which tests can replace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_lambda import LambdaClient

__all__ = ["Running", "Runtime", "SystemClock", "Work", "run_in_thread"]

Work = Callable[[], None]
#: (function, version) -> when each of the version's runs in progress began, in seconds since 1970.
Running = Callable[[str, str], Sequence[float]]


class SystemClock:
    """The system clock."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep for `seconds`."""
        time.sleep(seconds)


def run_in_thread(work: Work) -> None:
    """Run `work` in a daemon thread, which ends with the process at the latest."""
    threading.Thread(target=work, daemon=True).start()


class Runtime:
    """The environment of deployments.

    `scale` is the factor on AWS's waiting times; `spawn` runs work concurrently; `running` returns the start times of a
    version's runs in progress, which take real time whatever the factor.
    """

    def __init__(
        self,
        functions: LambdaClient,
        cloudwatch: CloudWatchClient,
        scale: float,
        clock: SystemClock,
        spawn: Callable[[Work], None],
        running: Running,
    ) -> None:
        self.functions = functions
        self.cloudwatch = cloudwatch
        self.scale = scale
        self.clock = clock
        self.spawn = spawn
        self.running = running
