"""Cuts addresses out of what a provider or a mail server says, before it goes into the log and the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

__all__ = ["redact"]

_MASK = "<address>"
#: A quoted local part may hold spaces: https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1
_QUOTED = re.compile(r'"[^"\r\n]*"@\S+')
#: `@` as itself, as in a URL, in quoted-printable, in HTML.
_AT = re.compile(r"@|%40|=40|&#0*64;|&#x0*40;|&commat;", re.IGNORECASE)
#: A local part this short also stands in words that name nobody: only as a word of its own is it cut out.
_SHORT = 3


def redact(text: str, known: Iterable[str] = ()) -> str:
    """`text` as one line of valid characters without any address, and without whatever holds the local part of a
    `known` one: plain, percent-encoded, or rewritten as in a bounce address (VERP)."""
    locals_ = [local for address in known if (local := address.rpartition("@")[0].strip('"'))]
    line = _QUOTED.sub(_MASK, text.encode("utf-8", "replace").decode())
    for local in locals_:
        if " " in local:
            line = re.sub(re.escape(local), _MASK, line, flags=re.IGNORECASE)
    patterns = [_in_a_word(local) for local in locals_]
    return " ".join(_redact_word(word, patterns) for word in line.split())


def _redact_word(word: str, patterns: Iterable[re.Pattern[str]]) -> str:
    plain = unquote(word, errors="replace")
    return _MASK if _AT.search(word) or any(pattern.search(plain) for pattern in patterns) else word


def _in_a_word(local: str) -> re.Pattern[str]:
    before, after = ("(?<![a-z0-9])", "(?![a-z0-9])") if len(local) <= _SHORT else ("", "")
    return re.compile(before + re.escape(local) + after, re.IGNORECASE)
