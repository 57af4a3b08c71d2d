"""The context of `herald doctor` and `herald smoke`: the Herald to check, as the command's options name it, and the
recording of AWS's answers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import botocore
import typer
from dns.resolver import NoResolverConfiguration, Resolver

from doctor.aws_api import Boto3AwsApi
from doctor.check_context import CheckContext
from doctor.provider_probes import HttpAnswer
from doctor.recording import Recording, RecordingAwsApi
from herald.account import AwsAccount
from herald.capacity.concurrency import reserve
from herald.terraform.target import is_loopback, read_profile_region
from laptop.environment import REGION
from operations.errors import UserError

__all__ = [
    "DoctorContext",
    "RecordingFile",
    "SendRate",
    "Topic",
    "build_doctor_context",
    "list_regions",
    "send_request",
]

RecordingFile = Annotated[
    Path | None,
    typer.Option("--record", help="Save every answer of AWS to this file, without account ids, addresses and secrets"),
]
SendRate = Annotated[float, typer.Option("--send-rate", min=0.1, help="Mails per second, as in terraform.tfvars")]
Topic = Annotated[str | None, typer.Option("--topic", help="ARN of the shared topic that events come from")]

#: The default in infra/modules/notifier.
_SECONDS_PER_SEND = 0.25
_DNS_SECONDS = 5.0
_HTTP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class DoctorContext:
    """The context of the checks, and the recorder between them and AWS."""

    check_context: CheckContext
    recorder: RecordingAwsApi

    def keep(self, path: Path | None) -> None:
        """Write every recorded answer to a file, if one is named. Raises `UserError` if it cannot be written."""
        if path is None:
            return
        context = self.check_context
        recording = Recording(context.now, context.region, context.where, botocore.__version__, self.recorder.calls)
        try:
            recording.write(path)
        except OSError as problem:
            raise UserError(f"the answers were not kept: {path}: {problem.strerror}") from None


def build_doctor_context(
    account: AwsAccount, local: bool, send_rate: float, topic: str | None = None, domain: str | None = None
) -> DoctorContext:
    """The context for an account, before or after the first apply; `local` is the laptop cloud, which is not in DNS."""
    recorder = RecordingAwsApi(Boto3AwsApi(account.client))
    here = local or is_loopback(account.client("sts").meta.endpoint_url)
    context = CheckContext(
        recorder,
        account.prefix,
        REGION if local else account.where,
        account.where,
        (("the laptop cloud", REGION),) if local else list_regions(os.environ, read_profile_region()),
        datetime.now(UTC),
        send_rate,
        reserve(send_rate, _SECONDS_PER_SEND).reserved,
        local=here,
        told_topic=topic,
        told_domain=domain.lower() if domain else None,
        resolver=None if here else _make_resolver(),
        http=send_request,
    )
    return DoctorContext(context, recorder)


def list_regions(environment: Mapping[str, str], profile: str | None) -> tuple[tuple[str, str], ...]:
    """(source, region) pairs of the regions that the settings name; the one that Herald uses comes first."""
    sources = [(name, environment.get(name)) for name in ("AWS_REGION", "AWS_DEFAULT_REGION")]
    sources.append(("the profile", profile))
    return tuple((source, region) for source, region in sources if region)


def send_request(method: str, url: str, headers: Mapping[str, str], /) -> HttpAnswer:
    """Make one request, by a client that is slow to load and needed only with a provider other than SES."""
    import httpx  # noqa: PLC0415  as said above

    try:
        answer = httpx.request(method, url, headers=dict(headers), timeout=_HTTP_SECONDS, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):  # the last for characters that no header or host may have
        return HttpAnswer(0)
    return HttpAnswer(answer.status_code, answer.text)


def _make_resolver() -> Resolver | None:
    try:
        resolver = Resolver()
    except NoResolverConfiguration:
        return None
    resolver.lifetime = _DNS_SECONDS
    return resolver
