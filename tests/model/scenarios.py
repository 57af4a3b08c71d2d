"""What is explored: who delivers what, and what the world may do to them. The small ones run with the tests."""

from __future__ import annotations

from function.ledger.states import Action
from tests.model.digest_scenarios import DIGESTS
from tests.model.later_scenarios import LATER
from tests.model.model_state import Budget
from tests.model.rules import Rules
from tests.model.scenario import Scenario
from tests.model.several_scenarios import SEVERAL
from tests.model.tenant_scenarios import TENANTS

__all__ = ["SCENARIOS", "find_scenario"]

#: Two reports on later mails, five minutes apart, after the hold.
_REPORTS = Budget(ticks=1, minutes=1, reports=2)
_YES = Budget(ticks=1, days=1, lost=1, redrives=1, confirms=1)
_BROKEN = Rules(breaks_at=1)
_HOLD = Rules(resends=0)
_BY_WEBHOOK = Rules(providers=2, reports_by_webhook=True, resends=0)
_REPORTED = Rules(reported=True)

SCENARIOS: tuple[Scenario, ...] = (
    # -- deliveries
    Scenario("two messages delivered twice each, a crash", (2, 2), Budget(crashes=1)),
    Scenario("the same, refused once and redriven", (2, 2), Budget(crashes=1, refused=1, redrives=1)),
    Scenario("two redrives by two persons, and a crash", (2,), Budget(refused=1, redrives=2, copies=2, crashes=1)),
    Scenario("an event that can never be a mail", (2,), Budget(crashes=1, redrives=1, copies=1), _BROKEN),
    Scenario(
        "writes repeated by the client and contended", (2,), Budget(conflicts=1, repeats=1, not_sent=1, crashes=1)
    ),
    Scenario("an owner that sleeps past its hold", (2,), Budget(crashes=1, ticks=1)),
    # -- in doubt
    Scenario("an owner that sleeps until another resends", (2,), _REPORTS, large=True),
    Scenario(
        "the answer is lost, two later mails are reported, and all is heard",
        (1,),
        _REPORTS._replace(lost=1),
        large=True,
    ),
    Scenario("the answer is lost, and nothing is reported", (1,), Budget(lost=1, ticks=1, days=1)),
    Scenario(
        "the answer is lost, and old mails are reported",
        (1,),
        Budget(lost=1, ticks=1, minutes=1, stale=1, reports=1),
        large=True,
    ),
    Scenario("the answer is lost, and one later mail is reported", (1,), Budget(lost=1, ticks=1, minutes=1, reports=1)),
    Scenario("the answer is lost, and two later mails are reported", (2,), _REPORTS._replace(lost=1), large=True),
    Scenario(
        "the answer is lost, a report on its own mail is marked too, and a crash between record and mark",
        (1,),
        Budget(lost=1, ticks=1, crashes=1, minutes=1, reports=1),
        Rules(marks=True),
    ),
    Scenario("the same with a crash anywhere", (1,), _REPORTS._replace(lost=1, crashes=1), large=True),
    Scenario(
        "two answers lost: no third mail without a yes",
        (1,),
        Budget(ticks=2, minutes=1, reports=2, lost=2, redrives=1, confirms=1),
        large=True,
    ),
    Scenario(
        "the answer is lost, and a person says yes", (1,), Budget(ticks=1, days=1, lost=1, redrives=1, confirms=1)
    ),
    Scenario(
        "two persons say yes to the same letter",
        (1,),
        Budget(ticks=1, days=1, lost=1, redrives=2, copies=1, confirms=2),
        large=True,
    ),
    Scenario("the answer is lost, and a person sends from the record", (1,), Budget(ticks=1, lost=1, records=1)),
    Scenario(
        "a resend that is not sent, or is refused", (1,), _REPORTS._replace(lost=1, not_sent=1, refused=1), large=True
    ),
    Scenario(
        "on_unknown = hold: nothing is resent without a yes",
        (2,),
        Budget(ticks=1, lost=1, redrives=1, confirms=1),
        _HOLD,
        large=True,
    ),
    Scenario("a crash while a mail in doubt is handed to a person", (1,), Budget(lost=1, ticks=1, crashes=1), _HOLD),
    Scenario(
        "a new release that can no longer render what the old one sent",
        (2,),
        Budget(upgrades=1, ticks=1, lost=1, redrives=1, confirms=1),
        Rules(breaks_at=2),
        large=True,
    ),
    Scenario(
        "a resend that is not sent, then a release that can no longer render",
        (1,),
        _REPORTS._replace(upgrades=1, lost=1, not_sent=1),
        Rules(breaks_at=2),
        large=True,
    ),
    Scenario("two providers", (2,), Budget(not_sent=1, lost=1, refused=1, ticks=1), Rules(providers=2), large=True),
    Scenario(
        "two providers, of which each must report",
        (1,),
        Budget(lost=1, ticks=1, minutes=1, reports=4),
        Rules(providers=2),
        large=True,
    ),
    Scenario("one of two providers takes it", (1,), Budget(not_sent=1, lost=1, refused=1, ticks=1), Rules(providers=2)),
    Scenario(
        "the second of two providers takes it, and the first reports",
        (1,),
        Budget(not_sent=1, lost=1, ticks=1, minutes=1, reports=2),
        Rules(providers=2),
        large=True,
    ),
    Scenario(
        "one of two providers reports",
        (1,),
        Budget(lost=1, ticks=1, minutes=1, reports=2),
        Rules(providers=2),
        large=True,
    ),
    Scenario("on_unknown = hold", (1,), _REPORTS._replace(lost=1), _HOLD, large=True),
    Scenario(
        "a new release that can no longer render what the old one sent, and nothing else",
        (1,),
        Budget(upgrades=1, ticks=1, lost=1, redrives=1, confirms=1),
        Rules(breaks_at=2, resends=0),
    ),
    Scenario(
        "on_unknown = hold: a yes, and a refusal",
        (1,),
        Budget(lost=1, ticks=1, redrives=1, confirms=1, refused=1),
        _HOLD,
    ),
    Scenario(
        "on_unknown = hold: a yes, what is not sent, and a release that can no longer render",
        (1,),
        Budget(lost=1, ticks=1, redrives=1, confirms=1, not_sent=1, upgrades=1),
        Rules(resends=0, breaks_at=2),
    ),
    Scenario("a release that can no longer render", (2,), Budget(upgrades=1), Rules(breaks_at=2)),
    Scenario("reported before: an owner that sleeps until another resends", (2,), Budget(ticks=1), _REPORTED),
    Scenario("reported before: two answers lost", (1,), Budget(ticks=2, lost=2), _REPORTED),
    Scenario(
        "reported before: a resend that is not sent or refused",
        (1,),
        Budget(ticks=2, lost=1, not_sent=1, refused=1, crashes=1),
        _REPORTED,
        large=True,
    ),
    Scenario(
        "reported before: a resend that is not sent, then a release that can no longer render",
        (1,),
        Budget(upgrades=1, ticks=1, lost=1, not_sent=1),
        Rules(reported=True, breaks_at=2),
    ),
    Scenario(
        "what is not sent is told as that, though the table was too busy to hear it",
        (2,),
        Budget(not_sent=1, refused=1, throttles=2, days=1),
        Rules(resends=0, certain=True),
    ),
    Scenario(
        "the same after an answer that was lost, and a crash",
        (1,),
        Budget(not_sent=1, throttles=2, ticks=1, lost=1, crashes=1, redrives=1, confirms=1),
        _HOLD,
    ),
    # -- the list and the reader
    Scenario(
        "the address comes onto the list and is taken off",
        (1, 1),
        Budget(listings=1, removals=1, redrives=1, crashes=1),
    ),
    Scenario(
        "a person is killed between SES's list and ours",
        (1, 1),
        Budget(listings=1, removals=2, redrives=1, crashes=1),
    ),
    Scenario(
        "the reader unsubscribes, and subscribes again",
        (1, 1),
        Budget(unsubscribes=1, resubscribes=1, redrives=1, crashes=1),
    ),
    Scenario(
        "the reader unsubscribes, and the address bounces",
        (1, 1),
        Budget(unsubscribes=1, resubscribes=1, listings=1, removals=1, redrives=1),
        answers=(Action.FEEDBACK_SENT, Action.FEEDBACK_BOUNCED),
        large=True,
    ),
    # -- what the provider says
    Scenario(
        "bounce and complaint in any order",
        (1,),
        Budget(crashes=1),
        answers=(Action.FEEDBACK_SENT, Action.FEEDBACK_DELIVERED, Action.FEEDBACK_BOUNCED, Action.FEEDBACK_COMPLAINED),
    ),
    Scenario(
        "accepted, then refused", (2,), Budget(lost=1, ticks=1), answers=(Action.FEEDBACK_SENT, Action.FEEDBACK_REFUSED)
    ),
    Scenario(
        "sent twice, and both are reported in any order",
        (1,),
        _REPORTS._replace(lost=1),
        answers=(Action.FEEDBACK_SENT, Action.FEEDBACK_DELIVERED),
        large=True,
    ),
    Scenario(
        "refused after acceptance, and its letter is redriven",
        (1,),
        Budget(lost=1, ticks=1, redrives=1),
        _HOLD,
        answers=(Action.FEEDBACK_REFUSED,),
    ),
    Scenario(
        "never tried, and sent by the next provider, a crash anywhere",
        (1,),
        Budget(elsewhere=1, crashes=1),
        _BY_WEBHOOK,
        answers=(Action.FEEDBACK_NEVER_TRIED, Action.FEEDBACK_DELIVERED),
    ),
    Scenario(
        "never tried by any, and asked for twice",
        (1,),
        Budget(elsewhere=2),
        _BY_WEBHOOK,
        answers=(Action.FEEDBACK_NEVER_TRIED,),
    ),
    Scenario(
        "never tried by any of three, reported twice, and not sent or refused",
        (1,),
        Budget(elsewhere=2, not_sent=1, refused=1),
        Rules(providers=3, reports_by_webhook=True, resends=0),
        answers=(Action.FEEDBACK_NEVER_TRIED, Action.FEEDBACK_SENT),
        large=True,
    ),
    Scenario(
        "never tried, and the next answer is lost",
        (1,),
        Budget(elsewhere=1, lost=1, ticks=1),
        _BY_WEBHOOK,
        answers=(Action.FEEDBACK_NEVER_TRIED,),
    ),
    Scenario(
        "never tried, but an attempt before it may have gone",
        (1,),
        Budget(elsewhere=1, lost=1, ticks=1, redrives=1, confirms=1),
        _BY_WEBHOOK,
        answers=(Action.FEEDBACK_NEVER_TRIED,),
    ),
    # -- supersession
    Scenario("other content over what can never be a mail", (2, 1), Budget(crashes=1), Rules(contents="xb")),
    Scenario("the same, and the old letter is redriven", (1, 1), Budget(redrives=1, copies=1), Rules(contents="xb")),
    Scenario("other content at the same time, a crash", (2, 1), Budget(crashes=1), Rules(contents="ab")),
    Scenario("other content after a refusal", (1, 1), Budget(refused=1, redrives=1, crashes=1), Rules(contents="ab")),
    Scenario("other content after what was not sent", (1, 2), Budget(not_sent=1), Rules(contents="ab")),
    Scenario("other content while the first may have gone", (1, 1), _YES, Rules(contents="ab"), large=True),
    Scenario(
        "other content, and the first is resent", (1, 1), _REPORTS._replace(lost=1), Rules(contents="ab"), large=True
    ),
    Scenario("three contents, of which two can never be a mail", (1, 1, 1), Budget(), Rules(contents="xyb")),
    Scenario(
        "other content, answers of the table lost and contended",
        (1, 1),
        Budget(repeats=1, conflicts=1, refused=1),
        Rules(contents="ab"),
    ),
    Scenario(
        "other content for an address on the list",
        (1, 1),
        Budget(listings=1, removals=1, redrives=1),
        Rules(contents="ab"),
    ),
    Scenario(
        "on_unknown = hold, and other content while the first may have gone",
        (1, 1),
        Budget(lost=1, ticks=1, redrives=1, confirms=1),
        Rules(contents="ab", resends=0),
    ),
    # -- again
    Scenario(
        "two persons send again what bounced",
        (1,),
        Budget(agains=2, crashes=1),
        answers=(Action.FEEDBACK_SOFT_BOUNCED,),
    ),
    Scenario(
        "what is sent again is refused, and its letter redriven",
        (1,),
        Budget(agains=1, refused=1, redrives=1, confirms=1, ticks=1),
    ),
    Scenario("what is sent again gets no answer", (1,), _REPORTS._replace(agains=1, lost=1), large=True),
    Scenario("what is sent again gets no answer, and later one", (1,), Budget(agains=1, lost=1, ticks=1)),
    Scenario("what is sent again, and other content", (1, 1), Budget(agains=1, crashes=1), Rules(contents="ab")),
    Scenario(
        "what was reported as spam is not sent again",
        (1,),
        Budget(agains=1, listings=0),
        answers=(Action.FEEDBACK_COMPLAINED,),
    ),
    *LATER,
    # -- expiry
    Scenario("the same message after its retention", (2,), Budget(ages=1)),
    Scenario("two messages and their retention", (1, 1), Budget(ages=1, refused=1, redrives=1)),
    Scenario("other content and the retention of the first", (1, 1), Budget(ages=1, redrives=1), Rules(contents="xb")),
    Scenario("a mail in doubt and its retention", (1, 1), Budget(ages=1, lost=1), _HOLD),
    # -- several recipients
    *SEVERAL,
    # -- tenants
    *TENANTS,
    # -- digests
    *(Scenario(name, copies, budget, rules, large=large) for name, copies, budget, rules, large in DIGESTS),
)


def find_scenario(name: str) -> Scenario:
    """The scenario of that name."""
    return next(scenario for scenario in SCENARIOS if scenario.name == name)
