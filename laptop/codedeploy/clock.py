"""Time as deployments see it, so that tests need not wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["Clock", "Work", "in_a_thread"]

Work = Callable[[], None]


class Clock:
    """This machine's time."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def in_a_thread(work: Work) -> None:
    """Do this work beside everything else; it ends with the process at the latest."""
    threading.Thread(target=work, daemon=True).start()
