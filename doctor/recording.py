"""Records the answers of AWS in a file without personal data, and replays them from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from botocore.exceptions import ClientError

from doctor.aws_api import Answer, AwsApi, format_key
from doctor.scrubbing import Scrubber

__all__ = ["RecordedCall", "Recording", "RecordingAwsApi", "UnrecordedError"]

_TIME, _BYTES = "$time", "$bytes"
#: Operations whose answers are never recorded.
_SECRET = frozenset({"GetParameter", "GetSecretValue"})


class UnrecordedError(Exception):
    """The recording has no answer to this call."""


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """One call and its answer, or its error's code, message and HTTP status."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    answer: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None


class RecordingAwsApi:
    """Calls another cloud and records what it answers; the same answer to the same call is recorded once."""

    def __init__(self, cloud: AwsApi) -> None:
        self._cloud = cloud
        self.calls: list[RecordedCall] = []

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """Return the other cloud's answer. Errors that AWS returns are recorded, too."""
        try:
            answer = self._cloud.ask(service, operation, **parameters)
        except ClientError as error:
            details, metadata = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
            status = metadata.get("HTTPStatusCode", 0)
            kept = {"Code": details.get("Code", ""), "Message": details.get("Message", ""), "HTTPStatusCode": status}
            self._keep(RecordedCall(service, operation, parameters, error=kept))
            raise
        if operation not in _SECRET:
            self._keep(RecordedCall(service, operation, parameters, answer=answer))
        return answer

    def _keep(self, call: RecordedCall) -> None:
        if call not in self.calls:
            self.calls.append(call)


@dataclass(frozen=True, slots=True)
class Recording:
    """The calls in a region from `at` on and their answers; as an `AwsApi`, it replays them."""

    at: datetime
    region: str
    where: str
    botocore: str
    calls: list[RecordedCall] = field(default_factory=list)

    def ask(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """Return the recorded answer, or raise the recorded error; `UnrecordedError` if the call was not recorded."""
        wanted = format_key(service, operation, _to_plain(parameters))
        for call in self.calls:
            if format_key(call.service, call.operation, _to_plain(call.parameters)) == wanted:
                return _read_answer(call)
        raise UnrecordedError(f"the recording holds no {wanted}")

    def write(self, path: Path) -> None:
        """Write it, without account ids, addresses, their domains, tokens and other secrets. Raises `OSError`."""
        calls = [_as_dict(call) for call in self.calls]
        scrubbed = Scrubber(calls).scrub(calls)
        head = {"at": self.at.isoformat(), "region": self.region, "where": self.where, "botocore": self.botocore}
        path.write_text(json.dumps({**head, "calls": scrubbed}, indent=1, sort_keys=True) + "\n")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `write` wrote."""
        text = json.loads(path.read_text())
        calls = [RecordedCall(**_revive(call)) for call in text["calls"]]
        return cls(datetime.fromisoformat(text["at"]), text["region"], text["where"], text["botocore"], calls)


def _read_answer(call: RecordedCall) -> Answer:
    if call.error is not None:
        details = {"Code": call.error["Code"], "Message": call.error["Message"]}
        metadata = {"HTTPStatusCode": call.error["HTTPStatusCode"]}
        response: Any = {"Error": details, "ResponseMetadata": metadata}
        raise ClientError(response, call.operation)
    return call.answer or {}


def _as_dict(call: RecordedCall) -> dict[str, Any]:
    fields = {"service": call.service, "operation": call.operation, "parameters": _to_plain(call.parameters)}
    given = {"answer": call.answer, "error": call.error}
    return fields | {name: _to_plain(value) for name, value in given.items() if value is not None}


def _to_plain(value: Any) -> Any:
    """Convert a value of botocore's to JSON types; of bytes, only the length is kept."""
    match value:
        case datetime():
            return {_TIME: value.isoformat()}
        case bytes():
            return {_BYTES: len(value)}
        case Mapping():
            return {name: _to_plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_to_plain(inner) for inner in value]
    return value


def _revive(value: Any) -> Any:
    match value:
        case {"$time": str(text)}:
            return datetime.fromisoformat(text)
        case {"$bytes": int(count)}:
            return bytes(count)
        case dict():
            return {name: _revive(inner) for name, inner in value.items()}
        case list():
            return [_revive(inner) for inner in value]
    return value
