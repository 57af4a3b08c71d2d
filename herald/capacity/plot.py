"""One picture of a burst in a terminal: what was sent, and what waited where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotext

from herald.capacity.answer import BurstResult
from herald.capacity.formatting import count, duration

__all__ = ["draw"]

_LINES = 14
_TICKS = 5


def draw(answer: BurstResult, width: int, coloured: bool) -> str:
    """The picture, `width` columns wide; three different marks, so that it can be read without colours."""
    figure = plotext.figure
    figure.clear()
    figure.theme("default" if coloured else "colorless")
    figure.canvas("default")
    figure.plot_size(max(width, 30), _LINES)
    at = [moment.at for moment in answer.moments]
    queues = {
        "sent": ("•", [moment.sent for moment in answer.moments]),
        "in Lambda's queue": ("+", [moment.lambda_queue for moment in answer.moments]),
        "in retry": ("x", [moment.retry_queue for moment in answer.moments]),
    }
    for name, (mark, values) in queues.items():
        figure.draw(figure.signal(at, values, marker=mark).lines(True).label(f"{mark} {name}"))
    figure.legend(False)
    _ticks(figure.ruler(0, 0), max(at), duration)
    _ticks(figure.ruler(1, 0), max(max(values) for _, values in queues.values()), count)
    key = "   ".join(f"{mark} {name}" for name, (mark, _) in queues.items())
    return f"{figure.build().string(colorless=not coloured).rstrip()}\n{key}"


def _ticks(ruler: Any, most: float, worded: Callable[[float], str]) -> None:
    places = [most * tick / (_TICKS - 1) for tick in range(_TICKS)]
    ruler.ticks(places, [worded(place) for place in places])
