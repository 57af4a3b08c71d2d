"""The one way to AWS: an operation by its name in the service model, so that answers can be kept and replayed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from botocore import xform_name

__all__ = ["Answer", "Boto3Cloud", "Cloud", "Memo", "format_key", "read_pages"]

Answer = Mapping[str, Any]


class Cloud(Protocol):
    """Anything that answers an AWS operation: AWS, a laptop cloud, a recording, a fake."""

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """The answer as boto3 shapes it, without its metadata. Raises botocore's errors."""


class Boto3Cloud:
    """AWS or a laptop cloud, by boto3 clients; `client` makes one by the service's name in boto3, and by `region_name`
    for a service that is asked as `sesv2@eu-west-1`."""

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
    """Asks each question once: checks that need the same answer see the same, and SES allows one such call a second.

    https://docs.aws.amazon.com/ses/latest/dg/quotas.html
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._known: dict[str, Answer | Exception] = {}

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """The first answer; an error is raised again."""
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
    """One text for one question."""
    return f"{service} {operation} {json.dumps(parameters, sort_keys=True, default=str)}"


def read_pages(cloud: Cloud, service: str, operation: str, token: str, /, **parameters: Any) -> Iterator[Answer]:
    """Every page of a list; `token` is how the operation names the next one, in its answer and in its request."""
    more: dict[str, Any] = {}
    while True:
        answer = cloud.ask(service, operation, **parameters, **more)
        yield answer
        if not answer.get(token):
            return
        more = {token: answer[token]}
