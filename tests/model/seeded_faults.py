"""Faults seeded one at a time into the ledger's conditions and the order of a delivery: the model must find each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from function.ledger.states import Action
from tests.model import (
    broken_delivery,
    broken_digest_windows,
    broken_ledger,
    broken_next_provider,
    broken_parts,
    broken_schedule,
    broken_tenants,
)
from tests.model.herald import Code

__all__ = ["SEEDED_FAULTS", "SeededFault"]


@dataclass(frozen=True, slots=True)
class SeededFault:
    """One fault: what is wrong with the code, and the scenario in which the model must find it."""

    fault: str
    within: str
    code: Code


_NEVER_TRIED = "never tried, and sent by the next provider, a crash anywhere"
_TWO_RUNS = "an event that waits, two runs of the scheduler at once, a crash anywhere"
_DIGEST = "two events of one digest, a crash anywhere"
_AS_IT_CLOSES = "an event that comes as its window closes, by a clock that is behind"
_SEVERAL = "an event to two, delivered twice, a crash anywhere"
_OWN_LIST = "a complaint about a tenant's mail, one with its own list"
_FOR_ALL = "a complaint about a tenant's mail, one list for all"
_CANCELLED = "an event that waits is cancelled, a crash anywhere"

SEEDED_FAULTS: tuple[SeededFault, ...] = (
    SeededFault("what waits has no place in the index", _TWO_RUNS, Code(writes=broken_schedule.WithoutAPlace)),
    SeededFault("a claim leaves it in the index", _TWO_RUNS, Code(writes=broken_schedule.ClaimLeavesItInTheIndex)),
    SeededFault(
        "it is taken out of the index before it is asked for",
        _TWO_RUNS,
        Code(scheduler=broken_schedule.NeverAsksAgain),
    ),
    SeededFault("what has moved meanwhile is put off", _TWO_RUNS, Code(schedule=broken_schedule.PutsOffWhatHasMoved)),
    SeededFault("what is to be sent later is sent at once", _TWO_RUNS, Code(schedule=broken_schedule.SendsAtOnce)),
    SeededFault("what is being sent is cancelled", _CANCELLED, Code(schedule=broken_schedule.CancelsWhatIsSent)),
    SeededFault("what was cancelled is claimed", _CANCELLED, broken_schedule.claim_what_was_cancelled()),
    SeededFault(
        "an event joins a window that is closed", _AS_IT_CLOSES, Code(windows=broken_digest_windows.JoinsWhatIsClosed)
    ),
    SeededFault(
        "an event that comes as its window closes is dropped",
        _AS_IT_CLOSES,
        Code(windows=broken_digest_windows.DropsWhatComesAsItCloses),
    ),
    SeededFault(
        "a window is closed as it was read, whatever came since",
        _AS_IT_CLOSES,
        Code(windows=broken_digest_windows.ClosesAsItWasRead),
    ),
    SeededFault(
        "a window is closed twice",
        "a digest, and two who close it at once",
        Code(windows=broken_digest_windows.ClosesTwice),
    ),
    SeededFault("each delivery names the parts by itself", _SEVERAL, Code(parts=broken_parts.NamesByItself)),
    SeededFault("parts are written down after they are queued", _SEVERAL, Code(fan_out=broken_parts.WritesAfterwards)),
    SeededFault(
        "parts are called by their place",
        "other content to two, in another order",
        Code(parts=broken_parts.NumbersThem),
    ),
    SeededFault(
        "who finds an event parted hands nothing on",
        "an event to two, a crash anywhere",
        Code(parts=broken_parts.HandsOnOnce),
    ),
    SeededFault(
        "a cancellation cancels no part",
        "an event to two is cancelled",
        Code(fan_out=broken_parts.CancelsTheEventAlone),
    ),
    SeededFault(
        "a complaint is on the list of all, whosever mail it was", _OWN_LIST, Code(writes=broken_tenants.ListsForAll)
    ),
    SeededFault("a complaint is on one tenant's list alone", _FOR_ALL, Code(writes=broken_tenants.ListsForOneTenant)),
    SeededFault("a claim looks at the list of all alone", _OWN_LIST, Code(ledger=broken_tenants.LooksAtTheListOfAll)),
    SeededFault(
        "an event joins its window after its record", _DIGEST, Code(windows=broken_digest_windows.JoinsAfterItsRecord)
    ),
    SeededFault(
        "an event joins its window before its record", _DIGEST, Code(windows=broken_digest_windows.JoinsBeforeItsRecord)
    ),
    SeededFault(
        "what is cancelled stays in its digest",
        "the only event of a digest is cancelled",
        Code(schedule=broken_digest_windows.CancelledStaysInTheDigest),
    ),
    SeededFault(
        "a cancellation that comes before its event is forgotten",
        "two cancellations of an event that is published twice",
        Code(schedule=broken_schedule.ForgetsWhatIsNotKnown),
    ),
    SeededFault(
        "a cancellation that comes too late is not told",
        "two cancellations of an event that is published twice",
        Code(schedule=broken_schedule.SwallowsTooLate),
    ),
    SeededFault(
        "what was cancelled after it may have gone is resent",
        "reported before: an event is cancelled while its answer is lost",
        Code(writes=broken_schedule.ResendsWhatWasCancelled, ledger=broken_ledger.AlwaysResends),
    ),
    SeededFault(
        "what was cancelled is free again once it is known that nothing was sent",
        "an event is cancelled past its hold, and only then it is told that nothing was sent",
        Code(writes=broken_schedule.FreesWhatWasCancelled),
    ),
    SeededFault(
        "what was tried after all is given to the next provider",
        _NEVER_TRIED,
        broken_next_provider.pass_on_what_was_tried(),
    ),
    SeededFault(
        "a try after all is told to nobody",
        _NEVER_TRIED,
        broken_ledger.replace_ledger(broken_next_provider.NobodyIsToldOfATry),
    ),
    SeededFault(
        "what the next provider left in doubt is taken for done",
        "never tried, and the next answer is lost",
        broken_ledger.replace_ledger(broken_next_provider.LosesWhatWasPassedOn),
    ),
    SeededFault(
        "a webhook is believed that nobody signed",
        _NEVER_TRIED,
        Code(webhook=broken_next_provider.BelievesAnybody),
    ),
    SeededFault(
        "what was never tried goes up the list again",
        "never tried by any, and asked for twice",
        Code(failover=broken_next_provider.GoesUpTheList),
    ),
    SeededFault(
        "the owner's writes do not name the owner",
        "the answer is lost, and a person sends from the record",
        broken_ledger.change_owners_writes("#owner = :owner AND ", ""),
    ),
    SeededFault(
        "the owner's writes do not name the state",
        "the answer is lost, and nothing is reported",
        broken_ledger.change_owners_writes(" AND #state IN (:sending)", ""),
    ),
    SeededFault(
        "a refusal is written over `sending`",
        "a release that can no longer render",
        broken_ledger.change_settlement(Action.REJECT, "(:released, :scheduled)", "(:released, :scheduled, :sending)"),
    ),
    SeededFault(
        "put instead of update: a claim forgets earlier attempts",
        "on_unknown = hold: a yes, and a refusal",
        Code(writes=broken_ledger.PutInsteadOfUpdate),
    ),
    SeededFault(
        "the letter is written after the record",
        "an event that can never be a mail",
        Code(courier=broken_delivery.LetterAfterRecord),
    ),
    SeededFault(
        "a redrive first makes the record as new",
        "on_unknown = hold: a yes, and a refusal",
        Code(redrive_resets=True),
    ),
    SeededFault(
        "resent without bound",
        "reported before: two answers lost",
        Code(writes=broken_ledger.ResendsWithoutBound, ledger=broken_ledger.AlwaysResends),
    ),
    SeededFault(
        "a resend does not wait for the end of the hold",
        "reported before: an owner that sleeps until another resends",
        Code(writes=broken_ledger.WritesInTheHold, ledger=broken_ledger.ResendsInTheHold),
    ),
    SeededFault(
        "what could not be told as not sent is forgotten",
        "what is not sent is told as that, though the table was too busy to hear it",
        Code(courier=broken_delivery.ForgetsWhatWasNotSent),
    ),
    SeededFault(
        "a delivery goes on although it could not tell what was not sent",
        "what is not sent is told as that, though the table was too busy to hear it",
        Code(courier=broken_delivery.GoesOnUntold),
    ),
    SeededFault(
        "what was not sent releases whoever owns the mail now",
        "the same after an answer that was lost, and a crash",
        Code(courier=broken_delivery.ReleasesWhoeverOwnsIt),
    ),
    SeededFault(
        "resent although the policy says hold",
        "on_unknown = hold",
        Code(writes=cast("Any", broken_ledger.build_writes_that_always_resend)),
    ),
    SeededFault(
        "the address is judged, and written, before the message",
        "the address comes onto the list and is taken off",
        broken_ledger.address_first(),
    ),
    SeededFault(
        "an event may have two owners",
        "two messages delivered twice each, a crash",
        Code(writes=broken_ledger.EventIsAnybodys),
    ),
    SeededFault(
        "a release forgets that an earlier attempt may have sent",
        "on_unknown = hold: a yes, what is not sent, and a release that can no longer render",
        Code(writes=broken_ledger.ReleaseForgets),
    ),
    SeededFault(
        "feedback goes by the last writer", "bounce and complaint in any order", Code(writes=broken_ledger.LastWriter)
    ),
    SeededFault(
        "a claim does not look at the suppression list",
        "the address comes onto the list and is taken off",
        broken_ledger.change_address_check("attribute_not_exists(#since) AND ", ""),
    ),
    SeededFault(
        "a claim does not look at the reader's choice",
        "the reader unsubscribes, and subscribes again",
        broken_ledger.change_address_check(" AND attribute_not_exists(#choice)", ""),
    ),
    SeededFault(
        "a suppression forgets what the reader chose",
        "the reader unsubscribes, and the address bounces",
        Code(writes=broken_ledger.SuppressionForgets),
    ),
    SeededFault(
        "an address is taken off our list before SES's",
        "a person is killed between SES's list and ours",
        Code(take_off=broken_ledger.take_off_ours_first),
    ),
    SeededFault(
        "a letter needs no yes for what may have gone",
        "on_unknown = hold: a yes, and a refusal",
        Code(writes=broken_ledger.UnconfirmedRedrive),
    ),
    SeededFault(
        "a lost answer fails over to the next provider",
        "one of two providers takes it",
        Code(failover=broken_delivery.FailsOverOnUnknown),
    ),
    SeededFault(
        "a provider that rests swallows the mail",
        "one of two providers takes it",
        Code(failover=broken_delivery.BreakerSwallows),
    ),
    SeededFault(
        "the first provider's word stands although the second took the mail",
        "one of two providers takes it",
        Code(failover=broken_delivery.FirstWordCounts),
    ),
    SeededFault(
        "the first provider's word stands although the second's answer was lost",
        "one of two providers takes it",
        Code(failover=broken_delivery.FirstWordCountsOverALostAnswer),
    ),
    SeededFault(
        "a claim names one provider only",
        "the second of two providers takes it, and the first reports",
        broken_ledger.replace_ledger(broken_ledger.ClaimNamesTheFirst),
    ),
    SeededFault(
        "a mail in doubt is marked before its letter is written",
        "a crash while a mail in doubt is handed to a person",
        Code(courier=broken_delivery.ParkBeforeLetter),
    ),
    SeededFault(
        "a mail in doubt is marked without a letter",
        "a crash while a mail in doubt is handed to a person",
        Code(courier=broken_delivery.ParkWithoutLetter),
    ),
    SeededFault(
        "a send starts although the hold is over",
        "an owner that sleeps past its hold",
        Code(failover=broken_delivery.SendsPastTheHold),
    ),
    SeededFault(
        "any claim in the way is taken for one's own whose answer was lost",
        "two messages delivered twice each, a crash",
        Code(ledger=broken_ledger.AnybodysLostClaim),
    ),
    SeededFault(
        "resent although nothing was reported",
        "the answer is lost, and nothing is reported",
        broken_ledger.replace_ledger(broken_ledger.ResendsUnheard),
    ),
    SeededFault(
        "resent after one report on a later mail",
        "the answer is lost, and one later mail is reported",
        broken_ledger.replace_ledger(broken_ledger.OneReportIsEnough),
    ),
    SeededFault(
        "resent after two reports at the same time",
        "the answer is lost, two later mails are reported, and all is heard",
        Code(writes=broken_ledger.ReportsAtOnce),
    ),
    SeededFault(
        "a report counts by when it came, not by when its mail was sent",
        "the answer is lost, and old mails are reported",
        broken_ledger.replace_ledger(broken_ledger.MarkIsWhenItCame),
    ),
    SeededFault(
        "one of two providers need not report",
        "one of two providers reports",
        broken_ledger.replace_ledger(broken_ledger.OneProviderIsEnough),
    ),
    SeededFault(
        "a probe is taken for its report",
        "the answer is lost, and one later mail is reported",
        Code(courier=broken_delivery.ProbeIsTakenForAReport),
    ),
    SeededFault(
        "an event expires later than its owner",
        "two messages delivered twice each, a crash",
        Code(writes=broken_ledger.EventExpiresLater),
    ),
    SeededFault(
        "what is settled is kept for ever", "an event that can never be a mail", Code(writes=broken_ledger.KeptForEver)
    ),
    SeededFault(
        "feedback prolongs a record", "an owner that sleeps past its hold", Code(writes=broken_ledger.FeedbackProlongs)
    ),
    SeededFault(
        "feedback does not name the attempt that sent",
        "an owner that sleeps past its hold",
        broken_ledger.replace_ledger(broken_ledger.FeedbackNamesNobody),
    ),
    SeededFault(
        "a second mail is told to nobody",
        "the answer is lost, two later mails are reported, and all is heard",
        broken_ledger.replace_ledger(broken_ledger.NobodyIsTold),
    ),
    SeededFault(
        "other content is taken for the same",
        "other content over what can never be a mail",
        broken_ledger.replace_ledger(broken_ledger.EveryContentIsTheSame),
    ),
    SeededFault(
        "other content replaces what may have gone, without a yes",
        "on_unknown = hold, and other content while the first may have gone",
        Code(writes=broken_ledger.WritesReplaceUnasked, ledger=broken_ledger.ReplacesUnasked),
    ),
    SeededFault(
        "what was accepted is reopened in place",
        "refused after acceptance, and its letter is redriven",
        Code(writes=broken_ledger.ReopensWhatWasAccepted),
    ),
    SeededFault(
        "other content in a doubt gets no letter of its own",
        "on_unknown = hold, and other content while the first may have gone",
        Code(courier=broken_delivery.SwallowsTheSecond),
    ),
    SeededFault(
        "what waits for a person loses its event",
        "an event that can never be a mail",
        Code(writes=broken_ledger.KeepsNoBody),
    ),
)
