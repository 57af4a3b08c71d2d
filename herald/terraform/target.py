"""Finds the account and region that a command will change, and refuses those that may be named by accident."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session as BotocoreSession

from laptop.descriptor import Descriptor
from laptop.environment import build_client_settings, is_foreign
from operations.errors import UserError

__all__ = ["AwsTarget", "find_aws", "find_laptop", "is_loopback", "open_aws_session", "read_profile_region"]

_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]")
_OR_LOCAL = "or say --local for the laptop cloud"


@dataclass(frozen=True, slots=True)
class AwsTarget:
    """One account in one region; `environment` is the environment that Terraform runs in."""

    account: str
    caller: str
    region: str
    environment: Mapping[str, str]
    local: bool

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of a service in this account, and in this region if no other is named."""
        session = boto3.Session("laptop", "laptop", region_name=self.region) if self.local else open_aws_session()
        make: Callable[..., Any] = session.client
        if not self.local:
            return make(service, region_name=region, config=_CONFIG)
        own = self.environment.get(f"AWS_ENDPOINT_URL_{service.upper()}")
        return make(service, region_name=region, endpoint_url=own or self.environment["AWS_ENDPOINT_URL"])


def open_aws_session() -> boto3.Session:
    """A session with the shell's AWS settings, in the region that they name.

    `AWS_REGION` takes precedence, as for Terraform and the AWS CLI: boto3 by itself does not read it and uses the
    profile's region. An empty variable counts as unset. Raises `UserError` if the profile does not exist, and if there
    is no region or no valid one.
    """
    try:
        named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or read_profile_region()
        if named is None:
            raise UserError(
                f"no AWS region is set: export AWS_REGION=eu-west-1, name a profile that has one, {_OR_LOCAL}"
            )
        if not _REGION.fullmatch(named):
            raise UserError(f"the AWS settings say region {named!r}, which AWS has not: say one such as eu-west-1")
        return boto3.Session(region_name=named)
    except BotoCoreError as problem:
        raise UserError(f"the AWS settings lead nowhere: {problem}. Choose another profile, {_OR_LOCAL}") from None


def read_profile_region() -> str | None:
    """The profile's region in the configuration file, ignoring the variable that boto3 would prefer.

    Raises `BotoCoreError` if the profile does not exist.
    """
    region: str | None = BotocoreSession().get_scoped_config().get("region")
    return region or None


def find_aws() -> AwsTarget:
    """The account that the user's AWS settings lead to; raises `UserError` for none, or for a laptop cloud."""
    for name, value in os.environ.items():
        if name.startswith("AWS_ENDPOINT_URL") and is_loopback(value):
            raise UserError(f"{name} is {value}, a laptop cloud: say --local, or unset it to reach AWS")
    session = open_aws_session()
    client = session.client("sts", config=_CONFIG)
    if is_loopback(client.meta.endpoint_url):
        raise UserError("the AWS settings lead to a laptop cloud: say --local, or choose another profile")
    return _identify(client, session.region_name, _with_region(session.region_name), local=False)


def find_laptop(descriptor: Path) -> AwsTarget:
    """The laptop cloud that runs here, in an environment without the user's own AWS settings."""
    cloud = Descriptor.read(descriptor)
    settings = build_client_settings(cloud.endpoints)
    environment = {name: value for name, value in os.environ.items() if not is_foreign(name)} | settings
    session = boto3.Session("laptop", "laptop", region_name=cloud.region)
    client = session.client("sts", endpoint_url=cloud.endpoints["aws"])
    return _identify(client, cloud.region, environment, local=True)


def _with_region(region: str) -> Mapping[str, str]:
    """The shell's environment, changed so that Terraform's provider can find no other region than this."""
    return {**os.environ, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}


def _identify(client: Any, region: str, environment: Mapping[str, str], local: bool) -> AwsTarget:
    try:
        who = client.get_caller_identity()
    except (BotoCoreError, ClientError) as problem:
        raise UserError(f"AWS does not say who is calling ({problem}): are you signed in?") from None
    return AwsTarget(who["Account"], who["Arn"], region, environment, local)


def is_loopback(url: str) -> bool:
    """Whether an endpoint is on this machine: a laptop cloud, not AWS."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False
