"""`herald smoke`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from doctor.aws_api import Memo
from doctor.check_context import CheckContext, read_member
from doctor.error_explanations import explain
from doctor.errors import RefusedError, UnansweredError
from doctor.smoke import Journey, Smoke, compute_latency
from doctor.smoke_providers import SmokeProvider, choose_smoke_providers
from herald.account import AwsAccount, Local, Prefix, StateDir, report_refusals
from herald.console import Yes, confirm, console
from herald.doctor_context import RecordingFile, Topic, build_doctor_context
from laptop.state import DEFAULT_STATE, ROOT
from operations.errors import UsageError, UserError

__all__ = ["describe_refusal", "smoke"]

TYPE = "book.created"
_EXAMPLE = ROOT / "function" / "notifications" / TYPE / "examples" / "typical.json"
_QUOTA = ("MaxSendRate", "Max24HourSend", "SentLast24Hours")
_MOST_SHOWN = 20
#: The share of SES's rate that the test may use, since other mail is sent, too.
_SHARE = 0.5
#: Mails a second that SES's sandbox and every other provider allow.
_SLOWEST = 1.0


@report_refusals("what was published is sent all the same")
def smoke(
    events: Annotated[int, typer.Option("--events", min=1, max=10_000, help="How many events to send")] = 1,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Longest wait, in minutes")] = 10,
    provider: Annotated[
        list[str] | None,
        typer.Option("--provider", help="The provider to test, by URL or name; each: all in turn"),
    ] = None,
    topic: Topic = None,
    record: RecordingFile = None,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: for machines")] = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Send synthetic events, and follow each until it is delivered. They go through the real topic to SES's mailbox
    simulator, or to another provider's address for tests.

    Exit codes: 0 all were delivered, 1 one was not, 2 it was called wrongly.
    """
    found = build_doctor_context(AwsAccount.choose(local, state_dir, prefix), local, 1, topic)
    context = replace(found.check_context, cloud=Memo(found.recorder))
    if not context.installed:
        raise UserError(
            f"there is no {context.notify} in {context.where}: make apply makes it, or name another --prefix"
        )
    providers = choose_smoke_providers(context, provider or [])
    rates = {each: _find_rate(context, each, events) for each in providers}
    by = f" to {', '.join(each.url for each in providers)}" if provider else ""
    _require_consent(
        f"Send {events} synthetic {'event' if events == 1 else 'events'} by {prefix} in {context.where}{by}?", yes
    )
    journeys: list[Journey] = []
    try:
        for each, rate in rates.items():
            journeys += _run(_make_test(found.check_context, context, each, rate), events, timeout * 60, as_json)
    except RefusedError as refusal:
        raise UserError(describe_refusal(refusal, context)) from None
    finally:
        found.keep(record)
    _show(journeys, events * len(providers), timeout, as_json)
    raise typer.Exit(int(sum(journey.arrived for journey in journeys) < events * len(providers)))


def _make_test(fresh: CheckContext, context: CheckContext, provider: SmokeProvider, rate: float) -> Smoke:
    return Smoke(
        fresh,
        context.topic("events"),
        context.settings.get("HERALD_LEDGER_TABLE") or f"{context.prefix}-ledger",
        TYPE,
        json.loads(_EXAMPLE.read_text()),
        time.time,
        time.sleep,
        1 / (rate * _SHARE),
        provider.url,
        "delivered" if provider.reports else "accepted",
    )


def _find_rate(context: CheckContext, provider: SmokeProvider, events: int) -> float:
    """The provider's rate in mails a second, as far as it is known. Raises `UserError` if SES's daily quota does not
    allow so many events."""
    if not provider.uses_ses:
        return _SLOWEST
    try:
        quota = read_member(context.ask("sesv2", "GetAccount"), "sesv2", "SendQuota")
        rate, most, sent = (float(read_member(quota, "sesv2", name)) for name in _QUOTA)
    except (RefusedError, UnansweredError):
        return _SLOWEST
    if 0 <= most < sent + events:
        raise UsageError(f"SES takes {most - sent:g} more mails today, not {events}: say fewer --events")
    return max(rate, 0.1)


def _require_consent(question: str, yes: bool) -> None:
    if not yes and not confirm(question):
        raise UserError("nothing was sent")


def _run(test: Smoke, events: int, seconds: float, as_json: bool) -> list[Journey]:
    if as_json or not console.is_terminal:
        return test.run(events, seconds)
    with console.status(f"0 of {events} published") as status:
        return test.run(
            events, seconds, lambda sent, ended, all_: status.update(f"{sent} of {all_} published, {ended} at an end")
        )


def describe_refusal(refusal: RefusedError, context: CheckContext) -> str:
    """Explain a refused call to whoever started the test."""
    if refusal.denied and refusal.operation == "Publish":
        return (
            "this caller may not publish to the topic, which names who may: add the ARN of its role to `publishers` in "
            f"terraform.tfvars, then make apply ({refusal.message})"
        )
    return f"{explain(refusal, context).finding}; what was published is sent all the same"


def _show(journeys: Sequence[Journey], events: int, timeout: float, as_json: bool) -> None:
    figures = compute_latency(journeys)
    delivered = sum(journey.delivered for journey in journeys)
    if as_json:
        made = [{**asdict(journey), "seconds": journey.seconds} for journey in journeys]
        counts = {"events": events, "delivered": delivered}
        typer.echo(json.dumps({**counts, "accepted": asdict(figures) if figures else None, "journeys": made}))
        return
    for journey in journeys if events == len({journey.provider for journey in journeys}) else ():
        _show_steps(journey)
    for journey in [one for one in journeys if not one.arrived][:_MOST_SHOWN]:
        console.print(_describe_missing(journey), markup=False)
    if figures and events > 1:
        console.print(
            f"From publication to acceptance: median {figures.median:.3f} s, 99th percentile {figures.p99:.3f} s."
        )
    for provider in dict.fromkeys(one.provider for one in journeys if one.arrived and not one.delivered):
        console.print(f"{provider} has no webhook here: nobody hears what becomes of a mail that it accepted.")
    arrived = all(journey.arrived for journey in journeys) and len(journeys) == events
    after = "" if arrived else f" within {timeout:g} minutes: herald doctor says what may be wrong"
    console.print(f"{delivered} of {events} delivered{after}.")


def _show_steps(journey: Journey) -> None:
    if journey.provider:
        console.print(f"{journey.provider}:", markup=False)
    for step, seconds in journey.seconds.items():
        at = datetime.fromtimestamp(journey.at[step] / 1000, UTC)
        console.print(f"{step:<10} {at:%H:%M:%S.%f}"[:-3] + f" UTC  {seconds:8.3f} s")


def _describe_missing(journey: Journey) -> str:
    why = f" ({journey.reason})" if journey.reason else ""
    if journey.provider.startswith("mailgun") and journey.state == "sent":
        why = " (Mailgun's page does not promise reports of what is sent in test mode)"
    by = f" by {journey.provider}" if journey.provider else ""
    return f"{journey.message_id}{by}: {journey.state or 'nothing in the ledger'}{why}"
