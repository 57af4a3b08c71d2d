"""What is reported of a copy is not its reader's, in any order and wherever anybody is killed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.in_memory_herald import InMemoryHerald
from fakes.provider import FakeProvider
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown
from function.event.cloudevent import RECIPIENT_TAG, mark_recipient
from function.event.envelope import Delivery
from function.ledger.states import State
from function.message.catalogue import Catalogue
from function.message.email import Email, Receipt
from function.providers.webhook_registry import open_webhook
from function.providers.webhooks.provider_events import enclose
from tests.faults.mishaps import Killed
from tests.integration.function.mails_with_copies import (
    ADA,
    ARCHIVE,
    BOOKS,
    ROLES,
    Heard,
    Report,
    compile_with_copies,
    find_mail,
    make_bounce,
    make_complaint,
    make_delay,
    make_delivery,
    make_delivery_report,
    make_ses_event,
    timeline,
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return compile_with_copies(tmp_path_factory.mktemp("mails"))


@pytest.fixture
def world(catalogue: Catalogue) -> InMemoryHerald:
    return InMemoryHerald(MemoryTable("herald-ledger"), catalogue, roles=dict(ROLES))


_SPAM = make_complaint(BOOKS)
_OF_COPIES: dict[str, tuple[Report, int]] = {
    "bounced": (make_bounce(BOOKS), 1),
    "both bounced": (make_bounce(ARCHIVE, BOOKS), 1),
    "bounced softly": (make_bounce(BOOKS, kind="Transient"), 1),
    "complained": (_SPAM, 1),
    "no spam": (make_complaint(BOOKS, kind="not-spam"), 0),
    "delayed": (make_delay(BOOKS), 0),
    "delivered": (make_delivery_report(ARCHIVE), 0),
    "of another spelling": (make_delivery_report(BOOKS.upper()), 0),
    "forwarded to nobody that we know": (make_bounce("somebody@else.example"), 1),
    "of nobody": (make_bounce(), 1),
}


@pytest.mark.parametrize("name", _OF_COPIES)
def test_a_report_on_copies_moves_no_record_and_lists_nobody(world: InMemoryHerald, name: str) -> None:
    report, failed = _OF_COPIES[name]
    mail, heard = find_mail(world), Heard(world)
    assert heard.hear(make_ses_event(report, mail)) is State.SENT
    assert [row["state"]["S"] for row in timeline(world)] == ["sending", "sent"]
    assert [world.find_suppression(address) for address in mail.addresses] == [None] * 3
    assert (heard.failed, heard.queue.letters, world.mails) == (failed, [], 1)
    assert heard.addresses_in_the_log(mail.addresses) == []


@pytest.mark.parametrize(
    ("report", "state", "listed"),
    [
        (make_bounce(ADA), State.BOUNCED, "bounced"),
        (make_bounce(BOOKS, ADA), State.BOUNCED, "bounced"),
        (make_bounce(ADA.upper(), BOOKS), State.BOUNCED, "bounced"),
        (make_bounce(BOOKS, ADA, kind="Transient"), State.SOFT_BOUNCED, None),
        (make_complaint(ARCHIVE, ADA), State.COMPLAINED, "complained"),
        (make_delay(BOOKS, ADA), State.DELAYED, None),
        (make_delivery_report(ARCHIVE, ADA, BOOKS), State.DELIVERED, None),
        (("Reject", "reject", {"reason": "Bad content"}), State.REFUSED, None),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_a_report_on_the_reader_is_what_it_is_whoever_else_it_names(
    world: InMemoryHerald, report: Report, state: State, listed: str | None
) -> None:
    mail, heard = find_mail(world), Heard(world)
    assert heard.hear(make_ses_event(report, mail)) is state
    found = world.find_suppression(ADA)
    assert (found and found.reason) == listed
    assert [world.find_suppression(address) for address in mail.addresses[1:]] == [None] * 2
    assert heard.failed == 0


def test_a_bounce_of_several_says_why_of_the_reader(world: InMemoryHerald) -> None:
    heard, mail = Heard(world), find_mail(world)
    heard.hear(make_ses_event(make_bounce(BOOKS, ARCHIVE, ADA), mail))
    (row,) = [row for row in timeline(world) if row["state"]["S"] == "bounced"]
    assert row["detail"]["S"].endswith(f"550 5.1.1 not here, {ADA[0]}")


def test_the_log_says_which_role_got_no_copy_and_why(world: InMemoryHerald) -> None:
    heard = Heard(world)
    heard.hear(make_ses_event(make_bounce(BOOKS), find_mail(world)))
    (line,) = [line for line in heard.lines if line.get("event") == "CopyFailed"]
    assert (line["message_id"], line["role"]) == ("m1", "accounting")
    assert line["detail"].startswith("Bounced Permanent General 550 5.1.1")


def test_in_any_order_what_is_told_of_copies_changes_nothing_of_what_is_told_of_the_reader(
    world: InMemoryHerald,
) -> None:
    mail = find_mail(world)
    told = [
        make_delivery_report(ADA),
        make_bounce(BOOKS),
        make_complaint(ARCHIVE),
        make_delay(BOOKS),
        make_delivery_report(ARCHIVE),
    ]
    bodies = [make_ses_event(report, mail) for report in told]
    before = world.client.snapshot()
    for order in itertools.permutations(bodies):
        world.client.restore(before)
        heard = Heard(world)
        assert [heard.hear(one) for one in order][-1] is State.DELIVERED
        assert [row["state"]["S"] for row in timeline(world)] == ["sending", "sent", "delivered"]
        assert world.find_suppression(ADA) is None
        world.client.restore(before)
        heard = Heard(world)
        assert (heard.hear(*order), heard.failed) == (State.DELIVERED, 2), "and in one batch"


@pytest.mark.parametrize(
    "report", [make_bounce(BOOKS), make_delivery_report(ARCHIVE), _SPAM], ids=lambda report: report[0]
)
def test_whatever_is_heard_of_a_copy_says_that_the_mail_left_so_no_second_one_does(
    world: InMemoryHerald, report: Report
) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(make_delivery())
    assert world.state() is State.UNKNOWN
    ((_, mail),) = world.post.taken
    assert Heard(world).hear(make_ses_event(report, mail)) is State.SENT
    assert "detail" not in timeline(world)[-1]
    assert [world.find_suppression(address) for address in mail.addresses] == [None] * 3
    world.report_twice()
    world.clock.forward(3600)
    assert world.deliver(make_delivery()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_a_copys_report_that_comes_before_the_record_makes_one_that_says_sent(world: InMemoryHerald) -> None:
    mail = replace(
        find_mail(InMemoryHerald(MemoryTable("herald-ledger"), world.catalogue, roles=dict(ROLES))),
        tags={"attempt": "a1", RECIPIENT_TAG: mark_recipient(ADA)},
    )
    assert Heard(world).hear(make_ses_event(make_bounce(BOOKS), mail)) is State.SENT


def test_a_mail_sent_again_has_its_copies_again(world: InMemoryHerald) -> None:
    mail, heard = find_mail(world), Heard(world)
    heard.hear(make_ses_event(make_bounce(ADA), mail))
    world.unsuppress(ADA)
    world.clock.forward(3600)
    again = Delivery("m1-2", make_delivery().body, instead_of="m1", confirmed=True)
    assert world.deliver(again).kind is OutcomeKind.SENT
    assert world.post.taken[-1][1].addresses == mail.addresses


# -- providers that report by webhook ---------------------------------------------------------------------------------

_SENDGRID: dict[str, tuple[dict[str, Any], State, int]] = {
    "bounced": ({"event": "bounce", "type": "bounce"}, State.BOUNCED, 1),
    "blocked": ({"event": "bounce", "type": "blocked"}, State.SOFT_BOUNCED, 1),
    "dropped": ({"event": "dropped", "reason": "Bounced Address"}, State.BOUNCED, 1),
    "never tried": ({"event": "dropped", "reason": "Recipient List over Package Quota"}, State.REFUSED, 1),
    "complained": ({"event": "spamreport"}, State.COMPLAINED, 1),
    "delayed": ({"event": "deferred"}, State.DELAYED, 0),
    "delivered": ({"event": "delivered"}, State.DELIVERED, 0),
}
_MAILGUN: dict[str, tuple[dict[str, Any], State, int]] = {
    "bounced": ({"event": "failed", "severity": "permanent", "reason": "bounce"}, State.BOUNCED, 1),
    "blocked": ({"event": "failed", "severity": "permanent"}, State.SOFT_BOUNCED, 1),
    "complained": ({"event": "complained"}, State.COMPLAINED, 1),
    "delayed": ({"event": "failed", "severity": "temporary"}, State.DELAYED, 0),
    "delivered": ({"event": "delivered"}, State.DELIVERED, 0),
}
_CASES = [
    *(("sendgrid://", *case) for case in _SENDGRID.values()),
    *(("mailgun://mg.herald.example", *case) for case in _MAILGUN.values()),
]


def receive_report(url: str, said: Mapping[str, Any], address: str, mail: Email) -> str:
    tags = {**mail.tags, "message_id": "m1"}
    named: dict[str, Any] = {"email": address, **{f"herald_{name}": value for name, value in tags.items()}}
    if url.startswith("mailgun"):
        named = {"recipient": address, "user-variables": tags}
    told = {**named, **said}
    parsed: Any = open_webhook(url).parse(told, url)
    return enclose(told, parsed)


@pytest.mark.parametrize(("url", "said", "state", "failed"), _CASES)
def test_a_providers_report_is_the_readers_only_if_it_names_the_reader(
    world: InMemoryHerald, url: str, said: dict[str, Any], state: State, failed: int
) -> None:
    mail, heard = find_mail(world), Heard(world)
    for address in mail.addresses[1:]:
        assert heard.hear(receive_report(url, said, address, mail)) is State.SENT
    assert (heard.failed, heard.queue.letters, world.find_suppression(ADA)) == (2 * failed, [], None)
    assert heard.addresses_in_the_log(mail.addresses) == []
    assert heard.hear(receive_report(url, said, ADA.upper(), mail)) is state
    assert heard.failed == 2 * failed


# -- wherever anybody is killed ----------------------------------------------------------------------------------------


class Stage:
    """A mail with copies whose processes are killed once, before or after step `dies_at` of what they write or send."""

    def __init__(self, catalogue: Catalogue, dies_at: int) -> None:
        self.dies_at, self.steps = dies_at, 0
        self.world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, roles=dict(ROLES))
        post = MortalPost(self.world.clock)
        post.step = self.step
        self.world.posts = [post]
        self.world.client.fault = self.step

    def step(self, *_: object) -> None:
        self.steps += 1
        if self.steps == self.dies_at:
            raise Killed

    def play(self, *reports: Report) -> None:
        """The event is delivered four times, an hour apart; each mail is reported on, till it is taken."""
        heard, told = Heard(self.world), 0
        for _ in range(4):
            with suppress(Killed):
                self.world.deliver(make_delivery())
            for _, mail in self.world.post.taken[told:]:
                for report in reports:
                    self._tell(heard, make_ses_event(report, mail))
            told = len(self.world.post.taken)
            self.world.client.fault = None
            self.world.report_twice()
            self.world.client.fault = self.step
            self.world.clock.forward(3600)

    @staticmethod
    def _tell(heard: Heard, report: object) -> None:
        with suppress(Killed):
            heard.hear(report)
            return
        heard.hear(report)


class MortalPost(FakeProvider):
    """A provider whose caller may die before it asks, and after the mail was taken."""

    step: Callable[[], None]

    def send(self, email: Email, key: str) -> Receipt:
        self.step()
        receipt = super().send(email, key)
        self.step()
        return receipt


@pytest.mark.parametrize(
    ("reports", "state"),
    [
        ((make_bounce(BOOKS), make_delivery_report(ADA)), State.DELIVERED),
        ((make_delivery_report(ADA), make_complaint(ARCHIVE)), State.DELIVERED),
        ((make_bounce(BOOKS),), State.SENT),
    ],
    ids=["a-copys-first", "the-readers-first", "a-copys-alone"],
)
def test_wherever_it_is_killed_it_is_one_mail_in_the_state_that_its_reader_gives_it(
    catalogue: Catalogue, reports: tuple[Report, ...], state: State
) -> None:
    whole = Stage(catalogue, 0)
    whole.play(*reports)
    assert whole.steps > 8
    for dies_at in range(whole.steps + 1):
        stage = Stage(catalogue, dies_at)
        stage.play(*reports)
        assert (stage.world.mails, stage.world.state()) == (1, state), dies_at
        assert stage.world.find_suppression(ADA) is None
