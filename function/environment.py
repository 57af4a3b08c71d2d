"""Parses and validates the environment variables that hold the settings."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

from function.message.from_header import from_header
from function.providers.urls import names_the_recipient, needs_secret, parse_provider_urls, reports_by_webhook

__all__ = [
    "ROLE",
    "SECRET_ARN",
    "BadSetting",
    "Environment",
    "parse_address",
    "parse_allowlist",
    "parse_buckets",
    "parse_collector",
    "parse_endpoints",
    "parse_page",
    "parse_queues",
    "parse_receiver",
    "parse_senders",
    "parse_timeout_factor",
    "parse_webhook_secrets",
    "read_keys",
    "read_roles",
    "read_timeout_factor",
    "require_between",
    "require_one_of",
]

T = TypeVar("T")
#: A parameter of SSM Parameter Store, or a secret of Secrets Manager with the six-character suffix of its ARN, without
#: which IAM permissions do not match
#: (https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html).
SECRET_ARN = re.compile(
    r"arn:[a-z-]+:(ssm:[a-z0-9-]+:[0-9]{12}:parameter/[A-Za-z0-9/_.-]+"
    r"|secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+-[A-Za-z0-9]{6})"
)
#: The name of a role: infra/modules/notifier/variables.tf and the build have the same pattern.
ROLE = re.compile(r"[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?")
_RECEIVER = re.compile(
    r"(https://([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+|http://127\.0\.0\.1)(:[1-9][0-9]{0,4})?"
    r"(/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?(\?[A-Za-z0-9._~%!$&'()*+,;=:@/?-]*)?"
)
_LOOPBACK = re.compile(r"http://127\.0\.0\.1:[0-9]{1,5}")


class BadSetting(Exception):
    """A setting is missing or invalid; the message is one line that names it, for whoever set it."""


class Environment:
    """Reads `HERALD_<name>`; errors name the variable."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str | None = None) -> str:
        value = self._values.get(f"HERALD_{name}", "").strip() or default
        if value is None:
            raise BadSetting(f"HERALD_{name} is not set")
        return value

    def has(self, name: str) -> bool:
        return bool(self._values.get(f"HERALD_{name}", "").strip())

    def read(
        self, name: str, default: str | None, parse: Callable[[str], T], wanted: str, *, confidential: bool = False
    ) -> T:
        """Parse a value; an error does not repeat one that is `confidential`, because it may contain a password."""
        text = self.text(name, default)
        try:
            return parse(text)
        except ValueError:
            line = f"HERALD_{name} must be {wanted}"
            raise BadSetting(line if confidential else f"{line}, not {text!r}") from None


def parse_page(text: str) -> str:
    """Validate the URL of the page to which unsubscribe links append a token; may be empty."""
    label = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    host = rf"(https://({label}\.)*{label}|http://(127\.0\.0\.1|localhost))(:(?P<port>[1-9][0-9]{{0,4}}))?"
    found = re.fullmatch(rf"{host}(/[A-Za-z0-9_-]+)*", text) if text else None
    if text and (found is None or int(found["port"] or 0) > 65_535):
        raise ValueError(text)
    return text


def parse_collector(text: str) -> str:
    """Validate the base URL of a trace collector; may be empty. Without TLS only on this machine, as for a Lambda
    extension."""
    if text and not re.fullmatch(
        r"(https://[A-Za-z0-9.-]+|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?(/[\w.-]+)*/?", text
    ):
        raise ValueError(text)
    return text


def parse_address(text: str) -> str:
    if not re.fullmatch(r"[^\s@,<>]+@[^\s@,<>]+", text):
        raise ValueError(text)
    return text


def parse_senders(text: str) -> frozenset[str]:
    addresses = frozenset(part.strip() for part in text.split(",") if text)
    if any(from_header(address) != address or "<" in address for address in addresses):
        raise ValueError(text)
    return addresses


def read_roles(providers: Collection[str]) -> Callable[[str], Mapping[str, str]]:
    """Return a parser of the roles' addresses, by role: valid role names and plain addresses. It rejects any roles if
    one of `providers` does not tell a copy's bounce from the recipient's."""

    def parse(text: str) -> Mapping[str, str]:
        given = json.loads(text)
        if not isinstance(given, dict) or (given and not all(map(names_the_recipient, providers))):
            raise ValueError(text)
        sound = all(isinstance(one, str) and "<" not in one and from_header(one) == one for one in given.values())
        if not sound or not all(map(ROLE.fullmatch, given)):
            raise ValueError(text)
        return given

    return parse


def read_keys(providers: Collection[str]) -> Callable[[str], Mapping[str, str]]:
    """Return a parser of the ARNs of the providers' keys: exactly one for each provider that needs a key."""
    urls = {url for url in providers if needs_secret(url)}

    def parse(text: str) -> Mapping[str, str]:
        given = json.loads(text)
        if not isinstance(given, dict) or given.keys() != urls:
            raise ValueError(text)
        found = {url: str(entry.get("key")) for url, entry in given.items() if isinstance(entry, dict)}
        if found.keys() != urls or not all(map(SECRET_ARN.fullmatch, found.values())):
            raise ValueError(text)
        return found

    return parse


def parse_buckets(text: str) -> frozenset[str]:
    """Bucket names: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    names = frozenset(part.strip() for part in text.split(",") if text)
    if not all(re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) for name in names):
        raise ValueError(text)
    return names


def parse_allowlist(text: str) -> frozenset[str]:
    entries = frozenset(part.strip().lower() for part in text.split(","))
    if not all(re.fullmatch(r"[^\s@,<>]*@[^\s@,<>]+", entry) for entry in entries):
        raise ValueError(text)
    return entries


def require_between(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        value = float(text)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    return parse


def require_one_of(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(text)
        return text

    return parse


def parse_queues(text: str) -> Mapping[str, str]:
    given = json.loads(text)
    if not isinstance(given, dict) or not all(str(url).startswith("https://") for url in given.values()):
        raise ValueError(text)
    return given


def parse_receiver(text: str) -> str:
    """Validate the receiver's URL: no user, since a password would then be in the settings, and no fragment."""
    if not _RECEIVER.fullmatch(text):
        raise ValueError(text)
    return text


def parse_webhook_secrets(text: str) -> Mapping[str, str]:
    given = json.loads(text)
    if not isinstance(given, dict) or parse_provider_urls(",".join(given)) != tuple(given):
        raise ValueError(text)
    if not all(map(reports_by_webhook, given)) or not all(SECRET_ARN.fullmatch(str(arn)) for arn in given.values()):
        raise ValueError(text)
    return given


def parse_endpoints(text: str) -> Mapping[str, str]:
    """Validate the endpoints that replace the providers': they must be on this machine."""
    given = json.loads(text)
    if not isinstance(given, dict) or not all(_LOOPBACK.fullmatch(str(url)) for url in given.values()):
        raise ValueError(text)
    return given


def parse_timeout_factor(text: str) -> float:
    return require_between(1, 100)(text)


def read_timeout_factor(values: Mapping[str, str]) -> float:
    """Return the factor for the timeouts of all AWS calls but SendEmail: more than 1 in the laptop cloud, because an
    emulator on a busy machine answers late. Raises BadSetting if it is invalid."""
    return Environment(values).read("TIMEOUT_FACTOR", "1", parse_timeout_factor, "a factor from 1 to 100")
