"""What each provider's events mean: the providers' own examples, and tables without a hole."""

from __future__ import annotations

from typing import Any

import pytest

from function.ledger.states import State
from function.providers.mailgun import events as mailgun
from function.providers.resend import events as resend
from function.providers.sendgrid import events as sendgrid
from function.providers.ses.events import WEBHOOK, FeedbackEvent, Ignored, ProbeReport
from function.providers.webhook_registry import open_envelope
from function.providers.webhooks.provider_events import enclose
from function.reason_codes import ReasonCode

R = ReasonCode
#: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event#event-types
SENDGRID: list[tuple[dict[str, Any], State | None, ReasonCode | None, bool]] = [
    ({"event": "processed"}, State.SENT, None, False),
    (
        {"event": "deferred", "response": "400 try again later", "attempt": "5"},
        State.DELAYED,
        R.DELIVERY_DELAYED,
        False,
    ),
    ({"event": "delivered", "response": "250 OK"}, State.DELIVERED, None, False),
    ({"event": "bounce", "reason": "500 unknown recipient", "status": "5.0.0"}, State.BOUNCED, R.BOUNCED, True),
    ({"event": "bounce", "type": "bounce", "status": "5.0.0"}, State.BOUNCED, R.BOUNCED, True),
    ({"event": "bounce", "type": "blocked"}, State.SOFT_BOUNCED, R.BOUNCED_SOFTLY, False),
    ({"event": "dropped", "reason": "Bounced Address"}, State.BOUNCED, R.PROVIDER_SUPPRESSED, True),
    ({"event": "dropped", "reason": "Invalid"}, State.BOUNCED, R.PROVIDER_SUPPRESSED, True),
    ({"event": "dropped", "reason": "Spam Reporting Address"}, State.BOUNCED, R.PROVIDER_SUPPRESSED, True),
    ({"event": "dropped", "reason": "Unsubscribed Address"}, State.REFUSED, R.PROVIDER_SUPPRESSED, False),
    ({"event": "dropped", "reason": "Spam Content"}, State.REFUSED, R.REFUSED_AFTER_ACCEPTANCE, False),
    ({"event": "dropped", "reason": "Recipient List over Package Quota"}, State.REFUSED, R.NEVER_TRIED, False),
    ({"event": "dropped"}, State.REFUSED, R.REFUSED_AFTER_ACCEPTANCE, False),
    ({"event": "spamreport"}, State.COMPLAINED, R.COMPLAINED, True),
    *(({"event": name}, None, None, False) for name in ("open", "click", "unsubscribe", "group_unsubscribe")),
    ({"event": "group_resubscribe"}, None, None, False),
    ({"event": "account_status_change", "type": "compliance_suspend"}, None, None, False),
]
#: https://documentation.mailgun.com/docs/mailgun/user-manual/events/event-types
MAILGUN: list[tuple[dict[str, Any], State | None, ReasonCode | None, bool]] = [
    ({"event": "accepted"}, State.SENT, None, False),
    ({"event": "rejected", "reject": {"reason": "Sandbox"}}, State.REFUSED, R.REFUSED_AFTER_ACCEPTANCE, False),
    ({"event": "delivered"}, State.DELIVERED, None, False),
    ({"event": "failed", "severity": "temporary", "reason": "generic"}, State.DELAYED, R.DELIVERY_DELAYED, False),
    ({"event": "failed", "severity": "permanent", "reason": "bounce"}, State.BOUNCED, R.BOUNCED, True),
    ({"event": "failed", "severity": "permanent", "reason": "hardfail"}, State.BOUNCED, R.BOUNCED, True),
    ({"event": "failed", "severity": "permanent", "reason": "old"}, State.SOFT_BOUNCED, R.BOUNCED_SOFTLY, False),
    ({"event": "failed", "severity": "permanent"}, State.SOFT_BOUNCED, R.BOUNCED_SOFTLY, False),
    ({"event": "failed"}, State.SOFT_BOUNCED, R.BOUNCED_SOFTLY, False),
    (
        {"event": "failed", "severity": "permanent", "reason": "suppress-bounce"},
        State.BOUNCED,
        R.PROVIDER_SUPPRESSED,
        True,
    ),
    (
        {"event": "failed", "severity": "permanent", "reason": "suppress-complaint"},
        State.BOUNCED,
        R.PROVIDER_SUPPRESSED,
        True,
    ),
    (
        {"event": "failed", "severity": "permanent", "reason": "suppress-unsubscribe"},
        State.REFUSED,
        R.PROVIDER_SUPPRESSED,
        False,
    ),
    ({"event": "complained"}, State.COMPLAINED, R.COMPLAINED, True),
    *(({"event": name}, None, None, False) for name in ("opened", "clicked", "unsubscribed", "stored")),
    *(
        ({"event": f"list_{name}"}, None, None, False)
        for name in ("member_uploaded", "member_upload_error", "uploaded")
    ),
]
#: https://resend.com/docs/webhooks/event-types
RESEND: list[tuple[tuple[str, dict[str, Any]], State | None, ReasonCode | None, bool]] = [
    (("email.sent", {}), State.SENT, None, False),
    (("email.delivered", {}), State.DELIVERED, None, False),
    (("email.delivery_delayed", {}), State.DELAYED, R.DELIVERY_DELAYED, False),
    (("email.bounced", {"bounce": {"type": "Permanent", "subType": "General"}}), State.BOUNCED, R.BOUNCED, True),
    (("email.bounced", {}), State.BOUNCED, R.BOUNCED, True),
    (("email.bounced", {"bounce": {"type": "Transient"}}), State.SOFT_BOUNCED, R.BOUNCED_SOFTLY, False),
    (("email.bounced", {"bounce": {"type": "Undetermined"}}), State.SOFT_BOUNCED, R.BOUNCED_SOFTLY, False),
    (
        ("email.bounced", {"bounce": {"type": "Permanent", "subType": "Suppressed"}}),
        State.BOUNCED,
        R.PROVIDER_SUPPRESSED,
        True,
    ),
    (
        ("email.bounced", {"bounce": {"type": "Permanent", "subType": "OnAccountSuppressionList"}}),
        State.BOUNCED,
        R.PROVIDER_SUPPRESSED,
        True,
    ),
    (("email.suppressed", {}), State.BOUNCED, R.PROVIDER_SUPPRESSED, True),
    (("email.complained", {}), State.COMPLAINED, R.COMPLAINED, True),
    (("email.failed", {"failed": {"reason": "reached_daily_quota"}}), State.REFUSED, R.NEVER_TRIED, False),
    (("email.failed", {"failed": {"reason": "whatever else"}}), State.REFUSED, R.REFUSED_AFTER_ACCEPTANCE, False),
    (("email.failed", {}), State.REFUSED, R.REFUSED_AFTER_ACCEPTANCE, False),
    *(((f"email.{name}", {}), None, None, False) for name in ("scheduled", "opened", "clicked", "received")),
    *(((f"contact.{name}", {}), None, None, False) for name in ("created", "updated", "deleted")),
    *(((f"domain.{name}", {}), None, None, False) for name in ("created", "updated", "deleted")),
]
TAGS = {"message_id": "m1", "attempt": "a1"}


