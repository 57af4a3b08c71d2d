"""Copies for roles of the deployment: one mail to all, and what is reported of a copy is not its reader's."""

from __future__ import annotations

import io
import itertools
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from function.delivery.next_provider import NextProvider
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, Throttled
from function.event.cloudevent import RECIPIENT_TAG, mark_recipient, synthetic_event
from function.event.envelope import Delivery
from function.feedback import FeedbackHandler
from function.ledger.states import State
from function.message.catalogue import Catalogue
from function.message.delivery_mode import DeliveryMode
from function.message.email import Email
from function.message.tenant import Tenant
from function.providers.vendor_events import enclose
from function.providers.webhook_request import open_vendor
from function.runtime.metrics import Telemetry
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, compile_catalogue, examples
from tests.dynamodb.table import MemoryTable
from tests.envelopes import ses_event, sqs_event
from tests.fakes import SECRET, Dead, event
from tests.world import World, delivery

TYPE = "receipt"
DATA = examples(TYPE, EXAMPLES)["typical"]
ADA, BOOKS, ARCHIVE = DATA["recipient"]["email"], "Books@shop.example", "archive@shop.example"
ROLES = {"accounting": BOOKS, "archive": ARCHIVE, "nobody-asked": "nobody@shop.example"}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Herald's own notifications, and one whose mails have copies."""
    folder: Path = tmp_path_factory.mktemp("mails")
    source = Path(shutil.copytree(NOTIFICATIONS, folder / "source"))
    shutil.copytree(EXAMPLES / TYPE, source / TYPE)
    path = source / TYPE / "notification.json"
    settings = json.loads(path.read_text("utf-8")) | {"cc": ["accounting"], "bcc": ["archive"]}
    path.write_text(json.dumps(settings), "utf-8")
    return compile_catalogue(folder / "compiled", source)


@pytest.fixture
def world(catalogue: Catalogue) -> World:
    return World(MemoryTable("herald-ledger"), catalogue, roles=dict(ROLES))


def paid(message_id: str = "m1", **marks: Any) -> Delivery:
    return delivery(message_id, event("e", TYPE, data=DATA), **marks)


def sent(world: World) -> Email:
    """The one mail of an event."""
    assert world.deliver(paid()).kind is OutcomeKind.SENT
    ((_, mail),) = world.post.taken
    return mail


# -- the mail ---------------------------------------------------------------------------------------------------------


def test_a_mail_goes_to_its_reader_with_copies_to_the_roles_that_its_notification_names(world: World) -> None:
    mail = sent(world)
    assert (mail.to, mail.cc, mail.bcc) == (ADA, (BOOKS,), (ARCHIVE,))
    assert mail.tags[RECIPIENT_TAG] == mark_recipient(ADA)
    assert "List-Unsubscribe" not in mail.headers
    assert world.mails == 1


def test_any_other_mail_has_neither_copies_nor_a_tag_for_them(world: World) -> None:
    world.deliver(delivery())
    ((_, mail),) = world.post.taken
    assert (mail.cc, mail.bcc, RECIPIENT_TAG in mail.tags) == ((), (), False)


def test_who_gets_the_mail_anyway_gets_no_copy(world: World) -> None:
    world.roles = {"accounting": ADA.upper(), "archive": ARCHIVE}
    assert sent(world).addresses == (ADA, ARCHIVE)


def test_two_roles_of_one_address_get_one_copy(world: World) -> None:
    world.roles = {"accounting": BOOKS, "archive": BOOKS.lower()}
    assert sent(world).addresses == (ADA, BOOKS)


def test_a_mail_whose_only_copies_would_go_to_its_reader_is_a_plain_one(world: World) -> None:
    world.roles = {"accounting": ADA, "archive": ADA}
    mail = sent(world)
    assert (mail.addresses, RECIPIENT_TAG in mail.tags) == ((ADA,), False)


