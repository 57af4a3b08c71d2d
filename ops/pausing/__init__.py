"""Stopping all mail without losing any, and letting it go on."""

from __future__ import annotations

from ops.pausing.switch import Standing, pause, resume, standing, waiting

__all__ = ["Standing", "pause", "resume", "standing", "waiting"]
