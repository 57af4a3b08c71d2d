"""Explains what became of a mail, why, what to do, and the remedies for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from function.ledger.keys import part_id
from function.ledger.record import Record
from function.ledger.states import ACCEPTED, IN_DOUBT, MEANING, State
from function.reason_codes import ReasonCode
from operations.remedies import Remedy, RemedyAction
from operations.why.mail import MailStory

__all__ = ["MailExplanation", "explain_mail", "format_time", "summarize"]

#: The `source` and `id` of events.
Names = set[tuple[str | None, str | None]]
#: Milliseconds for which a mail is retried before it becomes a dead letter.
_DAY = 86_400_000
_HOUR = 3_600_000


@dataclass(frozen=True, slots=True)
class MailExplanation:
    """`what` became of the mail and `why`, what to `do`, and the remedies for it."""

    what: str
    why: str = ""
    do: str = ""
    remedies: tuple[Remedy, ...] = ()


def explain_mail(mail: MailStory, now: int) -> MailExplanation:
    """Explain one mail; `now` is in epoch milliseconds."""
    if mail.record is None:
        return _explain_missing_record(mail)
    record = mail.record
    if len(record.sent_by) > 1:
        return _explain_sent_twice(mail)
    if record.state in IN_DOUBT:
        return _explain_in_doubt(mail, record, now)
    if record.state in ACCEPTED:
        found = _explain_accepted(mail, record)
        late = f"A cancellation came too late, as {record.cancelled_by}."
        return replace(found, why=f"{found.why} {late}".strip()) if record.cancelled_by else found
    return _explain_not_sent(mail, record, now)


def summarize(mails: Sequence[MailStory]) -> str:
    """Say how many mails were sent for how many events and, if more than one, why."""
    if not mails:
        return "Nothing is known of it."
    parts = _find_parts(mails)
    events = {(mail.source, mail.event_id or mail.message_id) for mail in mails} - parts
    count = sum(mail.count for mail in mails)
    mails_sent = "no mail" if count == 0 else _format_count(count, "mail")
    summary = f"{_format_count(len(events), 'event')}, {mails_sent} that a provider took."
    reasons = [*_list_reasons_for_two(mails, parts)] if count > 1 else []
    return " ".join([summary, *reasons])


def _find_parts(mails: Sequence[MailStory]) -> Names:
    """Return the names of events that are parts of an event with several recipients."""
    wholes = [(mail.record, mail.record.id) for mail in mails if mail.record and mail.record.parts]
    return {(whole.source, part_id(id_ or "", name)) for whole, id_ in wholes for name in whole.parts}


def _list_reasons_for_two(mails: Sequence[MailStory], parts: Names) -> Sequence[str]:
    reasons = []
    if any(len(mail.record.sent_by) > 1 for mail in mails if mail.record):
        reasons.append("One of them was sent twice: its first answer was lost, and the report on it came late.")
    sent = [mail for mail in mails if mail.count]
    if any(mail.record and mail.record.successor for mail in sent):
        reasons.append("A person had one sent once more.")
    about: dict[tuple[str | None, str], Names] = {}
    for mail in sent:
        if mail.subject and (mail.source, mail.event_id) not in parts:
            about.setdefault((mail.subject, mail.type), set()).add((mail.source, mail.event_id))
    for (subject, type_), names in about.items():
        if len(names) > 1:
            ids = " and ".join(sorted(f"{id_} of {source}" for source, id_ in names))
            reasons.append(
                f"{type_ or 'An event'} about {subject} was published under {len(names)} names, each a mail: {ids}."
            )
    return reasons


def _explain_missing_record(mail: MailStory) -> MailExplanation:
    if mail.letters:
        letter = mail.letters[0]
        return MailExplanation(
            "No mail: it lies in dead, and the ledger has no record of it.",
            letter.reason,
            "Fix the cause, then send it again; or discard it.",
            (_redrive(mail), *_discard(mail)),
        )
    entry = mail.outbox
    if entry is not None and entry.state == "rejected":
        return MailExplanation(
            "No mail: the outbox gave the event up before SNS took it.",
            entry.reason,
            "Fix the cause, then publish it again.",
            (Remedy(RemedyAction.PUBLISH_AGAIN, entry.event_id),),
        )
    if entry is not None and entry.state == "published":
        return MailExplanation(
            "No mail yet: SNS took the event, and the ledger has no record of it, or no longer keeps it.",
            f"SNS's MessageId is {entry.message_id}.",
            "Reconciliation publishes it again by itself. Is notify paused, or does its queue wait?",
            (_STATUS,),
        )
    return MailExplanation(
        "No mail yet: the event is in the outbox and SNS has not taken it.",
        "",
        "The sweeper publishes it within two minutes. If it does not, look at its log.",
        (_STATUS,),
    )


def _explain_sent_twice(mail: MailStory) -> MailExplanation:
    record = mail.record
    assert record is not None  # noqa: S101 - the caller has checked it
    what = f"{len(record.sent_by)} mails went: a provider accepted {len(record.sent_by)} attempts."
    if any(row.reason_code == ReasonCode.RESENT for row in mail.rows):
        return MailExplanation(
            what,
            "The first's answer was lost and later mails were reported on, so it was sent once more; then its report "
            "came.",
            "Nothing can be taken back. If it must not happen again, set on_unknown = hold: an operator decides.",
        )
    why = "The first's answer was lost, and it was sent once more, with a person's yes; then its report came."
    return MailExplanation(what, why, "Nothing can be taken back.")


def _explain_in_doubt(mail: MailStory, record: Record, now: int) -> MailExplanation:
    if record.held_until > now:
        return MailExplanation(
            "A mail may have been sent; it is not known yet.",
            f"It is {record.state}, held until {format_time(record.held_until)}: "
            "the provider's answer or report may come.",
            "Wait until then.",
        )
    if record.parked:
        return MailExplanation(
            "A mail may have been sent, and nobody will ever know: no answer and no report came.",
            record.reason or "",
            "Ask the reader. If nothing came, or a second does no harm, send it again.",
            (replace(_redrive(mail), even_if_sent=True), *_discard(mail)),
        )
    return MailExplanation(
        "A mail may have been sent; Herald waits for the provider's reports on later mails before it tries again.",
        mail.rows[-1].detail or "" if mail.rows else "",
        "It is tried again, or becomes a dead letter, within a day. To send now, though a second may arrive:",
        (Remedy(RemedyAction.REDRIVE_RECORD, mail.message_id, even_if_sent=True),),
    )


def _explain_accepted(mail: MailStory, record: Record) -> MailExplanation:
    why = next((row.detail for row in reversed(mail.rows) if row.state is record.state and row.detail), None) or ""
    again = Remedy(RemedyAction.SEND_ONCE_MORE, mail.message_id)
    remedies: tuple[Remedy, ...] = (again,)
    match record.state:
        case _ if record.successor:
            what = f"One mail went ({MEANING[record.state]}), and a person had it sent again as {record.successor}."
            do, remedies = "Look at that one.", (Remedy(RemedyAction.EXPLAIN, record.successor),)
        case State.COMPLAINED:
            what, do, remedies = "One mail went, and its reader reported it as spam.", "It is never sent again.", ()
        case State.BOUNCED if _is_suppressed(mail):
            what, remedies = "No mail arrived: it was accepted and not sent.", (_UNLIST, again)
            do = "SES did not try: the address is on its own list. Take it off in every region, then send it again."
        case State.BOUNCED:
            what, remedies = "No mail arrived: the recipient's server refused it for good.", (_UNLIST, again)
            do = "Does the address exist again? Take it off the lists, then send the mail again."
        case State.REFUSED | State.SOFT_BOUNCED:
            what = f"No mail arrived: {MEANING[record.state]}."
            do = "Fix the cause (a full mailbox, the content), then send it again."
        case State.DELIVERED:
            what = "One mail went, and the recipient's server took it."
            do = "Nothing. If the reader does not find it, look into spam; a second one is sent by:"
        case _:
            what = f"One mail went: {MEANING[record.state]}."
            do = "Nothing: the provider goes on, and its report comes. If none ever comes and the reader has no mail:"
    return MailExplanation(what, why, do, remedies)


def _explain_not_sent(mail: MailStory, record: Record, now: int) -> MailExplanation:
    why = record.reason or next((row.detail for row in reversed(mail.rows) if row.detail), None) or ""
    match record.state:
        case State.RELEASED:
            until = f" until {format_time(record.first_at + _DAY)}" if record.first_at else ""
            late = bool(record.first_at) and record.first_at + _DAY < now
            do = f"It is tried again by itself{until}, then becomes a dead letter."
            if late:
                do = "It should have been tried or given up by now: nothing in retry stands for it. Send it again."
            return MailExplanation(
                f"No mail yet, after {_format_count(record.attempts, 'attempt')}: the provider does not take it.",
                why,
                do,
                (Remedy(RemedyAction.REDRIVE_RECORD, mail.message_id),) if late else (_STATUS,),
            )
        case State.SCHEDULED | State.COLLECTED | State.COLLECTING:
            return _explain_waiting(record, why, now)
        case State.CANCELLED | State.REPLACED:
            return _explain_final(record, why)
        case State.SUPPRESSED:
            return _explain_suppressed(mail, record, why)
    return _explain_rejected(mail, record, why)


def _explain_final(record: Record, why: str) -> MailExplanation:
    """Explain a mail that was cancelled, or is sent by other messages."""
    if record.parts:
        return _explain_parted(record, why)
    if record.state is State.CANCELLED:
        return MailExplanation("No mail: it was cancelled.", why, "Nothing. To mail it all the same, publish it anew.")
    return MailExplanation(
        f"No mail of this message: {record.successor or 'another one'} has its event.",
        why,
        "Look at that one.",
        (Remedy(RemedyAction.EXPLAIN, record.successor),) if record.successor else (),
    )


def _explain_parted(record: Record, why: str) -> MailExplanation:
    """Explain an event with several recipients, each of whom gets a mail."""
    who = _format_count(len(record.parts), "recipient")
    if record.state is State.CANCELLED:
        return MailExplanation(
            f"No mail of its own: the event names {who}, and each one's was cancelled by itself.", why
        )
    do = "Look at each one's: what has no record yet is on its way, in the queue retry."
    return MailExplanation(f"No mail of its own: the event names {who}, and each has one.", why, do)


def _explain_waiting(record: Record, why: str, now: int) -> MailExplanation:
    """Explain a mail that waits: it is queued within a minute of its time, and queued again an hour later."""
    if record.state is State.COLLECTED:
        late = f"A cancellation came too late, as {record.cancelled_by}." if record.cancelled_by else ""
        what, do = (
            "No mail of its own: it is told in its reader's digest.",
            "Look at that one: it says whether it went.",
        )
        return MailExplanation(what, f"{why} {late}".strip(), do, (Remedy(RemedyAction.EXPLAIN, record.window or ""),))
    if record.state is State.COLLECTING and not _is_overdue(record, now):
        do = "Nothing: it is closed and sent by itself. A publisher may cancel the events in it, by mail.cancel."
        what = f"No mail yet: a digest that collects events, {_format_count(len(record.items), 'event')} so far."
        return MailExplanation(what, f"Its window ends at {format_time(record.scheduled_for or 0)}.", do)
    if not _is_overdue(record, now):
        do = "Nothing: it is sent by itself. Its publisher may cancel it, by an event of type mail.cancel."
        return MailExplanation("No mail yet: it waits for its time.", record.reason or "", do)
    do = "Does scheduler run, and notify take from the queue retry? Look how things stand."
    return MailExplanation("No mail yet, and its time has come.", record.reason or "", do, (_STATUS,))


def _is_overdue(record: Record, now: int) -> bool:
    return record.scheduled_for is not None and record.scheduled_for + _HOUR <= now


def _explain_suppressed(mail: MailStory, record: Record, why: str) -> MailExplanation:
    send = Remedy(RemedyAction.REDRIVE_RECORD, mail.message_id)
    match record.reason_code:
        case ReasonCode.RECIPIENT_UNSUBSCRIBED:
            do = "Nothing: the reader wants no mails of this kind, and can have them again by the link in an older one."
            return MailExplanation("No mail: its reader has unsubscribed.", why, do)
        case ReasonCode.RECIPIENT_NOT_ALLOWED:
            do = "Nothing, in a copy for trying things out. Else set delivery_mode, release, then send it again."
            return MailExplanation("No mail: this deployment may not mail this address.", why, do, (send,))
    do = "The address bounced or complained before. Take it off the lists, then send the mail."
    return MailExplanation("No mail: the address is on the suppression list.", why, do, (_UNLIST, send))


#: Names in an event that this deployment does not have.
_NOT_DECLARED = {
    ReasonCode.TYPE_UNKNOWN: (
        "No mail: there is no notification for this type.",
        "Add a notification for this type and release it, then send it again; or discard it.",
    ),
    ReasonCode.TENANT_UNKNOWN: (
        "No mail: this deployment declares no tenant of this name.",
        "Declare the tenant (Terraform's tenants), with a brand, and release it, then send it again; or discard it.",
    ),
}


def _explain_rejected(mail: MailStory, record: Record, why: str) -> MailExplanation:
    remedies = (_redrive(mail), *_discard(mail))
    match record.reason_code:
        case ReasonCode.EVENT_INVALID | ReasonCode.EVENT_TOO_LARGE:
            do = (
                "Have its publisher publish it again with what is missing, under the same source and id: that one is "
                "mailed in its place. Or fix the schema, release, and send it again. If nobody will fix it, discard it."
            )
            return MailExplanation("No mail: the event could not become one.", why, do, remedies)
        case ReasonCode.TYPE_UNKNOWN | ReasonCode.TENANT_UNKNOWN as code:
            what, do = _NOT_DECLARED[ReasonCode(code)]
            return MailExplanation(what, why, do, remedies)
        case ReasonCode.EVENT_EXPIRED:
            do = "It is sent all the same if you redrive it; or discard it."
            return MailExplanation("No mail: the event was too old to be worth one.", why, do, remedies)
        case code if code in _OF_FILES:
            what, do = _OF_FILES[ReasonCode(code)]
            return MailExplanation(what, why, do, remedies)
        case ReasonCode.RETRIES_EXHAUSTED:
            do = "Is the provider well again? Then send it again."
            return MailExplanation("No mail: it was tried for a day.", why, do, remedies)
    return MailExplanation(
        "No mail: the provider will not take it.", why, "Fix the cause, then send it again.", remedies
    )


_STATUS = Remedy(RemedyAction.SHOW_STATUS)
_UNLIST = Remedy(RemedyAction.UNLIST)
_WAITED_FOR = (
    "No mail: a file that goes with it was waited for, for a day.",
    "Put the file there that the event means, then send it again; or have its publisher publish it again.",
)
_OF_FILES = {
    ReasonCode.ATTACHMENT_NOT_ALLOWED: (
        "No mail: a file that goes with it is not allowed.",
        "Have its publisher publish it again, or add the bucket to attachment_buckets; then send it again.",
    ),
    ReasonCode.ATTACHMENT_UNAVAILABLE: _WAITED_FOR,
    ReasonCode.ATTACHMENT_CHANGED: _WAITED_FOR,
    ReasonCode.ATTACHMENT_TOO_LARGE: _WAITED_FOR,
}


def _redrive(mail: MailStory) -> Remedy:
    return Remedy(RemedyAction.REDRIVE_LETTER if mail.letters else RemedyAction.REDRIVE_RECORD, mail.message_id)


def _discard(mail: MailStory) -> tuple[Remedy, ...]:
    return (Remedy(RemedyAction.DISCARD_LETTER, mail.message_id),) if mail.letters else ()


def _is_suppressed(mail: MailStory) -> bool:
    return any(row.reason_code == ReasonCode.PROVIDER_SUPPRESSED for row in mail.rows)


def _format_count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def format_time(at: int) -> str:
    """Format a time in epoch milliseconds for people."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
