"""Traces of the web app's work, if tracing is on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from function.runtime.metrics import find_service
from webapp.clock import read_clock
from webapp.deadline import FACTOR

if TYPE_CHECKING:
    from function.runtime.otlp import Tracer

__all__ = ["open_tracer"]


def open_tracer(endpoint: str | None) -> Tracer | None:
    """Return the tracer that sends spans to the collector at `endpoint`; without one None, and nothing is imported."""
    if not endpoint:
        return None
    from function.runtime.otlp import Tracer  # noqa: PLC0415  only where it is used

    return Tracer(endpoint, find_service(os.environ, "webapp"), "", read_clock, FACTOR)
