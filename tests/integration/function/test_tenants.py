"""Several senders in one deployment: each event's mail leaves under the brand and from the address of its tenant."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald, delivery, redrive
from fakes.provider import FakeProvider
from function import events_api
from function.delivery.outcome import OutcomeKind
from function.errors import ProviderUnavailable
from function.event.cloudevent import parse
from function.ledger.keys import address_key, own_list_key
from function.ledger.mail_event import read_mail_event
from function.ledger.states import State
from function.message.addressing.recipients import write_part
from function.message.addressing.tenant import Tenant, pack_tenants
from function.message.catalogue import Catalogue
from function.message.email import Email
from function.message.unsubscribe import UnsubscribeLinks
from operations.installation import Installation
from operations.suppressions import find_address_suppressions, list_suppressions, take_off
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, compile_catalogue, read_examples
from tests.events_api_gateway import SCOPES, STRUCTURED, EventsApiGateway
from tests.integration.function.scheduled_events import send_due
from tests.integration.function.test_events_api import BATCHED, binary
from tests.tenants import ACME, GLOBEX, bounce
from webapp.preferences.preferences import Preferences

ADA = "ada@example.com"


@pytest.fixture(autouse=True)
def declared(world: InMemoryHerald) -> None:
    world.tenants = {"acme": ACME, "globex": GLOBEX}


def mail_of(world: InMemoryHerald, tenant: str | None, name: str) -> Email | None:
    """The mail of a new event; None: there is none."""
    before = world.mails
    world.deliver(delivery(name, event(name, **({"tenant": tenant} if tenant else {}))))
    return world.post.taken[-1][1] if world.mails > before else None


def test_a_mail_has_its_tenants_sender_name_colours_and_reply_to(world: InMemoryHerald) -> None:
    mail = mail_of(world, "acme", "m1")
    assert mail is not None
    assert (mail.sender, mail.reply_to) == ("Acme Books <mail@acme.example>", "help@acme.example")
    assert (mail.tenant, world.record("m1").tenant) == (ACME, "acme")
    for part in (mail.html, mail.text):
        assert "Acme Books" in part
        assert "Herald" not in part
    assert "#9b1c31" in mail.html
    assert {name: mail.tags[name] for name in ("tenant", "suppression")} == {"tenant": "acme", "suppression": "own"}


def test_without_a_tenant_it_is_the_deployments_own(world: InMemoryHerald) -> None:
    mail = mail_of(world, None, "m1")
    assert mail is not None
    assert (mail.sender, mail.tenant, [*mail.tags]) == (None, None, ["attempt"])
    assert "Acme" not in mail.html
    assert world.record("m1").tenant is None


def test_an_unknown_tenant_is_rejected_with_its_reason_and_sent_once_it_is_declared(world: InMemoryHerald) -> None:
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


def test_a_deployment_that_declares_none_rejects_every_tenant(world: InMemoryHerald) -> None:
    world.tenants = {}
    for number, tenant in enumerate(("acme", "globex", "initech")):
        world.deliver(delivery(f"m{number}", event(f"e{number}", tenant=tenant)))
    assert world.mails == 0
    assert [letter.attributes["reason_code"] for letter in world.dead.letters] == ["tenant_unknown"] * 3


@pytest.mark.parametrize("tenant", ["Acme", "a/b", "-a", "a" * 64, "", 7])
def test_what_is_no_name_of_a_tenant_breaks_the_envelope(world: InMemoryHerald, tenant: object) -> None:
    world.deliver(delivery("m1", event("e1", tenant=tenant)))
    assert (world.mails, world.record("m1").reason_code) == (0, "event_invalid")


def test_the_same_event_of_another_tenant_is_another_content(world: InMemoryHerald) -> None:
    world.tenants = {"globex": GLOBEX}
    world.deliver(delivery("m1", event("e1", tenant="acme")))
    world.deliver(delivery("m2", event("e1", tenant="globex")))
    assert [mail.sender for _, mail in world.post.taken] == [GLOBEX.sender]
    assert (world.state("m1"), world.state("m2")) == (State.REPLACED, State.SENT)


def test_a_bounce_of_a_tenant_with_a_list_of_its_own_stops_its_mail_alone(world: InMemoryHerald) -> None:
    mail = mail_of(world, "acme", "m1")
    assert mail is not None
    bounce(world, mail, "m1")
    assert world.state("m1") is State.BOUNCED, "though feedback knows no configuration set of that name"
    assert mail_of(world, "acme", "m2") is None
    assert world.record("m2").reason_code == "recipient_suppressed"
    assert mail_of(world, "globex", "m3")
    assert mail_of(world, None, "m4")


def test_a_bounce_of_all_others_stops_all_but_the_tenant_with_a_list_of_its_own(world: InMemoryHerald) -> None:
    mail = mail_of(world, "globex", "m1")
    assert mail is not None
    bounce(world, mail, "m1")
    assert mail_of(world, None, "m2") is None
    assert mail_of(world, "globex", "m3") is None
    assert mail_of(world, "acme", "m4")


def test_declared_otherwise_later_a_tenant_starts_with_the_other_list_as_it_is(world: InMemoryHerald) -> None:
    """A report of what was sent before still finds the list that it was sent by."""
    first, later = mail_of(world, "acme", "m1"), mail_of(world, "acme", "m2")
    assert first is not None
    assert later is not None
    bounce(world, first, "m1")
    world.tenants["acme"] = replace(ACME, own_list=False)
    assert mail_of(world, "acme", "m3"), "on the list of all it is not"
    bounce(world, later, "m2")
    assert mail_of(world, None, "m4"), "sent by the list of its own, it stops nobody else"
    world.tenants["acme"] = ACME
    assert mail_of(world, "acme", "m5") is None


def test_unsubscribing_from_a_tenant_with_a_list_of_its_own_concerns_its_mail_alone(world: InMemoryHerald) -> None:
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
def test_an_operator_sees_whose_list_it_is_and_takes_an_address_off_it(world: InMemoryHerald) -> None:
    for number, tenant in enumerate(("acme", "globex")):
        mail = mail_of(world, tenant, f"m{number}")
        assert mail is not None
        bounce(world, mail, f"m{number}")
    client: Any = world.client
    records = Installation(client, client, "", "", "", "herald-ledger", lambda: (SECRET,), own_lists=lambda: ["acme"])
    assert {entry.tenant for entry in list_suppressions(records)} == {"acme", None}
    assert [entry.tenant for entry in find_address_suppressions(records, ADA, "acme").entries] == ["acme"]
    take_off(records, ADA, "acme")
    assert mail_of(world, "acme", "m8")
    assert mail_of(world, "globex", "m9") is None
    take_off(records, ADA)
    assert mail_of(world, "globex", "m10")


def test_a_tenants_mail_goes_by_no_provider_that_does_not_know_its_sender(world: InMemoryHerald) -> None:
    second = FakeProvider(world.clock, url="ses://us-west-2")
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


def test_a_mail_event_tells_whose_mail_it_was(world: InMemoryHerald) -> None:
    mail_of(world, "acme", "m1")
    image = world.item("message#m1")
    told = read_mail_event({"dynamodb": {"NewImage": image, "OldImage": {}}})
    assert told is not None
    assert json.loads(told.body)["data"]["tenant"] == "acme"


# -- over HTTP --------------------------------------------------------------------------------------------------------


@pytest.fixture
def gateway(world: InMemoryHerald) -> EventsApiGateway:
    return EventsApiGateway(world)


def post_in_each_mode(gateway: EventsApiGateway, one: dict[str, Any], *others: dict[str, Any]) -> list[tuple[int, Any]]:
    """The answers to an event alone, in the binary mode, and behind others in a batch."""
    return [
        gateway.post(json.dumps(one)),
        gateway.post(json.dumps(one["data"]), "application/json", **binary(one)),
        gateway.post(json.dumps([*others, one]), BATCHED),
    ]


@pytest.mark.parametrize("declared", [{}, {"globex": GLOBEX}], ids=["none declared", "another declared"])
def test_an_unknown_tenant_is_refused_at_the_door_with_its_place(
    gateway: EventsApiGateway, declared: dict[str, Tenant]
) -> None:
    gateway.world.tenants = declared
    refused = [
        (status, [(error["pointer"], error["code"]) for error in problem["errors"]])
        for status, problem in post_in_each_mode(gateway, event(tenant="acme"), event("a"))
    ]
    assert refused == [(422, [(f"{place}/tenant", "tenant_unknown")]) for place in ("", "", "/1")]
    assert not gateway.topic.told


def test_an_event_of_a_declared_tenant_is_one_mail_from_its_sender_in_each_mode(gateway: EventsApiGateway) -> None:
    assert [status for status, _ in post_in_each_mode(gateway, event(tenant="globex"))] == [202] * 3
    gateway.deliver()
    assert [mail.sender for _, mail in gateway.world.post.taken] == [GLOBEX.sender]


def test_the_door_knows_the_tenants_that_the_deployment_declares(
    gateway: EventsApiGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Catalogue, "load", lambda: gateway.world.catalogue)
    declared = pack_tenants({"globex": {"from": GLOBEX.sender}})
    settings = {"HERALD_EVENTS_TOPIC_ARN": "arn", "HERALD_EVENTS_SCOPE": "herald", "HERALD_TENANTS": declared}
    clients: Any = SimpleNamespace(sns=lambda: gateway.topic)
    api = events_api.compose(settings, clients)
    allowed = {"authorizer": {"jwt": {"claims": {"scope": SCOPES}}}}
    asked: dict[str, Any] = {"headers": {"content-type": STRUCTURED}, "requestContext": allowed}
    now = datetime.now(UTC).isoformat()
    bodies = [json.dumps(event(tenant=tenant, time=now)) for tenant in ("globex", "acme")]
    assert [api(asked | {"body": body}, None)["statusCode"] for body in bodies] == [202, 422]


# -- digests ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def comments(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The example notification whose events are mailed together, under the brands of Herald's own tenants."""
    folder: Path = tmp_path_factory.mktemp("digests")
    shutil.copytree(EXAMPLES / "comments", folder / "mails" / "comments")
    shutil.copy(NOTIFICATIONS / "brand.json", folder / "mails")
    shutil.copytree(NOTIFICATIONS / "brands", folder / "mails" / "brands")
    return compile_catalogue(folder / "compiled", folder / "mails")


