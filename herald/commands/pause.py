"""`herald pause` and `herald resume`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from herald.account import Account, Local, Prefix, StateDir, report_refusals
from herald.console import console
from laptop.state import DEFAULT_STATE
from operations import pause as pausing
from operations.pause import PauseStatus

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

__all__ = ["app"]

app = typer.Typer(help="Stop all mail without losing any, and let it go on.")

_SO_FAR = "run it again: it goes on where it stopped"


@app.command()
@report_refusals(_SO_FAR)
def pause(local: Local = False, state_dir: StateDir = DEFAULT_STATE, prefix: Prefix = "herald") -> None:
    """Park everything: no mail leaves, every event waits in the queue retry, up to 14 days."""
    account = Account.choose(local, state_dir, prefix)
    before = _change(pausing.pause, account)
    if before.paused:
        console.print(f"{account.notify} was paused already: nothing was changed.")
    else:
        console.print(
            f"{account.notify} is paused: no mail leaves, and what arrives waits in {prefix}-retry. What was being "
            "sent is sent to its end."
        )
    console.print(f"{_describe_waiting(account)} now. Within 14 days: make resume. Feedback is still heard.")


@app.command()
@report_refusals(_SO_FAR)
def resume(local: Local = False, state_dir: StateDir = DEFAULT_STATE, prefix: Prefix = "herald") -> None:
    """Let it go on: what waits is sent, each event one mail."""
    account = Account.choose(local, state_dir, prefix)
    count = _describe_waiting(account)
    before = _change(pausing.resume, account)
    if before.running:
        console.print(f"{account.notify} was not paused: nothing was changed.")
    else:
        now = pausing.read_status(account.functions, account.notify).concurrency
        reserved = "no concurrency is reserved" if now is None else f"its reserved concurrency is {now} again"
        console.print(f"{account.notify} runs again: {reserved}, and {prefix}-retry is read.")
    console.print(f"{count}. They are sent now, each once.")


def _change(change: Callable[[LambdaClient, str], PauseStatus], account: Account) -> PauseStatus:
    with console.status("waiting for Lambda"):
        return change(account.functions, account.notify)


def _describe_waiting(account: Account) -> str:
    count = pausing.count_waiting(account.sqs, account.queue("retry"))
    return f"About {count} {'event waits' if count == 1 else 'events wait'}"
