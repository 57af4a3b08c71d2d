"""Mail templates: partials put in, MJML turned into HTML with the template's own syntax kept."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import mjml

from package.errors import PackageError

__all__ = ["html_template", "refuse_html", "text_template"]

# The engine passes silently over a component that it does not know.
_COMPONENTS = re.compile(
    r"mjml|mj-(?:head|attributes|all|class|breakpoint|font|html-attributes?|selector|preview|style|title|body"
    r"|accordion(?:-element|-title|-text)?|button|carousel(?:-image)?|column|divider|group|hero|image"
    r"|navbar(?:-link)?|raw|section|social(?:-element)?|spacer|table|text|wrapper)"
)
_HTML = re.compile(
    r"a|b|bdi|blockquote|br|code|div|em|h[1-3]|i|li|meta|[ou]l|p|small|span|strong|table|tbody|td|th|thead|tr"
)
_INCLUDE = re.compile(r'\{%-?\s*include\s+"([^"]+)"\s*-?%\}')
_REMOTE = re.compile(r"<(?:img|link|script|iframe|object|form)\b|@import|\burl\(", re.IGNORECASE)


def text_template(path: Path, root: Path) -> str:
    """The text template in `path` with its partials, which are named from `root`, put in."""
    return _with_partials(path, root)


def html_template(path: Path, root: Path) -> str:
    """The MJML in `path` as HTML; raises `PackageError` for a tag outside MJML's list."""
    source = _with_partials(path, root)
    _Tags(path).check(source)
    try:
        return str(mjml.mjml2html(source, fonts={}))
    except ValueError as error:
        raise PackageError(f"{path} is not MJML: {error}") from error


def refuse_html(html: str, what: str) -> None:
    """Raise `PackageError` if this rendered HTML loads something remote."""
    if found := _REMOTE.search(html):
        raise PackageError(f"{what}: the HTML holds {found.group()!r}; a mail loads nothing and runs nothing")


def _with_partials(path: Path, root: Path, inside: tuple[Path, ...] = ()) -> str:
    if path in inside:
        raise PackageError(f"{path} includes itself")
    try:
        source = path.read_text("utf-8")
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}") from error
    if re.search(r"\|\s*safe\b", source):
        raise PackageError(f"{path}: the filter 'safe' would let an event write HTML")
    around = (*inside, path)
    return _INCLUDE.sub(lambda found: _with_partials(root / found[1], root, around).rstrip("\n"), source)


class _Tags(HTMLParser):
    """Checks every tag of an MJML source against the two lists."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def check(self, source: str) -> None:
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not _COMPONENTS.fullmatch(tag) and not _HTML.fullmatch(tag):
            raise PackageError(f"{self._path}: <{tag}> is not on MJML's list")
        for name, value in attrs:
            if name == "href" and "{{" in (value or "") and "| link" not in (value or ""):
                raise PackageError(f"{self._path}: the address in <{tag} href> needs the filter link")
