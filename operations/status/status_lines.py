"""A status in words: one line for each part, the same on the command line and on the operators' page. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from operations.remedies import FormatRemedy, Remedy, RemedyAction
from operations.status.status import HeraldStatus

__all__ = ["StatusLine", "describe_status"]

_LABELS = {
    "pause": "mail",
    "live": "release",
    "rates": "rate",
    "waiting": "waiting",
    "later": "later",
    "letters": "letters",
    "feedback": "feedback",
    "alarms": "alarms",
}


@dataclass(frozen=True, slots=True)
class StatusLine:
    """`tone` is good, warn or bad: whether an operator should look at it."""

    label: str
    text: str
    tone: str = "good"


def describe_status(status: HeraldStatus, format_remedy: FormatRemedy) -> Iterator[StatusLine]:
    """Yield all lines; `format_remedy` turns a remedy into what its reader can type."""
    described = {
        "pause": _pause(status, format_remedy),
        "live": _describe_live_version(status, format_remedy),
        "rates": _describe_rates(status),
        "waiting": _describe_waiting(status),
        "later": _describe_scheduled(status),
        "letters": _describe_letters(status, format_remedy),
        "feedback": _describe_feedback(status),
        "alarms": _describe_alarms(status),
    }
    for name, lines in described.items():
        if name in status.unread:
            yield StatusLine(_LABELS[name], f"not known: {status.unread[name]}", "warn")
        else:
            yield from lines


def _pause(status: HeraldStatus, format_remedy: FormatRemedy) -> Iterator[StatusLine]:
    if status.pause is None:
        return
    resume = format_remedy(Remedy(RemedyAction.RESUME))
    if status.pause.paused:
        yield StatusLine("mail", f"PAUSED: nothing is sent, events wait in retry; {resume}", "warn")
    elif status.pause.running:
        yield StatusLine("mail", "running")
    else:
        yield StatusLine("mail", f"HALF PAUSED: a pause or resume was interrupted; {resume}", "bad")


def _describe_live_version(status: HeraldStatus, format_remedy: FormatRemedy) -> Iterator[StatusLine]:
    live = status.live
    if live is None:
        return
    version = f"version {live.version}"
    yield StatusLine("release", f"{live.release} is live, as {version}" if live.release else f"{version} is live")
    if live.weights or live.deployments:
        shares = ", ".join(f"version {version} has {100 * share:g} %" for version, share in live.weights.items())
        ids = ", ".join(live.deployments) or "no deployment of CodeDeploy is under way"
        stop = format_remedy(Remedy(RemedyAction.ROLL_BACK))
        text = f"a release is under way: {'; '.join(filter(None, (shares, ids)))}; {stop} stops it"
        yield StatusLine("", text, "warn")


def _describe_rates(status: HeraldStatus) -> Iterator[StatusLine]:
    for rate in status.rates or ():
        most = "any number" if rate.quota < 0 else f"{rate.quota:,.0f}"
        full = 0 <= rate.quota <= rate.used
        used = f"{rate.used:,.0f} of {most} in 24 h{': USED UP' if full else ''}"
        text = f"{rate.now:.2g} mails/s now, {rate.allowed:g} allowed; {used} ({rate.region})"
        yield StatusLine("rate", text, "bad" if full else "good")


def _describe_waiting(status: HeraldStatus) -> Iterator[StatusLine]:
    waiting = status.waiting
    if waiting is None:
        return
    if not waiting.count:
        yield StatusLine("waiting", "nothing")
        return
    oldest = "" if waiting.oldest is None else f", the oldest for {_format_span(waiting.oldest)}"
    events = "event waits" if waiting.count == 1 else "events wait"
    yield StatusLine("waiting", f"about {waiting.count} {events} in retry{oldest}", "warn")
    if waiting.unread:
        yield StatusLine("", f"what the provider said is not known: {waiting.unread} for the log of notify", "warn")
    if waiting.refusal:
        refusal = waiting.refusal
        since = _format_span((status.at - refusal.since).total_seconds())
        at = f"{refusal.at:%H:%M:%S}"
        yield StatusLine(
            "", f"the provider said at {at} UTC, and has been refusing for {since}: {refusal.words}", "warn"
        )


def _describe_scheduled(status: HeraldStatus) -> Iterator[StatusLine]:
    later = status.later
    if later is None:
        return
    mails = "mail is" if later.count == 1 else "mails are"
    many = f"{'more than ' if later.more else ''}{later.count} {mails} kept" if later.count else "nothing is kept"
    cancelled = f"; {later.cancelled} cancelled in 24 h" if later.cancelled else ""
    yield StatusLine("later", f"{many}{cancelled}")
    if later.overdue:
        text = f"{later.overdue} of them are due and not asked for yet: scheduler looks once a minute"
        yield StatusLine("", text, "warn")


def _describe_letters(status: HeraldStatus, format_remedy: FormatRemedy) -> Iterator[StatusLine]:
    letters = status.letters
    if letters is None:
        return
    hidden = f"; about {letters.hidden} in flight" if letters.hidden else ""
    if not letters.count:
        yield StatusLine("letters", f"none{hidden}")
        return
    show = format_remedy(Remedy(RemedyAction.SHOW_DEAD))
    yield StatusLine("letters", f"{letters.count} in dead{hidden}; {show}", "bad")
    for reason in letters.reasons:
        old = _format_span(status.at.timestamp() - reason.oldest / 1000)
        yield StatusLine("", f"{reason.count} {reason.code}, the oldest {old} old: {reason.reason}", "bad")


def _describe_feedback(status: HeraldStatus) -> Iterator[StatusLine]:
    for mark in status.feedback or ():
        heard = (
            "none yet" if mark.at is None else f"last noted {_format_span(status.at.timestamp() - mark.at / 1000)} ago"
        )
        yield StatusLine("feedback", f"{heard} ({mark.provider})")


def _describe_alarms(status: HeraldStatus) -> Iterator[StatusLine]:
    if status.alarms is None:
        return
    count = len(status.alarms)
    text = {0: "none rings", 1: "1 rings"}.get(count, f"{count} ring")
    yield StatusLine("alarms", text, "bad" if count else "good")


def _format_span(seconds: float) -> str:
    seconds = max(0.0, seconds)
    for unit, size in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
