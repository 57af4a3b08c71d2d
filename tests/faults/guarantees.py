"""What Herald guarantees for each failure, as README says it: in words, and by what proves it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.matrix import Again
from tests.faults.points import POINTS

__all__ = ["GUARANTEES", "Guarantee"]

_END_TO_END = "tests/stack/test_end_to_end.py"
_ONE = "tests/integration/function/test_one_mail.py"
_LOST = "tests/integration/function/test_lost_answers.py"


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One row. `proof` is a test (`file::name`, or a file); `points` and `again` choose cells of the crash matrix,
    unless the proof has a matrix of its own."""

    failure: str
    outcome: str
    proof: str
    points: tuple[str, ...] = ()
    again: tuple[Again, ...] = ()
    #: By what name `measured.json` has the kills of the proof's own matrix.
    kills: str = ""

    def covers(self, point: str, again: str) -> bool:
        """Whether a cell of the matrix belongs to this row."""
        return point in self.points or again in self.again


def _points(*words: str) -> tuple[str, ...]:
    """The names of the crash points that hold one of these words."""
    return tuple(point.name for point in POINTS if any(word in point.name for word in words))


GUARANTEES = (
    Guarantee(
        "the message is delivered again: once, twice, the next day, or at the same moment",
        "one mail",
        f"{_END_TO_END}::test_two_deliveries_at_the_same_moment_are_one_mail",
        again=(Again.ONCE, Again.TWICE, Again.TOGETHER, Again.NEXT_DAY),
    ),
    Guarantee(
        "the event is published twice, under two MessageIds",
        "one mail",
        f"{_END_TO_END}::test_an_event_published_twice_is_one_mail",
        again=(Again.PUBLISHED,),
    ),
    Guarantee(
        "the event is published again with other content",
        "while nothing was sent, the latest content is sent; after the mail it counts as a duplicate, and the timeline "
        "says so",
        "tests/faults/test_publications.py::test_other_content_is_sent_where_nothing_was",
        points=_points("succession"),
        again=(Again.CORRECTED, Again.CORRECTED_LATE),
    ),
    Guarantee(
        "the ledger's items have expired, and TTL has deleted some of them",
        "the event is handled as if those items did not exist",
        "tests/faults/test_publications.py"
        "::test_after_the_retention_nothing_stands_in_the_way_whatever_ttl_has_deleted",
    ),
    Guarantee(
        "the message is delivered again to the next release, whose handler has another name",
        "one mail",
        "tests/faults/test_matrix.py::test_a_killed_process_costs_no_mail_and_sends_none_twice",
        again=(Again.RELEASED,),
    ),
    Guarantee(
        "the function is killed before the claim, or the claim's answer is lost",
        "one mail: the next delivery takes it up",
        "tests/faults/test_matrix.py::test_a_killed_process_costs_no_mail_and_sends_none_twice",
        points=_points("before the claim", "claim written"),
    ),
    Guarantee(
        "the function is killed after the claim, before the send",
        "the mail waits until the hold ends; then it is sent, or with `on_unknown = hold` a dead letter asks an "
        "operator",
        "tests/faults/test_matrix.py::test_a_killed_process_costs_no_mail_and_sends_none_twice",
        points=("after the claim",),
    ),
    Guarantee(
        "SES throttles or cannot be reached",
        "nothing was sent: it is tried again for a day",
        f"{_ONE}::test_a_throttled_mail_is_tried_again_within_the_invocation",
        points=_points("SES refuses for now", "SES refuses for two hours", "release", "parking"),
    ),
    Guarantee(
        "the daily quota is used up, or sending is paused",
        "it is tried again every hour for a day; then there is a dead letter",
        f"{_ONE}::test_an_exhausted_quota_waits_an_hour",
    ),
    Guarantee(
        "SES accepted the mail and its answer was lost",
        "SES's *Send* event settles it; without one it is sent once more, after two reports on later mails, or "
        "never, as you choose",
        f"{_LOST}::test_a_lost_answer_holds_the_mail_until_feedback_settles_it",
        points=("SES accepts, answer lost", *_points("resend", "probe", "mark is read", "on a doubt")),
    ),
    Guarantee(
        "the function is killed or fails between the send and the record, or is killed after the record",
        "one mail: the *Send* event writes the record; without one, as above",
        f"{_LOST}::test_killed_after_the_send_the_send_event_makes_it_one_mail",
        points=("after the send", "an error at the record", "after the record"),
    ),
    Guarantee(
        "SES's report comes later than the hold",
        "one mail; with `on_unknown = resend` a second one if it comes later than two reports, five minutes apart, on "
        "mails sent after its hold: then both are shown",
        "tests/faults/test_matrix.py::test_late_feedback_costs_no_second_mail",
    ),
    Guarantee(
        "an attempt continues after its hold has ended",
        "it can no longer write to the record",
        f"{_LOST}::test_a_stale_owner_writes_nothing",
    ),
    Guarantee(
        "the event is invalid",
        "no mail; a dead letter with the reason and the original",
        f"{_END_TO_END}::test_a_bad_event_is_kept_with_its_reason_and_never_mailed",
    ),
    Guarantee(
        "SES refuses the mail permanently; the function is killed while it writes the dead letter",
        "no mail; a dead letter with the reason, however often the function is killed",
        "tests/stack/test_faults.py::test_a_refusal_for_good_goes_to_dead_with_its_reason",
        points=_points("SES refuses for good", "dead letter", "letter and record"),
    ),
    Guarantee(
        "two operators redrive the same dead letter",
        "one mail",
        f"{_ONE}::test_a_refused_mail_is_redriven_once_however_often_the_letter_is",
    ),
    Guarantee(
        "an operator redrives a mail that may have been sent",
        "only after a *yes*",
        f"{_LOST}::test_a_parked_mail_is_sent_again_only_with_a_persons_yes",
    ),
    Guarantee(
        "bounce or complaint",
        "the address gets no more mail until an operator takes it off the list",
        f"{_ONE}::test_a_suppressed_address_gets_no_mail_and_keeps_the_event",
    ),
    Guarantee(
        "feedback comes early, late, twice or out of order; its function is killed",
        "the record ends in the same state",
        "tests/integration/function/test_feedback_order.py",
        points=_points("feedback"),
    ),
    Guarantee(
        "an event to several recipients is delivered again; the function is killed at any request; one recipient's "
        "mail fails",
        "each other recipient gets one mail; the mail that fails has a dead letter",
        "tests/faults/test_recipients.py::test_every_recipient_gets_one_mail_wherever_anybody_is_killed",
        kills="recipients",
    ),
    Guarantee(
        "an attached file is missing or has another hash; the function is killed at any request, also the one for "
        "the file",
        "one mail with the right file once it is there; after a day a dead letter that names the file",
        "tests/faults/test_attachments.py::test_wherever_it_is_killed_each_event_is_one_mail_with_its_own_file",
        kills="attachments",
    ),
    Guarantee(
        "the function is killed at any request for a tenant's event, or for the report of its bounce; the tenant is "
        "declared only later; a provider is unavailable",
        "one mail from the tenant's address, by a provider that may send for it; the bounce is on the tenant's list; "
        "an unknown tenant's event is a dead letter, never another tenant's mail",
        "tests/faults/test_tenants.py::test_a_tenants_event_is_one_mail_of_its_own_wherever_anybody_is_killed",
        kills="tenants",
    ),
    Guarantee(
        "the stream missed an event",
        "the sweeper publishes it",
        f"{_END_TO_END}::test_the_sweeper_publishes_what_the_stream_missed",
    ),
    Guarantee(
        "the process that delivers, cancels or schedules an event for later (`sendat`) is killed before or after any "
        "request",
        "one mail, or none if it was cancelled: one of the two comes first, and a cancellation that is too late is "
        "reported",
        "tests/faults/test_later.py::test_what_is_sent_later_is_sent_once_or_cancelled_wherever_anybody_is_killed",
        kills="later",
    ),
    Guarantee(
        "an event is cancelled while it is unknown whether its mail was sent",
        "no mail once it is certain that none was sent; a dead letter if that never becomes certain",
        "tests/faults/test_later.py"
        "::test_what_is_cancelled_while_nobody_knows_is_never_sent_wherever_anybody_is_killed",
        kills="cancelled in doubt",
    ),
    Guarantee(
        "the function is killed while it collects or closes a digest; two processes close it; an event comes as "
        "it closes",
        "each event is in exactly one digest, which is one mail",
        "tests/faults/test_digests.py::test_every_event_is_in_exactly_one_digest_wherever_anybody_is_killed",
        kills="digests",
    ),
    Guarantee(
        "the receiver of `mail_webhook` hangs or refuses, or its answer is lost",
        "the event is posted again for two days under the same id, by which the receiver recognises it; then there is "
        "a dead letter, which one command posts again",
        "tests/integration/function/test_mail_webhook.py"
        "::test_killed_between_the_post_and_the_delete_it_is_posted_again_under_the_same_id",
    ),
    Guarantee(
        "all of this in any order, with crashes anywhere", "no guarantee is broken in any reachable state", "make model"
    ),
)
