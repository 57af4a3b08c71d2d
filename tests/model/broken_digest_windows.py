"""Windows of digests, each with one fault."""

from __future__ import annotations

from typing import Any

from function.ledger.attempt import Attempt, KeptForLater, Verdict
from function.ledger.digest_windows import Digest, DigestWindows
from function.ledger.record import Record
from function.ledger.schedule import Schedule
from function.ledger.writes.requests import WriteRequest
from tests.model.broken_ledger import rewrite_condition

__all__ = [
    "CancelledStaysInTheDigest",
    "ClosesAsItWasRead",
    "ClosesTwice",
    "DropsWhatComesAsItCloses",
    "JoinsAfterItsRecord",
    "JoinsBeforeItsRecord",
    "JoinsWhatIsClosed",
]


class JoinsWhatIsClosed(DigestWindows):
    def _request_join(self, attempt: Attempt, now: int) -> list[WriteRequest]:
        *rest, join = super()._request_join(attempt, now)
        wide = rewrite_condition(join["Update"], "#state IN (:collecting)", "attribute_exists(#pk)")
        return [*rest, {"Update": wide}]


class ClosesAsItWasRead(DigestWindows):
    def _request_close(self, record: Record, owner: str, digest: Digest | None, now: int) -> list[WriteRequest]:
        message, *event = super()._request_close(record, owner, digest, now)
        return [{"Update": rewrite_condition(message["Update"], " AND #changes = :seen", "")}, *event]


class ClosesTwice(DigestWindows):
    def _request_close(self, record: Record, owner: str, digest: Digest | None, now: int) -> list[WriteRequest]:
        message, *event = super()._request_close(record, owner, digest, now)
        return [{"Update": rewrite_condition(message["Update"], "#state IN (:collecting) AND ", "")}, *event]


class DropsWhatComesAsItCloses(DigestWindows):
    def _join(self, attempt: Attempt, now: int) -> Verdict | None:
        return super()._join(attempt, now) or KeptForLater(attempt.due or 0, attempt.window or "")


class JoinsAfterItsRecord(DigestWindows):
    def _join(self, attempt: Attempt, now: int) -> Verdict | None:
        *rest, join = self._request_join(attempt, now)
        if refusal := self.ledger.table.write(rest):
            return self.ledger.explain_refusal(refusal, attempt, now)
        self.ledger.table.write([join])
        return KeptForLater(attempt.due or 0, attempt.window or "")


class JoinsBeforeItsRecord(DigestWindows):
    def _join(self, attempt: Attempt, now: int) -> Verdict | None:
        *rest, join = self._request_join(attempt, now)
        if self.ledger.table.write([join]):
            return None
        if refusal := self.ledger.table.write(rest):
            return self.ledger.explain_refusal(refusal, attempt, now)
        return KeptForLater(attempt.due or 0, attempt.window or "")


class CancelledStaysInTheDigest(Schedule):
    def _request(self, *args: Any) -> list[WriteRequest]:
        return super()._request(*args)[:2]
