"""Decides whether a posted event may be published, by the same checks that `notify` makes later."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from function.delivery.scheduling import CANCEL, read_name
from function.errors import InvalidEvent, Rejected, SchedulingOff, UnknownNotification, UnknownTenant
from function.event.cloudevent import LARGEST_EVENT, PROVIDER, Event
from function.event.envelope import Delivery
from function.event.http_binding import encode
from function.message.builder import Draft, EmailBuilder
from function.reason_codes import ReasonCode
from function.runtime.lean_dataclass import dataclass

__all__ = ["Accepted", "EventProblem", "PublishValidator"]


class Accepted(NamedTuple):
    """An event that may be published to the topic."""

    source: str
    id: str
    type: str
    body: str


class EventProblem(NamedTuple):
    """What is wrong with one event: the HTTP status, a line for the publisher, the JSON Pointer, and the reason
    code."""

    status: int
    detail: str
    pointer: str
    code: str


@dataclass(frozen=True, slots=True)
class PublishValidator:
    """Checks events before they are published. A token needs the scope `<scope>/<type>`; `clock` returns epoch
    milliseconds. Events for later and cancellations are accepted only with `scheduling`."""

    builder: EmailBuilder
    scope: str
    scheduling: bool
    clock: Callable[[], int]

    def check(self, value: object, granted: Collection[str]) -> Accepted | EventProblem:
        """Check a JSON value that was posted as an event: 403 if `granted` lacks the scope of its type, 413 if it is
        too large, 422 if `notify` would reject it."""
        body = encode(value)
        if (size := len(body.encode())) > LARGEST_EVENT:
            line = f"the event has {size} bytes; {LARGEST_EVENT} are allowed"
            return EventProblem(413, line, "", ReasonCode.EVENT_TOO_LARGE)
        draft = self.builder.begin(Delivery("", body))
        event = draft.event
        if event is not None and f"{self.scope}/{event.type}" not in granted:
            return EventProblem(403, f"the token lacks the scope {self.scope}/{event.type}", "/type", "")
        try:
            event = self._check(draft)
        except Rejected as error:
            return EventProblem(422, str(error), _find_pointer(error), error.reason.code)
        return Accepted(event.source, event.id, event.type, body)

    def _check(self, draft: Draft) -> Event:
        """Return the event. Raises Rejected if the envelope, type, schema, age or rendered mail is invalid."""
        if draft.event is None:
            raise draft.error or InvalidEvent("the event could not be read")
        if self.scheduling and draft.event.type == CANCEL:
            for name in ("source", "id"):
                read_name(draft.event, name)
            return draft.event
        if draft.event.provider:
            raise InvalidEvent("only an operator's smoke test may name the provider", f"/{PROVIDER}")
        if draft.recipients:
            self._check_each(draft, draft.event)
        else:
            self.builder.finish(draft)
        if draft.due is not None and draft.due > self.clock() and not self.scheduling:
            raise SchedulingOff("the event is to be sent later, but this deployment keeps no events for later")
        return draft.event

    def _check_each(self, draft: Draft, event: Event) -> None:
        """Check each recipient's part, so that the publisher learns at once what `notify` would reject. Raises
        Rejected."""
        from function.message.addressing.recipients import write_part  # noqa: PLC0415  only where a notification takes several

        for number, recipient in enumerate(draft.recipients):
            try:
                self.builder.finish(self.builder.begin(Delivery("", write_part(event, recipient, ""))))
            except InvalidEvent as error:
                pointer = re.sub("^/data/recipient(?=/|$)", f"/data/recipients/{number}", error.pointer)
                line = str(error).removesuffix(f" (at {error.pointer})")
                raise InvalidEvent(line, pointer, ReasonCode(error.reason.code)) from error


def _find_pointer(error: Rejected) -> str:
    if isinstance(error, InvalidEvent):
        return error.pointer
    places = {UnknownNotification: "/type", UnknownTenant: "/tenant", SchedulingOff: "/sendat"}
    return places.get(type(error), "")
