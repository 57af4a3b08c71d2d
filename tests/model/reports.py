"""What the provider says later of the mails that it took: in any order, any time, again and again."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from fakes.dynamodb.table import State as Snapshot
from function.delivery.next_provider import NextProvider
from function.event.cloudevent import PROBE_RECIPIENT, PROBE_TAG
from function.feedback import FeedbackHandler
from function.ledger.states import Action
from function.ledger.table import Table
from function.providers.secret import Secret
from function.providers.urls import build_webhook_path
from function.providers.webhook_registry import open_webhook
from function.queues.dead_letter import Letter
from function.runtime.metrics import Telemetry
from function.webhook import WebhookSource
from tests.model.herald import ADDRESS_TEXT, SECRET, Herald
from tests.model.invariants import Invariants
from tests.model.model_state import HOLD, NOW, RETENTION, Mail, ModelState, Report, Waiting, put, spend
from tests.model.tenants import tags_of

__all__ = ["Reports"]

_BODIES: dict[Action, dict[str, Any]] = {
    Action.FEEDBACK_SENT: {"eventType": "Send"},
    Action.FEEDBACK_REFUSED: {"eventType": "Reject"},
    Action.FEEDBACK_SOFT_BOUNCED: {"eventType": "Bounce", "bounce": {"bounceType": "Transient"}},
    Action.FEEDBACK_DELIVERED: {"eventType": "Delivery"},
    Action.FEEDBACK_BOUNCED: {"eventType": "Bounce", "bounce": {"bounceType": "Permanent"}},
    Action.FEEDBACK_COMPLAINED: {"eventType": "Complaint"},
}


#: Of Resend: https://resend.com/docs/webhooks/event-types
_TYPES: dict[Action, str] = {
    Action.FEEDBACK_SENT: "email.sent",
    Action.FEEDBACK_NEVER_TRIED: "email.failed",
    Action.FEEDBACK_DELIVERED: "email.delivered",
}


class _Retry(list[Letter]):
    """The queue `retry`, as feedback meets it."""

    def put(self, letter: Letter) -> None:
        self.append(letter)


class _Queue(list[str]):
    """The queue `feedback`, as webhook meets it."""

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:
        del QueueUrl
        self.extend(entry["MessageBody"] for entry in Entries)
        return {}


class Heard(NamedTuple):
    """The table before each of the handler's writes, and at the end, and what it put into `retry` then."""

    tables: list[Snapshot]
    letters: list[Letter]


