"""Draws the simulation's results as an SVG, without a library, readable on light and dark backgrounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from bench.canary.simulation import ReleaseShares, SeededFault

__all__ = ["draw"]

_WIDTH, _HEIGHT = 860, 470
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 210, 78, 58
#: Colours that can be distinguished without red and green, on light and dark backgrounds; each line also has its own
#: dashes.
_STYLE = """
  .ground { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .title { font-size: 16px; font-weight: 600 }
  .soft { fill: #59636e } .grid { stroke: #d1d9e0; stroke-width: 1 } path { fill: none; stroke-width: 2.25 }
  .c0 { stroke: #1f2328 } .c1 { stroke: #8250df } .c2 { stroke: #0969da } .c3 { stroke: #117a8b }
  .c4 { stroke: #9a6700 } .c5 { stroke: #cf222e } .c6 { stroke: #a0399b } .c7 { stroke: #57606a }
  circle { stroke: none } .f0 { fill: #1f2328 } .f1 { fill: #8250df } .f2 { fill: #0969da } .f3 { fill: #117a8b }
  .f4 { fill: #9a6700 } .f5 { fill: #cf222e } .f6 { fill: #a0399b } .f7 { fill: #57606a }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #f0f6fc } .soft { fill: #9198a1 } .grid { stroke: #3d444d }
    .c0 { stroke: #f0f6fc } .c1 { stroke: #bc8cff } .c2 { stroke: #58a6ff } .c3 { stroke: #56d4dd }
    .c4 { stroke: #e3b341 } .c5 { stroke: #ff7b72 } .c6 { stroke: #f778ba } .c7 { stroke: #9198a1 }
    .f0 { fill: #f0f6fc } .f1 { fill: #bc8cff } .f2 { fill: #58a6ff } .f3 { fill: #56d4dd }
    .f4 { fill: #e3b341 } .f5 { fill: #ff7b72 } .f6 { fill: #f778ba } .f7 { fill: #9198a1 }
  }
"""
_DASHES = ("", "2 3", "7 3", "", "10 3 2 3", "", "4 2", "1 3")
#: Vertical distance between two labels at the right.
_LINE = 17.0


def draw(found: Mapping[SeededFault, Sequence[tuple[float, ReleaseShares]]], releases: int) -> str:
    """Return the SVG: for each fault and mail rate, the share of releases that were rolled back."""
    rates = [rate for rate, _ in next(iter(found.values()))]
    parts = [*_draw_frame(rates, releases)]
    ends = _place_labels([_place_y(points[-1][1].back) for points in found.values()])
    for number, (fault, points) in enumerate(found.items()):
        path = " ".join(
            f"{'L' if at else 'M'}{_place_x(rate, rates):.1f} {_place_y(one.back):.1f}"
            for at, (rate, one) in enumerate(points)
        )
        parts.append(f'<path class="c{number}" stroke-dasharray="{_DASHES[number]}" d="{path}"/>')
        for rate, one in points:
            title = f"{fault.name}, {rate:g} mails a minute: {100 * one.back:.1f} % taken back, "
            title += f"{100 * one.inconclusive:.1f} % inconclusive, {one.met:.1f} readers met it"
            place = f'cx="{_place_x(rate, rates):.1f}" cy="{_place_y(one.back):.1f}"'
            parts.append(f'<circle class="f{number}" {place} r="3.5"><title>{escape(title)}</title></circle>')
        edge, label = _WIDTH - _RIGHT, ends[number]
        parts.append(
            f'<path class="c{number}" stroke-dasharray="{_DASHES[number]}" d="M{edge + 8} {label - 4:.1f}h24"/>'
            f'<text x="{edge + 38}" y="{label:.1f}">{escape(_name(fault))}</text>'
        )
    body = "\n".join(parts)
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n<style>{_STYLE}</style>\n{body}\n</svg>\n'


def _draw_frame(rates: Sequence[float], releases: int) -> list[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = [
        "<title>How often a release is taken back, by what is wrong with it and by how much mail there is</title>",
        f'<rect class="ground" width="{_WIDTH}" height="{_HEIGHT}"/>',
        f'<text class="title" x="{_LEFT}" y="28">How often a release is taken back by comparing its versions</text>',
        f'<text class="soft" x="{_LEFT}" y="49">{releases:,} simulated releases at each point; 10 % canary as long as '
        "100 mails take, 5 to 120 minutes</text>",
    ]
    for percent in (0, 25, 50, 75, 100):
        at = _place_y(percent / 100)
        parts.append(f'<path class="grid" d="M{_LEFT} {at:.1f}H{right}"/>')
        parts.append(f'<text class="soft" x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{percent} %</text>')
    for rate in rates:
        at = _place_x(rate, rates)
        parts.append(f'<path class="grid" d="M{at:.1f} {bottom}v5"/>')
        parts.append(f'<text class="soft" x="{at:.1f}" y="{bottom + 21}" text-anchor="middle">{rate:g}</text>')
    middle = (_LEFT + right) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{bottom + 44}" text-anchor="middle">mails a minute, of all versions</text>'
    )
    return parts


def _place_x(rate: float, rates: Sequence[float]) -> float:
    low, high = math.log(rates[0]), math.log(rates[-1])
    return _LEFT + 12 + (math.log(rate) - low) / (high - low) * (_WIDTH - _RIGHT - _LEFT - 24)


def _place_y(share: float) -> float:
    return _TOP + (1 - share) * (_HEIGHT - _TOP - _BOTTOM)


def _place_labels(wanted: Sequence[float]) -> list[float]:
    """Return the labels' positions: at the ends of their lines, without overlaps."""
    places, ordered = dict(enumerate(wanted)), sorted(range(len(wanted)), key=lambda number: (wanted[number], -number))
    highest, lowest = -math.inf, _HEIGHT - _BOTTOM + 8.0
    for number in ordered:
        places[number] = highest = max(highest + _LINE, wanted[number] + 4)
    for number in reversed(ordered):
        places[number] = min(places[number], lowest)
        lowest = places[number] - _LINE
    return [places[number] for number in range(len(wanted))]


def _name(fault: SeededFault) -> str:
    if fault.slower > 1:
        return fault.name
    return f"{100 * fault.letters:g} % of its mails fail" if fault.letters else "nothing is wrong"
