"""Formats numbers and durations for people."""

from __future__ import annotations

__all__ = ["count", "format_duration"]

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def format_duration(seconds: float) -> str:
    """Format seconds in the two largest units: `1 h 23 min`."""
    left = round(seconds)
    for place, (size, unit) in enumerate(_UNITS[:-1]):
        if left >= size:
            smaller, name = _UNITS[place + 1]
            whole, part = divmod(round(left / smaller), size // smaller)
            return f"{whole} {unit}" + (f" {part} {name}" if part else "")
    return f"{left} s"


def count(number: float) -> str:
    """Format a number briefly: `12`, `1,234`, `12 k`, `1.2 M`."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            short = number / (1e3 if unit == "k" else size)
            return f"{short:.1f} {unit}".replace(".0 ", " ")
    return f"{number:,.0f}"
