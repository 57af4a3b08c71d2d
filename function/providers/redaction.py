"""Removes mail addresses from a provider's or mail server's message before it is logged or stored."""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

__all__ = ["redact"]

_MASK = "<address>"
# Patterns are compiled when an error is redacted, not at every start.
#: A quoted local part may contain spaces: https://www.rfc-editor.org/rfc/rfc5322#section-3.4.1
_QUOTED = r'"[^"\r\n]*"@\S+'
#: An address obfuscated by people: `ada [at] example.com`.
_SPELLED = r"(?i)\S+\s*[\[({]\s*at\s*[\])}]\s*\S+"
#: `@` as itself, full-width or small, and encoded as in URLs, quoted-printable, HTML, JSON and UTF-7.
_AT = r"(?i)[@\ufe6b\uff20]|%(?:25)*40|=40|&#0*64;|&#x0*40;|&commat;|\\u0040|\\x40|\+AEA-"
_ESCAPE = r"(?i)&#([0-9]{2,7});|&#x([0-9a-f]{2,6});|=([0-9a-f]{2})|\\u([0-9a-f]{4})|\\x([0-9a-f]{2})"
_HEX = r"(?i)(?:[0-9a-f]{2}){3,}"
_BASE64 = r"[A-Za-z0-9+/_-]{4,}={0,2}"
_ADDRESS = r"[^\s@]+@[^\s@]+\.[^\s@]+"
#: A local part this short also occurs inside ordinary words, so it is removed only as a word of its own.
_SHORT = 3
#: Characters that are examined; the rest is left out, with the word that is cut there.
_LONGEST = 2000


def redact(text: str, known: Iterable[str] = ()) -> str:
    """Return `text` as one line of valid characters without any address, and without words that contain the local part
    of a `known` address: plain, encoded, without its tag or dots, or rewritten as in a bounce address (VERP)."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST].rpartition(" ")[0]
    locals_ = {name for address in known for name in _list_names(address)}
    line = re.sub(_QUOTED, _MASK, text.encode("utf-8", "replace").decode())
    for local in locals_:
        if " " in local:
            line = re.sub(re.escape(local), _MASK, line, flags=re.IGNORECASE)
    patterns = [_compile_word(local) for local in locals_]
    return " ".join(_redact_word(word, patterns) for word in re.sub(_SPELLED, _MASK, line).split())


def _list_names(address: str) -> Iterator[str]:
    """Yield the local part of an address, and its variants on servers: without the tag after `+`, without dots."""
    local = address.rpartition("@")[0].strip('"')
    for name in (local, local.partition("+")[0], local.partition("+")[0].replace(".", "")):
        if name:
            yield name


def _redact_word(word: str, patterns: list[re.Pattern[str]]) -> str:
    if re.search(_AT, word) or any(pattern.search(plain) for plain in _read(word) for pattern in patterns):
        return _MASK
    return _MASK if any(re.search(_ADDRESS, hidden) for hidden in _unpack(word)) else word


def _read(word: str) -> Iterator[str]:
    """Yield the readings of a word: without invisible characters, unescaped, and decoded."""
    seen = (char for char in unicodedata.normalize("NFKC", word) if unicodedata.category(char) != "Cf")
    plain = "".join(seen)
    yield plain
    yield plain.replace("\\", "")  # a character may be quoted with a backslash: RFC 5321, section 4.1.2
    for _ in range(3):  # forwarders may have escaped it repeatedly
        plain = re.sub(_ESCAPE, _unescape, unquote(plain, errors="replace"))
    yield plain
    yield from _unpack(word)


def _unescape(found: re.Match[str]) -> str:
    code = int(found[1]) if found[1] else int(next(group for group in found.groups()[1:] if group), 16)
    return chr(code) if code < 0xD800 else "?"


def _unpack(word: str) -> Iterator[str]:
    """Yield the texts that the word contains as base64 or hexadecimal."""
    packed = [binascii.unhexlify(run) for run in re.findall(_HEX, word)]
    for run in re.findall(_BASE64, word):
        bare = run.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
        if len(bare) % 4 != 1:
            packed.append(binascii.a2b_base64(bare + "=" * (-len(bare) % 4)))
    for each in packed:
        if each.isascii() and (hidden := each.decode()).isprintable():
            yield hidden


def _compile_word(local: str) -> re.Pattern[str]:
    before, after = ("(?<![a-z0-9])", "(?![a-z0-9])") if len(local) <= _SHORT else ("", "")
    return re.compile(before + re.escape(local) + after, re.IGNORECASE)