def in_sendgrid(event: dict[str, Any], tags: dict[str, str] = TAGS) -> dict[str, Any]:
    return {"email": "ada@example.com", **{f"herald_{name}": value for name, value in tags.items()}, **event}


def in_mailgun(event: dict[str, Any], tags: dict[str, str] = TAGS) -> dict[str, Any]:
    return {"recipient": "ada@example.com", "user-variables": tags, **event}


def in_resend(type_: str, data: dict[str, Any], tags: object = TAGS) -> dict[str, Any]:
    return {"type": type_, "data": {"to": ["ada@example.com"], "tags": tags, **data}}


CASES: list[tuple[Any, ...]] = [
    *((sendgrid, "sendgrid://", in_sendgrid(event), *told) for event, *told in SENDGRID),
    *((mailgun, "mailgun://herald.example", in_mailgun(event), *told) for event, *told in MAILGUN),
    *((resend, "resend://", in_resend(*event), *told) for event, *told in RESEND),
]


@pytest.mark.parametrize(("provider", "url", "event", "state", "code", "listed"), CASES)
def test_an_event_means_what_its_table_says(
    provider: Any, url: str, event: dict[str, Any], state: State | None, code: ReasonCode | None, listed: bool
) -> None:
    said = provider.parse(event, url)
    if state is None:
        assert isinstance(said, Ignored)
        return
    assert isinstance(said, FeedbackEvent)
    assert (said.state, said.reason_code, said.suppress) == (state, code, listed)
    assert (said.message_id, said.attempt, said.address) == ("m1", "a1", "ada@example.com")
    assert (said.provider, said.sent_at) == (url, 0), "no webhook says that others did not get lost"
    assert open_envelope(enclose(event, said)) == said
    assert enclose(event, said).startswith(WEBHOOK)


