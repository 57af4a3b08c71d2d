"""Sends a simulated provider's webhooks, one per event of a mail, and repeats each until the receiver answers 2xx."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx

from laptop.providers.webhooks import REPORTERS, Webhook
from laptop.ses.faults import ArmedFaults, FaultKind
from laptop.ses.feedback import After, FeedbackSchedule
from laptop.ses.mailbox import Mail
from laptop.ses.outcomes import SIMULATOR, SendingEvent, is_simulated, list_events_after_sending

__all__ = ["RETRIES", "SEED", "Post", "WebhookSender", "post_webhook"]

log = logging.getLogger("webhooks")

#: Seeds of the signing keys: that of the laptop's providers, and that of a forger.
SEED, OTHER_SEED = "laptop", "somebody else's"
#: Seconds to wait before each repeated attempt.
RETRIES: dict[str, tuple[float, ...]] = {
    # https://resend.com/docs/webhooks/retries-and-replays
    "resend": (5, 300, 1800, 7200, 18_000, 36_000, 36_000),
    # https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-retries
    "mailgun": (300, 600, 900, 3600, 7200, 14_400),
    "mailgun+eu": (300, 600, 900, 3600, 7200, 14_400),
    # SendGrid tries for 24 hours; the intervals are guessed.
    # https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
    "sendgrid": (300, 1800, 7200, 21_600, 43_200),
}
#: Mailgun, by the page above, does not retry after this status. Nor does it retry reports of a delivery.
_MAILGUN_GIVES_UP = 406

Post = Callable[[str, Webhook], int]  # (URL, webhook) -> status of the response, 0 if there is none


class WebhookSender:
    """Sends webhooks about one provider's mails to `url`, once that is set.

    `scale` is the factor on waiting times, `after` schedules a call in a number of seconds, `now` is the provider's
    clock.
    """

    def __init__(
        self,
        scheme: str,
        faults: ArmedFaults,
        post: Post,
        scale: float = 1.0,
        after: After | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self.url: str | None = None
        #: The last attempts: time, mail, event, and status of the response (0 if there was none).
        self.posted: deque[dict[str, object]] = deque(maxlen=100)
        self._scheme, self._reporter = scheme, REPORTERS[scheme]
        self._faults = faults
        self._post = post
        self._scale = scale
        self._schedule = FeedbackSchedule(faults, self._tell, scale, after)

    def follow(self, mail: Mail) -> None:
        """Schedule the reports on a mail.

        Only SES treats its mailbox simulator specially; here, mails to it bounce.
        """
        for address in mail.to:
            known = f"bounce@{SIMULATOR}" if is_simulated(address) else address
            events = list_events_after_sending(known, (), mail.raw.decode("utf-8", "replace"))
            self._schedule.follow(mail, [replace(event, recipient=address) for event in events])

    def schedule(self, mail: Mail, event: SendingEvent, seconds: float) -> None:
        """Schedule the report of one event in `seconds`."""
        self._schedule.schedule(mail, event, seconds)

    def _tell(self, mail: Mail, event: SendingEvent) -> None:
        mail.events.append(event.type)
        wrong = self._faults.take_matching(FaultKind.SIGN_WRONGLY, recipients=mail.to)
        content = self._reporter.report(mail, event, self._now())
        about = {"mail": mail.id, "event": event.type}
        once = self._scheme.startswith("mailgun") and event.type == "Delivery"
        self._attempt(content, about, OTHER_SEED if wrong else SEED, () if once else RETRIES[self._scheme])

    def _attempt(self, content: Any, about: Mapping[str, str], seed: str, left: tuple[float, ...]) -> None:
        """Post one attempt, with a new timestamp and signature, and schedule the next if it fails."""
        if self.url is None:
            return
        now = self._now()
        status = self._post(self.url, self._reporter.sign(content, seed, int(now.timestamp())))
        self.posted.append({"at": now.isoformat(timespec="milliseconds"), **about, "status": status})
        given_up = 200 <= status < 300 or (self._scheme.startswith("mailgun") and status == _MAILGUN_GIVES_UP)
        if not given_up and left:
            self._schedule.after(left[0] * self._scale, partial(self._attempt, content, about, seed, left[1:]))


def post_webhook(http: httpx.Client, url: str, webhook: Webhook) -> int:
    """Post a webhook. Returns the status of the response, 0 if there is none."""
    try:
        return http.post(url, content=webhook.body, headers=dict(webhook.headers)).status_code
    except httpx.HTTPError as problem:
        log.warning("a webhook had no answer: %s", problem)
        return 0
