"""The operators' pages: queues, dead letters and suppressions, with actions that are recorded in the audit log."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from operations.audit import Audit
from operations.errors import UserError
from operations.installation import Installation
from operations.outbox import OutboxRow, publish_again
from operations.redrive.letter_filter import LetterFilter
from operations.remedies import Remedy
from operations.status.alarms import format_advice
from operations.status.status_lines import describe_status
from operations.suppressions import Suppression, scan_suppressions, take_off
from webapp import deadline, text_validation
from webapp.admin import dead_letters
from webapp.admin.dead_letters import MayHaveGoneError, discard, group_dead_letters, redrive
from webapp.admin.remedy_commands import format_command
from webapp.admin.search import SearchResult
from webapp.api.dependencies import ServicesOf
from webapp.api.problems import Problem
from webapp.auth.identity import Identity
from webapp.books.cursor import ULID_PATTERN
from webapp.pages.drafts import DraftsOf
from webapp.pages.rendering import render_page
from webapp.pages.sessions import Operator, SessionOf, require_own_form

__all__ = [
    "EntryId",
    "OutboxId",
    "Text",
    "discard_dead_letters",
    "find",
    "pause",
    "publish",
    "resume",
    "router",
    "send_again",
    "send_once_more",
    "show_audit",
    "show_dead_letters",
    "show_overview",
    "show_suppressions",
    "unlist",
]

_FORM = [Depends(require_own_form)]
_MOST_SUPPRESSIONS = 100
_MOST_LETTERS = 25
_MOST_ENTRIES = 50
#: The suppression list has no index, so the ledger is scanned, at most for this many seconds.
_SCAN_SECONDS = 4.0
#: Deadline of pages that read much: the status, or a search in the ledger. The last call may take four seconds longer.
_LOOK_SECONDS = 4.5 * deadline.FACTOR
#: Deadline of actions that redrive many letters or wait for an event source mapping; API Gateway gives up after 30.
_ACTION_SECONDS = 24.0 * deadline.FACTOR

_ID = re.compile(r"[A-Za-z0-9_#.-]{1,100}")

router = APIRouter(prefix="/operations")

Text = Annotated[str, Form(max_length=500)]
Start = Annotated[int, Query(ge=0, le=1_000_000)]
#: A position in the audit log or in the outbox: a DynamoDB key must not be empty, nor longer than a kilobyte.
EntryId = Annotated[str, Query(pattern=f"{ULID_PATTERN}|^$")]
OutboxId = Annotated[str, Form(min_length=1, max_length=200)]


def _keep_search(request: Request, session: SessionOf, drafts: DraftsOf, wanted: Text = "") -> None:
    """Keep the search text while the operator signs in again."""
    if session is None:
        drafts.keep(request, "/operations/search", {"wanted": wanted})


@router.get("")
def show_overview(
    request: Request, operator: Operator, drafts: DraftsOf, services: ServicesOf, done: str = ""
) -> Response:
    """Show the status, the pause switch, a search, and the operators' last actions."""
    notifier = services.notifier
    deadline.extend(_LOOK_SECONDS)
    counts = {name: notifier.read_depth(getattr(notifier.names, name)) for name in ("dead", "retry", "feedback")}
    oldest = services.outbox.find_oldest_unpublished()
    unpublished = None if oldest is None else max(services.clock() - oldest, 0)
    context = {
        "counts": counts,
        "unpublished": unpublished,
        "status": notifier.read_pause_status(),
        "wanted": (drafts.take(request, operator, "/operations/search") or {}).get("wanted", ""),
        **_read_audit(services.audit, done),
    }
    seen = notifier.look(datetime.fromtimestamp(services.clock() / 1000, UTC))
    alarms = [(alarm, format_advice(alarm.do, _quote_command)) for alarm in seen.alarms or ()]
    lines = [*describe_status(seen, _quote_command)]
    return render_page(request, "operations.html", {**context, "lines": lines, "alarms": alarms})


@router.post("/search", dependencies=[Depends(_keep_search), *_FORM])
def find(request: Request, operator: Operator, services: ServicesOf, wanted: Text = "", start: Text = "") -> Response:
    """Search for a book, an event, a message or an address, and explain what was found; recorded in the audit log. Uses
    POST, because an address must not be in a URL or a log. `start` continues an earlier search in the ledger."""
    wanted = wanted.strip()
    found: list[SearchResult] = []
    deadline.extend(_LOOK_SECONDS)

    def search() -> str:
        found.append(services.search.find(wanted, start))
        return f"{len(found[0].mails)} found"

    services.audit.record(
        operator.email, operator.sub, "search", _name_of(services.notifier.installation, wanted), search
    )
    context = {"wanted": wanted, "found": found[0], "command": format_command}
    return render_page(request, "operations-found.html", context)


