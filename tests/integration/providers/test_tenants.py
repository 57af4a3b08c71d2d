"""A tenant's mail by a provider: when SES is away it goes by the second, still from its tenant's address;
what that one reports finds its tenant's list; and where it does not know that address, nothing is sent."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import sqs_event
from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import OutcomeKind
from function.errors import ProviderUnavailable
from function.feedback import FeedbackHandler
from function.ledger.keys import address_key, own_list_key
from function.ledger.states import ACCEPTED, State
from function.message.catalogue import Catalogue
from function.providers.ses.events import FeedbackEvent
from function.providers.urls import read_scheme
from function.providers.webhook_registry import open_webhook
from function.providers.webhooks.provider_events import enclose
from function.runtime.metrics import Telemetry
from laptop.providers.webhooks import REPORTERS
from laptop.ses.outcomes import SendingEvent
from package.notifications.catalogue import compile_catalogue
from tests.integration.providers.stages import HTTP, Stage, stage
from tests.tenants import ACME, GLOBEX

ADA = address_key(SECRET, "ada@example.com")
KEY = "01234567-0123-0123-0123-0123456789ab"
_BOUNCE = SendingEvent("Bounce", "bounce", 0, {"bounceType": "Permanent"})


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return compile_catalogue(tmp_path_factory.mktemp("compiled"))


@pytest.fixture(params=HTTP)
def staged(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage(request.param, tmp_path, patience=20) as made:  # shorter than an invocation
        yield made


@pytest.fixture
def world(staged: Stage, catalogue: Catalogue) -> InMemoryHerald:
    """Two tenants, SES and another provider behind it."""
    world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, tenants={"acme": ACME, "globex": GLOBEX})
    second: Any = staged.provider
    world.posts.append(second)
    return world


def hear(world: InMemoryHerald, staged: Stage) -> None:
    """The provider reports that the mailbox refuses its last mail for good, as `webhook` puts that into the queue."""
    url = staged.provider.url
    content = REPORTERS[read_scheme(url)].report(staged.mailbox.find()[-1], _BOUNCE, datetime.now(UTC))
    reported = open_webhook(url)
    told = content[0] if isinstance(content, list) else content.get("event-data", content)
    parsed = reported.parse(told, url)
    assert isinstance(parsed, FeedbackEvent)
    telemetry = Telemetry("feedback", "r1", world.clock, io.StringIO())
    handler = FeedbackHandler(world.ledger, SECRET, telemetry, "r1", world.clock, "herald")
    assert handler({"Records": [sqs_event(enclose(told, parsed))]}, None) == {"batchItemFailures": []}


@pytest.mark.parametrize("tenant", [ACME, GLOBEX], ids=lambda one: one.name)
def test_by_the_second_provider_a_mail_is_its_tenants_and_its_bounce_is_on_its_tenants_list(
    world: InMemoryHerald, staged: Stage, tenant: Any
) -> None:
    staged.also("acme.example", "globex.example")
    world.post.answers = [ProviderUnavailable("away")]
    assert world.deliver(delivery(KEY, event("e1", tenant=tenant.name))).kind is OutcomeKind.SENT
    (mail,) = staged.mailbox.find()
    assert parseaddr(mail.source) == parseaddr(tenant.sender)
    assert not world.post.taken
    hear(world, staged)
    assert world.state(KEY) is State.BOUNCED
    own = own_list_key(ADA, tenant.name) if tenant.own_list else ADA
    assert [key for key in (ADA, own_list_key(ADA, "acme")) if world.item(key)] == [own]


@pytest.mark.parametrize("staged", ["sendgrid", "resend"], indirect=True)
def test_where_the_provider_does_not_know_its_address_it_sends_under_no_other(
    world: InMemoryHerald, staged: Stage
) -> None:
    """Mailgun takes any sender by its own domain."""
    world.post.answers = [ProviderUnavailable("away")]
    outcome = world.deliver(delivery(KEY, event("e1", tenant="acme")))
    assert (outcome.kind, staged.mailbox.find()) == (OutcomeKind.RELEASED, [])
    assert world.state(KEY) not in ACCEPTED
