"""The commands that do what operations advises: the command line and the operators' pages name the same."""

from __future__ import annotations

from collections.abc import Mapping

from operations.remedies import Remedy, RemedyAction

__all__ = ["COMMANDS", "format_command"]

#: The command of each action, as far as the id that it acts on.
COMMANDS: Mapping[RemedyAction, str] = {
    RemedyAction.SHOW_STATUS: "status",
    RemedyAction.SHOW_DEAD: "dead",
    RemedyAction.SHOW_WEBHOOK_LETTERS: "dead --webhook",
    RemedyAction.EXPLAIN: "why",
    RemedyAction.REDRIVE: "redrive",
    RemedyAction.REDRIVE_LETTER: "redrive --message",
    RemedyAction.REDRIVE_REASON: "redrive --reason",
    RemedyAction.REDRIVE_WEBHOOK: "redrive --webhook",
    RemedyAction.REDRIVE_RECORD: "redrive --from-record",
    RemedyAction.SEND_ONCE_MORE: "redrive --again",
    RemedyAction.PUBLISH_AGAIN: "redrive --from-outbox",
    RemedyAction.DISCARD: "discard",
    RemedyAction.DISCARD_LETTER: "discard --message",
    RemedyAction.UNLIST: "suppressions remove",
    RemedyAction.PAUSE: "pause",
    RemedyAction.RESUME: "resume",
    RemedyAction.SHOW_RELEASES: "releases",
    RemedyAction.ROLL_BACK: "rollback",
    RemedyAction.CHECK_ACCOUNT: "doctor",
    RemedyAction.SIMULATE_BURST: "capacity",
}


def format_command(remedy: Remedy, options: str = "") -> str:
    """Return the command to type; `options` are added, so that it acts on the same installation. An address that is not
    given stays `ADDRESS`: pages show none that was searched for."""
    id_ = remedy.id or ("ADDRESS" if remedy.action is RemedyAction.UNLIST else "")
    words = ("herald", COMMANDS[remedy.action], id_, "--even-if-sent" if remedy.even_if_sent else "")
    return " ".join(filter(None, words)) + options
