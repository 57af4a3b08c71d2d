"""docs/incidents.md is what the commands answer, word for word, and each answer is read within a minute."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from fakes.example_events import event, example
from fakes.in_memory_herald import delivery
from function.errors import OutcomeUnknown, QuotaExhausted, RefusedForGood
from function.ledger.states import Action, State
from laptop.state import ROOT
from operations.aws_retries import retry_contention
from tests.integration.operations.test_incidents import HASH
from tests.integration.operations.test_records import ADA, Account, account, catalogue, run
from webapp.preferences.preferences import Preferences

pytestmark = pytest.mark.slow

__all__ = ["account", "catalogue"]

PAGE = ROOT / "docs" / "incidents.md"
#: Words a minute: a slow reader of English.
_WORDS = 200


@dataclass(frozen=True, slots=True)
class Incident:
    """One heading of the page: what happened, and what is typed."""

    title: str
    happen: Callable[[Account], None]
    words: tuple[str, ...] = ("why", ADA)


def _send_without_book(account: Account) -> None:
    data = {"recipient": {**example()["recipient"], "email": ADA}}
    account.world.deliver(delivery("m1", event("e1", source="urn:shop", data=data)))


def _lose_answer(account: Account) -> None:
    world = account.world
    world.post.answers = [lambda: (_ for _ in ()).throw(OutcomeUnknown("no answer"))]
    world.deliver(delivery())
    world.clock.forward(16 * 60)
    world.report_twice()
    world.deliver(delivery())
    attempt = world.post.taken[0][1].tags["attempt"]
    world.apply_feedback(Action.FEEDBACK_DELIVERED, State.DELIVERED, attempt=attempt)


def _publish_twice(account: Account) -> None:
    account.world.deliver(delivery("m1", event("e1")))
    account.world.deliver(delivery("m2", event("e2", source="urn:shop")))


def _bounce(account: Account) -> None:
    account.world.deliver(delivery())
    account.world.apply_feedback(Action.FEEDBACK_BOUNCED, State.BOUNCED, "m1", ADA)


def _unsubscribe(account: Account) -> None:
    choices = Preferences(retry_contention(account.world.client), "herald-ledger")
    choices.unsubscribe("books", HASH.removeprefix("address#"), account.world.clock(), "link")
    account.world.links = None
    account.world.deliver(delivery())


def _quota(account: Account) -> None:
    account.world.clock.now = int(time.time() * 1000)
    account.world.post.answers = [QuotaExhausted("Daily message quota exceeded.")]
    account.world.deliver(delivery())


def _refuse(account: Account) -> None:
    account.world.post.answers = [RefusedForGood("the provider answered 400 MessageRejected: Bad content")]
    account.world.deliver(delivery())


def _wait_for_quota(account: Account) -> None:
    account.world.schedules = True
    account.world.clock.now = int(time.time() * 1000)
    due = datetime.fromtimestamp(time.time() + 7_200, UTC).replace(microsecond=0)
    account.world.deliver(delivery("m1", event(sendat=due.isoformat(), time=due.isoformat())))


def _cancel(account: Account) -> None:
    _wait_for_quota(account)
    data = {"source": "urn:herald:webapp", "id": event()["id"]}
    account.world.deliver(delivery("c1", event("c", "mail.cancel", data=data)))


INCIDENTS = (
    Incident("A customer got no mail: the event was not what its type asks for", _send_without_book),
    Incident("A customer got no mail: the address bounced", _bounce),
    Incident("A customer got no mail: they unsubscribed", _unsubscribe),
    Incident("A customer got no mail: the provider refused it for good", _refuse),
    Incident("A customer has no mail yet: the quota is used up", _quota),
    Incident("A customer has no mail yet: it waits for its time", _wait_for_quota),
    Incident("A customer got no mail: its publisher cancelled it", _cancel),
    Incident("A customer got two mails: an answer was lost", _lose_answer),
    Incident("A customer got two mails: the event has two names", _publish_twice),
    Incident("An alarm rings for dead letters", _send_without_book, ("dead",)),
)
_STEADY = (
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "2026-11-21 08:00:00"),
    (r"\b\d+ (s|min|h|d)\b", "1 h"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "08:00:00"),
)


def answer(incident: Incident) -> str:
    """What the command says, with the times of the tests' clocks made one."""
    result = run(*incident.words)
    assert result.exit_code == 0, result.output
    said = "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())
    for pattern, steady in _STEADY:
        said = re.sub(pattern, steady, said)
    return said


def section(incident: Incident, said: str) -> str:
    """The incident as the page has it."""
    return f"## {incident.title}\n\n```console\n$ herald {' '.join(incident.words)}\n{said}\n```\n"


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident.title)
def test_the_page_has_each_answer_as_the_command_gives_it(account: Account, incident: Incident) -> None:
    incident.happen(account)
    said = answer(incident)
    assert section(incident, said) in PAGE.read_text("utf-8"), section(incident, said)
    assert len(said.split()) <= _WORDS, "a person on call reads it within a minute"


def test_the_page_tells_of_no_other_incident() -> None:
    titles = re.findall(r"^## (.+)$", PAGE.read_text("utf-8"), re.M)
    assert titles == [incident.title for incident in INCIDENTS]
