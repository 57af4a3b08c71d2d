"""Chooses the Herald that a command works on, by the same options for every command: `--local` is the laptop cloud that
`make run` started; without it the shell's AWS settings decide: AWS or, after `eval "$(make -s env)"`, the laptop cloud.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from function.ledger.keys import split_keys
from herald.console import CommandInterrupted
from herald.terraform.target import is_loopback, open_aws_session
from laptop.clients import LaptopClients
from laptop.descriptor import Descriptor
from laptop.state import DEFAULT_STATE, find_descriptor
from operations.aws_retries import retry_contention
from operations.errors import UserError
from operations.installation import Installation, read_own_lists, read_sending_regions
from release.release_context import Names, ReleaseContext

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

__all__ = ["AwsAccount", "Local", "Prefix", "StateDir", "choose_release_context", "make_hook_client", "report_refusals"]

Local = Annotated[bool, typer.Option("--local", help="Use the laptop cloud that make run started")]
StateDir = Annotated[Path, typer.Option("--state-dir", help="Folder of the laptop cloud", show_default=False)]
Prefix = Annotated[str, typer.Option("--prefix", help="Prefix of the names of this Herald's resources")]

_CONFIG = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})
#: A hook may take five minutes, and must not run twice.
_HOOKS = Config(connect_timeout=5, read_timeout=310, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class AwsAccount:
    """Clients of one account, each made once, and the names of the Herald in it; `where` names it in messages."""

    client: Callable[..., Any]
    prefix: str
    where: str
    #: The options that make another command work on the same Herald, for the commands that Herald suggests.
    options: str = ""

    @classmethod
    def choose(cls, local: bool, state_dir: Path, prefix: str) -> Self:
        """The account that the command's options name. Raises `UserError` if there is none."""
        named = "" if prefix == "herald" else f" --prefix {prefix}"
        if local:
            elsewhere = "" if state_dir == DEFAULT_STATE else f" --state-dir {shlex.quote(str(state_dir))}"
            cloud = Descriptor.read(find_descriptor(state_dir))
            clients = LaptopClients(cloud.endpoints)
            return cls(
                lambda service, **_: clients.make_client(service),
                prefix,
                "the laptop cloud",
                f" --local{elsewhere}{named}",
            )
        session = open_aws_session()
        make: Callable[..., Any] = session.client

        @cache
        def client(service: str, config: Config = _CONFIG, **more: str) -> Any:
            return retry_contention(make(service, config=config, **more))

        return cls(client, prefix, session.region_name, named)

    @property
    def sqs(self) -> SQSClient:
        """SQS."""
        client: SQSClient = self.client("sqs")
        return client

    @property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB."""
        client: DynamoDBClient = self.client("dynamodb")
        return client

    @property
    def functions(self) -> LambdaClient:
        """Lambda."""
        client: LambdaClient = self.client("lambda")
        return client

    @property
    def ledger(self) -> str:
        """The ledger's name."""
        return f"{self.prefix}-ledger"

    @property
    def books(self) -> str:
        """The name of the web app's table, which exists only with the web app."""
        return f"{self.prefix}-books"

    @property
    def notify(self) -> str:
        """The name of the function that sends."""
        return f"{self.prefix}-notify"

    def installation(self) -> Installation:
        """The queues, tables and clients that an operator works with."""
        dead, retry, feedback = map(self.queue, ("dead", "retry", "feedback"))
        return Installation(
            self.sqs,
            self.dynamodb,
            dead,
            retry,
            feedback,
            self.ledger,
            cache(self.address_secrets),
            self.books,
            cache(self.ses),
            own_lists=cache(lambda: read_own_lists(self.functions, self.notify)),
        )

    def queue(self, part: str) -> str:
        """The URL of `dead`, `retry` or `feedback`."""
        with self._explain_absence():
            return self.sqs.get_queue_url(QueueName=f"{self.prefix}-{part}")["QueueUrl"]

    def ses(self) -> Mapping[str, SESV2Client]:
        """A client of SES for each region that mails are sent from."""
        regions = read_sending_regions(self.functions, self.notify)
        return {region: self.client("sesv2", region_name=region) for region in regions}

    def address_secrets(self) -> Sequence[bytes]:
        """The keys that addresses are hashed with, newest first."""
        name = f"/{self.prefix}/address-key"
        with self._explain_absence():
            answer = self.client("ssm").get_parameter(Name=name, WithDecryption=True)
        try:
            return split_keys(str(answer["Parameter"]["Value"]).encode())
        except ValueError as error:
            raise UserError(f"the parameter {name}: {error}") from None

    @contextmanager
    def _explain_absence(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError) as problem:
            raise UserError(
                f"no Herald named {self.prefix} was found in {self.where}: {problem}. Are you signed in? Name another "
                "--prefix or AWS_REGION, or say --local for the laptop cloud"
            ) from None


@contextmanager
def report_refusals(so_far: str) -> Iterator[None]:
    """Report an AWS error or an interruption in one line that ends with `so_far`, what has been done until then."""
    try:
        yield
    except (BotoCoreError, ClientError) as problem:
        raise UserError(f"AWS refused: {problem}; {so_far}") from None
    except KeyboardInterrupt:
        raise CommandInterrupted(f"stopped; {so_far}") from None


def choose_release_context(local: bool, state_dir: Path, prefix: str) -> ReleaseContext:
    """The Herald to release, as the command's options name it; the shell's settings may lead to a laptop cloud, too.

    Raises `UserError` if there is none.
    """
    account = AwsAccount.choose(local, state_dir, prefix)
    functions = account.functions
    return ReleaseContext(
        functions,
        account.client("codedeploy"),
        account.client("cloudwatch"),
        Names(prefix),
        account.client("sts").get_caller_identity()["Account"],
        functions.meta.region_name,
        local=is_loopback(functions.meta.endpoint_url),
        scale=Descriptor.read(find_descriptor(state_dir)).scale if local else 1.0,
        logs=account.client("logs"),
    )


def make_hook_client(local: bool, state_dir: Path, prefix: str) -> LambdaClient:
    """A client that invokes a traffic hook without retries, and waits as long as a hook may take."""
    client: LambdaClient = AwsAccount.choose(local, state_dir, prefix).client("lambda", config=_HOOKS)
    return client
