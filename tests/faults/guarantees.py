"""What Herald guarantees for each failure, as README says it: in words, and by what proves it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.matrix import Again
from tests.faults.points import POINTS

__all__ = ["GUARANTEES", "Guarantee"]

_ROAD = "tests/stack/test_road.py"
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
        f"{_ROAD}::test_two_deliveries_at_the_same_moment_are_one_mail",
        again=(Again.ONCE, Again.TWICE, Again.TOGETHER, Again.NEXT_DAY),
    ),
    Guarantee(
        "the event is published twice, under two MessageIds",
        "one mail",
        f"{_ROAD}::test_an_event_published_twice_is_one_mail",
        again=(Again.PUBLISHED,),
    ),
    Guarantee(
        "the event is published again with other content",
        "the last to come is sent while nothing was; after the mail it is a duplicate, and the timeline says so",
        "tests/faults/test_publications.py::test_other_content_is_sent_where_nothing_was",
        points=_points("succession"),
        again=(Again.CORRECTED, Again.CORRECTED_LATE),
    ),
    Guarantee(
        "the ledger's items have expired, and TTL has deleted some of them",
        "as if they were not there",
        "tests/faults/test_publications.py"
        "::test_after_the_retention_nothing_stands_in_the_way_whatever_ttl_has_deleted",
    ),
    Guarantee(
        "it is delivered again under the next release, whose handler has another name",
        "one mail",
        "tests/faults/test_matrix.py::test_a_killed_process_costs_no_mail_and_sends_none_twice",
        again=(Again.RELEASED,),
    ),
    Guarantee(
        "killed before the claim, or the claim's answer is lost",
        "one mail: the next delivery takes it up",
        "tests/faults/test_matrix.py::test_a_killed_process_costs_no_mail_and_sends_none_twice",
        points=_points("before the claim", "claim written"),
    ),
    Guarantee(
        "killed after the claim, before the send",
        "waits until the hold ends; then sent, or with `on_unknown = hold` a dead letter for an operator",
        "tests/faults/test_matrix.py::test_a_killed_process_costs_no_mail_and_sends_none_twice",
        points=("after the claim",),
    ),
    Guarantee(
        "SES throttles, or cannot be reached",
        "nothing was sent: tried again, for a day",
        f"{_ONE}::test_a_throttled_mail_is_tried_again_within_the_invocation",
        points=_points("SES refuses for now", "SES refuses for two hours", "release", "parking"),
    ),
    Guarantee(
        "the daily quota is used up, sending is paused",
        "tried again every hour, for a day; then a dead letter",
        f"{_ONE}::test_an_exhausted_quota_waits_an_hour",
    ),
    Guarantee(
        "SES took the mail and the answer was lost",
        "SES's *Send* event settles it; without one it is resent once, after two reports on later mails, or "
        "never, as you choose",
        f"{_LOST}::test_a_lost_answer_holds_the_mail_until_feedback_settles_it",
        points=("SES accepts, answer lost", *_points("resend", "probe", "mark is read", "on a doubt")),
    ),
    Guarantee(
        "killed between the send and the record, an error there, or killed after the record",
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
        "an attempt goes on after its hold", "it may write nothing", f"{_LOST}::test_a_stale_owner_writes_nothing"
    ),
    Guarantee(
        "the event is invalid",
        "no mail; a dead letter with the reason and the original",
        f"{_ROAD}::test_a_bad_event_is_kept_with_its_reason_and_never_mailed",
    ),
    Guarantee(
        "SES refuses the mail for good; killed while its dead letter is written",
        "no mail; a dead letter with the reason, however often it is killed",
        "tests/stack/test_faults.py::test_a_refusal_for_good_goes_to_dead_with_its_reason",
        points=_points("SES refuses for good", "dead letter", "letter and record"),
    ),
    Guarantee(
        "two operators redrive the same dead letter",
        "one mail",
        f"{_ONE}::test_a_refused_mail_is_redriven_once_however_often_the_letter_is",
    ),
    Guarantee(
        "a mail that may have been sent is redriven",
        "only after a *yes*",
        f"{_LOST}::test_a_parked_mail_is_sent_again_only_with_a_persons_yes",
    ),
    Guarantee(
        "bounce or complaint",
        "the address gets no more mail, until a person takes it off the list",
        f"{_ONE}::test_a_suppressed_address_gets_no_mail_and_keeps_the_event",
    ),
    Guarantee(
        "feedback comes early, late, twice or out of order; its function is killed",
        "the same record in the end",
        "tests/integration/function/test_feedback_order.py",
        points=_points("feedback"),
    ),
    Guarantee(
        "an event to several recipients is delivered again, or killed at any request; one of them fails",
        "one mail each; the one that fails has a dead letter, and stops no other",
        "tests/faults/test_recipients.py::test_every_recipient_gets_one_mail_wherever_anybody_is_killed",
        kills="recipients",
    ),
    Guarantee(
        "a file that goes with a mail is not there, or is another; killed at any request, that for the file included",
        "one mail with its own file once it is there; after a day a dead letter that says which",
        "tests/faults/test_attachments.py::test_wherever_it_is_killed_each_event_is_one_mail_with_its_own_file",
        kills="attachments",
    ),
    Guarantee(
        "an event of a tenant is killed at any request, that of its bounce's report included; its tenant is declared "
        "only later; a provider is away",
        "one mail from its tenant's address, by a provider that knows it; the bounce is on its tenant's list; an "
        "unknown tenant is a dead letter, never another's mail",
        "tests/faults/test_tenants.py::test_a_tenants_event_is_one_mail_of_its_own_wherever_anybody_is_killed",
        kills="tenants",
    ),
    Guarantee(
        "the stream missed an event",
        "the sweeper publishes it",
        f"{_ROAD}::test_the_sweeper_publishes_what_the_stream_missed",
    ),
    Guarantee(
        "what delivers, cancels or asks for an event for later (`sendat`) is killed before or after any request",
        "one mail, or none where it was cancelled: one of the two comes first, and one that is too late is told",
        "tests/faults/test_later.py::test_what_is_sent_later_is_sent_once_or_cancelled_wherever_anybody_is_killed",
        kills="later",
    ),
    Guarantee(
        "an event is cancelled while nobody knows whether its mail was sent",
        "no mail once it is known that none went; a dead letter where nobody ever knows",
        "tests/faults/test_later.py"
        "::test_what_is_cancelled_while_nobody_knows_is_never_sent_wherever_anybody_is_killed",
        kills="cancelled in doubt",
    ),
    Guarantee(
        "a digest is killed while it collects or closes; two close it; an event comes as it closes",
        "each event is in exactly one digest, which is one mail",
        "tests/faults/test_digests.py::test_every_event_is_in_exactly_one_digest_wherever_anybody_is_killed",
        kills="digests",
    ),
    Guarantee(
        "the receiver of `mail_webhook` hangs, refuses, or answers and the answer is lost",
        "posted again for two days under the same id, by which it is known; then a letter that one command posts",
        "tests/integration/function/test_mail_webhook.py"
        "::test_killed_between_the_post_and_the_delete_it_is_posted_again_under_the_same_id",
    ),
    Guarantee("all this in any order, crashes anywhere", "no guarantee breaks in any reachable state", "make model"),
)
