"""`herald dead`, `herald redrive` and `herald discard`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from herald.account import AwsAccount, Local, Prefix, StateDir, report_refusals
from herald.audited_action import run_audited
from herald.commands.operations import webhook_dead_letters
from herald.commands.operations.webhook_dead_letters import Webhook
from herald.console import CommandInterrupted, JsonOption, Yes, confirm, console, note, print_json
from herald.dead_letters_output import describe_letters, describe_plan, show_letters, show_plan
from herald.redrive_confirmation import RedriveConfirmation
from laptop.state import DEFAULT_STATE
from operations.errors import UsageError, UserError
from operations.installation import Installation
from operations.outbox import find_rejected, publish_again
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.letter_filter import LetterFilter, read_age, select_letters
from operations.redrive.plan import RedriveDecision, RedrivePlan, plan_discard, plan_redrive
from operations.redrive.plan_from_ledger import find_message, find_obstacle, plan_again, plan_from_records
from operations.redrive.queue import count_in_flight, peek
from operations.redrive.send import RedriveResult, redrive_letters, send_copies

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

__all__ = ["app"]

app = typer.Typer(help="Dead letters: see why they are dead, send them again, or discard them.")

#: Exit code if letters were left in `dead`: their mail may have been sent and nobody said yes, or something that can be
#: changed stops it.
_LEFT = 3
#: The most events that a message names.
_SHOWN = 10
#: Letters between two progress lines of a long run without a progress bar.
_TOLD_EVERY = 100
#: Printed when AWS refuses a call in the middle of a command.
_SO_FAR = "what was not done yet lies where it was"

Messages = Annotated[list[str] | None, typer.Option("--message", help="Only this SNS MessageId; may be repeated")]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Only letters with this reason code, as `herald dead` shows it")
]
OlderThan = Annotated[str, typer.Option("--older-than", help="Only letters older than 90min, 6h or 2d")]
NewerThan = Annotated[str, typer.Option("--newer-than", help="Only letters younger than 90min, 6h or 2d")]
TypeOption = Annotated[str, typer.Option("--type", help="Only letters of events of this type")]
Tenant = Annotated[str, typer.Option("--tenant", help="Only letters of events whose extension `tenant` is this")]


@app.command()
@report_refusals(_SO_FAR)
def dead(
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
    everything: Annotated[
        bool, typer.Option("--all", help="Every letter, not only the oldest ten for each reason")
    ] = False,
    webhook: Webhook = False,
    as_json: JsonOption = False,
) -> None:
    """List the letters in `dead` by reason; they stay there."""
    account = AwsAccount.choose(local, state_dir, prefix)
    if webhook:
        webhook_dead_letters.list_letters(account, everything, as_json)
        return
    letters = peek(account.sqs, account.queue("dead"))
    if as_json:
        print_json(describe_letters(letters))
        return
    show_letters(console, letters, int(time.time() * 1000), everything, account.options)
    if not letters:
        _tell_in_flight(account.sqs, account.queue("dead"))


@app.command()
@report_refusals(_SO_FAR)
def redrive(
    message: Messages = None,
    reason: ReasonOption = "",
    older_than: OlderThan = "",
    newer_than: NewerThan = "",
    type_: TypeOption = "",
    tenant: Tenant = "",
    from_record: Annotated[
        list[str] | None,
        typer.Option("--from-record", help="This MessageId, from what the ledger keeps: needs no dead letter"),
    ] = None,
    again: Annotated[
        list[str] | None,
        typer.Option(
            "--again", help="This MessageId or event id, although a provider accepted its mail: sends a second"
        ),
    ] = None,
    from_outbox: Annotated[
        list[str] | None,
        typer.Option("--from-outbox", help="This event id, which the web app's outbox gave up before SNS accepted it"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before sending: for machines")] = False,
    even_if_sent: Annotated[
        bool, typer.Option("--even-if-sent", help="Say yes to mails that may have been sent: a second may arrive")
    ] = False,
    webhook: Webhook = False,
    as_json: JsonOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Send dead letters again: all, or those that you name. Exit code 3: some were left, and it says why."""
    account = AwsAccount.choose(local, state_dir, prefix)
    letter_filter = _filter(message, reason, older_than, newer_than, type_, tenant)
    if webhook:
        if from_record or again or from_outbox or even_if_sent:
            raise UsageError("--webhook is about no mails: leave what names mails out")
        webhook_dead_letters.post_again(account, letter_filter, dry_run, yes, as_json)
        return
    installation = account.installation()
    if from_outbox:
        if letter_filter or from_record or again:
            raise UsageError("--from-outbox names its events itself: leave the other options out")
        _publish_again(account, installation, from_outbox, dry_run, yes, as_json)
        return
    plan = _plan(installation, letter_filter, from_record or [], again or [])
    if not plan.letters:
        _tell_none(installation, letter_filter)
    if not as_json:
        show_plan(console, plan)
    _tell_refusals(plan)
    planned, refused = describe_plan(plan), len(plan.letters_to(RedriveDecision.REFUSED))
    plan.exclude(RedriveDecision.REFUSED)
    left = 0 if dry_run else RedriveConfirmation(yes, even_if_sent).ask(plan)
    done = RedriveResult()
    if plan.letters and not dry_run:
        done = _redrive(account, installation, plan, letter_filter, from_record or again or [], even_if_sent)
    if as_json:
        print_json({"plan": planned, **asdict(done), "left": left + refused})
    elif plan.letters and not dry_run:
        _tell_done(done, len(plan.letters))
    _end(left, 0 if dry_run else refused)


