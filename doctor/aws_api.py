"""Calls AWS operations by their names in the service model, so that answers can be recorded and replayed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from botocore import xform_name

__all__ = ["Answer", "AwsApi", "Boto3AwsApi", "Memo", "format_key", "read_pages"]

Answer = Mapping[str, Any]


class AwsApi(Protocol):
    """Anything that answers an AWS operation: AWS, a laptop cloud, a recording, a fake."""

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """Return the answer in boto3's shape, without its metadata. Raises botocore's errors."""


class Boto3AwsApi:
    """AWS or a laptop cloud, called by boto3. `client` makes a client for boto3's name of a service; for
    `sesv2@eu-west-1` it is also passed that `region_name`."""

    def __init__(self, client: Callable[..., Any]) -> None:
        self._client = client
        self._made: dict[str, Any] = {}

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """Make the call."""
        if service not in self._made:
            name, _, region = service.partition("@")
            self._made[service] = self._client(name, **({"region_name": region} if region else {}))
        answer: dict[str, Any] = getattr(self._made[service], xform_name(operation))(**parameters)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


class Memo:
    """Caches answers: checks that need the same answer get the same one, and SES allows one such call a second.

    https://docs.aws.amazon.com/ses/latest/dg/quotas.html
    """

    def __init__(self, cloud: AwsApi) -> None:
        self._cloud = cloud
        self._known: dict[str, Answer | Exception] = {}

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """Return the first answer; an error is cached, too, and raised again."""
        key = format_key(service, operation, parameters)
        if key not in self._known:
            try:
                self._known[key] = self._cloud.ask(service, operation, **parameters)
            except Exception as problem:  # remembered, whatever it is, and raised below
                self._known[key] = problem
        known = self._known[key]
        if isinstance(known, Exception):
            raise known
        return known


def format_key(service: str, operation: str, parameters: Mapping[str, Any]) -> str:
    """A text that is the same for the same operation and parameters."""
    return f"{service} {operation} {json.dumps(parameters, sort_keys=True, default=str)}"


def read_pages(cloud: AwsApi, service: str, operation: str, token: str, /, **parameters: Any) -> Iterator[Answer]:
    """Every page of a list; `token` is the name of the pagination token, in the operation's answer and request."""
    more: dict[str, Any] = {}
    while True:
        answer = cloud.ask(service, operation, **parameters, **more)
        yield answer
        if not answer.get(token):
            return
        more = {token: answer[token]}
