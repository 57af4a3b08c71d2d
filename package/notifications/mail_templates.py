"""Compiles mail templates: includes partials and turns MJML into HTML, keeping the template syntax; and checks rendered
mails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import mjml
from minijinja import Environment, TemplateError

from function.message.rendering import Content
from package.errors import Faults, PackageError
from package.notifications.localization import is_right_to_left

__all__ = ["compile_html_template", "find_line", "find_names", "locate_name", "read_text_template", "refuse_content"]

# MJML's engine silently ignores a component that it does not know.
_COMPONENTS = re.compile(
    r"mjml|mj-(?:head|attributes|all|class|breakpoint|font|html-attributes?|selector|preview|style|title|body"
    r"|accordion(?:-element|-title|-text)?|button|carousel(?:-image)?|column|divider|group|hero|image"
    r"|navbar(?:-link)?|raw|section|social(?:-element)?|spacer|table|text|wrapper)"
)
_HTML = re.compile(
    r"a|b|bdi|blockquote|br|code|div|em|h[1-3]|i|li|meta|[ou]l|p|small|span|strong|table|tbody|td|th|thead|tr"
)
#: The root element, whose language and direction are set from the folder.
_ROOT = re.compile(r"<mjml\b[^>]*>")
_RIGHT_TO_LEFT = "_partials/right-to-left.mjml"
_INCLUDE = re.compile(r'\{%-?\s*include\s+"([^"]+)"\s*-?%\}')
_REMOTE = re.compile(r"<(?:img|link|script|iframe|object|form)\b|@import|\burl\(", re.IGNORECASE)
_IMAGE = re.compile(r'<img\b[^>]*?\ssrc="([^"]*)"[^>]*>', re.IGNORECASE)
#: The source of the only image that a template may show.
_LOGO = "{{ brand.logo.url | link }}"
_UNESCAPED = re.compile(r"\|\s*safe\b")
#: An HTML parser takes ten times as long as these.
_LINK = re.compile(r"""<a\s(?:[^>"']|"[^"]*"|'[^']*')*>""", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


def read_text_template(path: Path, roots: Sequence[Path]) -> str:
    """Read the text template in `path` and include its partials, each from the first of `roots` that has it."""
    faults = Faults()
    source = _with_partials(path, roots, faults)
    faults.raise_all()
    return source


def compile_html_template(path: Path, roots: Sequence[Path]) -> str:
    """Compile the MJML in `path` to HTML, in the reading direction of the language whose folder it is in.

    Raises `PackageError` with a line for each tag outside the lists, address without the filter `link`, and syntax
    error in a template.
    """
    faults = Faults()
    source = _set_direction(_with_partials(path, roots, faults), path.parent.name, roots)
    faults.raise_all()
    try:
        return str(mjml.mjml2html(source, fonts={}))
    except ValueError as error:
        raise PackageError(f"{path} is not MJML: {error}") from error


def _set_direction(source: str, locale: str, roots: Sequence[Path]) -> str:
    """The MJML with its language set and, if that is written from right to left, with a mirrored layout."""
    if not is_right_to_left(locale):
        return _ROOT.sub(f'<mjml lang="{locale}" dir="ltr">', source, count=1)
    turned = _find_partial(_RIGHT_TO_LEFT, roots).read_text("utf-8")
    source = _ROOT.sub(f'<mjml lang="{locale}" dir="rtl">', source, count=1)
    return source.replace("</mj-head>", f"{turned}</mj-head>", 1)


def find_names(source: str) -> set[str]:
    """The names that a template uses of its data: `book.title`."""
    return set(Environment().undeclared_variables_in_str(source, nested=True))


def locate_name(path: Path, name: str, roots: Sequence[Path]) -> str:
    """The file and line in which a template or one of its partials uses `name`; else the template."""
    return find_line(path, re.compile(rf"\{{[{{%][^}}]*?(?<![\w.]){re.escape(name)}(?!\w)"), roots)


def find_line(path: Path, wanted: re.Pattern[str], roots: Sequence[Path]) -> str:
    """The first file and line, of a template or its partials, that match `wanted`; else the template."""
    for source in (path, *_list_partials(path, roots)):
        for number, line in enumerate(source.read_text("utf-8").splitlines(), 1):
            if wanted.search(line):
                return f"{source}:{number}"
    return str(path)


def refuse_content(content: Content, logo: str | None) -> None:
    """Raise `PackageError` if this rendered mail loads anything other than the brand's logo, or has a link in only one
    of its two parts."""
    shown = _IMAGE.sub(lambda image: "" if unescape(image[1]) == logo else image[0], content.html)
    if found := _REMOTE.search(shown):
        raise PackageError(f"the HTML holds {found.group()!r}; a mail loads nothing but the logo, and runs nothing")
    links = _find_links(content.html)
    if alone := sorted(link for link in links if link not in content.text):
        raise PackageError(f"the HTML links to {alone[0]}, and the text does not: both say the same")
    rest = content.text
    for link in sorted(links, key=len, reverse=True):
        rest = rest.replace(link, "")
    if found := _ADDRESS.search(rest):
        raise PackageError(f"the text links to {found.group()}, and the HTML does not: both say the same")


@lru_cache(maxsize=1000)  # when the studio compiles again, few pages are new
def _find_links(page: str) -> frozenset[str]:
    return frozenset(_Links("".join(_LINK.findall(page))).found)


def _with_partials(path: Path, roots: Sequence[Path], faults: Faults, inside: tuple[Path, ...] = ()) -> str:
    if path in inside:
        raise PackageError(f"{path} includes itself")
    try:
        source = path.read_text("utf-8")
    except OSError as error:
        raise PackageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PackageError(f"{path} is not UTF-8: save it as that") from error
    for fault in _find_faults(path, source):
        faults.add(fault)
    around = (*inside, path)
    return _INCLUDE.sub(
        lambda found: _with_partials(_find_partial(found[1], roots), roots, faults, around).rstrip("\n"), source
    )


def _find_partial(name: str, roots: Sequence[Path]) -> Path:
    if ".." in Path(name).parts or Path(name).is_absolute():
        raise PackageError(f"a partial lies below {roots[0]}: {name} does not")
    return next((root / name for root in roots if (root / name).is_file()), roots[0] / name)


def _list_partials(path: Path, roots: Sequence[Path]) -> Iterator[Path]:
    for name in _INCLUDE.findall(path.read_text("utf-8")):
        partial = _find_partial(name, roots)
        yield partial
        yield from _list_partials(partial, roots)


def _find_faults(path: Path, source: str) -> Iterator[str]:
    """The faults of one file by itself."""
    for found in _UNESCAPED.finditer(source):
        line = source.count("\n", 0, found.start()) + 1
        yield f"{path}:{line}: the filter 'safe' would let an event write HTML: leave it out"
    if path.suffix == ".mjml":
        yield from _TagChecker(path, source).faults
    try:
        Environment(filters=dict.fromkeys(_FILTERS, str)).add_template(path.name, _INCLUDE.sub("", source))
    except TemplateError as error:
        yield f"{path}:{error.line}: the template is not sound: {error.detail or error.kind}"


#: Herald's own filters, whose names a template may use.
_FILTERS = ("lines", "link", "shorten", "number", "money", "date", "datetime", "plural")


class _TagChecker(HTMLParser):
    """Checks every tag of an MJML source against the two lists."""

    def __init__(self, path: Path, source: str) -> None:
        super().__init__()
        self._path = path
        self.faults: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        where = f"{self._path}:{self.getpos()[0]}"
        logo = tag == "img" and given.get("src") == _LOGO
        if not _COMPONENTS.fullmatch(tag) and not _HTML.fullmatch(tag) and not logo:
            self.faults.append(f"{where}: <{tag}> is not on MJML's list")
        address = given.get("href") or ""
        if "{{" in address and "| link" not in address:
            self.faults.append(f"{where}: the address in <{tag} href> needs the filter link: {{{{ book.url | link }}}}")


class _Links(HTMLParser):
    """Collects the addresses of a page's links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and (address := dict(attrs).get("href")):
            self.found.add(address)
