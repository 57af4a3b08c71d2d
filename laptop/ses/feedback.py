"""Feedback events in SES's format, published to the configuration set's SNS topics when they are due.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from laptop.environment import ACCOUNT
from laptop.ses.configuration import ConfigurationSets
from laptop.ses.faults import ArmedFaults, FaultKind
from laptop.ses.mailbox import Mail
from laptop.ses.outcomes import SendingEvent
from laptop.timer import Timer

__all__ = ["After", "FeedbackPublisher", "FeedbackSchedule", "Publish", "build_event"]

Publish = Callable[[str, str], None]  # (topic ARN, message body)
After = Callable[[float, Callable[[], None]], None]

#: Event types whose details have a `feedbackId`, and those whose details have a `timestamp`.
WITH_ID = ("Bounce", "Complaint")
WITH_TIME = ("Bounce", "Complaint", "Delivery", "DeliveryDelay")
COMMON = ("from", "to", "subject", "reply-to")


class FeedbackSchedule:
    """Publishes each event when it is due. `scale` is the factor on waiting times, `after` schedules a call in a number
    of seconds.
    """

    def __init__(
        self, faults: ArmedFaults, tell: Callable[[Mail, SendingEvent], None], scale: float, after: After | None = None
    ) -> None:
        self._faults = faults
        self._tell = tell
        self._scale = scale
        self.after = after or Timer("feedback").call_after

    def follow(self, mail: Mail, events: Sequence[SendingEvent]) -> None:
        """Schedule the events of a mail, changed by the armed feedback faults."""
        if self._faults.take_matching(FaultKind.WITHHOLD_FEEDBACK, recipients=mail.to):
            return
        delay = self._faults.take_matching(FaultKind.DELAY_FEEDBACK, recipients=mail.to)
        repeat = self._faults.take_matching(FaultKind.REPEAT_FEEDBACK, recipients=mail.to)
        reorder = self._faults.take_matching(FaultKind.REORDER_FEEDBACK, recipients=mail.to)
        whens = [event.after * self._scale + (delay.seconds if delay else 0) for event in events]
        ordered = list(reversed(events)) if reorder else list(events)
        for event, when in zip(ordered, whens, strict=True):
            for _ in range(repeat.copies if repeat else 1):
                self.schedule(mail, event, when)

    def schedule(self, mail: Mail, event: SendingEvent, seconds: float) -> None:
        """Publish one event in `seconds`."""
        self.after(seconds, lambda: self._tell(mail, event))


class FeedbackPublisher(FeedbackSchedule):
    """Publishes SES events to the topics of the mail's configuration set."""

    def __init__(
        self, sets: ConfigurationSets, faults: ArmedFaults, publish: Publish, scale: float, after: After | None = None
    ) -> None:
        super().__init__(faults, self._publish_event, scale, after)
        self._sets = sets
        self._publish = publish

    def _publish_event(self, mail: Mail, event: SendingEvent) -> None:
        mail.events.append(event.type)
        configured = event.type.upper().replace(" ", "_").replace("DELIVERYDELAY", "DELIVERY_DELAY")
        for topic in self._sets.topics(mail.configuration_set or "", configured):
            self._publish(topic, json.dumps(build_event(mail, event, datetime.now(UTC))))


def build_event(mail: Mail, event: SendingEvent, now: datetime) -> dict[str, Any]:
    """Return an event as SES publishes it; unlike identity notifications, it has the mail's tags."""
    details = dict(event.details)
    if event.type in WITH_TIME:
        details.setdefault("timestamp", _format_time(now))
    if event.type in WITH_ID:
        details.setdefault("feedbackId", f"{mail.id[:16]}-{uuid.uuid4()}-000000")
    return {"eventType": event.type, "mail": _build_mail(mail), event.key: details}


def _build_mail(mail: Mail) -> dict[str, Any]:
    domain = parseaddr(mail.source)[1].rpartition("@")[2]
    names = {name.lower(): value for name, value in mail.headers}
    common = {name: value for name, value in names.items() if name in COMMON}
    return {
        "timestamp": _format_time(mail.at),
        "messageId": mail.id,
        "source": mail.source,
        "sourceArn": f"arn:aws:ses:{mail.region}:{ACCOUNT}:identity/{domain}",
        "sendingAccountId": ACCOUNT,
        "destination": [*reversed(mail.to)],  # the order is not documented
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in mail.headers],
        "commonHeaders": {
            "messageId": mail.id,
            **{name: [value] if name in ("from", "to") else value for name, value in common.items()},
        },
        "tags": {
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": [mail.configuration_set],
            "ses:source-ip": ["127.0.0.1"],
            "ses:from-domain": [domain],
            "ses:caller-identity": ["laptop"],
            **{name: [value] for name, value in mail.tags.items()},
        },
    }


def _format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
