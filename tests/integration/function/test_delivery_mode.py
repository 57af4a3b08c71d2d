"""Outside production: nobody is mailed who may not be, and nothing is lost by it."""

from __future__ import annotations

import pytest

from fakes.example_events import SECRET
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import OutcomeKind
from function.environment import BadSetting
from function.errors import OutcomeUnknown
from function.ledger.keys import address_key
from function.ledger.states import State
from function.message.delivery_mode import ORIGINAL, DeliveryMode
from function.settings import NotifySettings
from tests.faults.herald import ENVIRONMENT

_NOBODY = DeliveryMode(frozenset({"bob@example.com"}))


@pytest.mark.parametrize("entry", ["ada@example.com", "@example.com"])
def test_who_is_on_the_list_is_mailed(world: InMemoryHerald, entry: str) -> None:
    world.delivery_mode = DeliveryMode(frozenset({entry}))
    assert world.deliver(delivery()).kind is OutcomeKind.SENT


def test_who_is_not_on_the_list_gets_nothing_and_the_record_says_why(world: InMemoryHerald) -> None:
    world.delivery_mode = _NOBODY
    assert world.deliver(delivery()).kind is OutcomeKind.SUPPRESSED
    record = world.record()
    assert (world.mails, world.dead.letters, record.state) == (0, [], State.SUPPRESSED)
    assert "HERALD_ALLOWLIST" in (record.reason or "")
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE


def test_a_barred_mail_can_be_redriven_when_the_list_allows_it(world: InMemoryHerald) -> None:
    world.delivery_mode = _NOBODY
    world.deliver(delivery())
    world.delivery_mode = DeliveryMode()
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE, "only a person moves it on"
    assert world.deliver(delivery(letter=world.record().owner)).kind is OutcomeKind.SENT
    assert world.mails == 1


def test_a_second_publication_of_a_barred_event_is_a_duplicate_of_the_first(world: InMemoryHerald) -> None:
    world.delivery_mode = _NOBODY
    world.deliver(delivery("m1"))
    outcome = world.deliver(delivery("m2"))
    assert (outcome.kind, outcome.message_id) == (OutcomeKind.DUPLICATE, "m1")


def test_what_may_have_gone_before_the_list_was_set_goes_to_a_person(world: InMemoryHerald) -> None:
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(15 * 60)
    world.delivery_mode = _NOBODY
    assert world.deliver(delivery()).kind is OutcomeKind.PARKED
    assert "may have been sent" in world.dead.reasons[0]


def test_a_redirected_mail_goes_to_one_address_and_names_the_original_to_nobody(world: InMemoryHerald) -> None:
    world.delivery_mode = DeliveryMode(redirect_to="me@example.org")
    assert world.deliver(delivery()).kind is OutcomeKind.SENT
    _, mail = world.post.taken[0]
    assert mail.to == "me@example.org"
    assert mail.headers[ORIGINAL] == address_key(SECRET, "ada@example.com").removeprefix("address#")


def test_redirecting_still_honours_the_suppression_of_the_original(world: InMemoryHerald) -> None:
    world.suppress()
    world.delivery_mode = DeliveryMode(redirect_to="me@example.org")
    assert world.deliver(delivery()).kind is OutcomeKind.SUPPRESSED


def read(**settings: str) -> DeliveryMode:
    return NotifySettings.read(ENVIRONMENT | settings, "r1").delivery_mode


def test_the_settings_choose_the_audience() -> None:
    assert read() == DeliveryMode()
    chosen = read(HERALD_DELIVERY_MODE="allowlist", HERALD_ALLOWLIST="Me@Example.com, @example.org")
    assert chosen == DeliveryMode(frozenset({"me@example.com", "@example.org"}))
    assert read(HERALD_DELIVERY_MODE="redirect", HERALD_REDIRECT_TO="me@example.com").redirect_to == "me@example.com"


@pytest.mark.parametrize(
    "settings",
    [
        {"HERALD_DELIVERY_MODE": "test"},
        {"HERALD_DELIVERY_MODE": "allowlist"},
        {"HERALD_DELIVERY_MODE": "allowlist", "HERALD_ALLOWLIST": "example.com"},
        {"HERALD_DELIVERY_MODE": "allowlist", "HERALD_ALLOWLIST": "me@example.com,,"},
        {"HERALD_DELIVERY_MODE": "redirect"},
        {"HERALD_DELIVERY_MODE": "redirect", "HERALD_REDIRECT_TO": "a@example.com,b@example.com"},
    ],
)
def test_a_mode_that_is_not_complete_never_mails_everybody(settings: dict[str, str]) -> None:
    with pytest.raises(BadSetting):
        read(**settings)
