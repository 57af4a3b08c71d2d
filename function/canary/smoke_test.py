"""The smoke test of one version of `notify`: a synthetic event of each type, and what the ledger says of its mail."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from function.event.synthetic import SOURCE, synthetic_event
from function.ledger import Record, State, Table, message_key
from function.ledger.attributes import deserialize
from function.message.catalogue import COMPILED
from function.runtime.lean_dataclass import dataclass

__all__ = ["Candidate", "SmokeTest", "examples"]

_SENT = frozenset({State.SENT, State.DELAYED, State.DELIVERED})
#: These say nothing against the version: SES was busy, or an answer was lost.
_UNDECIDED = frozenset({State.RELEASED, State.UNKNOWN, State.SENDING})
_BUSY = frozenset({"TooManyRequestsException", "ServiceException", "EC2ThrottledException"})
_TRIES = 3
#: Seconds before the second try; it doubles.
_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """What must answer: the function's ARN or name with its qualifier, the version that this must lead to, and the
    release that its timeline rows must name; empty if not known."""

    function: str
    version: str
    release: str = ""


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """Invokes a candidate and reads the ledger. `clock` gives epoch milliseconds, `sleep` takes seconds."""

    functions: Any
    table: Table
    examples: Mapping[str, Mapping[str, Any]]
    clock: Callable[[], int]
    sleep: Callable[[float], None]

    def failure_reason(self, candidate: Candidate) -> str | None:
        """Why the candidate fails, in one line, or None: it sent every mail."""
        for type_ in sorted(self.examples):
            for number in range(_TRIES):
                found = self._try_one(candidate, type_)
                if found is None or not found[1]:
                    break
                self.sleep(_PAUSE * 2**number)
            if found is not None:
                return f"{type_}: {found[0]}"
        return None

    def _try_one(self, candidate: Candidate, type_: str) -> tuple[str, bool] | None:
        """Why one mail failed, and whether another try may go better."""
        message_id = str(uuid.uuid4())
        try:
            reason = self._invoke(candidate, self._delivery(message_id, type_))
        except ClientError as error:
            return f"it was not invoked: {error}", error.response["Error"]["Code"] in _BUSY
        return (reason, False) if reason else self._check_ledger(candidate, message_id)

    def _invoke(self, candidate: Candidate, delivery: bytes) -> str | None:
        answer = self.functions.invoke(FunctionName=candidate.function, Payload=delivery)
        said = answer["Payload"].read().decode("utf-8", "replace")
        if answer.get("FunctionError"):
            return f"it raised: {said[:200]}"
        if answer.get("ExecutedVersion", candidate.version) != candidate.version:
            return f"version {answer['ExecutedVersion']} answered instead of {candidate.version}"
        return None

    def _check_ledger(self, candidate: Candidate, message_id: str) -> tuple[str, bool] | None:
        item = self.table.get(message_key(message_id))
        if item is None:
            return "it returned, and the ledger knows nothing of the mail", False
        state = Record.from_item(item).state
        if state not in _SENT:
            return f"the ledger says {state}", state in _UNDECIDED
        releases = {row.get("release") for row in deserialize(item["timeline"])}
        if candidate.release and candidate.release not in releases:
            return f"the timeline does not name release {candidate.release}", False
        return None

    def _delivery(self, message_id: str, type_: str) -> bytes:
        """The event as SNS delivers it."""
        now = datetime.fromtimestamp(self.clock() / 1000, UTC).isoformat().replace("+00:00", "Z")
        event = synthetic_event(f"release-{message_id}", type_, self.examples[type_], now)
        sns = {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": SOURCE,
            "Message": json.dumps(event),
            "Timestamp": now,
            "MessageAttributes": {"type": {"Type": "String", "Value": type_}},
        }
        return json.dumps({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}).encode()


def examples(root: Path = COMPILED) -> dict[str, dict[str, Any]]:
    """Example data of each type, as the package carries it."""
    found: dict[str, dict[str, Any]] = json.loads((root / "trials.json").read_bytes())
    return found