def _end(left: int, refused: int) -> None:
    """Print how many letters were left without a yes, and exit with the code for letters that were left."""
    if left:
        note(f"{left} left as they are: their mail may have been sent. Look at them, then say --even-if-sent.")
    if left or refused:
        raise typer.Exit(_LEFT)


@app.command()
@report_refusals(_SO_FAR)
def discard(
    message: Messages = None,
    reason: ReasonOption = "",
    older_than: OlderThan = "",
    newer_than: NewerThan = "",
    type_: TypeOption = "",
    tenant: Tenant = "",
    everything: Annotated[bool, typer.Option("--all", help="Every letter in dead")] = False,
    because: Annotated[str, typer.Option("--because", help="Why; recorded in the audit log")] = "",
    yes: Yes = False,
    webhook: Webhook = False,
    as_json: JsonOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Discard dead letters, so that their alarm ends. Asks; the audit log records who did it and why.

    Nothing is sent. As long as the ledger keeps the event, `herald redrive --from-record ID` still sends it.
    """
    account = AwsAccount.choose(local, state_dir, prefix)
    letter_filter = _filter(message, reason, older_than, newer_than, type_, tenant)
    if bool(letter_filter) == everything:
        raise UsageError("say which letters: --message, --reason, --older-than, --type or --tenant; or --all")
    if webhook:
        webhook_dead_letters.discard_letters(account, letter_filter, because, yes, as_json)
        return
    installation = account.installation()
    plan = plan_discard(_select(installation, letter_filter))
    if not plan.letters:
        _tell_none(installation, letter_filter)
    elif not as_json:
        show_letters(console, plan.letters, int(time.time() * 1000), False, account.options, offer=False)
    done = RedriveResult()
    if plan.letters and (yes or confirm(f"Discard {len(plan.letters)}? Their mails are not sent.")):
        why = because or _ask_why()

        def discard_selected() -> str:
            _run(partial(redrive_letters, installation, plan), len(plan.letters), done)
            return f"{done.discarded} discarded: {why}"

        run_audited(account, "discard", letter_filter.describe(), discard_selected)
    if as_json:
        print_json({"discarded": done.discarded, "left": len(plan.letters) - done.discarded})
    elif done.discarded:
        console.print(f"{done.discarded} discarded.")
        _tell_unseen(len(plan.letters) - done.discarded)


def _filter(
    message: list[str] | None, reason: str, older_than: str, newer_than: str, type_: str, tenant: str
) -> LetterFilter:
    now = int(time.time() * 1000)
    older, newer = read_age(older_than, "--older-than"), read_age(newer_than, "--newer-than")
    return LetterFilter(
        frozenset(message or ()),
        reason,
        None if older is None else now - older,
        None if newer is None else now - newer,
        type_,
        tenant,
    )


def _plan(
    installation: Installation, letter_filter: LetterFilter, message_ids: list[str], again: list[str]
) -> RedrivePlan:
    if message_ids or again:
        if letter_filter or (message_ids and again):
            raise UsageError("--from-record and --again name their messages themselves: leave the rest out")
        if again:
            return plan_again(installation, [find_message(installation, each) for each in again])
        return plan_from_records(installation, message_ids)
    letters = _select(installation, letter_filter)
    return plan_redrive(letters, installation.record, partial(find_obstacle, installation))


def _select(installation: Installation, letter_filter: LetterFilter) -> list[DeadLetter]:
    letters = select_letters(installation, letter_filter)
    if missing := letter_filter.messages - {letter.message_id for letter in letters}:
        raise UserError(f"no letter of {min(missing)} lies in dead: herald dead lists them, --from-record needs none")
    return letters


def _publish_again(
    account: AwsAccount, installation: Installation, event_ids: list[str], dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Hand events that the outbox gave up to the sweeper again."""
    rejected = {row.event_id: row for row in find_rejected(installation)}
    if missing := [event_id for event_id in event_ids if event_id not in rejected]:
        others = f"it gave up {', '.join(list(rejected)[:_SHOWN])}" if rejected else "it gave up none"
        raise UserError(f"the outbox gave up no event {missing[0]} that can be published; {others}")
    for event_id in event_ids if not as_json else ():
        console.print(f"{event_id}: {rejected[event_id].reason}", markup=False)
    handed_over: list[str] = []
    if not dry_run and (yes or confirm(f"Publish {len(event_ids)} again?")):

        def hand_over() -> str:
            for event_id in event_ids:
                publish_again(installation, rejected[event_id], int(time.time() * 1000))
                handed_over.append(event_id)
            return f"{len(handed_over)} handed to the sweeper"

        run_audited(account, "publish again", ", ".join(event_ids)[:500], hand_over)
    if as_json:
        print_json({"handed_over": handed_over})
    elif handed_over:
        console.print(f"{len(handed_over)} handed to the sweeper: it publishes them within two minutes.")


def _redrive(
    account: AwsAccount,
    installation: Installation,
    plan: RedrivePlan,
    letter_filter: LetterFilter,
    named: list[str],
    even_if_sent: bool,
) -> RedriveResult:
    done = RedriveResult()
    act_on = send_copies if named else redrive_letters

    def send() -> str:
        _run(partial(act_on, installation, plan), len(plan.letters), done)
        return f"{done.sent} queued again, {done.discarded} discarded because the mail has gone"

    action = "send once more" if plan.letters_to(RedriveDecision.AGAIN) else "send again"
    run_audited(
        account,
        f"{action}, also what may have been sent" if even_if_sent else action,
        _describe_letters(letter_filter, named),
        send,
    )
    return done


def _describe_letters(letter_filter: LetterFilter, named: list[str]) -> str:
    return ", ".join(named)[:500] or letter_filter.describe()


def _run(work: Callable[[Callable[[int], None], RedriveResult], object], total: int, done: RedriveResult) -> None:
    """Carry out a plan and show progress: a bar in a terminal, otherwise a line now and then."""
    try:
        with Progress(console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task("redriving", total=total)

            def tell(count: int) -> None:
                bar.update(task, completed=count)
                if not console.is_terminal and count % _TOLD_EVERY == 0 and count < total:
                    note(f"{count} of {total}")

            work(tell, done)
    except KeyboardInterrupt:
        message = f"stopped after {done.total} of {total}: the rest lies where it was; run it again"
        raise CommandInterrupted(message) from None


def _ask_why() -> str:
    if not os.isatty(0):
        return "no reason given"
    try:
        return str(typer.prompt("Why? It is recorded with what operators did", err=True))
    except typer.Abort:
        raise CommandInterrupted("stopped before an answer; nothing was discarded") from None


def _tell_refusals(plan: RedrivePlan) -> None:
    for letter in plan.letters_to(RedriveDecision.REFUSED)[:_SHOWN]:
        note(f"not sent again: message {letter.message_id} {plan.refusals[letter.id]}")


def _tell_none(installation: Installation, letter_filter: LetterFilter) -> None:
    note("No dead letters." if not letter_filter else f"No letter fits: {letter_filter.describe()}.")
    _tell_in_flight(installation.sqs, installation.dead)


def _tell_in_flight(sqs: SQSClient, dead: str) -> None:
    """Print how many letters are in the queue but not visible, because another program has received them."""
    if hidden := count_in_flight(sqs, dead):
        note(f"About {hidden} out of sight: another redrive has them, or they come back within a minute.")


def _tell_done(done: RedriveResult, planned: int) -> None:
    why = "because the mail has gone, or another message has its event"
    thrown = f", {done.discarded} discarded {why}" if done.discarded else ""
    console.print(f"{done.sent} sent again{thrown}.")
    _tell_unseen(planned - done.total)


def _tell_unseen(missing: int) -> None:
    if missing:
        note(f"{missing} could not be seen: another redrive has them, or they come back within a minute.")