@pytest.mark.parametrize("provider", [sendgrid, mailgun, resend])
def test_every_row_of_a_table_is_tried_here(provider: Any) -> None:
    kinds = {id(kind) for module, _, event, *_ in CASES if module is provider for kind in [find_row(provider, event)]}
    assert kinds == {id(kind) for kind in provider.KINDS.values()}


def find_row(provider: Any, event: dict[str, Any]) -> object:
    """The row of the table that an event meets."""
    met: list[object] = []

    class KindTable(dict[str, Any]):
        def __getitem__(self, name: str) -> Any:
            met.append(super().__getitem__(name))
            return met[-1]

    kept, provider.KINDS = provider.KINDS, KindTable(provider.KINDS)
    try:
        provider.parse(event, "resend://")
    finally:
        provider.KINDS = kept
    return met[-1]


@pytest.mark.parametrize(
    "event",
    [
        (sendgrid, in_sendgrid({"event": "surprise"})),
        (sendgrid, in_sendgrid({"event": ["bounce"]})),
        (sendgrid, in_sendgrid({"event": "bounce"}, {})),
        (sendgrid, in_sendgrid({"event": "bounce", "herald_message_id": 7}, {})),
        (sendgrid, in_sendgrid({"event": "bounce"}, {"message_id": "m 1"})),
        (sendgrid, in_sendgrid({"event": "bounce"}, {"message_id": "m" * 3000})),
        (mailgun, in_mailgun({"event": "surprise"})),
        (mailgun, {"event": "failed", "user-variables": ["message_id"]}),
        (resend, in_resend("email.surprise", {})),
        (resend, {"type": "email.bounced", "data": "text"}),
        (resend, in_resend("email.sent", {}, [7, {"name": 7}])),
    ],
)
def test_what_is_no_report_on_a_mail_of_ours_is_ignored(event: tuple[Any, dict[str, Any]]) -> None:
    provider, content = event
    assert isinstance(provider.parse(content, "resend://"), Ignored)


def test_an_attempt_that_is_sendgrids_own_is_not_ours() -> None:
    said = sendgrid.parse(in_sendgrid({"event": "deferred", "attempt": "5"}), "sendgrid://")
    assert isinstance(said, FeedbackEvent)
    assert said.attempt == "a1"


def test_resends_tags_are_read_as_an_object_and_as_a_list() -> None:
    listed = [{"name": name, "value": value} for name, value in TAGS.items()]
    assert resend.parse(in_resend("email.sent", {}, listed), "r") == resend.parse(in_resend("email.sent", {}), "r")


def test_addresses_are_cut_out_of_what_a_server_said() -> None:
    said = sendgrid.parse(
        in_sendgrid({"event": "bounce", "reason": "550 <ada@example.com> unknown, ask root@mx.example"}), "sendgrid://"
    )
    assert isinstance(said, FeedbackEvent)
    assert said.detail == "550 <address> unknown, ask <address>"


@pytest.mark.parametrize("provider", [mailgun, resend, sendgrid])
def test_a_probe_is_a_report_of_nobodys_mail(provider: Any) -> None:
    event = {
        sendgrid: in_sendgrid({"event": "delivered"}, {"probe": "yes"}),
        mailgun: in_mailgun({"event": "delivered"}, {"probe": "yes"}),
        resend: in_resend("email.delivered", {}, {"probe": "yes"}),
    }[provider]
    said = provider.parse(event, "resend://")
    assert said == ProbeReport("resend://", 0)
    assert open_envelope(enclose(event, said)) is not None


@pytest.mark.parametrize("body", ['{"webhook":', '{"webhook":7}', '{"webhook":"ses://eu-west-1","event":{}}', "[]", ""])
def test_an_envelope_that_is_none_is_ignored(body: str) -> None:
    assert isinstance(open_envelope(body), Ignored)


def test_a_long_answer_is_cut_before_it_is_looked_through() -> None:
    event = in_sendgrid({"event": "bounce", "reason": "550 " + "x" * 2_000_000})
    said = sendgrid.parse(event, "sendgrid://")
    assert isinstance(said, FeedbackEvent)
    assert said.detail == "550"
