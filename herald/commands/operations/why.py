"""`herald why`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import typer
from botocore.exceptions import ClientError

from function.ledger.record import Record
from herald.account import AwsAccount, Local, Prefix, StateDir, report_refusals
from herald.audited_action import run_audited
from herald.console import JsonOption, console, format_age, note, print_json, print_rows
from laptop.state import DEFAULT_STATE
from operations.errors import UsageError
from operations.installation import Installation
from operations.outbox import OutboxEntry, find_entries
from operations.redrive.queue import count_in_flight, peek
from operations.remedies import Remedy, RemedyAction
from operations.why.explanation import MailExplanation, explain_mail, format_time, summarize
from operations.why.ledger_scan import scan_all
from operations.why.mail import MailStory
from operations.why.mail_search import MailQuery, MailSearchResult, find, mentions
from operations.why.recipient import RecipientLists, find_recipient
from webapp.admin.remedy_commands import format_command

__all__ = ["why"]

#: Exit code if nothing at all is known.
_NOTHING = 1


@report_refusals("nothing was changed")
def why(
    wanted: Annotated[
        str,
        typer.Argument(metavar="WHAT", help="an event's id, a MessageId, an e-mail address, or an event's subject"),
    ],
    source: Annotated[str, typer.Option("--source", help="The event's source, so that its id is found at once")] = "",
    as_json: JsonOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Explain why somebody got no mail, or two. Shows every mail of an event or a person, each attempt, and what to do.

    An address is hashed before anything is looked up. Exit code 1: nothing is known about it.
    """
    account = AwsAccount.choose(local, state_dir, prefix)
    installation = account.installation()
    question = MailQuery.build(installation, wanted, source)
    if not question.wanted:
        raise UsageError("say what to look for: an event's id, a MessageId, an address or a subject")
    now = int(time.time() * 1000)
    searched: list[MailSearchResult] = []

    def search() -> str:
        letters = peek(installation.sqs, installation.dead)
        outbox = list(_list_outbox_entries(installation, question))
        searched.append(find(installation, question, letters, outbox, partial(scan_all, installation), now))
        return f"{len(searched[0].mails)} found"

    run_audited(account, "search", question.name, search)
    found = searched[0]
    recipient = find_recipient(installation, question.keys, question.wanted) if question.keys else None
    answers = [explain_mail(mail, now) for mail in found.mails]
    if as_json:
        print_json(_describe(question, found, answers, recipient, account.options))
    else:
        _show(question, found, answers, recipient, account.options, now)
        _tell_where(installation, found, now)
    if not found.mails and not (recipient and (recipient.entries or recipient.regions or recipient.stopped)):
        raise typer.Exit(_NOTHING)


def _list_outbox_entries(installation: Installation, question: MailQuery) -> Iterator[OutboxEntry]:
    """The outbox entries that fit the query; none without a web app, or without permission to read its table."""
    try:
        yield from find_entries(installation, lambda body: mentions(body, question))
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        note(f"the outbox was not looked at: this caller may not read {installation.books}")


def _show(
    question: MailQuery,
    found: MailSearchResult,
    answers: Sequence[MailExplanation],
    recipient: RecipientLists | None,
    options: str,
    now: int,
) -> None:
    console.print(summarize(found.mails), style="bold", markup=False)
    if recipient:
        console.print(f"The address, by its hash {question.keys[0]}:", markup=False)
        for line in recipient.describe(_format_command(Remedy(RemedyAction.UNLIST), question, options)):
            console.print(f"  {line}", markup=False)
    for mail, answer in zip(found.mails, answers, strict=True):
        console.print()
        console.print(answer.what, style="bold", markup=False)
        for label, text in (("Why", answer.why), ("Do", answer.do)):
            if text:
                console.print(f"{label + ':':5}{text}", markup=False)
        for remedy in answer.remedies:
            console.print(f"       {_format_command(remedy, question, options)}", markup=False)
        print_rows(("", ""), list(_list_names(mail, now)), indent=2)
        if mail.rows:
            print_rows(
                ("time", "state", "provider", "took", "release", "said"),
                [_format_row(row) for row in mail.rows],
                indent=2,
            )


