"""The context that every check gets: access to AWS, the names of one Herald, and the options of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from doctor.aws_api import Answer, AwsApi, read_pages
from doctor.errors import RefusedError, UnansweredError
from doctor.provider_probes import Http
from doctor.scrubbing import LEFT_OUT
from operations.installation import read_providers

if TYPE_CHECKING:
    from dns.resolver import Resolver

    from function.message.addressing.tenant import Tenant

__all__ = ["ALIAS", "CheckContext", "read_member"]

#: The alias that receives traffic; only CodeDeploy moves it.
ALIAS = "live"
_SIMULATORS = {"sesv2": "the SES simulator", "codedeploy": "the CodeDeploy simulator", "dns": "the laptop cloud"}
_SERVICES = {"sesv2": "SES", "codedeploy": "CodeDeploy", "cognito-idp": "Cognito", "dns": "DNS"}


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One account in one region, and the Herald that is or will be in it; names are those of infra/modules/notifier.

    `regions` are (source, region) pairs from the settings, the one in use first. `reservation` is the concurrency that
    `send_rate` (mails a second) needs. `told_topic` is the ARN of a shared topic, `told_domain` the sending domain
    before a function is installed. `tenant` is the tenant whose sender is checked, if not the deployment's own. With
    `resolver` None, DNS is not queried; with `http` None, providers are not. `local`: emulators and simulators answer.
    """

    cloud: AwsApi
    prefix: str
    region: str
    where: str
    regions: tuple[tuple[str, str], ...]
    now: datetime
    send_rate: float
    reservation: int
    local: bool = False
    told_topic: str | None = None
    told_domain: str | None = None
    tenant: Tenant | None = None
    resolver: Resolver | None = None
    http: Http | None = None

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """Call an operation. Raises `RefusedError` if AWS returns an error, botocore's own errors if no answer came."""
        try:
            return self.cloud.ask(service, operation, **parameters)
        except ClientError as error:
            raise _make_refusal(service, operation, error) from error

    def find(self, service: str, operation: str, /, **parameters: Any) -> Answer | None:
        """Call an operation; None if the resource does not exist. Raises as `ask` does."""
        try:
            return self.ask(service, operation, **parameters)
        except RefusedError as refusal:
            if not refusal.missing:
                raise
            return None

    def pages(
        self, service: str, operation: str, next_page: str = "NextToken", /, **parameters: Any
    ) -> Iterator[Answer]:
        """Every page of a list; `next_page` is the name of the operation's pagination token."""
        return read_pages(self, service, operation, next_page, **parameters)

    @property
    def notify(self) -> str:
        """The name of the function that sends."""
        return f"{self.prefix}-notify"

    @property
    def installed(self) -> bool:
        """Whether `notify` exists; True if the caller may not look it up."""
        try:
            self.ask("lambda", "GetFunctionConfiguration", FunctionName=self.notify)
        except RefusedError as refusal:
            return not refusal.missing
        return True

    @property
    def settings(self) -> Mapping[str, str]:
        """The environment variables of `notify`: those of the alias's version, or of $LATEST if there is no alias."""
        answer = self.find("lambda", "GetFunctionConfiguration", FunctionName=self.notify, Qualifier=ALIAS)
        if answer is None:
            answer = self.ask("lambda", "GetFunctionConfiguration", FunctionName=self.notify)
        variables: Mapping[str, str] = read_member(answer, "lambda", "Environment", "Variables")
        return variables

    @property
    def providers(self) -> tuple[str, ...]:
        """The URLs of the providers in those settings, in order of preference; empty if a recording left them out.

        Raises `UserError` if `notify` could not read them.
        """
        settings = self.settings
        return () if settings.get("HERALD_PROVIDERS") == LEFT_OUT else read_providers(settings, self.notify)

    @property
    def sender(self) -> str | None:
        """The sender's address, or only its domain if the command line names that; None if it is unknown."""
        if self.tenant:
            return parseaddr(self.tenant.sender)[1].lower()
        if self.told_domain:
            return self.told_domain
        return parseaddr(self.settings.get("HERALD_FROM", ""))[1].lower() or None if self.installed else None

    @property
    def configuration_set(self) -> str:
        """The SES configuration set that mail is sent with: the tenant's, if it has one, else the deployment's."""
        if self.tenant and self.tenant.configuration_set:
            return self.tenant.configuration_set
        return self.settings.get("HERALD_CONFIGURATION_SET") or self.prefix

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource in this account and region."""
        caller = str(read_member(self.ask("sts", "GetCallerIdentity"), "sts", "Arn"))
        partition, account = caller.split(":")[1], caller.split(":")[4]
        return f"arn:{partition}:{service}:{self.region}:{account}:{resource}"

    @property
    def alias_arn(self) -> str:
        """The ARN of the alias, which SNS invokes."""
        return self.arn("lambda", f"function:{self.notify}:{ALIAS}")

    def topic(self, part: str) -> str:
        """The ARN of the topic `events` or `feedback`."""
        if part == "events" and self.told_topic:
            return self.told_topic
        return self.arn("sns", f"{self.prefix}-{part}")

    def queue(self, part: str) -> Mapping[str, str]:
        """All attributes of the queue `retry`, `feedback` or `dead`."""
        url = self.ask("sqs", "GetQueueUrl", QueueName=f"{self.prefix}-{part}")["QueueUrl"]
        answer = self.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])
        attributes: Mapping[str, str] = read_member(answer, "sqs", "Attributes")
        return attributes

    def name_service(self, service: str) -> str:
        """The name, for messages, of what answers for a service here: AWS's service, an emulator or a simulator."""
        return _SIMULATORS.get(service, "ministack") if self.local else _SERVICES.get(service, service.upper())

    def make(self, target: str) -> str:
        """The `make` command that runs a target on this Herald."""
        flags = " ".join(["--local"] * self.local + [f"--prefix {self.prefix}"] * (self.prefix != "herald"))
        return f'make {target} FLAGS="{flags}"' if flags else f"make {target}"

    @property
    def apply(self) -> str:
        """How to restore what differs from its configuration: by Terraform, or by restarting the laptop cloud."""
        return "stop the laptop cloud and start it anew: make run" if self.local else "make apply"

    @property
    def beyond(self) -> str:
        """What to do about something that cannot be checked here."""
        return "run it on AWS: only AWS can tell" if self.local else "update boto3 (make setup), or look in the console"


def read_member(answer: Any, service: str, *path: str) -> Any:
    """The value at a path in an answer. Raises `UnansweredError` if a member is missing or null, as AWS may omit it."""
    for name in path:
        if not isinstance(answer, Mapping) or answer.get(name) is None:
            raise UnansweredError(service, name)
        answer = answer[name]
    return answer


def _make_refusal(service: str, operation: str, error: ClientError) -> RefusedError:
    error_fields, metadata = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    return RefusedError(
        service,
        operation,
        str(error_fields.get("Code", "")),
        str(error_fields.get("Message", "")),
        int(metadata.get("HTTPStatusCode", 0)),
    )
