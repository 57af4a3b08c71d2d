"""What an operator can do about something, by name; the command line and the pages turn it into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["FormatRemedy", "Remedy", "RemedyAction"]


class RemedyAction(StrEnum):
    """What can be done; the names also stand, in braces, in the sentences of `operations.status.alarms`."""

    #: Show how things stand, the dead letters, those of `mail_webhook`, or what became of one mail.
    SHOW_STATUS = "show_status"
    SHOW_DEAD = "show_dead"
    SHOW_WEBHOOK_LETTERS = "show_webhook_letters"
    EXPLAIN = "explain"
    #: Send dead letters again: whichever, one message's, one reason's, or those of `mail_webhook`.
    REDRIVE = "redrive"
    REDRIVE_LETTER = "redrive_letter"
    REDRIVE_REASON = "redrive_reason"
    REDRIVE_WEBHOOK = "redrive_webhook"
    #: Send a mail without a dead letter: from its record, once more, or from the outbox.
    REDRIVE_RECORD = "redrive_record"
    SEND_ONCE_MORE = "send_once_more"
    PUBLISH_AGAIN = "publish_again"
    #: Delete dead letters: whichever, or one message's.
    DISCARD = "discard"
    DISCARD_LETTER = "discard_letter"
    #: Take an address off the suppression lists.
    UNLIST = "unlist"
    PAUSE = "pause"
    RESUME = "resume"
    SHOW_RELEASES = "show_releases"
    ROLL_BACK = "roll_back"
    #: Check the AWS account, or how long a burst of events takes.
    CHECK_ACCOUNT = "check_account"
    SIMULATE_BURST = "simulate_burst"


@dataclass(frozen=True, slots=True)
class Remedy:
    """An action on `id`: a message, an event or an address; empty where the reader knows which, or it needs none.

    `even_if_sent`: also where the mail may have been sent already.
    """

    action: RemedyAction
    id: str = ""
    even_if_sent: bool = False


#: Turns a remedy into what its reader can type.
FormatRemedy = Callable[[Remedy], str]
