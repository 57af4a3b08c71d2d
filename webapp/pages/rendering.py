"""Pages from templates: escaped always, and an unknown name is an error."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from webapp.clock import rfc3339
from webapp.pages import state_labels
from webapp.timeline.timeline import FINAL, steps

__all__ = ["environment", "page"]

_TEMPLATES: Final = Path(__file__).with_name("templates")


def page(request: Request, template: str, context: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """The template as an answer; it also sees who is signed in, and what each form of theirs must carry."""
    session = request.scope.get("session")
    shown = {
        "reader": session.reader if session else None,
        "csrf": session.csrf if session else "",
        "request_id": request.scope.get("request_id", ""),
        **context,
    }
    html = _ENVIRONMENT.get_template(template).render(shown)
    return HTMLResponse(html.encode(errors="replace"), status)  # a form may bring half a character


def _format_elapsed(milliseconds: int) -> str:
    if milliseconds < 1000:
        return f"{max(milliseconds, 0)} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def _moment(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def environment(*folders: Path) -> Environment:
    """Templates from these folders and the web app's own; the laptop's console shows its stories with them."""
    made = Environment(
        loader=FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(elapsed=_format_elapsed, moment=_moment, rfc3339=rfc3339)
    made.globals.update(
        label_for=state_labels.label_for, step_label=state_labels.step_label, steps=steps, final_states=FINAL
    )
    return made


_ENVIRONMENT: Final = environment()
