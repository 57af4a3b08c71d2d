"""What deployments act on, time included, so that tests need not wait for it."""

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
#: Of a version of a function: when each of its runs that have not ended began, in seconds since 1970.
Running = Callable[[str, str], Sequence[float]]


class SystemClock:
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
    """What deployments act on. `scale` is the factor on AWS's waiting times; `spawn` does work beside them; `running`
    are the runs that take this machine's own time, whatever the factor."""

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
