"""`herald dead`, `herald redrive` and `herald discard` with `--webhook`: the letters of `mail_webhook`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

import typer

from herald.account import AwsAccount
from herald.audited_action import run_audited
from herald.console import confirm, console, format_age, note, print_json, print_rows
from operations.errors import UsageError, UserError
from operations.redrive.dead_letters import DeadLetter
from operations.redrive.letter_filter import LetterFilter
from operations.redrive.webhook_dead_letters import WebhookDeadLetters

__all__ = ["Webhook", "discard_letters", "list_letters", "post_again"]

Webhook = Annotated[
    bool, typer.Option("--webhook", help="Not mails, but events that the receiver of mail_webhook did not accept")
]
#: Letters that are shown, unless all are asked for.
_SHOWN = 10


def list_letters(account: AwsAccount, everything: bool, as_json: bool) -> None:
    """Print the letters, the oldest first; they stay in their queue."""
    letters = _open(account).find(LetterFilter())
    if as_json:
        print_json({"count": len(letters), "letters": [_describe(letter) for letter in letters]})
        return
    _show(letters, len(letters) if everything else _SHOWN)


def post_again(account: AwsAccount, letter_filter: LetterFilter, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Post the letters that fit the filter again."""
    webhook = _open(account)
    letters, done = _choose(webhook, letter_filter, as_json), 0
    if letters and not dry_run and (yes or confirm(f"Post {len(letters)} again?")):
        done = _act(account, "post again", letter_filter, lambda: webhook.post_again(letters))
    if as_json:
        print_json({"sent": done, "left": len(letters) - done})
    elif done:
        console.print(f"{done} sent again: each is posted under its old id.")


def discard_letters(account: AwsAccount, letter_filter: LetterFilter, because: str, yes: bool, as_json: bool) -> None:
    """Delete the letters that fit the filter."""
    webhook = _open(account)
    letters, done = _choose(webhook, letter_filter, as_json), 0
    if letters and (yes or confirm(f"Discard {len(letters)}? Their receiver never gets them.")):
        action = f"discard: {because}"[:100] if because else "discard"
        done = _act(account, action, letter_filter, lambda: webhook.discard(letters))
    if as_json:
        print_json({"discarded": done, "left": len(letters) - done})
    elif done:
        console.print(f"{done} discarded.")


def _open(account: AwsAccount) -> WebhookDeadLetters:
    """Find the webhook's queues. Raises `UserError` if there are none."""
    try:
        dead, waiting = (
            account.sqs.get_queue_url(QueueName=f"{account.prefix}-mail-webhook{part}")["QueueUrl"]
            for part in ("-dead", "")
        )
    except account.sqs.exceptions.QueueDoesNotExist:
        raise UserError("nothing is posted to anybody here: mail_webhook of the Terraform module names a URL") from None
    return WebhookDeadLetters(account.sqs, dead, waiting)


def _choose(webhook: WebhookDeadLetters, letter_filter: LetterFilter, as_json: bool) -> list[DeadLetter]:
    """Find the letters that fit the filter, and show them. Raises `UserError` for a filter that they do not support."""
    if letter_filter.messages or letter_filter.reason_code or letter_filter.tenant:
        raise UsageError("with --webhook letters are chosen by --type, --older-than and --newer-than")
    letters = webhook.find(letter_filter)
    if not as_json:
        _show(letters, _SHOWN)
    return letters


def _act(account: AwsAccount, action: str, letter_filter: LetterFilter, work: Callable[[], int]) -> int:
    """Do the work, record it in the audit log, and return the number of letters."""
    done: list[int] = []

    def count() -> str:
        done.append(work())
        return f"{done[0]} of the webhook's letters"

    run_audited(account, action, f"webhook: {letter_filter.describe()}", count)
    return done[0]


def _show(letters: list[DeadLetter], most: int) -> None:
    if not letters:
        note("No letters of the webhook's.")
        return
    now = time.time() * 1000
    console.print(f"{len(letters)} of the webhook's letters")
    rows = [(one.event_id or "?", format_age(now - one.since), one.type or "?") for one in letters[:most]]
    print_rows(("event", "since", "type"), rows, indent=2)
    if len(letters) > most:
        console.print(f"    and {len(letters) - most} more: --all shows them", style="dim")


def _describe(letter: DeadLetter) -> dict[str, object]:
    return {"id": letter.event_id, "type": letter.type, "since": letter.since}