@router.get("/dead")
def show_dead_letters(
    request: Request, _operator: Operator, services: ServicesOf, done: str = "", reason: str = "", start: Start = 0
) -> Response:
    """Show the dead letters by reason; for one `reason`, from the letter number `start` on."""
    groups = group_dead_letters(services.notifier.installation)
    shown = [group for group in groups if reason in ("", group.code)]
    context = {"groups": shown, "start": start if reason else 0, "most": _MOST_LETTERS}
    return _show_with_audit(request, services.audit, "operations-dead.html", context, done)


@router.post("/redrive", dependencies=_FORM)
def send_again(
    request: Request,
    operator: Operator,
    services: ServicesOf,
    message: Text = "",
    reason: Text = "",
    confirmed: Text = "",
) -> Response:
    """Redrive one letter, or all with one reason; asks first if a mail may already have been sent."""
    letter_filter = LetterFilter(frozenset({message} if message else ()), reason)
    if not (message or reason):
        raise Problem("bad-request", "Say which dead letter to send again.")
    letters = services.notifier.installation
    deadline.extend(_ACTION_SECONDS)
    try:
        done = services.audit.record(
            operator.email,
            operator.sub,
            "send again, also what may have been sent" if confirmed == "yes" else "send again",
            message or reason,
            lambda: redrive(letters, letter_filter, confirmed=confirmed == "yes"),
        )
    except MayHaveGoneError as asks:
        context = {"doubtful": asks.doubtful, "message": message, "reason": reason, "once_more": False}
        return render_page(request, "operations-ask.html", context, 409)
    except UserError as error:
        return _show_refusal(request, error)
    return RedirectResponse(f"/operations/dead?done={done}", 303)


@router.post("/discard", dependencies=_FORM)
def discard_dead_letters(
    request: Request,
    operator: Operator,
    services: ServicesOf,
    message: Text = "",
    reason: Text = "",
    because: Text = "",
    confirmed: Text = "",
) -> Response:
    """Discard one dead letter, or all with one reason; asks for confirmation and for an explanation, which is
    recorded."""
    if not (message or reason):
        raise Problem("bad-request", "Say which dead letter to discard.")
    if confirmed != "yes" or not because.strip():
        context = {"message": message, "reason": reason, "asked": confirmed == "yes"}
        return render_page(request, "operations-discard.html", context, 409)
    letter_filter = LetterFilter(frozenset({message} if message else ()), reason)
    deadline.extend(_ACTION_SECONDS)
    done = services.audit.record(
        operator.email,
        operator.sub,
        "discard",
        message or reason,
        lambda: discard(services.notifier.installation, letter_filter, because.strip()),
    )
    return RedirectResponse(f"/operations/dead?done={done}", 303)


@router.post("/again", dependencies=_FORM)
def send_once_more(
    request: Request, operator: Operator, services: ServicesOf, message: Text = "", confirmed: Text = ""
) -> Response:
    """Send a mail that a provider accepted once more; always asks first."""
    installation = services.notifier.installation
    try:
        done = services.audit.record(
            operator.email,
            operator.sub,
            "send once more",
            message,
            lambda: dead_letters.send_once_more(installation, message, confirmed=confirmed == "yes"),
        )
    except MayHaveGoneError as asks:
        context = {"doubtful": asks.doubtful, "message": message, "reason": "", "once_more": True}
        return render_page(request, "operations-ask.html", context, 409)
    except UserError as error:
        return _show_refusal(request, error)
    return RedirectResponse(f"/operations?done={done}", 303)


@router.post("/publish", dependencies=_FORM)
def publish(request: Request, operator: Operator, services: ServicesOf, subject: OutboxId, event: OutboxId) -> Response:
    """Publish again an event that the outbox gave up before SNS accepted it."""
    row = OutboxRow(subject, event)

    def hand_over() -> str:
        publish_again(services.notifier.installation, row, services.clock())
        return "handed to the sweeper: it is published within two minutes"

    try:
        done = services.audit.record(operator.email, operator.sub, "publish again", event, hand_over)
    except UserError as error:
        return _show_refusal(request, error)
    return RedirectResponse(f"/operations?done={done}", 303)