@pytest.fixture
def collecting(world: InMemoryHerald, comments: Catalogue) -> InMemoryHerald:
    world.catalogue, world.schedules = comments, True
    return world


def comment(world: InMemoryHerald, name: str, tenant: str | None, message_id: str = "") -> OutcomeKind:
    """A comment for Ada on something that is called like it."""
    data = read_examples("comments", EXAMPLES)["typical"]
    data = data | {"comment": data["comment"] | {"on": f"On {name}"}}
    given = event(name, "comments", data=data, **({"tenant": tenant} if tenant else {}))
    return world.deliver(delivery(message_id or name, given)).kind


def close(world: InMemoryHerald) -> dict[str | None, list[str]]:
    """What each mail tells of once all windows are over, by its sender."""
    world.clock.forward(24 * 3600)
    send_due(world)
    mails = [mail for _, mail in world.post.taken]
    told = {
        mail.sender: [line.partition(",")[0] for line in mail.text.splitlines() if line.startswith("On ")]
        for mail in mails
    }
    assert len(told) == len(mails), "one mail each"
    return told


def test_a_digest_tells_of_its_tenants_events_alone(collecting: InMemoryHerald) -> None:
    for number, tenant in enumerate(("acme", "globex", None, "acme", None, "globex")):
        assert comment(collecting, f"e{number}", tenant) is OutcomeKind.COLLECTED
    assert close(collecting) == {
        ACME.sender: ["On e0", "On e3"],
        GLOBEX.sender: ["On e1", "On e5"],
        None: ["On e2", "On e4"],
    }
    for _, mail in collecting.post.taken:
        assert ("Acme Books" in mail.html) == (mail.tenant == ACME)


def test_an_event_that_is_published_for_another_tenant_is_in_that_ones_digest_alone(collecting: InMemoryHerald) -> None:
    comment(collecting, "e1", "acme")
    comment(collecting, "e2", "acme")
    comment(collecting, "e1", "globex", "m2")
    assert close(collecting) == {ACME.sender: ["On e2"], GLOBEX.sender: ["On e1"]}


def test_a_digest_of_a_tenant_that_is_declared_no_more_is_a_letter_and_sent_under_no_other_name(
    collecting: InMemoryHerald,
) -> None:
    comment(collecting, "e1", "acme")
    comment(collecting, "e2", None)
    del collecting.tenants["acme"]
    assert close(collecting) == {None: ["On e2"]}
    (letter,) = collecting.dead.letters
    assert letter.attributes["reason_code"] == "tenant_unknown"
    collecting.tenants["acme"] = ACME
    collecting.deliver(redrive(letter))
    assert close(collecting) == {None: ["On e2"], ACME.sender: ["On e1"]}
