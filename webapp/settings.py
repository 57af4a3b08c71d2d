"""Settings from environment variables that begin with `HERALD_`, each validated once at start."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from function.environment import parse_collector, parse_timeout_factor

__all__ = [
    "OutboxSettings",
    "PostConfirmationSettings",
    "ReconcileSettings",
    "SettingsError",
    "TimeoutSettings",
    "WebSettings",
]

_PREFIX = "HERALD_"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}\.)*{_LABEL}")
_PLAIN = re.compile(r"[A-Za-z0-9._~:/\[\]@!&'()*+,;=-]{1,500}")


class SettingsError(SystemExit):
    """A setting is missing or invalid; the process ends with this one line."""


def _check_url(text: str) -> str:
    parts = urlsplit(text)
    if not parts.hostname or parts.username or parts.query or parts.fragment or not _PLAIN.fullmatch(text):
        raise ValueError
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError
    return text


def _check_base(text: str) -> str:
    """Validate a URL without a path: links, sign-in and cookies begin at the root of a host."""
    parts = urlsplit(_check_url(text))
    if parts.path or parts.port == 0 or not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False


_URL = "an https URL without query or user (http only on loopback)"
_NAME = "a name without spaces"

#: Each type's description is used in errors to say what the setting must be.
Name = Annotated[str, Field(pattern=r"^\S+$", description=_NAME)]
Url = Annotated[str, AfterValidator(_check_url), Field(description=_URL)]
BaseUrl = Annotated[
    str, AfterValidator(lambda url: url.rstrip("/")), AfterValidator(_check_base), Field(description=f"{_URL}, or path")
]
Uri = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]{1,200}$",
        description="a URI such as urn:herald:webapp",
    ),
]
TopicArn = Annotated[
    str,
    Field(
        pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$",
        description="the ARN of an SNS topic (arn:PARTITION:sns:REGION:ACCOUNT:NAME)",
    ),
]
#: What the notifier reads too, by the same rules.
Collector = Annotated[
    str,
    AfterValidator(parse_collector),
    Field(description="the base of a collector of traces: https://HOST or http://127.0.0.1:PORT"),
]
TimeoutFactor = Annotated[float, BeforeValidator(parse_timeout_factor), Field(description="a factor from 1 to 100")]
Seconds = Annotated[int, Field(ge=0, le=86_400, description="a whole number of seconds between 0 and 86400")]
Rate = Annotated[
    int,
    Field(
        ge=1,
        le=1_000_000,
        description="a whole number of requests a second for each caller, between 1 and 1000000",
    ),
]
Mails = Annotated[
    int,
    Field(ge=1, le=1_000_000, description="a whole number of mails for each account, between 1 and 1000000"),
]


class _Environment(EnvSettingsSource):
    """Environment variables without surrounding spaces; a blank one counts as not set."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        value, key, is_complex = super().get_field_value(field, field_name)
        return (value.strip() or None) if isinstance(value, str) else value, key, is_complex


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True)

    @classmethod
    def from_environment(cls) -> Self:
        """Read and validate all settings; raises `SettingsError` for the first invalid one."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            raise SettingsError(_describe(str(first["loc"][0]), cls, first["type"], first["input"])) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic-settings passes all of them by name
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use only the environment, and what is passed to the constructor."""
        return init_settings, _Environment(settings_cls)


class TimeoutSettings(_Settings):
    """The factor for all timeouts: more than 1 in the laptop cloud, whose emulator may answer late."""

    timeout_factor: TimeoutFactor = 1


class WebSettings(_Settings):
    """Settings of the web app itself."""

    books_table: Name
    ledger_table: Name
    public_url: BaseUrl
    event_source: Uri
    oidc_issuer: Url
    oidc_discovery_url: Url
    oidc_client_id: Name
    session_key_parameter: Name
    link_key_parameter: Name
    address_key_parameter: Name
    dead_queue_url: Url
    retry_queue_url: Url
    feedback_queue_url: Url
    notify_function: Name
    oidc_client_secret_parameter: Name | None = Field(default=None, description=_NAME)
    operator_claim: Name = "cognito:groups"
    operator_value: Name = "operators"
    sign_up_url: Url | None = Field(default=None, description=_URL)
    session_seconds: Seconds = 900
    requests_per_second: Rate = 100
    mails_per_ten_minutes: Mails = 50
    mails_per_day: Mails = 200
    user_pool: Name | None = Field(default=None, description="the id of the user pool in which accounts are deleted")
    catalogue: Path | None = None
    otlp_endpoint: Collector | None = None


class ReconcileSettings(_Settings):
    """Additional settings of the reconciliation; `reconcile_after_seconds` replaces the hour of its schedule."""

    ledger_table: Name
    event_source: Uri
    reconcile_after_seconds: Seconds = 3600


class PostConfirmationSettings(_Settings):
    """Settings of the function that welcomes a new account."""

    books_table: Name
    event_source: Uri
    public_url: BaseUrl


class OutboxSettings(_Settings):
    """Settings of relay and sweeper."""

    books_table: Name
    events_topic_arn: TopicArn
    sweep_after_seconds: Seconds = 60
    otlp_endpoint: Collector | None = None


def _describe(field: str, settings: type[BaseSettings], kind: str, value: object) -> str:
    name, expected = f"{_PREFIX}{field.upper()}", settings.model_fields[field].description
    if kind == "missing":
        return f"{name} is not set: give it {expected}."
    return f"{name} is {value!r}, but must be {expected}."