@router.get("/suppressions")
def show_suppressions(
    request: Request, _operator: Operator, services: ServicesOf, done: str = "", start: Start = 0
) -> Response:
    """Show who gets no mail, and why; newest first, from the entry number `start` on."""
    entries, complete = _scan_list(services.notifier.installation)
    entries.sort(key=lambda entry: entry.since, reverse=True)
    shown = entries[start : start + _MOST_SUPPRESSIONS]
    context = {
        "entries": shown,
        "total": len(entries),
        "complete": complete,
        "start": start,
        "more": start + len(shown) < len(entries),
        "most": _MOST_SUPPRESSIONS,
    }
    return _show_with_audit(request, services.audit, "operations-suppressions.html", context, done)


@router.get("/done")
def show_audit(request: Request, _operator: Operator, services: ServicesOf, before: EntryId = "") -> Response:
    """Show what operators did, newest first; `before` is the last entry of the previous page."""
    entries = services.audit.list_latest(_MOST_ENTRIES, before)
    older = entries[-1].id if len(entries) == _MOST_ENTRIES else ""
    return render_page(request, "operations-done.html", {"entries": entries, "older": older})


@router.post("/suppressions/remove", dependencies=_FORM)
def unlist(request: Request, operator: Operator, services: ServicesOf, wanted: Text = "") -> Response:
    """Remove an address from SES's list in every region, then from Herald's own."""
    installation, wanted = services.notifier.installation, wanted.strip()
    if not text_validation.is_address(wanted):
        return _show_refusal(request, UserError("this is no address: nothing was changed."))
    key = installation.address_keys(wanted)[0]
    try:
        done = services.audit.record(
            operator.email, operator.sub, "take off the list", key, lambda: _take_off(installation, wanted)
        )
    except UserError as error:
        return _show_refusal(request, error)
    return RedirectResponse(f"/operations/suppressions?done={done}", 303)


@router.post("/pause", dependencies=_FORM)
def pause(request: Request, operator: Operator, services: ServicesOf) -> Response:
    """Pause all mail: events wait in the queue `retry`."""
    return _set_pause(request, operator, services.audit, "pause", services.notifier.pause)


@router.post("/resume", dependencies=_FORM)
def resume(request: Request, operator: Operator, services: ServicesOf) -> Response:
    """Resume all mail."""
    return _set_pause(request, operator, services.audit, "resume", services.notifier.resume)


def _name_of(installation: Installation, wanted: str) -> str:
    """Return what the audit log may contain of a search: an address only as its hash, and no free text."""
    if text_validation.is_address(wanted):
        return installation.address_keys(wanted)[0]
    return wanted if _ID.fullmatch(wanted) else "something that is no id"


def _set_pause(request: Request, operator: Identity, audit: Audit, action: str, work: Callable[[], str]) -> Response:
    deadline.extend(_ACTION_SECONDS)
    try:
        done = audit.record(operator.email, operator.sub, action, "all mail", work)
    except UserError as error:
        return _show_refusal(request, error)
    return RedirectResponse(f"/operations?done={done}", 303)


def _scan_list(installation: Installation) -> tuple[list[Suppression], bool]:
    """Read the suppression list as far as time allows; return the entries, and whether they are complete."""
    entries: list[Suppression] = []
    until = time.monotonic() + _SCAN_SECONDS
    for some in scan_suppressions(installation):
        entries += some
        if time.monotonic() > until:
            return entries, False
    return entries, True


def _take_off(installation: Installation, address: str) -> str:
    """Remove an address from all lists; raises `UserError` if it is on none."""
    was = take_off(installation, address)
    if not was:
        raise UserError("this address is on no list, neither Herald's nor SES's: nothing was changed")
    places = [f"Herald's, since {entry.since:%Y-%m-%d} ({entry.reason})" for entry in was.entries]
    return "removed; it was on " + " and ".join([*places, *(f"SES's in {region}" for region in was.regions)])


def _show_with_audit(request: Request, audit: Audit, template: str, context: Mapping[str, Any], done: str) -> Response:
    return render_page(request, template, {**context, **_read_audit(audit, done)})


def _read_audit(audit: Audit, done: str) -> Mapping[str, Any]:
    """Read the last actions, and the action that led to this page."""
    entries = audit.list_latest()
    return {"entries_done": entries, "last": next((entry for entry in entries if entry.id == done), None)}


def _quote_command(remedy: Remedy) -> str:
    """The command between backticks, which the page shows as code."""
    return f"`{format_command(remedy)}`"


def _show_refusal(request: Request, error: UserError) -> Response:
    why = f"{error}: {_quote_command(error.remedy)}" if error.remedy else str(error)
    return render_page(request, "operations-refused.html", {"why": f"{why[:1].upper()}{why[1:]}"}, 409)
