"""`herald dead` and `herald redrive`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from herald.account import Account, Local, Prefix, StateDir, report_refusals
from herald.consent import Consent
from herald.console import confirm, console
from herald.dead_letters_table import as_json, show_letters, show_plan
from laptop.state import DEFAULT_STATE
from operations.errors import UserError
from operations.installation import Installation
from operations.outbox import find_rejected, publish_again
from operations.redrive.from_record import find_message, plan_again, plan_from_records
from operations.redrive.plan import LetterFilter, RedrivePlan, plan_redrive
from operations.redrive.queue import count_in_flight, peek
from operations.redrive.send import RedriveResult, redrive_letters, send_copies

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["app"]

app = typer.Typer(help="Dead letters: see why they are dead, and send them again.")

#: Exit code where letters were left in `dead` because their mail may have gone and nobody said yes.
_LEFT = 3
_INTERRUPTED = 130
#: Events that a message names, where there are more.
_SHOWN = 10
#: What is true when AWS refuses in the middle.
_SO_FAR = "what was not done yet lies where it was"


@app.command()
@report_refusals(_SO_FAR)
def dead(
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
    everything: Annotated[bool, typer.Option("--all", help="Every letter, not the oldest ten of each reason")] = False,
    machine: Annotated[bool, typer.Option("--json", help="For machines")] = False,
) -> None:
    """List what lies in `dead` by its reason; it all stays there."""
    account = Account.choose(local, state_dir, prefix)
    letters = peek(account.sqs, account.queue("dead"))
    if machine:
        typer.echo(as_json(letters))
    else:
        show_letters(console, letters, int(time.time() * 1000), everything)
        if not letters:
            _print_in_flight(account.sqs, account.queue("dead"))


@app.command()
@report_refusals(_SO_FAR)
def redrive(
    message: Annotated[list[str] | None, typer.Option("--message", help="Only this SNS MessageId")] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Only letters with this reason's code, as `herald dead` shows it")
    ] = "",
    from_record: Annotated[
        list[str] | None,
        typer.Option("--from-record", help="This MessageId, from what the ledger keeps: no letter of it is needed"),
    ] = None,
    again: Annotated[
        list[str] | None,
        typer.Option("--again", help="This MessageId or event id, though a provider accepted its mail: a second one"),
    ] = None,
    from_outbox: Annotated[
        list[str] | None,
        typer.Option("--from-outbox", help="This event id, which the web app's outbox gave up before SNS took it"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending: for machines")] = False,
    even_if_sent: Annotated[
        bool, typer.Option("--even-if-sent", help="Say yes to mails that may have gone: a second may arrive")
    ] = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Send dead letters again: all, or those that you name. Exit code 3: some need a yes, and were left."""
    installation = Account.choose(local, state_dir, prefix).installation()
    if from_outbox:
        if message or reason or from_record or again:
            raise UserError("--from-outbox names its events itself: leave the other options out", code=2)
        _publish_again(installation, from_outbox, dry_run, yes)
        return
    letter_filter = LetterFilter(frozenset(message or ()), reason)
    plan = _plan(installation, letter_filter, from_record or [], again or [])
    show_plan(console, plan)
    if dry_run or not plan.letters:
        return
    left = Consent(yes, even_if_sent).ask(plan)
    if plan.letters:
        _redrive(installation, plan, queued=not (from_record or again))
    if left:
        console.print(f"{left} left as they are: their mail may have gone. Look at them, then say --even-if-sent.")
        raise typer.Exit(_LEFT)


def _plan(
    installation: Installation, letter_filter: LetterFilter, message_ids: list[str], again: list[str]
) -> RedrivePlan:
    if message_ids or again:
        if letter_filter.messages or letter_filter.reason_code or (message_ids and again):
            raise UserError("--from-record and --again name their messages themselves: leave the rest out", code=2)
        if again:
            return plan_again(installation, [find_message(installation, each) for each in again])
        return plan_from_records(installation, message_ids)
    letters = [letter for letter in peek(installation.sqs, installation.dead) if letter_filter.matches(letter)]
    if missing := letter_filter.messages - {letter.message_id for letter in letters}:
        raise UserError(f"no letter of {min(missing)} lies in dead: make dead lists them, --from-record needs none")
    if not letters:
        console.print(
            "No dead letters."
            if not letter_filter.reason_code
            else f"No letter has the reason {letter_filter.reason_code}."
        )
        _print_in_flight(installation.sqs, installation.dead)
    return plan_redrive(letters, installation.record)


def _publish_again(installation: Installation, event_ids: list[str], dry_run: bool, yes: bool) -> None:
    """Hand events that the outbox gave up to the sweeper again."""
    rejected = {row.event_id: row for row in find_rejected(installation)}
    if missing := [event_id for event_id in event_ids if event_id not in rejected]:
        others = f"it gave up {', '.join(list(rejected)[:_SHOWN])}" if rejected else "it gave up none"
        raise UserError(f"the outbox gave up no event {missing[0]} that can be published; {others}")
    for event_id in event_ids:
        console.print(f"{event_id}: {rejected[event_id].reason}", markup=False)
    if not dry_run and (yes or confirm(f"Publish {len(event_ids)} again?")):
        for event_id in event_ids:
            publish_again(installation, rejected[event_id], int(time.time() * 1000))
        console.print(f"{len(event_ids)} handed to the sweeper: it publishes them within two minutes.")


def _print_in_flight(sqs: SQSClient, dead: str) -> None:
    """Letters that somebody else has received are not visible, but they are there."""
    if hidden := count_in_flight(sqs, dead):
        console.print(f"About {hidden} out of sight: another redrive has them, or they come back within a minute.")


def _redrive(installation: Installation, plan: RedrivePlan, queued: bool) -> None:
    done = RedriveResult()
    try:
        with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task("redriving", total=len(plan.letters))
            act = redrive_letters if queued else send_copies
            act(installation, plan, lambda count: bar.update(task, completed=count), done)
    except KeyboardInterrupt:
        message = f"stopped after {done.total} of {len(plan.letters)}: the rest lies where it was; run it again"
        raise UserError(message, _INTERRUPTED) from None
    why = "because the mail has gone, or another message has its event"
    thrown = f", {done.discarded} thrown away {why}" if done.discarded else ""
    console.print(f"{done.sent} sent again{thrown}.")
    if missing := len(plan.letters) - done.total:
        console.print(f"{missing} could not be seen: another redrive has them, or they come back within a minute.")
