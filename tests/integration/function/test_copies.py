"""Copies for roles of the deployment: who gets one of which mail."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import sns, sns_notification
from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import OutcomeKind
from function.environment import BadSetting
from function.errors import Throttled
from function.event.cloudevent import RECIPIENT_TAG, build_synthetic_event, mark_recipient
from function.message.addressing.tenant import Tenant
from function.message.catalogue import Catalogue
from function.message.delivery_mode import DeliveryMode
from function.notify import compose
from laptop.model_validation import request_violations
from tests.faults.herald import ENVIRONMENT
from tests.integration.function.mails_with_copies import (
    ADA,
    ARCHIVE,
    BOOKS,
    DATA,
    ROLES,
    TYPE,
    compile_with_copies,
    find_mail,
    make_delivery,
)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return compile_with_copies(tmp_path_factory.mktemp("mails"))


@pytest.fixture
def world(catalogue: Catalogue) -> InMemoryHerald:
    return InMemoryHerald(MemoryTable("herald-ledger"), catalogue, roles=dict(ROLES))


def test_a_mail_goes_to_its_reader_with_copies_to_the_roles_that_its_notification_names(world: InMemoryHerald) -> None:
    mail = find_mail(world)
    assert (mail.to, mail.cc, mail.bcc) == (ADA, (BOOKS,), (ARCHIVE,))
    assert mail.tags[RECIPIENT_TAG] == mark_recipient(ADA)
    assert "List-Unsubscribe" not in mail.headers
    assert world.mails == 1


def test_any_other_mail_has_neither_copies_nor_a_tag_for_them(world: InMemoryHerald) -> None:
    world.deliver(delivery())
    ((_, mail),) = world.post.taken
    assert (mail.cc, mail.bcc, RECIPIENT_TAG in mail.tags) == ((), (), False)


def test_who_gets_the_mail_anyway_gets_no_copy(world: InMemoryHerald) -> None:
    world.roles = {"accounting": ADA.upper(), "archive": ARCHIVE}
    assert find_mail(world).addresses == (ADA, ARCHIVE)


def test_two_roles_of_one_address_get_one_copy(world: InMemoryHerald) -> None:
    world.roles = {"accounting": BOOKS, "archive": BOOKS.lower()}
    assert find_mail(world).addresses == (ADA, BOOKS)


def test_a_mail_whose_only_copies_would_go_to_its_reader_is_a_plain_one(world: InMemoryHerald) -> None:
    world.roles = {"accounting": ADA, "archive": ADA}
    mail = find_mail(world)
    assert (mail.addresses, RECIPIENT_TAG in mail.tags) == ((ADA,), False)


def test_an_attempt_after_a_throttle_has_the_same_copies_and_the_same_tag(world: InMemoryHerald) -> None:
    world.post.answers = [Throttled("too fast")] * 3
    world.deliver(make_delivery())
    assert world.deliver(make_delivery()).kind is OutcomeKind.SENT
    first = find_mail(InMemoryHerald(MemoryTable("herald-ledger"), world.catalogue, roles=dict(ROLES)))
    ((_, mail),) = world.post.taken
    assert replace(mail, tags={}) == replace(first, tags={})
    assert mail.tags[RECIPIENT_TAG] == first.tags[RECIPIENT_TAG]


def test_outside_production_a_copy_goes_only_to_whom_the_list_allows(world: InMemoryHerald) -> None:
    world.delivery_mode = DeliveryMode(frozenset({ADA, "@shop.example"}))
    assert find_mail(world).addresses == (ADA, BOOKS, ARCHIVE)
    other = InMemoryHerald(MemoryTable("herald-ledger"), world.catalogue, roles=dict(ROLES))
    other.delivery_mode = DeliveryMode(frozenset({ADA, ARCHIVE}))
    assert find_mail(other).addresses == (ADA, ARCHIVE)


def test_a_redirected_mail_has_no_copies(world: InMemoryHerald) -> None:
    world.delivery_mode = DeliveryMode(redirect_to="me@example.org")
    mail = find_mail(world)
    assert (mail.addresses, RECIPIENT_TAG in mail.tags) == (("me@example.org",), False)


def test_a_mail_by_which_a_release_tries_a_version_goes_to_no_role(world: InMemoryHerald) -> None:
    made = build_synthetic_event("release-1", TYPE, DATA, "2026-11-21T08:00:00Z")
    assert world.deliver(delivery("m1", made)).kind is OutcomeKind.SENT
    ((_, mail),) = world.post.taken
    assert mail.addresses == ("success+release-1@simulator.amazonses.com",)


def test_a_tenants_mail_has_no_copies_which_are_the_deployments(world: InMemoryHerald) -> None:
    world.tenants = {"acme": Tenant("acme", "mail@acme.example")}
    world.deliver(delivery("m1", event("e", TYPE, data=DATA, tenant="acme")))
    ((_, mail),) = world.post.taken
    assert mail.addresses == (ADA,)


class Ses:
    """SES, as `notify` calls it; each request is held to botocore's model."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.meta = SimpleNamespace(events=SimpleNamespace(register=lambda *_: None))

    def send_email(self, **request: Any) -> dict[str, str]:
        assert not request_violations("sesv2", "SendEmail", request)
        self.requests.append(request)
        return {"MessageId": "0100-abc-000000"}

    def close(self) -> None:
        """The connection has been idle."""


def compose_notify(monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue, ses: Ses, **roles: str) -> Any:
    monkeypatch.setattr(Catalogue, "load", lambda: catalogue)
    table = MemoryTable("herald-ledger")
    table.gated = False
    clients: Any = SimpleNamespace(
        keys=lambda _: (SECRET,), sqs=lambda: None, dynamodb=lambda: table, ses=lambda *_: ses, secret=None
    )
    return compose(ENVIRONMENT | {"HERALD_ROLES": json.dumps(roles)}, clients)


def test_what_the_deployment_declares_is_in_the_request_that_ses_gets(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue
) -> None:
    ses = Ses()
    notifier = compose_notify(monkeypatch, catalogue, ses, accounting=BOOKS, archive=ARCHIVE)
    context = SimpleNamespace(aws_request_id="request", get_remaining_time_in_millis=lambda: 30_000)
    for number, value in enumerate((event("e", TYPE, data=DATA), event())):
        assert notifier(sns(sns_notification(json.dumps(value), f"m{number}")), context) == {}
    copied, plain = (request["Destination"] for request in ses.requests)
    assert copied == {"ToAddresses": [ADA], "CcAddresses": [BOOKS], "BccAddresses": [ARCHIVE]}
    assert plain.keys() == {"ToAddresses"}
    assert {"Name": RECIPIENT_TAG, "Value": mark_recipient(ADA)} in ses.requests[0]["EmailTags"]


def test_a_version_that_names_a_role_without_an_address_does_not_start(
    monkeypatch: pytest.MonkeyPatch, catalogue: Catalogue
) -> None:
    with pytest.raises(
        BadSetting, match=r"HERALD_ROLES must name archive, which gets copies of receipt: add it to roles"
    ):
        compose_notify(monkeypatch, catalogue, Ses(), accounting=BOOKS)
