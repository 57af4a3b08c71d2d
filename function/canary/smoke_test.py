"""The smoke test of one version of `notify`: a synthetic event of each type, and what the ledger says of its mail."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from function.event.cloudevent import SYNTHETIC_SOURCE, synthetic_event
from function.ledger.attributes import deserialize
from function.ledger.keys import message_key
from function.ledger.record import Record
from function.ledger.states import State
from function.ledger.table import Table
from function.message.catalogue import COMPILED
from function.runtime.lean_dataclass import dataclass

__all__ = ["Candidate", "SmokeTest", "examples"]

_SENT = frozenset({State.SENT, State.DELAYED, State.DELIVERED})
#: These say nothing against the version: SES was busy, or an answer was lost.
_UNDECIDED = frozenset({State.RELEASED, State.UNKNOWN, State.SENDING})
_BUSY = frozenset({"TooManyRequestsException", "ServiceException", "EC2ThrottledException"})
_TRIES = 3
_UNTIL_THE_DEADLINE = 1_000
#: Seconds before the second try; it doubles up to the longest.
_PAUSE, _LONGEST_PAUSE = 2.0, 10.0
#: Seconds that the last try may take.
_LAST_TRY = 15.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """What must answer: the function's ARN or name with its qualifier, the version that this must lead to, and the
    release that its timeline rows must name; empty if not known."""

    function: str
    version: str
    release: str = ""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What was wrong with one mail, and how many tries it takes until that counts."""

    reason: str
    tries: int = 1


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """Invokes a candidate and reads the ledger. `clock` gives epoch milliseconds, `sleep` takes seconds."""

    functions: Any
    table: Table
    examples: Mapping[str, Mapping[str, Any]]
    clock: Callable[[], int]
    sleep: Callable[[float], None]

    def failure_reason(self, candidate: Candidate, seconds: float = 60.0) -> str | None:
        """Why the candidate fails, in one line, or None: it sent every mail. New tries end within so many seconds."""
        deadline = self.clock() + int((seconds - _LAST_TRY) * 1000)
        for type_ in sorted(self.examples):
            if failure := self._try(candidate, type_, deadline):
                return f"{type_}: {failure.reason}"
        return None

    def _try(self, candidate: Candidate, type_: str, deadline: int) -> _Failure | None:
        """What is wrong with the mail of one type after as many tries as that allows."""
        for number in count(1):
            failure = self._try_once(candidate, type_)
            if failure is None or number >= failure.tries or self.clock() >= deadline:
                return failure
            self.sleep(min(_PAUSE * 2 ** (number - 1), _LONGEST_PAUSE))
        return None

    def _try_once(self, candidate: Candidate, type_: str) -> _Failure | None:
        message_id = str(uuid.uuid4())
        try:
            failure = self._invoke(candidate, self._delivery(message_id, type_))
        except ClientError as error:
            busy = error.response["Error"]["Code"] in _BUSY
            return _Failure(f"it was not invoked: {error}", _TRIES if busy else 1)
        return failure or self._check_ledger(candidate, message_id)

    def _invoke(self, candidate: Candidate, delivery: bytes) -> _Failure | None:
        answer = self.functions.invoke(FunctionName=candidate.function, Payload=delivery)
        said = answer["Payload"].read().decode("utf-8", "replace")
        executed = answer.get("ExecutedVersion", candidate.version)
        if executed != candidate.version:  # an alias that was moved leads to the old version for a while
            return _Failure(f"version {executed} answered instead of {candidate.version}", _UNTIL_THE_DEADLINE)
        return _Failure(f"it raised: {said[:200]}") if answer.get("FunctionError") else None

    def _check_ledger(self, candidate: Candidate, message_id: str) -> _Failure | None:
        item = self.table.get(message_key(message_id))
        if item is None:
            return _Failure("it returned, and the ledger knows nothing of the mail")
        state = Record.from_item(item).state
        if state not in _SENT:
            return _Failure(f"the ledger says {state}", _TRIES if state in _UNDECIDED else 1)
        releases = {row.get("release") for row in deserialize(item["timeline"])}
        if candidate.release and candidate.release not in releases:
            return _Failure(f"the timeline does not name release {candidate.release}")
        return None

    def _delivery(self, message_id: str, type_: str) -> bytes:
        """The event as SNS delivers it."""
        now = datetime.fromtimestamp(self.clock() / 1000, UTC).isoformat().replace("+00:00", "Z")
        event = synthetic_event(f"release-{message_id}", type_, self.examples[type_], now)
        sns = {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": SYNTHETIC_SOURCE,
            "Message": json.dumps(event),
            "Timestamp": now,
            "MessageAttributes": {"type": {"Type": "String", "Value": type_}},
        }
        return json.dumps({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}).encode()


def examples(root: Path = COMPILED) -> dict[str, dict[str, Any]]:
    """Example data of each type, as the package carries it."""
    found: dict[str, dict[str, Any]] = json.loads((root / "trials.json").read_bytes())
    return found
