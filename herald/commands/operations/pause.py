"""`herald pause` and `herald resume`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from herald.account import AwsAccount, Local, Prefix, StateDir, report_refusals
from herald.audited_action import run_audited
from herald.console import JsonOption, Yes, confirm, console, print_json
from laptop.state import DEFAULT_STATE
from operations import pause as pausing
from operations.errors import UserError
from operations.pause import PauseStatus

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

__all__ = ["app"]

app = typer.Typer(help="Stop all mail without losing any, and resume it.")

_SO_FAR = "run it again: it goes on where it stopped"


@app.command()
@report_refusals(_SO_FAR)
def pause(
    as_json: JsonOption = False, local: Local = False, state_dir: StateDir = DEFAULT_STATE, prefix: Prefix = "herald"
) -> None:
    """Stop all mail without losing any. Every event waits in the queue retry, for up to 14 days."""
    account = AwsAccount.choose(local, state_dir, prefix)
    before = _change(account, "pause", pausing.pause, lambda was: "was paused already" if was.paused else "paused")
    count = _count(account)
    if as_json:
        print_json({"paused": True, "changed": not before.paused, "waiting": count})
        return
    if before.paused:
        console.print(f"{account.notify} was paused already: nothing was changed.")
    else:
        console.print(
            f"{account.notify} is paused: no mail leaves, and what arrives waits in {prefix}-retry. What was being "
            "sent is sent to its end."
        )
    resume_it = f"herald resume{account.options}"
    console.print(f"{_describe_waiting(count)} now. Within 14 days: {resume_it}. Feedback is still heard.")


@app.command()
@report_refusals(_SO_FAR)
def resume(
    yes: Yes = False,
    as_json: JsonOption = False,
    local: Local = False,
    state_dir: StateDir = DEFAULT_STATE,
    prefix: Prefix = "herald",
) -> None:
    """Send the events that wait, each as one mail. Asks, because there may be many."""
    account = AwsAccount.choose(local, state_dir, prefix)
    count = _count(account)
    stopped = not pausing.read_pause_status(account.functions, account.notify).running
    if stopped and not (yes or confirm(f"{_describe_waiting(count)}. Send them now?")):
        raise UserError("it stays as it is: nothing was changed")
    before = _change(account, "resume", pausing.resume, lambda was: "was not paused" if was.running else "resumed")
    now = pausing.read_pause_status(account.functions, account.notify).concurrency
    if as_json:
        print_json({"paused": False, "changed": not before.running, "waiting": count, "concurrency": now})
        return
    if before.running:
        console.print(f"{account.notify} was not paused: nothing was changed.")
    else:
        reserved = "no concurrency is reserved" if now is None else f"its reserved concurrency is {now} again"
        console.print(f"{account.notify} runs again: {reserved}, and {prefix}-retry is read.")
    console.print(f"{_describe_waiting(count)}. They are sent now, each once.")


def _change(
    account: AwsAccount,
    action: str,
    change: Callable[[LambdaClient, str], PauseStatus],
    describe: Callable[[PauseStatus], str],
) -> PauseStatus:
    """Make the change, record it in the audit log, and return the status before it."""
    before: list[PauseStatus] = []

    def work() -> str:
        with console.status("waiting for Lambda"):
            before.append(change(account.functions, account.notify))
        return describe(before[0])

    run_audited(account, action, "all mail", work)
    return before[0]


def _count(account: AwsAccount) -> int:
    return pausing.count_waiting(account.sqs, account.queue("retry"))


def _describe_waiting(count: int) -> str:
    return f"About {count} {'event waits' if count == 1 else 'events wait'}"
