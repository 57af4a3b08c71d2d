"""Faults that can be armed: what the simulator does wrong, how often, and for whom. See docs/simulators.md."""

from __future__ import annotations

import itertools
import threading
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

__all__ = ["ArmedFaults", "BadFault", "FaultKind", "SendFault"]

_numbers = itertools.count(1)


class FaultKind(StrEnum):
    """The kinds of faults, by the step of a request or of its feedback at which they occur."""

    #: Answer 429 *Maximum sending rate exceeded.*; the mail is not accepted.
    THROTTLE = "throttle"
    #: Answer 429 *Daily message quota exceeded.*; the mail is not accepted.
    EXHAUST_QUOTA = "exhaust-quota"
    #: Answer with the error `code`, by default *MessageRejected*; the mail is not accepted.
    REFUSE = "refuse"
    #: Reset the connection before the request is read.
    CLOSE_BEFORE_READING = "close-before-reading"
    #: Accept the mail, then close the connection without an answer.
    ACCEPT_THEN_CLOSE = "accept-then-close"
    #: Accept the mail, kill the function that sent it (every sandbox of `function`), and close the connection.
    ACCEPT_THEN_KILL = "accept-then-kill"
    #: Accept the mail, then send no answer for as long as the client waits.
    ACCEPT_THEN_HANG = "accept-then-never-answer"
    #: Accept the mail, and answer after `seconds`.
    ANSWER_SLOWLY = "answer-slowly"
    #: Publish no feedback for the mail.
    WITHHOLD_FEEDBACK = "withhold-feedback"
    #: Publish the feedback `seconds` later.
    DELAY_FEEDBACK = "delay-feedback"
    #: Publish every feedback event `copies` times.
    REPEAT_FEEDBACK = "repeat-feedback"
    #: Publish the feedback events in reverse order.
    REORDER_FEEDBACK = "reorder-feedback"
    #: Sign the feedback with a wrong key; for providers that report by webhook.
    SIGN_WRONGLY = "sign-wrongly"


class BadFault(ValueError):
    """The description of a fault is invalid; the message says why."""


@dataclass(slots=True)
class SendFault:
    """One armed fault. It applies to `times` mails (None: all), and only to those to `recipient` if that is given."""

    fault: FaultKind
    times: int | None = 1
    recipient: str | None = None
    code: str = "MessageRejected"
    message: str = "Refused on command."
    status: int | None = None
    seconds: float = 1.0
    copies: int = 2
    function: str = "herald-notify"
    id: int = field(default_factory=lambda: next(_numbers))
    injected: int = 0

    @classmethod
    def from_json(cls, given: Any) -> Self:
        """Parse a description; raise `BadFault` if it is invalid."""
        if not isinstance(given, dict):
            raise BadFault("a fault is a JSON object")
        unknown = given.keys() - {known.name for known in fields(cls) if known.name not in ("id", "injected")}
        if unknown:
            raise BadFault(f"unknown field {min(unknown)!r}")
        try:
            fault = cls(**{**given, "fault": FaultKind(str(given.get("fault")))})
        except ValueError:
            raise BadFault(f"fault must be one of {', '.join(FaultKind)}") from None
        fault._check()
        return fault

    def _check(self) -> None:
        if self.fault is FaultKind.CLOSE_BEFORE_READING and self.recipient is not None:
            raise BadFault("close-before-reading knows no recipient: the request is never read")
        if self.times is not None and (not _is_number(self.times, int) or self.times < 1):
            raise BadFault("times must be a whole number of at least 1, or null for as long as it stands")
        if not _is_number(self.seconds, int, float) or not 0 <= self.seconds <= 3600:
            raise BadFault("seconds must be a number from 0 to 3600")
        if not _is_number(self.copies, int) or not 2 <= self.copies <= 100:
            raise BadFault("copies must be a whole number from 2 to 100")
        if self.status is not None and (not _is_number(self.status, int) or not 400 <= self.status <= 599):
            raise BadFault("status must be a whole number from 400 to 599")
        if not all(isinstance(text, str) for text in (self.code, self.message, self.recipient or "", self.function)):
            raise BadFault("recipient, code, message and function must be text")

    def as_json(self) -> dict[str, object]:
        """Return the fault as the control API shows it."""
        return {**asdict(self), "fault": str(self.fault)}

    def matches(self, kinds: tuple[FaultKind, ...], recipients: tuple[str, ...]) -> bool:
        """Return whether the fault is one of `kinds` and applies to one of `recipients`."""
        known = [address.lower() for address in recipients]
        return self.fault in kinds and (self.recipient is None or self.recipient.lower() in known)


class ArmedFaults:
    """The armed faults, oldest first; safe for use by several threads."""

    def __init__(self) -> None:
        self._armed: list[SendFault] = []
        self._lock = threading.Lock()

    def arm(self, fault: SendFault) -> None:
        """Add a fault."""
        with self._lock:
            self._armed.append(fault)

    def take_matching(self, *kinds: FaultKind, recipients: tuple[str, ...] = ()) -> SendFault | None:
        """Return the first armed fault of these kinds for these recipients and count its use; None if there is none."""
        with self._lock:
            for fault in self._armed:
                if fault.matches(kinds, recipients):
                    fault.injected += 1
                    if fault.times is not None and fault.injected >= fault.times:
                        self._armed.remove(fault)
                    return fault
        return None

    def list_armed(self) -> list[SendFault]:
        """Return the faults that are still armed."""
        with self._lock:
            return list(self._armed)

    def disarm(self) -> int:
        """Remove all faults; return how many there were."""
        with self._lock:
            count = len(self._armed)
            self._armed.clear()
        return count


def _is_number(value: object, *types: type) -> bool:
    return isinstance(value, types) and not isinstance(value, bool)
