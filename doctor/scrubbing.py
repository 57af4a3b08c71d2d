"""Removes from recorded calls what identifies an account or a person. The same value gets the same replacement
everywhere, so that requests and answers still match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from typing import Any

__all__ = ["LEFT_OUT", "Scrubber"]

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_API_HOST = re.compile(r"\b([a-z0-9]{10})(?=\.execute-api\b)")
_ACCOUNT = re.compile(r"(?<![\w-])\d{12}(?![\w-])")
#: Replacements and patterns of access keys and ids of principals, callers, user pools, certificates and endpoints.
_NAMED = (
    ("AKIAEXAMPLE", re.compile(r"\b(?:AKIA|ASIA|AIDA|AROA)[A-Z0-9]{8,}(?::[\w+=,.@-]+)?")),
    ("caller", re.compile(r"(?<=:assumed-role/)[\w+=,.@/-]+|(?<=:user/)[\w+=,.@/-]+")),
    ("us-east-1_EXAMPLE", re.compile(r"\b[a-z]{2}(?:-[a-z]+)+-\d_[A-Za-z0-9]{6,}")),
    ("certificate/EXAMPLE", re.compile(r"\bcertificate/[\w-]+")),
    ("http://endpoint", re.compile(r"https?://(?:127\.0\.0\.1|localhost):\d+")),
)
_TOKENS = frozenset(
    {
        "CaseId",
        "LastKeyGenerationTimestamp",
        "Marker",
        "NextMarker",
        "NextToken",
        "ReceiptHandle",
        "RevisionId",
        "Token",
        "UserId",
        "nextToken",
    }
)
#: Members of an answer that are left out, and the only settings of a function that are kept.
_PRIVATE = frozenset({"AdditionalContactEmailAddresses", "Tags", "UseCaseDescription", "WebsiteURL"})
_SETTINGS = frozenset({"HERALD_CONFIGURATION_SET", "HERALD_FROM", "HERALD_LEDGER_TABLE", "HERALD_PUBLIC_URL"})
_AMAZONS = (".amazonses.com", ".amazonaws.com")
#: Replaces a setting or a token that is not recorded.
LEFT_OUT = "left out"
_OUR_ACCOUNT = "123456789012"


class Scrubber:
    """Replaces the addresses and domains that occur anywhere in `everything`."""

    def __init__(self, everything: Any) -> None:
        texts = sorted(set(_list_texts(everything)))
        addresses = sorted(
            {found for text in texts for found in _ADDRESS.findall(text) if not found.endswith(_AMAZONS)}
        )
        domains = {address.rpartition("@")[2] for address in addresses} | set(_find_asked_domains(everything))
        tops = sorted(one for one in domains if not any(one.endswith(f".{other}") for other in domains))
        self._words = {domain: f"domain-{number}.example" for number, domain in enumerate(tops, 1)}
        self._people = {address: f"person-{number}" for number, address in enumerate(addresses, 1)}
        ids = set(_find_apis(everything)) | {found for text in texts for found in _API_HOST.findall(text)}
        self._apis = {id_: f"api{number:07}" for number, id_ in enumerate(sorted(ids), 1)}

    def scrub(self, value: Any, name: str = "") -> Any:
        """The same value, in JSON's types, without personal data."""
        match value:
            case {"Variables": dict(settings)}:
                return {**value, "Variables": {key: self._scrub_setting(key, inner) for key, inner in settings.items()}}
            case dict():
                return {key: self.scrub(inner, key) for key, inner in _leave_private(value)}
            case list():
                if name == "Tokens":
                    return [f"token{number}" for number, _ in enumerate(value, 1)]
                return [self.scrub(inner, name) for inner in value]
            case str():
                return LEFT_OUT if name in _TOKENS else self._scrub_text(value, name)
        return value

    def _scrub_setting(self, name: str, value: str) -> str:
        if name == "HERALD_PROVIDERS":  # only SES's are kept; the others name hosts and domains
            return ",".join(url for url in value.split(",") if url.startswith("ses://")) or LEFT_OUT
        if name not in _SETTINGS:
            return LEFT_OUT
        return self._scrub_text(parseaddr(value)[1] if name == "HERALD_FROM" else value)

    def _scrub_text(self, text: str, name: str = "") -> str:
        if name == "ApiId":  # part of a host name; the list has the account's other APIs, too
            return self._apis[text]
        text = _ADDRESS.sub(self._scrub_person, text)
        for domain, word in self._words.items():
            text = re.sub(rf"(?<![\w-]){re.escape(domain)}(?![\w-])", word, text)
        text = _API_HOST.sub(lambda found: self._apis.get(found[0], found[0]), text)
        for word, pattern in _NAMED:
            text = pattern.sub(word, text)
        return _ACCOUNT.sub(_OUR_ACCOUNT, text)

    def _scrub_person(self, found: re.Match[str]) -> str:
        domain = found[0].rpartition("@")[2]
        return f"{self._people[found[0]]}@{domain}" if found[0] in self._people else found[0]


def _leave_private(answer: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members of an answer that are not private; of its tags, only the one that the doctor reads."""
    for name, value in answer.items():
        if name == "Tags" and isinstance(value, Mapping) and "Certificate" in value:
            yield name, {"Certificate": value["Certificate"]}
        elif name not in _PRIVATE:
            yield name, value


def _list_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
        yield from _list_texts(inner)


def _find_apis(value: Any) -> Iterator[str]:
    """The ids of HTTP APIs in requests and answers."""
    if isinstance(value, Mapping):
        if isinstance(value.get("ApiId"), str):
            yield value["ApiId"]
        for inner in value.values():
            yield from _find_apis(inner)
    for inner in value if isinstance(value, list) else ():
        yield from _find_apis(inner)


def _find_asked_domains(everything: Any) -> Iterator[str]:
    """The domains that were asked for: SES identities, even if no address has them, and the web app's host name."""
    for call in everything:
        names = (call["parameters"].get(kind, "") for kind in ("EmailIdentity", "DomainName"))
        certificate = (call.get("answer") or {}).get("Certificate") or {}
        yield from (name for name in (*names, certificate.get("DomainName", "")) if "." in name and "@" not in name)