def test_an_attempt_after_a_throttle_has_the_same_copies_and_the_same_tag(world: World) -> None:
    world.post.answers = [Throttled("too fast")] * 3
    world.deliver(paid())
    assert world.deliver(paid()).kind is OutcomeKind.SENT
    first = sent_by_another_world(world)
    ((_, mail),) = world.post.taken
    assert replace(mail, tags={}) == replace(first, tags={})
    assert mail.tags[RECIPIENT_TAG] == first.tags[RECIPIENT_TAG]


def sent_by_another_world(world: World) -> Email:
    return sent(World(MemoryTable("herald-ledger"), world.catalogue, roles=dict(ROLES)))


def test_outside_production_a_copy_goes_only_to_whom_the_list_allows(world: World) -> None:
    world.delivery_mode = DeliveryMode(frozenset({ADA, "@shop.example"}))
    assert sent(world).addresses == (ADA, BOOKS, ARCHIVE)
    other = World(MemoryTable("herald-ledger"), world.catalogue, roles=dict(ROLES))
    other.delivery_mode = DeliveryMode(frozenset({ADA, ARCHIVE}))
    assert sent(other).addresses == (ADA, ARCHIVE)


def test_a_redirected_mail_has_no_copies(world: World) -> None:
    world.delivery_mode = DeliveryMode(redirect_to="me@example.org")
    mail = sent(world)
    assert (mail.addresses, RECIPIENT_TAG in mail.tags) == (("me@example.org",), False)


def test_a_mail_by_which_a_release_tries_a_version_goes_to_no_role(world: World) -> None:
    made = synthetic_event("release-1", TYPE, DATA, "2026-11-21T08:00:00Z")
    assert world.deliver(delivery("m1", made)).kind is OutcomeKind.SENT
    ((_, mail),) = world.post.taken
    assert mail.addresses == ("success+release-1@simulator.amazonses.com",)


def test_a_tenants_mail_has_no_copies_which_are_the_deployments(world: World) -> None:
    world.tenants = {"acme": Tenant("acme", "mail@acme.example")}
    world.deliver(delivery("m1", event("e", TYPE, data=DATA, tenant="acme")))
    ((_, mail),) = world.post.taken
    assert mail.addresses == (ADA,)


# -- what is reported -------------------------------------------------------------------------------------------------

Report = tuple[str, str, dict[str, Any]]


def bounced(*addresses: str, kind: str = "Permanent") -> Report:
    answers = [{"emailAddress": one, "diagnosticCode": f"550 5.1.1 not here, {one[0]}"} for one in addresses]
    return "Bounce", "bounce", {"bounceType": kind, "bounceSubType": "General", "bouncedRecipients": answers}


def complained(*addresses: str, kind: str = "abuse") -> Report:
    named = [{"emailAddress": one} for one in addresses]
    return "Complaint", "complaint", {"complaintFeedbackType": kind, "complainedRecipients": named}


def delivered(*addresses: str) -> Report:
    return "Delivery", "delivery", {"recipients": list(addresses)}


def delayed(*addresses: str) -> Report:
    named = [{"emailAddress": one, "status": "4.2.2"} for one in addresses]
    return "DeliveryDelay", "deliveryDelay", {"delayType": "MailboxFull", "delayedRecipients": named}


def told_by_ses(report: Report, mail: Email) -> dict[str, Any]:
    """The event that SES publishes, with the tags of the mail."""
    type_, key, details = report
    told: dict[str, Any] = ses_event(type_, {}, "m1", mail.to, mail.tags["attempt"], mail.addresses[1:])
    told["mail"]["tags"] |= {name: [value] for name, value in mail.tags.items()}
    return {**told, key: details}


