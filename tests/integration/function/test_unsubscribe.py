"""What a reader does not want is not mailed, and the record says why; what they need is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import OutcomeKind
from function.errors import RefusedForGood
from function.ledger.attempt import Attempt
from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key, choice_name
from function.ledger.states import Action, State
from function.message.unsubscribe import UnsubscribeLinks
from package.notifications.catalogue import read_examples
from webapp.preferences.preferences import Preferences

ADA = address_key(SECRET, "ada@example.com")
LINKS = UnsubscribeLinks("https://herald.example/unsubscribe", b"k" * 32)


@pytest.fixture(autouse=True)
def page(world: InMemoryHerald) -> None:
    """There is a page that links lead to."""
    world.links = LINKS


def unsubscribe(world: InMemoryHerald, category: str = "books", address: str = ADA) -> None:
    """What the page behind the link does."""
    Preferences(world.client, "herald-ledger").unsubscribe(category, address.removeprefix("address#"), 1, "link")


def subscribe_again(world: InMemoryHerald) -> None:
    Preferences(world.client, "herald-ledger").subscribe("books", ADA.removeprefix("address#"))


def welcome() -> dict[str, object]:
    """The event of a mail that is sent whatever the reader chose."""
    data = read_examples("user.welcome")["typical"]
    return event(type="user.welcome", data=data | {"recipient": data["recipient"] | {"email": "ada@example.com"}})


def test_a_reader_who_unsubscribed_gets_no_mail_of_the_category_and_the_record_says_why(world: InMemoryHerald) -> None:
    unsubscribe(world)
    outcome = world.deliver(delivery())
    record = world.record()
    assert (outcome.kind, record.state, world.mails) == (OutcomeKind.SUPPRESSED, State.SUPPRESSED, 0)
    assert record.reason == "the reader has unsubscribed from mails of this category"
    assert world.ledger.read_event("m1") is None, "nothing is kept of a reader who wants no mail"
    assert not world.dead.letters, "nothing went wrong, so no alarm"


def test_another_category_and_another_reader_stop_nothing(world: InMemoryHerald) -> None:
    unsubscribe(world, category="news")
    unsubscribe(world, address=address_key(SECRET, "bob@example.com"))
    assert world.deliver(delivery()).kind is OutcomeKind.SENT


def test_a_transactional_mail_goes_out_whatever_the_reader_chose(world: InMemoryHerald) -> None:
    unsubscribe(world)
    unsubscribe(world, category="account")
    assert world.deliver(delivery(value=welcome())).kind is OutcomeKind.SENT


def test_a_bounced_address_gets_no_mail_of_any_category(world: InMemoryHerald) -> None:
    world.suppress()
    assert world.deliver(delivery(value=welcome())).kind is OutcomeKind.SUPPRESSED


def test_listed_and_unsubscribed_is_told_as_listed(world: InMemoryHerald) -> None:
    world.suppress()
    unsubscribe(world)
    world.deliver(delivery())
    assert world.record().reason == "the address is on the suppression list"


def test_a_mail_that_was_stopped_is_sent_once_when_a_person_redrives_it_after_a_change_of_mind(
    world: InMemoryHerald,
) -> None:
    unsubscribe(world)
    world.deliver(delivery())
    owner = world.record().owner
    assert world.deliver(delivery(letter=owner)).kind is OutcomeKind.SUPPRESSED, "no person overrules the reader"
    owner = world.record().owner
    subscribe_again(world)
    assert world.deliver(delivery()).kind is OutcomeKind.DUPLICATE, "only a person moves it on"
    assert world.deliver(delivery(letter=owner)).kind is OutcomeKind.SENT
    assert world.deliver(delivery(letter=owner)).kind is OutcomeKind.DUPLICATE
    assert world.mails == 1


@pytest.mark.parametrize("first", ["bounced", "unsubscribed"])
def test_the_list_and_the_readers_choice_lie_in_one_item_and_leave_each_other_alone(
    world: InMemoryHerald, first: str
) -> None:
    if first == "bounced":
        world.suppress()
        unsubscribe(world)
    else:
        unsubscribe(world)
        world.suppress()
    item = world.item(ADA)
    assert item is not None
    assert item.keys() == {"pk", "reason", "since", "message_id", "stopped:books"}
    world.unsuppress()
    item = world.item(ADA)
    assert item is not None
    assert item.keys() == {"pk", "stopped:books"}
    assert world.deliver(delivery()).kind is OutcomeKind.SUPPRESSED, "off the list, and still not wanted"


def test_subscribing_again_takes_no_address_off_the_list(world: InMemoryHerald) -> None:
    world.suppress()
    unsubscribe(world)
    subscribe_again(world)
    assert world.find_suppression() is not None
    world.deliver(delivery())
    assert world.record().reason == "the address is on the suppression list"


def test_a_choice_is_no_entry_of_the_list(world: InMemoryHerald) -> None:
    unsubscribe(world)
    assert world.find_suppression() is None
    world.unsuppress()
    assert world.deliver(delivery()).kind is OutcomeKind.SUPPRESSED


def test_a_bounce_counts_again_after_a_person_took_the_address_off(world: InMemoryHerald) -> None:
    unsubscribe(world)
    world.suppress()
    world.unsuppress()
    world.apply_feedback(Action.FEEDBACK_COMPLAINED, State.COMPLAINED, "a later mail", "ada@example.com")
    entry = world.find_suppression()
    assert entry is not None
    assert (entry.reason, entry.message_id) == ("complained", "a later mail")


def test_a_claim_checks_three_items_whatever_the_mail(world: InMemoryHerald) -> None:
    attempt = Attempt("m", "o", "t", "event#e", ADA)
    chosen = replace(attempt, choice=choice_name("books"))
    transactional, subscription = (world.ledger.writes.claim(one, 1) for one in (attempt, chosen))
    assert len(transactional) == len(subscription) == 3
    assert subscription[:2] == transactional[:2]
    assert {one[2]["ConditionCheck"]["Key"]["pk"]["S"] for one in (transactional, subscription)} == {ADA}


def test_a_subscription_carries_both_headers_and_the_link_in_both_parts(world: InMemoryHerald) -> None:
    world.deliver(delivery())
    [(_, mail)] = world.post.taken
    link = LINKS.link("books", ADA)
    assert mail.headers["List-Unsubscribe"] == f"<{link}>"
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.text
    assert f'href="{link}"' in mail.html


def test_a_transactional_mail_carries_neither(world: InMemoryHerald) -> None:
    world.deliver(delivery(value=welcome()))
    [(_, mail)] = world.post.taken
    assert not [name for name in mail.headers if name.startswith("List-")]
    assert "/unsubscribe" not in mail.text + mail.html


def test_without_a_page_there_is_no_link_and_the_choice_still_counts(world: InMemoryHerald) -> None:
    world.links = None
    world.deliver(delivery())
    [(_, mail)] = world.post.taken
    assert not [name for name in mail.headers if name.startswith("List-")]
    unsubscribe(world)
    again = event(id="another")
    assert world.deliver(delivery("m2", again)).kind is OutcomeKind.SUPPRESSED


def test_a_publisher_cannot_put_a_link_of_its_own_into_the_footer(world: InMemoryHerald) -> None:
    sent = event()
    sent["data"] = {**sent["data"], "unsubscribe_url": "https://evil.example"}
    world.deliver(delivery(value=sent))
    [(_, mail)] = world.post.taken
    assert "evil.example" not in mail.text + mail.html


OLD = b"o" * 32


@pytest.mark.parametrize("listed", [True, False], ids=["on the list", "unsubscribed"])
def test_what_was_written_under_an_older_address_key_still_stops_a_mail(world: InMemoryHerald, listed: bool) -> None:
    old = address_key(OLD, "ada@example.com")
    if listed:
        item = {"pk": old, "reason": "bounced", "since": 1, "message_id": "m0"}
        world.client.put_item(TableName="herald-ledger", Item=serialize_item(item))
    else:
        unsubscribe(world, address=old)
    assert world.deliver(delivery("m0", event("another"))).kind is OutcomeKind.SENT, "nobody knows the older key"
    world.older_secrets = (OLD,)
    assert world.deliver(delivery()).kind is OutcomeKind.SUPPRESSED
    assert world.record().reason_code == ("recipient_suppressed" if listed else "recipient_unsubscribed")
    assert world.record().address == ADA, "written under the newest"
    assert world.mails == 1


def test_a_correction_is_stopped_under_an_older_address_key_too(world: InMemoryHerald) -> None:
    """Its transaction has one item more, of the message that it takes the event from."""
    world.post.answers = [RefusedForGood("no")]
    world.deliver(delivery())
    world.older_secrets = (OLD,)
    unsubscribe(world, address=address_key(OLD, "ada@example.com"))
    other = event() | {"data": event()["data"] | {"more": "corrected"}}
    assert world.deliver(delivery("m2", other)).kind is OutcomeKind.SUPPRESSED
    assert world.record().state is State.REPLACED
