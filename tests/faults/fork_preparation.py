"""Makes a process ready to be forked many times: its clocks replaced, its memory left alone."""

from __future__ import annotations

import gc

from tests.faults.botocore_pipe import BotocorePipe, ProcessClock

__all__ = ["prepare_for_forks"]


def prepare_for_forks() -> tuple[BotocorePipe, ProcessClock]:
    """The pipe and the clock of this process's sandboxes; call it before the code under test is imported."""
    clock = ProcessClock()
    clock.take_over()
    gc.disable()  # collecting would write to every page that the forks share
    return BotocorePipe(), clock
