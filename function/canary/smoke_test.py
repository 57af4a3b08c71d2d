"""The smoke test of one release: sends synthetic mails through its `notify` and reports about them through its
`feedback`, then checks the ledger."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from function.canary.smoke_mails import (
    ENDS,
    SmokeMail,
    build_delivery,
    build_reports,
    build_silent_change,
    build_unsigned_request,
)
from function.ledger.attributes import deserialize
from function.ledger.keys import message_key
from function.ledger.record import Record
from function.ledger.states import State
from function.ledger.table import Table
from function.runtime.lean_dataclass import dataclass

__all__ = ["Candidate", "SmokeTest"]

_SENT = frozenset({State.SENT, State.DELAYED, *ENDS.values(), State.SOFT_BOUNCED})
#: States that do not fail the version: SES was busy, or an answer was lost.
_UNDECIDED = frozenset({State.RELEASED, State.UNKNOWN, State.SENDING})
_BUSY = frozenset({"TooManyRequestsException", "ServiceException", "EC2ThrottledException"})
_UNTIL_THE_DEADLINE = 1_000
#: Seconds before the second try; the pause doubles up to the longest.
_PAUSE, _LONGEST_PAUSE = 2.0, 10.0
#: Seconds between two reads of a record that has not reached its final state.
_LOOK = 1.0
#: Seconds reserved for the last try.
_LAST_TRY = 15.0
#: How many mails are sent concurrently.
_AT_ONCE = 4
#: The statuses expected for a request on a path of no provider.
_TURNED_AWAY = frozenset({401, 404})
#: The attempt that made-up reports name for a mail that was not sent.
_NO_ATTEMPT = "smoke-test"


@dataclass(frozen=True, slots=True)
class Candidate:
    """The versions to test: the ARN or name of `notify` with its qualifier, the version that must answer, and the
    release that timeline rows must name (empty: not known).

    `feedback` is the qualified function that is invoked with made-up reports about the mails. With `reported`, the test
    waits for SES's own reports instead; with neither, it expects no reports. `webhooks` are the qualified functions
    that receive HTTP requests, and `mail_events` those that publish mail events.
    """

    function: str
    version: str
    release: str = ""
    feedback: str = ""
    reported: bool = False
    webhooks: tuple[str, ...] = ()
    mail_events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Failure:
    """What was wrong with one mail, and after how many tries it counts as a failure."""

    reason: str
    tries: int = 1


@dataclass(frozen=True, slots=True)
class SmokeTest:
    """Invokes a candidate and reads the ledger. `clock` returns epoch milliseconds, `sleep` takes seconds."""

    functions: Any
    table: Table
    configuration_set: str
    clock: Callable[[], int]
    sleep: Callable[[float], None]
    at_once: int = _AT_ONCE

    def failure_reason(self, candidate: Candidate, mails: Sequence[SmokeMail], seconds: float = 60.0) -> str | None:
        """Return why the candidate fails, in one line; None if every mail reached its final state within `seconds`."""
        deadline = self.clock() + int((seconds - _LAST_TRY) * 1000)
        failed = threading.Event()

        def run(mail: SmokeMail) -> str | None:
            once = partial(self._try_once, candidate, mail, deadline)
            failure = None if failed.is_set() else self._repeat(once, deadline)
            if failure:
                failed.set()
            return f"{mail.name}: {failure.reason}" if failure else None

        beside = [partial(self._try_webhook, webhook) for webhook in candidate.webhooks]
        beside += [partial(self._try_mail_events, function) for function in candidate.mail_events]
        beside += [partial(self._try_feedback, candidate, mails[0])] if candidate.feedback else []
        for once in beside:
            if failure := self._repeat(once, deadline):
                return failure.reason
        with ThreadPoolExecutor(self.at_once) as pool:
            return next((reason for reason in pool.map(run, mails) if reason), None)

    def _repeat(self, once: Callable[[], _Failure | None], deadline: int) -> _Failure | None:
        """Repeat a check as often as its failure allows; return the last failure, if any."""
        for number in count(1):
            failure = once()
            if failure is None or number >= failure.tries or self.clock() >= deadline:
                return failure
            self.sleep(min(_PAUSE * 2 ** (number - 1), _LONGEST_PAUSE))
        return None

    def _try_once(self, candidate: Candidate, mail: SmokeMail, deadline: int) -> _Failure | None:
        message_id = str(uuid.uuid4())
        failure = self._invoke(candidate, build_delivery(mail, message_id, self.clock()))
        return failure or self._check_sent(candidate, message_id) or self._follow(candidate, mail, message_id, deadline)

    def _invoke(self, candidate: Candidate, payload: bytes) -> _Failure | None:
        try:
            answer = self.functions.invoke(FunctionName=candidate.function, Payload=payload)
        except ClientError as error:
            busy = error.response["Error"]["Code"] in _BUSY
            return _Failure(f"it was not invoked: {error}", _UNTIL_THE_DEADLINE if busy else 1)
        body = answer["Payload"].read().decode("utf-8", "replace")
        executed = answer.get("ExecutedVersion", candidate.version)
        if executed != candidate.version:  # for a while after a move, the alias still leads to the old version
            return _Failure(f"version {executed} answered instead of {candidate.version}", _UNTIL_THE_DEADLINE)
        return _Failure(f"it raised: {body[:200]}") if answer.get("FunctionError") else None

    def _check_sent(self, candidate: Candidate, message_id: str) -> _Failure | None:
        item = self.table.get(message_key(message_id))
        if item is None:
            return _Failure("it returned, and the ledger knows nothing of the mail")
        state = Record.from_item(item).state
        if state not in _SENT:
            return _Failure(f"the ledger says {state}", _UNTIL_THE_DEADLINE if state in _UNDECIDED else 1)
        releases = {row.get("release") for row in deserialize(item["timeline"])}
        if candidate.release and candidate.release not in releases:
            return _Failure(f"the timeline does not name release {candidate.release}")
        return None

    def _follow(self, candidate: Candidate, mail: SmokeMail, message_id: str, deadline: int) -> _Failure | None:
        """Follow a sent mail to its final state. Returns the failure, if any."""
        if candidate.feedback:
            attempt = Record.from_item(self.table.get(message_key(message_id)) or {}).owner or _NO_ATTEMPT
            if failure := self._report(candidate, {message_id: mail.mailbox}, attempt):
                return failure
        elif not candidate.reported:
            return None
        while (found := self._end_of(message_id)) != mail.end:
            if self.clock() >= deadline:
                return _Failure(f"the ledger says {found}, and {mail.end} did not come")
            self.sleep(_LOOK)
        if candidate.reported and candidate.release and candidate.release not in self._list_reporters(message_id):
            return _Failure(f"no report went through feedback of release {candidate.release}", _UNTIL_THE_DEADLINE)
        return None

    def _end_of(self, message_id: str) -> State | None:
        item = self.table.get(message_key(message_id))
        return None if item is None else Record.from_item(item).state

    def _list_reporters(self, message_id: str) -> set[str]:
        """Return the releases whose `feedback` wrote rows of a record."""
        item = self.table.get(message_key(message_id)) or {}
        return {str(row.get("release")) for row in deserialize(item["timeline"]) if row.get("provider") == "ses"}

    def _try_feedback(self, candidate: Candidate, mail: SmokeMail) -> _Failure | None:
        """Report on mails that the ledger does not know: `feedback` must create their records, and `notify` must then
        not send the mail that was reported as delivered. Returns the failure, if any."""
        mails = {str(uuid.uuid4()): mailbox for mailbox in ENDS}
        if failure := self._report(candidate, mails, _NO_ATTEMPT):
            return failure
        for message_id, mailbox in mails.items():
            if (found := self._end_of(message_id)) != ENDS[mailbox]:
                finding = f"after its reports on a mail to {mailbox}@ the ledger says {found}"
                return _Failure(f"{candidate.feedback}: {finding}")
            if candidate.release and self._list_reporters(message_id) != {candidate.release}:
                return _Failure(f"{candidate.feedback}: the timeline does not name release {candidate.release}")
        first = next(iter(mails))
        failure = self._invoke(candidate, build_delivery(mail, first, self.clock()))
        if failure and failure.tries == 1:
            return _Failure(f"{candidate.function}: {failure.reason}")
        if self._end_of(first) != State.DELIVERED:
            return _Failure(f"{candidate.function}: it forgot what feedback had written")
        return None

    def _try_webhook(self, webhook: str) -> _Failure | None:
        """Send an unsigned request, which the function must refuse. Returns the failure, if any."""
        answer = self._ask(webhook, build_unsigned_request())
        if isinstance(answer, _Failure):
            return answer
        status = answer.get("statusCode")
        return None if status in _TURNED_AWAY else _Failure(f"{webhook}: it answered {status} to a stranger")

    def _try_mail_events(self, function: str) -> _Failure | None:
        """Send a stream record about a synthetic mail, which `mail-events` must accept and not publish. Returns the
        failure, if any."""
        answer = self._ask(function, build_silent_change(str(uuid.uuid4())))
        if isinstance(answer, _Failure):
            return answer
        return (
            None if answer.get("batchItemFailures") == [] else _Failure(f"{function}: it wants a batch again: {answer}")
        )

    def _report(self, candidate: Candidate, mails: dict[str, str], attempt: str) -> _Failure | None:
        answer = self._ask(candidate.feedback, build_reports(mails, attempt, self.configuration_set, self.clock()))
        if isinstance(answer, _Failure):
            return answer
        failures = answer.get("batchItemFailures")
        return _Failure(f"{candidate.feedback}: it could not write {len(failures)} reports", 3) if failures else None

    def _ask(self, function: str, payload: bytes) -> dict[str, Any] | _Failure:
        """Invoke a qualified function and return its answer, or the failure."""
        try:
            answer = self.functions.invoke(FunctionName=function, Payload=payload)
        except ClientError as error:
            busy = error.response["Error"]["Code"] in _BUSY
            return _Failure(f"{function}: it was not invoked: {error}", _UNTIL_THE_DEADLINE if busy else 1)
        body = answer["Payload"].read().decode("utf-8", "replace")
        return (
            _Failure(f"{function}: it raised: {body[:200]}") if answer.get("FunctionError") else json.loads(body) or {}
        )
