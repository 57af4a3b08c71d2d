"""Templates and data in, the three parts of one mail out. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping

from minijinja import Environment, TemplateError, safe

from function.errors import InvalidEvent
from function.runtime.lean_dataclass import dataclass

__all__ = ["Content", "Renderer"]


#: Control characters, line and paragraph separators, half characters: Unicode's categories Cc, Zl, Zp and Cs.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: As html.escape has it, whose module also imports the names of all entities.
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


@dataclass(frozen=True, slots=True)
class Content:
    """One mail's content: `subject` is a single line; `text` and `html` say the same thing twice."""

    subject: str
    text: str
    html: str


class Renderer:
    """Renders templates named `<type>/<locale>/<part>`.

    HTML is escaped by itself; a name that the data does not define is an error.
    """

    def __init__(self, templates: Mapping[str, str]) -> None:
        self._environment = Environment(
            undefined_behavior="strict",
            auto_escape_callback=lambda name: "html" if name.endswith(".html") else None,
            filters={"link": link, "shorten": shorten},
        )
        for name, source in templates.items():
            self._environment.add_template(name, source)

    def render(self, folder: str, data: Mapping[str, object]) -> Content:
        """Render the three parts in `folder`; raises `InvalidEvent` if the data does not fill them."""
        subject = self._part(f"{folder}/subject.txt", data).strip()
        _refuse_unprintable(subject, folder)
        text, html_ = (self._part(f"{folder}/{part}", data) for part in ("body.txt", "body.html"))
        return Content(subject, text, html_)

    def _part(self, name: str, data: Mapping[str, object]) -> str:
        try:
            return self._environment.render_template(name, **data)
        except TemplateError as error:
            reason = str(error).splitlines()[0]
            raise InvalidEvent(f"the data does not fill the template: {reason}") from error


def link(url: str) -> str:
    """Filter for an address in `href`: escaped for HTML, its slashes left legible; http and https only."""
    if not url.startswith(("https://", "http://")):
        raise InvalidEvent("a link starts with https:// or http://")
    return safe(url.translate(_ESCAPED))


def shorten(text: str, most: int) -> str:
    """Filter: `text` cut to at most `most` characters, between words if it can be, and ending in "…"."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > most // 2 else head).rstrip(" ,;:.-\u200d\ufe0f") + "…"


def _refuse_unprintable(subject: str, folder: str) -> None:
    if not subject:
        raise InvalidEvent(f"the subject of {folder} is empty")
    if _UNPRINTABLE.search(subject):
        raise InvalidEvent(f"the subject of {folder} holds a line break or control character")
