"""Settings from the environment, each checked once at start."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}")
_PLAIN = re.compile(r"[A-Za-z0-9._~:/\[\]@!&'()*+,;=-]{1,500}")
_REQUIRED = object()


class SettingsError(SystemExit):
    """A setting is missing or wrong; the process ends with this one line."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the web app itself needs."""

    books_table: str
    ledger_table: str
    public_url: str
    event_source: str
    oidc_issuer: str
    oidc_discovery_url: str
    oidc_client_id: str
    session_key_parameter: str
    link_key_parameter: str
    address_key_parameter: str
    dead_queue_url: str
    retry_queue_url: str
    feedback_queue_url: str
    notify_function: str
    oidc_client_secret_parameter: str | None = None
    operator_claim: str = "cognito:groups"
    operator_value: str = "operators"
    sign_up_url: str | None = None
    session_seconds: int = 900
    requests_per_second: int = 100
    catalogue: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check every setting; raises `SettingsError` for the first bad one."""
        return cls(
            books_table=_read(environment, "HERALD_BOOKS_TABLE", _text),
            ledger_table=_read(environment, "HERALD_LEDGER_TABLE", _text),
            public_url=_read(environment, "HERALD_PUBLIC_URL", _url).rstrip("/"),
            event_source=_read(environment, "HERALD_EVENT_SOURCE", _uri),
            oidc_issuer=_read(environment, "HERALD_OIDC_ISSUER", _url),
            oidc_discovery_url=_read(environment, "HERALD_OIDC_DISCOVERY_URL", _url),
            oidc_client_id=_read(environment, "HERALD_OIDC_CLIENT_ID", _text),
            session_key_parameter=_read(environment, "HERALD_SESSION_KEY_PARAMETER", _text),
            link_key_parameter=_read(environment, "HERALD_LINK_KEY_PARAMETER", _text),
            address_key_parameter=_read(environment, "HERALD_ADDRESS_KEY_PARAMETER", _text),
            dead_queue_url=_read(environment, "HERALD_DEAD_QUEUE_URL", _url),
            retry_queue_url=_read(environment, "HERALD_RETRY_QUEUE_URL", _url),
            feedback_queue_url=_read(environment, "HERALD_FEEDBACK_QUEUE_URL", _url),
            notify_function=_read(environment, "HERALD_NOTIFY_FUNCTION", _text),
            oidc_client_secret_parameter=_read(environment, "HERALD_OIDC_CLIENT_SECRET_PARAMETER", _text, None),
            operator_claim=_read(environment, "HERALD_OPERATOR_CLAIM", _text, "cognito:groups"),
            operator_value=_read(environment, "HERALD_OPERATOR_VALUE", _text, "operators"),
            sign_up_url=_read(environment, "HERALD_SIGN_UP_URL", _url, None),
            session_seconds=_read(environment, "HERALD_SESSION_SECONDS", _seconds, 900),
            requests_per_second=_read(environment, "HERALD_REQUESTS_PER_SECOND", _rate, 100),
            catalogue=_read(environment, "HERALD_CATALOGUE", Path, None),
        )


@dataclass(frozen=True, slots=True)
class ReconcileSettings:
    """What the reconciliation with the ledger needs besides."""

    ledger_table: str
    event_source: str
    after_seconds: int = 3600

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check every setting; raises `SettingsError` for the first bad one."""
        return cls(
            ledger_table=_read(environment, "HERALD_LEDGER_TABLE", _text),
            event_source=_read(environment, "HERALD_EVENT_SOURCE", _uri),
            after_seconds=_read(environment, "HERALD_RECONCILE_AFTER_SECONDS", _seconds, 3600),
        )


@dataclass(frozen=True, slots=True)
class WelcomeSettings:
    """What the greeting of a new account needs."""

    books_table: str
    event_source: str
    public_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check every setting; raises `SettingsError` for the first bad one."""
        return cls(
            books_table=_read(environment, "HERALD_BOOKS_TABLE", _text),
            event_source=_read(environment, "HERALD_EVENT_SOURCE", _uri),
            public_url=_read(environment, "HERALD_PUBLIC_URL", _url).rstrip("/"),
        )


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """What relay and sweeper need."""

    books_table: str
    events_topic_arn: str
    sweep_after_seconds: int = 60

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read and check every setting; raises `SettingsError` for the first bad one."""
        return cls(
            books_table=_read(environment, "HERALD_BOOKS_TABLE", _text),
            events_topic_arn=_read(environment, "HERALD_EVENTS_TOPIC_ARN", _topic),
            sweep_after_seconds=_read(environment, "HERALD_SWEEP_AFTER_SECONDS", _seconds, 60),
        )


def _read(environment: Mapping[str, str], name: str, check: Callable[[str], T], default: object = _REQUIRED) -> T:
    text = environment.get(name, "").strip()
    if not text:
        if default is _REQUIRED:
            raise SettingsError(f"{name} is not set: give it {check.__doc__}.")
        return default  # type: ignore[return-value]  # a default is of the checked type
    try:
        return check(text)
    except ValueError:
        raise SettingsError(f"{name} is {text!r}, but must be {check.__doc__}.") from None


def _text(text: str) -> str:
    """a name without spaces"""
    if not re.fullmatch(r"\S+", text):
        raise ValueError
    return text


def _topic(text: str) -> str:
    """the ARN of an SNS topic (arn:aws:sns:REGION:ACCOUNT:NAME)"""
    if not _TOPIC.fullmatch(text):
        raise ValueError
    return text


def _uri(text: str) -> str:
    """a URI such as urn:herald:webapp"""
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]{1,200}", text):
        raise ValueError
    return text


def _url(text: str) -> str:
    """an https URL without query or user (http only on loopback)"""
    parts = urlsplit(text)
    if not parts.hostname or parts.username or parts.query or parts.fragment or not _PLAIN.fullmatch(text):
        raise ValueError
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False


def _seconds(text: str) -> int:
    """a whole number of seconds between 0 and 86400"""
    if not text.isascii() or not text.isdigit() or int(text) > 86400:
        raise ValueError
    return int(text)


def _rate(text: str) -> int:
    """a whole number of requests a second for each caller, between 1 and 1000000"""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise ValueError
    return int(text)
