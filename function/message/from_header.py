"""Encodes the From header in ASCII, however the sender was written.

SES accepts no Unicode: a name is a MIME encoded-word, a domain punycode, and a local part must be ASCII.
https://docs.aws.amazon.com/ses/latest/APIReference/API_SendEmail.html (`Source`)
"""

from __future__ import annotations

import re

__all__ = ["LONGEST_NAME", "from_header", "join_sender", "split_sender"]

#: Most characters of a display name: more than any mail program shows, and once encoded still one header line (RFC
#: 5322: 998).
LONGEST_NAME = 100

_ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_LOCAL = re.compile(rf"(?=.{{1,64}}$){_ATOM}(?:\.{_ATOM})*")
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}")
_SENDER = re.compile(r'(?:(?P<name>"[^"\\<>@]+"|[^"\\<>@]+) <(?P<boxed>[^<>\s]+)>|(?P<bare>[^<>\s]+))')
_UNPRINTABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})
_PHRASE = re.compile(rf"{_ATOM}(?: +{_ATOM})*")


def from_header(text: str) -> str:
    """Encode `Name <address>` or a bare address for SES. Raises ValueError that says what is invalid."""
    found = _SENDER.fullmatch(text)
    if not found:
        raise ValueError("not one address")
    local, _, domain = (found["boxed"] or found["bare"]).rpartition("@")
    if not _LOCAL.fullmatch(local):
        raise ValueError("the part before the @ is not an ASCII name")
    address = f"{local}@{_encode_ascii(domain)}"
    name = (found["name"] or "").strip('"').strip(" ")
    if not name:
        return address
    if len(name) > LONGEST_NAME or any(not _is_printable(character) for character in name):
        raise ValueError(f"the name is longer than {LONGEST_NAME} characters, or not printable")
    return f"{_phrase(name)} <{address}>"


def split_sender(header: str) -> tuple[str, str]:
    """Split a header made by `from_header` into the name, in plain Unicode (empty: none), and the address."""
    name, _, address = header.rpartition(" ")
    name = name.strip().strip('"')
    if name.startswith("=?"):
        from email.header import decode_header, make_header  # noqa: PLC0415  as above

        name = str(make_header(decode_header(name)))
    return name, address.strip("<>")


def join_sender(name: str, address: str) -> str:
    """Write `Name <address>` for providers that accept Unicode and encode it themselves."""
    if not name:
        return address
    plain = _PHRASE.fullmatch(name) or not re.search(r'[()<>\[\]:;@\\,."]', name)
    return f"{name} <{address}>" if plain else f'"{name}" <{address}>'


def _is_printable(character: str) -> bool:
    """Whether a character may stand in a name: not control, format, surrogate or private use, and of all spaces only
    the plain one, as Terraform's validation has it.

    A character newer than this Python's Unicode version is accepted: new emoji come every year.
    """
    if character.isascii():
        return " " <= character <= "~"
    from unicodedata import category  # noqa: PLC0415  few names need it

    return category(character) not in _UNPRINTABLE


def _encode_ascii(domain: str) -> str:
    if not domain.isascii():
        encoded = domain.encode("idna").decode()
        if encoded.encode().decode("idna") != domain.lower():
            raise ValueError("the domain has more than one form in punycode: write it in punycode")
        domain = encoded
    if not _DOMAIN.fullmatch(domain):
        raise ValueError("the domain is not valid")
    return domain


def _phrase(name: str) -> str:
    if not name.isascii():
        from email.header import Header  # noqa: PLC0415  slow to import, and few names need it

        return Header(name, "utf-8").encode(maxlinelen=75, linesep="")
    return name if _PHRASE.fullmatch(name) else f'"{name}"'
