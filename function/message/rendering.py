"""Renders the three parts of a mail from templates and data. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from typing import Any

from minijinja import Environment, TemplateError, safe

from function.errors import InvalidEvent, TemplateNotFilled
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["LARGEST_HTML", "Content", "Renderer"]

#: Most bytes of a mail's HTML: Gmail clips it at 102 KB, which would cut off the unsubscribe link at the end.
LARGEST_HTML = 100 * 1000

#: Control characters, line and paragraph separators, lone surrogates: Unicode's categories Cc, Zl, Zp and Cs.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: Unusual characters, and anything that a mail program could turn into a link: such a text is examined further.
_SUSPECT = re.compile(r"[^\x20-\x7e]|://|\w\.\w")
#: A dot between two labels, the last of which looks like a top-level domain: only letters, two at least. Between ASCII
#: letters, the dots of other scripts count too (https://www.rfc-editor.org/rfc/rfc3490#section-3.1). Any character
#: outside ASCII counts as a letter, because `\w` does not match combining marks, which occur in names such as `.भारत`.
_DOT_OF_A_DOMAIN = re.compile(
    r"(?<=[\w\x80-\U0010ffff])\.(?=(?:[\w\x80-\U0010ffff-]+\.)*[^\W\d_](?:[^\W\d_]|[^\x00-\x7f]))"
    r"|(?<=[A-Za-z0-9])[\u3002\uff0e\uff61](?=[A-Za-z0-9])"
)
#: Characters of category Cf that are visible: they enclose the numbers that follow them. Prepended_Concatenation_Mark,
#: https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt
_SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
#: Invisible characters of other categories than Cf: fillers, blanks, and unassigned ones.
#: Other_Default_Ignorable_Code_Point in the same file, and blank characters without such a property: of Braille, of
#: music and of hieroglyphs, and the object replacement character.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufff0-\ufff8\ufffc\U00013441\U00013442\U0001d159\U000e0000-\U000e0fff]"
)
#: Variation_Selector in the same file: it selects a form of the preceding character.
_SELECTOR = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_HAS_FORMS = frozenset({"Lo", "So", "Sm"})
#: Characters of other categories that have an emoji form.
_KEYS = frozenset("#*0123456789\u203c\u2049\u3030")
#: Characters that join or separate letters of caseless scripts and parts of an emoji; anywhere else they hide
#: something.
_JOINERS = frozenset("\u200c\u200d")
_JOINED = frozenset({"Lo", "Mn", "Mc", "So", "Sk"})
#: A path that a template uses as a link, whose last name is captured.
_LINKED = re.compile(r"\{\{-?\s*(?:\w+\.)*(\w+)\s*\|\s*link\b")
#: A value that a template prints, as a path into the data.
_PRINTED = re.compile(r"\{\{-?\s*(\w+(?:\.\w+)*)")
#: The categories of visible characters: letters, numbers, punctuation and symbols.
_DRAWN = frozenset("LNPS")
#: The same as html.escape, whose module would also import the names of all entities.
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


@dataclass(frozen=True, slots=True)
class Content:
    """One mail's content: `subject` is a single line; `text` and `html` are two versions of the same content."""

    subject: str
    text: str
    html: str


class Renderer:
    """Renders templates named `<type>/<locale>/<part>`.

    HTML is escaped automatically, and an undefined name is an error. The data may come from strangers: characters that
    hide or reorder text are removed, and only what the template uses as a link can become one in the mail.
    """

    def __init__(self, templates: Mapping[str, str], localization: Mapping[str, Any] | None = None) -> None:
        """`localization` is the tables for function/message/locale_filters.py, if a template uses one of its
        filters."""
        self._environment = Environment(
            undefined_behavior="strict",
            auto_escape_callback=lambda name: "html" if name.endswith(".html") else None,
        )
        known: dict[str, Callable[..., str]] = {"lines": lines, "link": link, "shorten": shorten}
        if localization is not None:
            from function.message.locale_filters import make_filters  # noqa: PLC0415  most deployments do without

            known |= make_filters(localization)
        for name, filter_ in known.items():
            self._environment.add_filter(name, _guard(name, filter_))
        self._addresses: dict[str, frozenset[str]] = {}
        self._in_subject: dict[str, list[list[str]]] = {}
        for name, source in templates.items():
            self._environment.add_template(name, source)
            if name.endswith("/body.html"):
                self._addresses[name.rpartition("/")[0]] = frozenset(_LINKED.findall(source))
            elif name.endswith("/subject.txt"):
                self._in_subject[name.rpartition("/")[0]] = [path.split(".") for path in _PRINTED.findall(source)]

    def render(self, folder: str, data: Mapping[str, object], own: Mapping[str, object] | None = None) -> Content:
        """Render the three parts in `folder` with untrusted `data` and with trusted values in `own`.

        Raises `InvalidEvent` if the data does not fill the templates, or if the mail is too large.
        """
        for path in self._in_subject.get(folder, ()):
            _refuse_blank(data, path)
        addresses = self._addresses.get(folder, frozenset())
        recipients = addresses | {"email"}
        data = {
            name: _neutralize(value, name, recipients if name == "recipient" else addresses)
            for name, value in data.items()
        }
        data.update(own or {})
        subject = self._render_part(f"{folder}/subject.txt", data).strip()
        _refuse_unprintable(subject, folder)
        text, html_ = (self._render_part(f"{folder}/{part}", data) for part in ("body.txt", "body.html"))
        if (size := len(html_.encode())) >= LARGEST_HTML:
            reason = f"the mail's HTML has {size} bytes; mail programs clip it at {LARGEST_HTML}"
            raise InvalidEvent(reason, code=ReasonCode.EVENT_TOO_LARGE)
        return Content(subject, text, html_)

    def _render_part(self, name: str, data: Mapping[str, object]) -> str:
        try:
            return self._environment.render_template(name, **data)
        except TemplateError as error:
            raise TemplateNotFilled(str(error).splitlines()[0]) from error
        except InvalidEvent as error:
            error.add_note(name)
            raise