class Heard:
    """`feedback` of a world, its log and what it asks the next provider for."""

    def __init__(self, world: World) -> None:
        self.world, self.log, self.queue = world, io.StringIO(), Dead()
        queue: Any = self.queue
        self.handler = FeedbackHandler(
            world.ledger,
            SECRET,
            Telemetry("feedback", "r1", world.clock, self.log),
            "r1",
            world.clock,
            "herald",
            next_provider=NextProvider(queue, ("sendgrid://", "ses://us-east-1")),
            roles=world.roles,
        )

    def hear(self, *bodies: object) -> State:
        """The state that the mail's record is in then."""
        records = [sqs_event(body, item=str(number)) for number, body in enumerate(bodies)]
        assert self.handler({"Records": records}, None) == {"batchItemFailures": []}
        return self.world.state()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]

    @property
    def failed(self) -> int:
        return sum(line.get("CopyFailed", 0) for line in self.lines)

    def addresses_in_the_log(self, addresses: Iterable[str]) -> list[str]:
        said = self.log.getvalue().lower()
        return [one for one in addresses if one.lower() in said or f" {one.partition('@')[0].lower()}" in said]


_SPAM = complained(BOOKS)
_OF_COPIES: dict[str, tuple[Report, int]] = {
    "bounced": (bounced(BOOKS), 1),
    "both bounced": (bounced(ARCHIVE, BOOKS), 1),
    "bounced softly": (bounced(BOOKS, kind="Transient"), 1),
    "complained": (_SPAM, 1),
    "no spam": (complained(BOOKS, kind="not-spam"), 0),
    "delayed": (delayed(BOOKS), 0),
    "delivered": (delivered(ARCHIVE), 0),
    "of another spelling": (delivered(BOOKS.upper()), 0),
    "forwarded to nobody that we know": (bounced("somebody@else.example"), 1),
    "of nobody": (bounced(), 1),
}


@pytest.mark.parametrize("name", _OF_COPIES)
def test_a_report_on_copies_moves_no_record_and_lists_nobody(world: World, name: str) -> None:
    report, failed = _OF_COPIES[name]
    mail, heard = sent(world), Heard(world)
    assert heard.hear(told_by_ses(report, mail)) is State.SENT
    assert [row["state"]["S"] for row in timeline(world)] == ["sending", "sent"]
    assert [world.find_suppression(address) for address in mail.addresses] == [None] * 3
    assert (heard.failed, heard.queue.letters, world.mails) == (failed, [], 1)
    assert heard.addresses_in_the_log(mail.addresses) == []