def _format_command(remedy: Remedy, question: MailQuery, options: str) -> str:
    """The command to type, with the address filled in if it was given: it is on this screen already."""
    if question.keys and remedy.action is RemedyAction.UNLIST:
        remedy = replace(remedy, id=question.wanted)
    return format_command(remedy, options)


def _list_names(mail: MailStory, now: int) -> Iterator[tuple[str, str]]:
    if mail.event_id:
        yield "event", f"{mail.event_id}{f' of {mail.source}' if mail.source else ''}"
    if mail.subject:
        yield "subject", mail.subject
    if mail.type:
        yield "type", mail.type
    if mail.message_id:
        yield "MessageId", mail.message_id
    yield "state", mail.state
    yield from _list_record_names(mail.record) if mail.record else ()
    for letter in mail.letters:
        yield "letter", f"in dead for {format_age(now - letter.since)}, {letter.reason_code}: {letter.reason}"
    if mail.outbox:
        yield "outbox", f"{mail.outbox.state}, committed {format_time(mail.outbox.committed_at)}"


def _list_record_names(record: Record) -> Iterator[tuple[str, str]]:
    names = {"tenant": record.tenant, "trace": record.trace}
    names |= {"instead of": record.instead_of, "followed by": record.successor}
    return ((what, name) for what, name in names.items() if name)


def _format_row(row: Any) -> tuple[str, str, str, str, str, str]:
    took = "" if row.ms is None else f"{row.ms} ms"
    reason = " ".join(filter(None, (row.reason_code, row.detail)))
    return format_time(row.at), str(row.state), row.provider or "", took, row.release, reason


def _tell_where(installation: Installation, found: MailSearchResult, now: int) -> None:
    """Print which places were searched, so that a missing answer is not mistaken for *nothing happened*."""
    console.print()
    ledger = "the whole ledger" if found.scanned else "the ledger, by its keys"
    oldest = f", the oldest {format_age(now - found.oldest)} old" if found.oldest is not None else ""
    dead = f"{found.letters} dead letter{'' if found.letters == 1 else 's'}{oldest}, which stay there"
    console.print(f"Looked at: {ledger}; {dead}; and the web app's outbox, if there is one.", style="dim")
    if hidden := count_in_flight(installation.sqs, installation.dead):
        note(f"About {hidden} dead letters are in flight, and were not seen: look again in a minute.")


def _describe(
    question: MailQuery,
    found: MailSearchResult,
    answers: Sequence[MailExplanation],
    recipient: RecipientLists | None,
    options: str,
) -> dict[str, Any]:
    return {
        "wanted": question.name,
        "summary": summarize(found.mails),
        "address": None if recipient is None else _describe_recipient(recipient),
        "mails": [_describe_mail(*pair, options) for pair in zip(found.mails, answers, strict=True)],
        "dead": {"letters": found.letters, "oldest": None if found.oldest is None else _format_iso(found.oldest)},
        "whole_ledger": found.scanned,
    }


def _describe_recipient(recipient: RecipientLists) -> dict[str, Any]:
    return {
        "suppressed": [
            {"reason": entry.reason, "since": entry.since.isoformat(), "message_id": entry.message_id}
            for entry in recipient.entries
        ],
        "ses_regions": None if recipient.regions is None else list(recipient.regions),
        "unsubscribed": list(recipient.stopped),
    }


def _describe_mail(mail: MailStory, answer: MailExplanation, options: str) -> dict[str, Any]:
    record = mail.record
    return {
        "message_id": mail.message_id or None,
        "source": mail.source,
        "event_id": mail.event_id,
        "subject": mail.subject,
        "type": mail.type or None,
        "state": mail.state,
        "mails": mail.count,
        "answer": answer.what,
        "why": answer.why,
        "do": answer.do,
        "commands": [format_command(remedy, options) for remedy in answer.remedies],
        "successor": record.successor if record else None,
        "instead_of": record.instead_of if record else None,
        "trace": record.trace if record else None,
        "tenant": record.tenant if record else None,
        "letters": [
            {"since": _format_iso(one.since), "reason_code": one.reason_code, "reason": one.reason}
            for one in mail.letters
        ],
        "outbox": mail.outbox.state if mail.outbox else None,
        "timeline": [{**row.as_dict(), "state": str(row.state), "at": _format_iso(row.at)} for row in mail.rows],
    }


def _format_iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
