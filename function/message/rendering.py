"""Templates and data in, the three parts of one mail out. No I/O."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from typing import Any

from minijinja import Environment, TemplateError, safe

from function.errors import InvalidEvent
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["LARGEST_HTML", "Content", "Renderer"]

#: Bytes of a mail's HTML: Gmail clips it at 102 KB, and with the end goes the link to unsubscribe.
LARGEST_HTML = 100 * 1000

#: Control characters, line and paragraph separators, half characters: Unicode's categories Cc, Zl, Zp and Cs.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: What no text needs to be read, and what a mail program could take for a link: then a text is looked at more closely.
_SUSPECT = re.compile(r"[^\x20-\x7e]|://|\w\.\w")
#: Two labels and a dot between them, the last as a domain ends: letters only, two at least. Between letters of ASCII
#: a dot of another script is one too: https://www.rfc-editor.org/rfc/rfc3490#section-3.1
#: What is not of ASCII counts as a letter: marks are none for `\w`, and stand in names such as `.भारत`.
_DOT_OF_A_DOMAIN = re.compile(
    r"(?<=[\w\x80-\U0010ffff])\.(?=(?:[\w\x80-\U0010ffff-]+\.)*[^\W\d_](?:[^\W\d_]|[^\x00-\x7f]))"
    r"|(?<=[A-Za-z0-9])[\u3002\uff0e\uff61](?=[A-Za-z0-9])"
)
#: Characters that are of category Cf, and seen: they enclose the numbers that follow them.
#: Prepended_Concatenation_Mark, https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt
_SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
#: Characters that are never seen and of another category than Cf: fillers, blanks, and what is not assigned yet.
#: Other_Default_Ignorable_Code_Point in the same file, and signs that no property calls blank: of Braille, of music and
#: of hieroglyphs, and what stands for an object that is not there.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufff0-\ufff8\ufffc\U00013441\U00013442\U0001d159\U000e0000-\U000e0fff]"
)
#: Variation_Selector in the same file: what is seen is the character before, in one of its forms.
_SELECTOR = re.compile("[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_HAS_FORMS = frozenset({"Lo", "So", "Sm"})
#: Characters of other categories that have a form as an emoji.
_KEYS = frozenset("#*0123456789\u203c\u2049\u3030")
#: What joins or parts letters of scripts without case, and the parts of an emoji; beside anything else it hides.
_JOINERS = frozenset("\u200c\u200d")
_JOINED = frozenset({"Lo", "Mn", "Mc", "So", "Sk"})
#: A path that a template uses as an address, and of that the last name.
_LINKED = re.compile(r"\{\{-?\s*(?:\w+\.)*(\w+)\s*\|\s*link\b")
#: What a template prints, as a path into the data.
_PRINTED = re.compile(r"\{\{-?\s*(\w+(?:\.\w+)*)")
#: The categories of what a reader sees: letters, numbers, punctuation and signs.
_DRAWN = frozenset("LNPS")
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

    HTML is escaped by itself; a name that the data does not define is an error. The data may come from strangers: what
    hides or turns text around is left out, and what is no address in the template is none in the mail.
    """

    def __init__(self, templates: Mapping[str, str], localization: Mapping[str, Any] | None = None) -> None:
        """`localization`: the tables of function/message/locale_filters.py, if a template uses one of its filters."""
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
        """Render the three parts in `folder` with a stranger's `data` and with `own`, which is taken as it is.

        Raises `InvalidEvent` if the data fills them not at all, or too much.
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
            reason = str(error).splitlines()[0]
            raise InvalidEvent(f"the data does not fill the template: {reason}") from error
        except InvalidEvent as error:
            error.add_note(name)
            raise


def _neutralize(value: object, name: str, addresses: Collection[str]) -> object:
    """`value`, which the data calls `name`, with all texts in it made harmless; `addresses` are names of such."""
    if isinstance(value, str):
        return value if not _SUSPECT.search(value) else _neutralize_text(value, name in addresses)
    if isinstance(value, Mapping):
        return {inner: _neutralize(each, inner, addresses) for inner, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_neutralize(each, name, addresses) for each in value]
    return value


def _neutralize_text(text: str, address: bool) -> str:
    """Without what is not seen or turns others around; unless it is an address, nothing in it looks like one: the dots
    of a domain become dot leaders, which look the same."""
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
    """A mail that is about something says what: nobody could see it in `Added to your books: `."""
    for name in path:
        data = data.get(name) if isinstance(data, Mapping) else None
    if isinstance(data, str) and data and not _is_visible(data):
        raise InvalidEvent(f"nothing can be seen of {'.'.join(path)}, which the subject names")


def _is_visible(text: str) -> bool:
    if text.isascii():
        return not text.isspace()
    return any(unicodedata.category(char)[0] in _DRAWN and not _UNSEEN.match(char) for char in text)


def _guard(name: str, filter_: Callable[..., str]) -> Callable[..., str]:
    """The filter, which refuses what it does not take. What it raises has its name as a note, and then the template's:
    no error of a filter has a line of the template."""

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
    """What a value is, in a word: never what it says."""
    kinds = {type(None): "nothing", bool: "true or false", str: "a text", int: "a number", float: "a number"}
    return kinds.get(type(value)) or ("an object" if isinstance(value, Mapping) else "a list")


def link(url: str) -> str:
    """Filter for an address in `href`: escaped for HTML, its slashes left legible; http and https only."""
    if not url.startswith(("https://", "http://")):
        raise InvalidEvent("a link starts with https:// or http://")
    return safe(url.translate(_ESCAPED))


def lines(text: str) -> str:
    """Filter for a text of several lines in HTML: escaped, with a `<br>` for each line break."""
    return safe("<br>".join(text.translate(_ESCAPED).splitlines()))


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
