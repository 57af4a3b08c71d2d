"""What an entry point needs to set itself up: clients, the clock, the release, and the address keys."""

from __future__ import annotations

import functools
import gc
import json
import os
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from function.environment import BadSetting, read_timeout_factor
from function.ledger.keys import split_keys
from function.ledger.ledger import Ledger, Writes
from function.ledger.table import Table
from function.runtime.fast_client import FastClient
from function.runtime.tls import TlsContext
from function.settings import LedgerSettings

__all__ = ["Clients", "LazyHandler", "make_attempt_name", "open_ledger", "read_clock", "read_release"]

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

#: A fixed user agent for all requests; otherwise botocore builds one from its environment for each request.
_USER_AGENT = Config(user_agent=f"Botocore/{botocore.__version__} herald")
_RETRIES: Any = {"mode": "standard", "total_max_attempts": 3}
#: Connect and read timeout, in seconds.
_TABLE_TIMEOUTS = (1, 3)
_QUEUE_TIMEOUTS = (2, 5)


class Clients:
    """botocore clients of one session: the region and the endpoints come from the environment."""

    def __init__(self) -> None:
        self._session = botocore.session.get_session()
        self._tls = TlsContext()
        self._timeout_factor = read_timeout_factor(os.environ)

    def ses(self, region: str, config: Config) -> Any:
        """SES v2 in `region`."""
        return FastClient(self._client("sesv2", config, region), "SendEmail")

    def dynamodb(self) -> Any:
        """The DynamoDB client. Retrying a conditional write is safe, because an attempt recognises its own earlier
        write."""
        return FastClient(self._client("dynamodb", self._config(_TABLE_TIMEOUTS)), "TransactWriteItems", "UpdateItem")

    def sqs(self, region: str | None = None) -> Any:
        """The SQS client of `region` (None: the function's own region), created on first use: most events go into no
        queue."""
        return LazyClient(lambda: self._client("sqs", self._config(_QUEUE_TIMEOUTS), region))

    def s3(self) -> Any:
        """The S3 client, created on first use: few mails have attachments."""
        return LazyClient(lambda: self._client("s3", self._config(_QUEUE_TIMEOUTS)))

    def sns(self) -> Any:
        """The SNS client, for the functions that publish to a topic."""
        return self._client("sns", self._config(_QUEUE_TIMEOUTS))

    def functions(self) -> Any:
        """The Lambda client, for the function that disables its own event source mapping."""
        return self._client("lambda", self._config(_QUEUE_TIMEOUTS))

    def keys(self, parameter: str) -> tuple[bytes, ...]:
        """Return the keys in a parameter of SSM Parameter Store, newest first. Raises BadSetting if one is too
        short."""
        value: str = self._parameters.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
        try:
            return split_keys(value.encode())
        except ValueError as error:
            raise BadSetting(f"the parameter {parameter}: {error}") from error

    def secret(self, arn: str) -> str:
        """Return the secret that an ARN of SSM Parameter Store or Secrets Manager names. Raises BadSetting with the
        cause if it cannot be read."""
        service, region = arn.split(":")[2:4]
        try:
            if service == "ssm":
                client = self._client("ssm", self._config(_QUEUE_TIMEOUTS), region)
                return str(client.get_parameter(Name=arn, WithDecryption=True)["Parameter"]["Value"])
            client = self._client("secretsmanager", self._config(_QUEUE_TIMEOUTS), region)
            return str(client.get_secret_value(SecretId=arn)["SecretString"])
        except (BotoCoreError, ClientError, KeyError) as error:
            raise BadSetting(f"the secret {arn} could not be read: {error}") from error

    @functools.cached_property
    def _parameters(self) -> Any:
        return self._client("ssm", self._config(_QUEUE_TIMEOUTS))

    def _config(self, timeouts: tuple[float, float]) -> Config:
        connect, read = (seconds * self._timeout_factor for seconds in timeouts)
        return Config(connect_timeout=connect, read_timeout=read, retries=_RETRIES, tcp_keepalive=True)

    def _client(self, service: str, config: Config, region: str | None = None) -> Any:
        with self._tls.share():
            return self._session.create_client(service, region_name=region, config=config.merge(_USER_AGENT))


class LazyClient:
    """A client that is created when one of its attributes is first used."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._made = functools.cache(make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made(), name)


def open_ledger(settings: LedgerSettings, client: Any, resends: int = 0) -> Ledger:
    """Open the ledger on its table; `resends` is how often a mail in doubt may be sent again without an operator."""
    writes = Writes(
        settings.table,
        settings.release,
        int(settings.hold * 1000),
        settings.retention_days * 86_400,
        resends,
        int(settings.apart * 1000),
    )
    return Ledger(Table(client, settings.table), writes, read_clock)


def read_clock() -> int:
    """Return the current time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def make_attempt_name(request_id: str) -> str:
    """Return a unique name for one attempt, which begins with the request id that the log shows.

    It is also the value of an SES tag, so it contains only letters, digits, `_` and `-`.
    """
    return f"{request_id}-{uuid.uuid4().hex[:12]}"


def read_release() -> str:
    """Return the release in the package's manifest, or `source` if there is no manifest."""
    manifest = Path(__file__).parents[1] / "manifest.json"
    try:
        return str(json.loads(manifest.read_text())["release"])
    except (OSError, ValueError, KeyError):
        return "source"


class LazyHandler:
    """A Lambda handler that is composed once: at import in Lambda, so that it happens during init; elsewhere at the
    first call, so that the module can be imported without an environment."""

    def __init__(self, compose: Callable[[dict[str, str], Clients], Handler]) -> None:
        self._compose = compose
        self._handler = self._compose_handler() if "AWS_LAMBDA_FUNCTION_NAME" in os.environ else None
        if self._handler:  # what exists now stays alive, so later collections can skip it
            gc.freeze()
            gc.enable()

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        self._handler = self._handler or self._compose_handler()
        return self._handler(event, context)

    def _compose_handler(self) -> Handler:
        """Compose the handler. A bad setting ends the process with one line in the log, without a traceback."""
        try:
            return self._compose(dict(os.environ), Clients())
        except BadSetting as error:
            sys.stderr.write(f"herald cannot start: {error}\n")
            raise SystemExit(1) from error
