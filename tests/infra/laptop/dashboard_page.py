"""A page that draws a dashboard's body as CloudWatch would lay it out: 24 columns, from left to right. It is a drawing
of our own, in Herald's colours; CloudWatch looks different."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from laptop.state import ROOT
from tests.infra.laptop.dashboard_lines import Line, Span

__all__ = ["draw_dashboard"]

Reader = Callable[[Mapping[str, Any]], list[Line]]

_SHEET = ROOT / "webapp" / "pages" / "static" / "herald.css"
_TONES = ("wait", "good", "warn", "bad", "accent")
_UNIT, _WIDE, _HIGH = 30, 300, 84
_STYLE = """
body { margin: 0; padding: 16px; font-size: 13px }
h1 { font-size: 20px } p.note { color: var(--soft); margin: 0 0 10px }
.grid { display: grid; grid-template-columns: repeat(24, minmax(0, 1fr)); gap: 10px }
.widget { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 12px; min-width: 0 }
.text { background: none; border: 0; padding: 8px 2px 0 }
.text h2 { margin: 0; font-size: 17px } .text p { margin: 0; color: var(--soft) }
.widget h3 { font: 600 13px var(--sans); margin: 0 0 6px }
svg { display: block; width: 100%; height: auto; overflow: visible }
.key { display: flex; flex-wrap: wrap; gap: 2px 12px; font-size: 12px; margin-top: 4px }
.key i { display: inline-block; width: 12px; height: 3px; margin-inline-end: 5px; vertical-align: middle }
.row { display: flex; justify-content: space-between; gap: 18px } .row div { flex: 1; min-width: 0; color: var(--soft) }
.row b { display: block; font: 600 26px/1.2 var(--serif); color: var(--ink) }
.state { display: inline-block; padding: 1px 9px; margin: 2px 3px; border-radius: 99px; font-size: 12px }
text { font: 10px var(--sans); fill: var(--soft) }
"""


def draw_dashboard(body: Mapping[str, Any], read: Reader, alarms: Mapping[str, str], span: Span, note: str) -> str:
    """The page as HTML. `read` gives the lines of a widget, `alarms` the state of each alarm by its ARN."""
    drawn = []
    for widget in body["widgets"]:
        inner = {"alarm": _draw_alarms, "text": _draw_text, "metric": _draw_metric}[widget["type"]](
            widget["properties"], read, alarms, span
        )
        height = widget["height"] * (_UNIT if widget["width"] < 24 else 12)
        style = f"grid-column: span {widget['width']}; min-height: {height}px"
        drawn.append(f'<section class="widget {widget["type"]}" style="{style}">{inner}</section>')
    head = f"<!doctype html><meta charset=utf-8><title>Dashboard</title><style>{_SHEET.read_text()}{_STYLE}</style>"
    return f'{head}<h1>herald</h1><p class="note">{escape(note)}</p><div class="grid">{"".join(drawn)}</div>'


def _draw_alarms(properties: Mapping[str, Any], _read: Reader, alarms: Mapping[str, str], _span: Span) -> str:
    tone = {"ALARM": "bad", "OK": "good"}
    ringing_first = sorted(properties["alarms"], key=lambda arn: (alarms[arn] != "ALARM", arn))
    pills = (
        f'<span class="state" style="color: var(--{look}); background: var(--{look}-bg)">'
        f"{escape(arn.rpartition(':')[2])}{' rings' if look == 'bad' else ''}</span>"
        for arn in ringing_first
        for look in [tone.get(alarms[arn], "wait")]
    )
    return f"<h3>{escape(properties['title'])}</h3>{''.join(pills)}"


def _draw_text(properties: Mapping[str, Any], _read: Reader, _alarms: Mapping[str, str], _span: Span) -> str:
    heading, _, rest = properties["markdown"].partition("\n")
    said = re.sub("`([^`]+)`", r"<code>\1</code>", escape(rest))
    return f"<h2>{escape(heading.lstrip('# '))}</h2><p>{said}</p>"


def _draw_metric(properties: Mapping[str, Any], read: Reader, _alarms: Mapping[str, str], span: Span) -> str:
    lines = read(properties)
    inner = _draw_figures(lines, span) if properties["view"] == "singleValue" else _draw_graph(properties, lines, span)
    return f"<h3>{escape(properties['title'])}</h3>{inner}"


def _draw_figures(lines: Sequence[Line], span: Span) -> str:
    figures = (
        f"<div><b>{_say(line.points[-1][1]) if line.points else '&ndash;'}</b>{escape(line.label)}"
        f'<svg viewBox="0 -4 {_WIDE} 38">{_draw_line(line, _top([line], []), span, "wait", 30)}</svg></div>'
        for line in lines
    )
    return f'<div class="row">{"".join(figures)}</div>'


def _draw_graph(properties: Mapping[str, Any], lines: Sequence[Line], span: Span) -> str:
    marks = properties.get("annotations", {}).get("horizontal", [])
    top = _top(lines, [mark["value"] for mark in marks])
    ground = f'<line x1="0" x2="{_WIDE}" y1="{_HIGH}" y2="{_HIGH}" stroke="var(--line)"/>'
    parts = [ground, f'<text x="0" y="-3">{_say(top)}</text>']
    for mark in marks:
        said = f"{mark['label']} {_say(mark['value'])}"
        if mark["value"] > top:  # to scale it would press the lines flat
            parts.append(f'<text x="{_WIDE}" y="-3" text-anchor="end">far below: {escape(said)}</text>')
            continue
        y = _HIGH - mark["value"] / top * _HIGH
        parts.append(
            f'<line x1="0" x2="{_WIDE}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--bad)" stroke-dasharray="4 4"/>'
            f'<text x="{_WIDE}" y="{y - 3:.1f}" text-anchor="end">{escape(said)}</text>'
        )
    parts += [_draw_line(line, top, span, tone, _HIGH) for line, tone in zip(lines, _TONES, strict=False)]
    key = (
        f'<span><i style="background: var(--{tone})"></i>{escape(line.label)}'
        f"{'' if line.points else ' (no data)'}</span>"
        for line, tone in zip(lines, _TONES, strict=False)
    )
    return f'<svg viewBox="0 -14 {_WIDE} {_HIGH + 16}">{"".join(parts)}</svg><div class="key">{"".join(key)}</div>'


def _draw_line(line: Line, top: float, span: Span, tone: str, high: int) -> str:
    start = span.start.timestamp() // span.period * span.period
    seconds = span.end.timestamp() - start
    dots = [((at - start) / seconds * _WIDE, high - value / top * high) for at, value in line.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
    ends = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.6" fill="var(--{tone})"/>' for x, y in dots)
    return f'<polyline points="{path}" fill="none" stroke="var(--{tone})" stroke-width="1.6"/>{ends}'


def _top(lines: Sequence[Line], marks: Sequence[float]) -> float:
    """The value at the upper edge: all lines, and a mark that is not more than thrice as high."""
    most = max((value for line in lines for _, value in line.points), default=0.0)
    near = [mark for mark in marks if mark <= 3 * most or not most]
    return max([most, *near]) or 1.0


def _say(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