def _neutralize(value: object, name: str, addresses: Collection[str]) -> object:
    """Neutralize all texts in `value`, whose key is `name`; `addresses` are the keys of links and mail addresses."""
    if isinstance(value, str):
        return value if not _SUSPECT.search(value) else _neutralize_text(value, name in addresses)
    if isinstance(value, Mapping):
        return {inner: _neutralize(each, inner, addresses) for inner, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_neutralize(each, name, addresses) for each in value]
    return value


def _neutralize_text(text: str, address: bool) -> str:
    """Remove invisible and reordering characters. Unless it is an address, also keep it from looking like a link: the
    dots of a domain become one-dot leaders, which look the same."""
    seen = text if text.isascii() else "".join(char for at, char in enumerate(text) if _is_seen(char, text, at))
    return seen if address else _DOT_OF_A_DOMAIN.sub("\u2024", seen.replace("://", ": //"))


def _is_seen(char: str, text: str, at: int) -> bool:
    if char in _JOINERS:
        beside = (text[at - 1 : at], text[at + 1 : at + 2])
        return all(one and unicodedata.category(one) in _JOINED for one in beside)
    if _SELECTOR.match(char):
        before = text[at - 1 : at]
        return bool(before) and (before in _KEYS or unicodedata.category(before) in _HAS_FORMS)
    return not _UNSEEN.match(char) and (char in _SEEN or unicodedata.category(char) != "Cf")


def _refuse_blank(data: object, path: Sequence[str]) -> None:
    """Reject a mail whose subject names a value that is invisible, as in `Added to your books: `."""
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    if isinstance(data, str) and data and not _is_visible(data):
        raise InvalidEvent(f"{'.'.join(path)}, which the subject names, has no visible text")


def _is_visible(text: str) -> bool:
    if text.isascii():
        return not text.isspace()
    return any(unicodedata.category(char)[0] in _DRAWN and not _UNSEEN.match(char) for char in text)


def _guard(name: str, filter_: Callable[..., str]) -> Callable[..., str]:
    """Wrap a filter so that unsupported arguments are an InvalidEvent. The filter's name is added to errors as a note,
    and the template's name later, since a filter's error has no template line."""

    @wraps(filter_)
    def guarded(*arguments: Any, **named: Any) -> str:
        try:
            return filter_(*arguments, **named)
        except InvalidEvent as error:
            error.add_note(name)
            raise
        except Exception as error:
            given = arguments[hasattr(filter_, "__minijinja_pass_state__") :]
            kinds = " and ".join(map(_describe_kind, (*given, *named.values())))
            refusal = InvalidEvent(f"the filter {name} was given {kinds}, which it does not take")
            refusal.add_note(name)
            raise refusal from error

    return guarded


def _describe_kind(value: object) -> str:
    """Return the kind of a value in a word, never its content."""
    kinds = {type(None): "nothing", bool: "true or false", str: "a text", int: "a number", float: "a number"}
    return kinds.get(type(value)) or ("an object" if isinstance(value, Mapping) else "a list")


def link(url: str) -> str:
    """Filter for a URL in `href`: escaped for HTML, with readable slashes; http and https only."""
    if not url.startswith(("https://", "http://")):
        raise InvalidEvent("a link starts with https:// or http://")
    return safe(url.translate(_ESCAPED))


def lines(text: str) -> str:
    """Filter for a multi-line text in HTML: escaped, with a `<br>` for each line break."""
    return safe("<br>".join(text.translate(_ESCAPED).splitlines()))


def shorten(text: str, most: int) -> str:
    """Filter: `text` cut to at most `most` characters, between words if possible, and ending in "…"."""
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
