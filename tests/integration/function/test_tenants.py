"""Several senders in one deployment: each event's mail leaves under the brand and from the address of its tenant."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import pytest

from function.delivery.outcome import OutcomeKind
from function.errors import ProviderUnavailable
from function.event.cloudevent import parse
from function.feedback import FeedbackHandler
from function.ledger.keys import address_key, own_list_key
from function.ledger.mail_event import read_mail_event
from function.ledger.states import State
from function.message.email import Email
from function.message.recipients import write_part
from function.message.tenant import Tenant
from function.message.unsubscribe import UnsubscribeLinks
from function.runtime.metrics import Telemetry
from operations.installation import Installation
from operations.suppressions import find_listing, list_suppressions, take_off
from tests.envelopes import ses_event, sqs_event
from tests.fakes import SECRET, Post, event
from tests.world import World, delivery, redrive
from webapp.preferences.preferences import Preferences

ACME = Tenant("acme", "Acme Books <mail@acme.example>", "acme-set", own_list=True)
GLOBEX = Tenant("globex", "mail@globex.example")
ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def declared(world: World) -> None:
    world.tenants = {"acme": ACME, "globex": GLOBEX}


def mail_of(world: World, tenant: str | None, name: str) -> Email | None:
    """The mail of a new event; None: there is none."""
    before = world.mails
    world.deliver(delivery(name, event(name, **({"tenant": tenant} if tenant else {}))))
    return world.post.taken[-1][1] if world.mails > before else None


def report(world: World, kind: str, details: Mapping[str, Any], mail: Email, message_id: str) -> None:
    """What SES says of a mail, with the tags that it was sent with, as `feedback` gets it."""
    told = ses_event(kind, dict(details), message_id, mail.to, mail.tags["attempt"])
    told["mail"]["tags"] |= {name: [value] for name, value in mail.tags.items()}
    if mail.tenant and mail.tenant.configuration_set:
        told["mail"]["tags"]["ses:configuration-set"] = [mail.tenant.configuration_set]
    telemetry = Telemetry("feedback", "r1", world.clock, io.StringIO())
    FeedbackHandler(world.ledger, SECRET, telemetry, "r1", world.clock, "herald")({"Records": [sqs_event(told)]}, None)


def bounce(world: World, mail: Email, message_id: str) -> None:
    details = {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": [{"emailAddress": mail.to}]}
    report(world, "Bounce", details, mail, message_id)


def test_a_mail_has_its_tenants_sender_name_colours_and_reply_to(world: World) -> None:
    mail = mail_of(world, "acme", "m1")
    assert mail is not None
    assert (mail.sender, mail.reply_to) == ("Acme Books <mail@acme.example>", "help@acme.example")
    assert (mail.tenant, world.record("m1").tenant) == (ACME, "acme")
    for part in (mail.html, mail.text):
        assert "Acme Books" in part
        assert "Herald" not in part
    assert "#9b1c31" in mail.html
    assert {name: mail.tags[name] for name in ("tenant", "suppression")} == {"tenant": "acme", "suppression": "own"}


def test_without_a_tenant_it_is_the_deployments_own(world: World) -> None:
    mail = mail_of(world, None, "m1")
    assert mail is not None
    assert (mail.sender, mail.tenant, [*mail.tags]) == (None, None, ["attempt"])
    assert "Acme" not in mail.html
    assert world.record("m1").tenant is None


def test_an_unknown_tenant_is_rejected_with_its_reason_and_sent_once_it_is_declared(world: World) -> None:
    world.tenants = {"globex": GLOBEX}
    outcome = world.deliver(delivery("m1", event("e1", tenant="acme")))
    assert (outcome.kind, world.mails) == (OutcomeKind.REJECTED, 0)
    record, (letter,) = world.record("m1"), world.dead.letters
    assert (record.reason_code, record.tenant) == ("tenant_unknown", "acme")
    assert letter.attributes["reason_code"] == "tenant_unknown"
    world.tenants = {"acme": ACME}
    for _ in range(2):
        world.deliver(redrive(letter))
    assert [mail.sender for _, mail in world.post.taken] == [ACME.sender]


@pytest.mark.parametrize("tenant", ["Acme", "a/b", "-a", "a" * 64, "", 7])
def test_what_is_no_name_of_a_tenant_breaks_the_envelope(world: World, tenant: object) -> None:
    world.deliver(delivery("m1", event("e1", tenant=tenant)))
    assert (world.mails, world.record("m1").reason_code) == (0, "event_invalid")


def test_the_same_event_of_another_tenant_is_another_content(world: World) -> None:
    world.tenants = {"globex": GLOBEX}
    world.deliver(delivery("m1", event("e1", tenant="acme")))
    world.deliver(delivery("m2", event("e1", tenant="globex")))
    assert [mail.sender for _, mail in world.post.taken] == [GLOBEX.sender]
    assert (world.state("m1"), world.state("m2")) == (State.REPLACED, State.SENT)


def test_a_bounce_of_a_tenant_with_a_list_of_its_own_stops_its_mail_alone(world: World) -> None:
    mail = mail_of(world, "acme", "m1")
    assert mail is not None
    bounce(world, mail, "m1")
    assert world.state("m1") is State.BOUNCED, "though feedback knows no configuration set of that name"
    assert mail_of(world, "acme", "m2") is None
    assert world.record("m2").reason_code == "recipient_suppressed"
    assert mail_of(world, "globex", "m3")
    assert mail_of(world, None, "m4")


def test_a_bounce_of_all_others_stops_all_but_the_tenant_with_a_list_of_its_own(world: World) -> None:
    mail = mail_of(world, "globex", "m1")
    assert mail is not None
    bounce(world, mail, "m1")
    assert mail_of(world, None, "m2") is None
    assert mail_of(world, "globex", "m3") is None
    assert mail_of(world, "acme", "m4")


def test_unsubscribing_from_a_tenant_with_a_list_of_its_own_concerns_its_mail_alone(world: World) -> None:
    world.links = UnsubscribeLinks("https://herald.example/unsubscribe", b"k" * 32)
    own = own_list_key(address_key(SECRET, ADA), "acme")
    first, other = mail_of(world, "acme", "m1"), mail_of(world, None, "m2")
    assert first is not None
    assert other is not None
    assert first.headers["List-Unsubscribe"] != other.headers["List-Unsubscribe"]
    Preferences(world.client, "herald-ledger").unsubscribe("books", own.removeprefix("address#"), 1, "link")
    assert mail_of(world, "acme", "m3") is None
    assert world.record("m3").reason_code == "recipient_unsubscribed"
    assert mail_of(world, None, "m4")


@pytest.mark.parametrize("table", ["moto"], indirect=True)
def test_an_operator_sees_whose_list_it_is_and_takes_an_address_off_it(world: World) -> None:
    for number, tenant in enumerate(("acme", "globex")):
        mail = mail_of(world, tenant, f"m{number}")
        assert mail is not None
        bounce(world, mail, f"m{number}")
    client: Any = world.client
    records = Installation(client, client, "", "", "", "herald-ledger", lambda: (SECRET,), own_lists=lambda: ["acme"])
    assert {entry.tenant for entry in list_suppressions(records)} == {"acme", None}
    assert [entry.tenant for entry in find_listing(records, ADA, "acme").entries] == ["acme"]
    take_off(records, ADA, "acme")
    assert mail_of(world, "acme", "m8")
    assert mail_of(world, "globex", "m9") is None
    take_off(records, ADA)
    assert mail_of(world, "globex", "m10")


def test_a_tenants_mail_goes_by_no_provider_that_does_not_know_its_sender(world: World) -> None:
    second = Post(world.clock, url="ses://us-west-2")
    world.posts = [world.post, second]
    world.tenants = {"acme": Tenant("acme", ACME.sender, providers=frozenset({world.post.url}))}
    world.post.answers = [ProviderUnavailable("down")]
    outcome = world.deliver(delivery("m1", event("e1", tenant="acme")))
    assert (outcome.kind, len(second.taken)) == (OutcomeKind.RELEASED, 0)
    assert world.record("m1").providers == {world.post.url}
    world.post.answers = [ProviderUnavailable("down")]
    world.deliver(delivery("m2", event("e2")))
    assert len(second.taken) == 1, "the deployment's own fails over"


def test_each_part_of_an_event_with_several_recipients_is_of_its_tenant() -> None:
    whole = parse(event("e1", tenant="acme"), lambda _: None)
    part = json.loads(write_part(whole, {"email": ADA, "name": "Ada", "locale": "en"}, "p1"))
    assert part["tenant"] == "acme"


def test_a_mail_event_tells_whose_mail_it_was(world: World) -> None:
    mail_of(world, "acme", "m1")
    image = world.item("message#m1")
    told = read_mail_event({"dynamodb": {"NewImage": image, "OldImage": {}}})
    assert told is not None
    assert json.loads(told.body)["data"]["tenant"] == "acme"