@dataclass(slots=True)
class Reports:
    """The moves of the provider, heard by Herald's own handler."""

    herald: Herald
    invariants: Invariants
    _heard: dict[tuple[str, Snapshot, int], Heard] = field(default_factory=dict)

    def on_its_mails(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        """Every state after one report; and each in which the handler was killed before one of its writes."""
        for mail, action in sorted(world.feedback):
            told = world._replace(heard=world.heard | {(mail, action)})
            tags = tags_of(mail, self.herald.rules.own) if self.herald.rules.tenants else {}
            yield from self._hear(f"{mail.attempt}: {action}", world, told, _report(mail, action, **tags))
        for mail in world.mails if self.herald.rules.reports_by_webhook else ():
            for body in self._forge(mail, world.now):
                yield from self._hear(f"{mail.attempt}: somebody says that it was never tried", world, world, body)

    def _forge(self, mail: Mail, now: int) -> list[str]:
        """What comes into the queue of a webhook that nobody signed."""
        source = WebhookSource(mail.provider, open_webhook(mail.provider), Secret(lambda: "whsec_c2lnbmVk"))
        queue, path = _Queue(), build_webhook_path(mail.provider)
        telemetry = Telemetry("webhook", "f", lambda: now, io.StringIO())
        handler = self.herald.code.webhook(
            {path: source}, queue, None, "https://sqs", "herald-ledger", telemetry, lambda: now
        )
        event = json.loads(_report(mail, Action.FEEDBACK_NEVER_TRIED))["event"]
        handler({"rawPath": path, "headers": {}, "body": json.dumps(event)}, None)
        return queue

    def on_others(self, world: ModelState) -> Iterator[tuple[str, ModelState]]:
        """Every state after a report on another event's mail, or a probe's, that moves a mark."""
        if world.budget.reports:
            for provider, sent in sorted(world.probes):
                told = world._replace(probes=world.probes - {(provider, sent)})
                yield from self._hear_of_others("a probe's report", world, told, Report(provider, sent, world.now))
        for url in self.herald.rules.urls:
            if world.budget.reports:
                report = Report(url, world.now, world.now)
                yield from self._hear_of_others("a report on another mail", world, world, report)
            if world.budget.stale and world.now > NOW:
                body = _probe_report(Report(url, NOW, world.now))
                yield from self._mark("a report on an old mail", world, spend(world, "stale"), body)

    def _hear_of_others(
        self, name: str, world: ModelState, told: ModelState, report: Report
    ) -> Iterator[tuple[str, ModelState]]:
        """What was sent before any hold could end licenses nothing."""
        counts = frozenset({report} if report.sent >= NOW + HOLD else ())
        told = spend(told._replace(reports=world.reports | counts), "reports")
        if not told.budget.reports:
            told = told._replace(probes=frozenset())
        yield from self._mark(name, world, told, _probe_report(report))

    def _mark(self, name: str, world: ModelState, told: ModelState, body: str) -> Iterator[tuple[str, ModelState]]:
        *_, after = self._take(body, world.table, world.now).tables
        if after != world.table:
            yield name, told._replace(table=after, reported=not self.herald.rules.marks)

    def _hear(self, name: str, world: ModelState, told: ModelState, body: str) -> Iterator[tuple[str, ModelState]]:
        (*cuts, after), letters = self._take(body, world.table, world.now)
        if (heard := _ask(told._replace(table=after), letters)) != world:
            yield name, heard
        for cut in (*cuts, *([after] if letters else [])) if world.budget.crashes else ():
            if cut != world.table:
                yield f"{name}, killed before all is written", spend(world._replace(table=cut), "crashes")

    def _take(self, body: str, before: Snapshot, now: int) -> Heard:
        """What comes of a report."""
        key = (body, before, now)
        if key not in self._heard:
            table, found, retry = self.herald.table, list[Snapshot](), _Retry()

            def note(moment: str, _operation: str, _request: object) -> None:
                if moment == "before":
                    found.append(table.snapshot())

            table.restore(before)
            table.fault = note
            try:
                answer = self._handler(now, retry)({"Records": [{"messageId": "report", "body": body}]}, None)
            finally:
                table.fault = None
            assert answer == {"batchItemFailures": []}
            found.append(table.snapshot())
            self.invariants.judge_feedback(before, found[-1], now)
            self._heard[key] = Heard(found, list(retry))
        return self._heard[key]

    def _handler(self, now: int, retry: Any) -> FeedbackHandler:
        code, client = self.herald.code, self.herald.table
        writes = code.writes("herald-ledger", "f", HOLD, RETENTION // 1000, 1)
        ledger = code.ledger(Table(client, "herald-ledger"), writes, lambda: now)
        telemetry = Telemetry("feedback", "f", lambda: now, io.StringIO())
        asked = NextProvider(retry, tuple(self.herald.rules.urls))
        handler = FeedbackHandler(ledger, SECRET, telemetry, "f", lambda: now, "herald", next_provider=asked)
        if not self.herald.rules.marks:
            handler._marked.update(dict.fromkeys(self.herald.rules.urls, now))
        return handler


def _ask(world: ModelState, letters: list[Letter]) -> ModelState:
    """What was put into the queue `retry` waits there, as often as it may."""
    for letter in letters if world.budget.elsewhere else ():
        marks, message = letter.attributes, json.loads(letter.body)["MessageId"]
        copy, named = f"E{world.budget.elsewhere}{message}", (marks["never_tried"], marks["avoid"])
        asked = Waiting(message, copy, "a", None, False, True, 0, marks["instead_of"], None, True, *named)
        world = spend(world._replace(waiting=put(world.waiting, asked)), "elsewhere")
    return world


@cache
def _report(mail: Mail, action: Action, **more: str) -> str:
    tags = {"message_id": mail.message, "attempt": mail.attempt, **more}
    if mail.provider.startswith("resend://"):
        data = {"to": [ADDRESS_TEXT], "tags": tags, "failed": {"reason": "reached_daily_quota"}}
        event = {"type": _TYPES[action], "data": data}
        return json.dumps({"webhook": mail.provider, "event": event}, separators=(",", ":"))
    return json.dumps(_BODIES[action] | _mail(mail.provider, mail.at, ADDRESS_TEXT, tags))


@cache
def _probe_report(report: Report) -> str:
    return json.dumps({"eventType": "Send"} | _mail(report.provider, report.sent, PROBE_RECIPIENT, dict([PROBE_TAG])))


def _mail(provider: str, sent: int, to: str, tags: dict[str, str]) -> dict[str, Any]:
    """https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html"""
    text = datetime.fromtimestamp(sent / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    mail = {
        "timestamp": text,
        "sourceArn": f"arn:aws:ses:{provider.removeprefix('ses://')}:000000000000:identity/herald.example",
        "destination": [to],
        "tags": {name: [value] for name, value in ({"ses:configuration-set": "herald"} | tags).items()},
    }
    return {"mail": mail}