@pytest.mark.parametrize(
    ("report", "state", "listed"),
    [
        (bounced(ADA), State.BOUNCED, "bounced"),
        (bounced(BOOKS, ADA), State.BOUNCED, "bounced"),
        (bounced(ADA.upper(), BOOKS), State.BOUNCED, "bounced"),
        (bounced(BOOKS, ADA, kind="Transient"), State.SOFT_BOUNCED, None),
        (complained(ARCHIVE, ADA), State.COMPLAINED, "complained"),
        (delayed(BOOKS, ADA), State.DELAYED, None),
        (delivered(ARCHIVE, ADA, BOOKS), State.DELIVERED, None),
        (("Reject", "reject", {"reason": "Bad content"}), State.REFUSED, None),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_a_report_on_the_reader_is_what_it_is_whoever_else_it_names(
    world: World, report: Report, state: State, listed: str | None
) -> None:
    mail, heard = sent(world), Heard(world)
    assert heard.hear(told_by_ses(report, mail)) is state
    found = world.find_suppression(ADA)
    assert (found and found.reason) == listed
    assert [world.find_suppression(address) for address in mail.addresses[1:]] == [None] * 2
    assert heard.failed == 0


def test_a_bounce_of_several_says_why_of_the_reader(world: World) -> None:
    heard, mail = Heard(world), sent(world)
    heard.hear(told_by_ses(bounced(BOOKS, ARCHIVE, ADA), mail))
    (row,) = [row for row in timeline(world) if row["state"]["S"] == "bounced"]
    assert row["detail"]["S"].endswith(f"550 5.1.1 not here, {ADA[0]}")


def timeline(world: World) -> list[Mapping[str, Any]]:
    item = world.item("message#m1")
    assert item is not None
    return [row["M"] for row in item["timeline"]["L"]]


def test_the_log_says_which_role_got_no_copy_and_why(world: World) -> None:
    heard = Heard(world)
    heard.hear(told_by_ses(bounced(BOOKS), sent(world)))
    (line,) = [line for line in heard.lines if line.get("event") == "CopyFailed"]
    assert (line["message_id"], line["role"]) == ("m1", "accounting")
    assert line["detail"].startswith("Bounced Permanent General 550 5.1.1")


def test_in_any_order_what_is_told_of_copies_changes_nothing_of_what_is_told_of_the_reader(world: World) -> None:
    mail = sent(world)
    told = [delivered(ADA), bounced(BOOKS), complained(ARCHIVE), delayed(BOOKS), delivered(ARCHIVE)]
    bodies = [told_by_ses(report, mail) for report in told]
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


@pytest.mark.parametrize("report", [bounced(BOOKS), delivered(ARCHIVE), _SPAM], ids=lambda report: report[0])
def test_whatever_is_heard_of_a_copy_says_that_the_mail_left_so_no_second_one_does(
    world: World, report: Report
) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(paid())
    assert world.state() is State.UNKNOWN
    ((_, mail),) = world.post.taken
    assert Heard(world).hear(told_by_ses(report, mail)) is State.SENT
    assert "detail" not in timeline(world)[-1]
    assert [world.find_suppression(address) for address in mail.addresses] == [None] * 3
    world.report_twice()
    world.clock.forward(3600)
    assert world.deliver(paid()).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


def test_a_copys_report_that_comes_before_the_record_makes_one_that_says_sent(world: World) -> None:
    mail = replace(sent_by_another_world(world), tags={"attempt": "a1", RECIPIENT_TAG: mark_recipient(ADA)})
    assert Heard(world).hear(told_by_ses(bounced(BOOKS), mail)) is State.SENT


def test_a_mail_sent_again_has_its_copies_again(world: World) -> None:
    mail, heard = sent(world), Heard(world)
    heard.hear(told_by_ses(bounced(ADA), mail))
    world.unsuppress(ADA)
    world.clock.forward(3600)
    again = Delivery("m1-2", paid().body, instead_of="m1", confirmed=True)
    assert world.deliver(again).kind is OutcomeKind.SENT
    assert world.post.taken[-1][1].addresses == mail.addresses


# -- vendors that report by webhook -----------------------------------------------------------------------------------

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


def told_by_vendor(url: str, said: Mapping[str, Any], address: str, mail: Email) -> str:
    tags = {**mail.tags, "message_id": "m1"}
    named: dict[str, Any] = {"email": address, **{f"herald_{name}": value for name, value in tags.items()}}
    if url.startswith("mailgun"):
        named = {"recipient": address, "user-variables": tags}
    told = {**named, **said}
    parsed: Any = open_vendor(url).parse(told, url)
    return enclose(told, parsed)


@pytest.mark.parametrize(("url", "said", "state", "failed"), _CASES)
def test_a_vendors_report_is_the_readers_only_if_it_names_the_reader(
    world: World, url: str, said: dict[str, Any], state: State, failed: int
) -> None:
    mail, heard = sent(world), Heard(world)
    for address in mail.addresses[1:]:
        assert heard.hear(told_by_vendor(url, said, address, mail)) is State.SENT
    assert (heard.failed, heard.queue.letters, world.find_suppression(ADA)) == (2 * failed, [], None)
    assert heard.addresses_in_the_log(mail.addresses) == []
    assert heard.hear(told_by_vendor(url, said, ADA.upper(), mail)) is state
    assert heard.failed == 2 * failed
