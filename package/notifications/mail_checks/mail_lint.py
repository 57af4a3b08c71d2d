"""Lints a rendered mail for faults that its reader would see and that packaging does not refuse."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

from package.notifications.previews import ExampleMail

__all__ = ["LONGEST_SUBJECT", "find_mail_faults"]

#: The most characters of a subject: desktop mail programs show about 70, and no list of mails more than these.
LONGEST_SUBJECT = 130
_SYNTAX = re.compile("{{|}}|{%|%}|{#|#}")


def find_mail_faults(mail: ExampleMail) -> Iterator[str]:
    """The faults of a mail: the part, what is wrong, and what to do."""
    content = mail.content
    if len(content.subject) > LONGEST_SUBJECT:
        yield (
            f"subject.txt: the subject has {len(content.subject)} characters, and a list of mails shows "
            f"{LONGEST_SUBJECT} at most: shorten what it names, {{{{ book.title | shorten(90) }}}}"
        )
    words = {"subject.txt": content.subject, "body.txt": content.text, "body.mjml": _Words(content.html).found}
    written = "\n".join(_list_texts(mail.data))
    for part, text in words.items():
        if (left := _SYNTAX.search(text)) and left[0] not in written:
            yield f"{part}: {left[0]} is left over, as readers see it: close it, or take it away"
    if "@media (prefers-color-scheme: dark)" not in content.html:
        yield (
            "body.mjml: it does not follow its reader into the dark: "
            'put {% include "_partials/head.mjml" %} into <mj-head>'
        )


def _list_texts(data: Any) -> Iterator[str]:
    """All texts in the data."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, (dict, list)):
        for value in data.values() if isinstance(data, dict) else data:
            yield from _list_texts(value)


class _Words(HTMLParser):
    """Collects the visible text of an HTML page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found, self._hidden = "", ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self._hidden = tag if tag in ("style", "title") else ""

    def handle_endtag(self, _: str) -> None:
        self._hidden = ""

    def handle_data(self, data: str) -> None:
        self.found += "" if self._hidden else data
