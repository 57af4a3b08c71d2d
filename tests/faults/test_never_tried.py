"""What a provider accepted and, as it says itself, never tried goes by the next one, once, wherever a process dies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from fakes.dynamodb.table import MemoryTable
from fakes.example_events import SECRET, event
from fakes.in_memory_herald import InMemoryHerald, delivery
from fakes.provider import FakeProvider
from function.delivery.next_provider import NextProvider
from function.errors import OutcomeUnknown, ProviderUnavailable
from function.event.envelope import Delivery, from_queue
from function.feedback import FeedbackHandler
from function.ledger.states import IN_DOUBT, State
from function.message.catalogue import Catalogue
from function.message.email import Email, Receipt
from function.queues.dead_letter import Letter
from function.runtime.metrics import Telemetry
from package.notifications.catalogue import compile_catalogue
from tests.faults.mishaps import Killed

RESEND, SENDGRID, SES = "resend://", "sendgrid://", "ses://us-east-1"
ALL = (RESEND, SENDGRID, SES)
DROPPED = {"event": "dropped", "reason": "Recipient List over Package Quota"}


def make_resend_report(type_: str, attempt: str, message_id: str = "m1") -> dict[str, Any]:
    """https://resend.com/docs/webhooks/emails/failed"""
    tags = {"message_id": message_id, "attempt": attempt}
    return {"type": type_, "data": {"to": ["ada@example.com"], "tags": tags, "failed": {"reason": _QUOTA}}}


def make_sendgrid_report(said: dict[str, str], attempt: str, message_id: str) -> dict[str, Any]:
    """https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event"""
    return said | {"email": "ada@example.com", "herald_message_id": message_id, "herald_attempt": attempt}


_QUOTA = "reached_daily_quota"


@dataclass
class MortalPost(FakeProvider):
    """A provider whose caller may die before it asks, and after the mail was taken."""

    step: Callable[[], None] = lambda: None

    def send(self, email: Email, key: str) -> Receipt:
        self.step()
        receipt = super().send(email, key)
        self.step()
        return receipt


@dataclass
class Scene:
    """One Herald, whose processes are killed before or after step `dies_at` of what they write or send."""

    world: InMemoryHerald
    queue: list[Letter] = field(default_factory=list)
    log: StringIO = field(default_factory=StringIO)
    dies_at: int = 0
    steps: int = 0

    def __post_init__(self) -> None:
        self.world.client.fault = self.step
        for post in self.world.posts:
            assert isinstance(post, MortalPost)
            post.step = self.step

    def step(self, *_: object) -> None:
        self.steps += 1
        if self.steps == self.dies_at:
            raise Killed

    def put(self, letter: Letter, delay: float = 0) -> None:
        """The queue `retry`, as feedback meets it."""
        del delay
        self.step()
        self.queue.append(letter)
        self.step()

    def hear(self, provider: str, report: dict[str, Any]) -> None:
        """A report comes until it is taken: SQS hands out again what was not deleted."""
        retry: Any = self
        world = self.world
        handler = FeedbackHandler(
            world.ledger,
            SECRET,
            Telemetry("feedback", "r1", world.clock, self.log),
            "r1",
            world.clock,
            next_provider=NextProvider(retry, tuple(post.url for post in world.posts)),
        )
        body = json.dumps({"webhook": provider, "message_id": "m1", "event": report}, separators=(",", ":"))
        self._until_done(lambda: handler({"Records": [{"messageId": "report", "body": body}]}, None))

    def work_off(self) -> None:
        """The queue `retry` is worked off, what was killed or is held comes again an hour later."""
        for _ in range(4):
            waiting, self.queue = self.queue, []
            for letter in waiting:
                if self._carry(_item(letter)):
                    self.queue.append(letter)
            self.world.clock.forward(3600)

    def _carry(self, found: Delivery) -> bool:
        try:
            return self.world.deliver(found).retry_at is not None
        except Killed:
            return True

    def _until_done(self, call: Callable[[], object]) -> None:
        for _ in range(2):
            try:
                call()
            except Killed:
                continue
            return
        raise AssertionError("it dies once only")

    @property
    def taken(self) -> list[int]:
        return [len(post.taken) for post in self.world.posts]

    @property
    def twice(self) -> bool:
        """Whether a log line counted a second mail."""
        return '"SentTwice"' in self.log.getvalue()


def _item(letter: Letter) -> Delivery:
    """As Lambda hands it over."""
    record = {
        "messageId": "item",
        "receiptHandle": "handle",
        "body": letter.body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {name: {"stringValue": value} for name, value in letter.attributes.items()},
    }
    (found,) = from_queue(record)
    assert isinstance(found, Delivery)
    return found


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("compiled")
    compile_catalogue(folder)
    return Catalogue.load(folder)


def begin(catalogue: Catalogue, *urls: str, value: object = None) -> Scene:
    """The first provider has accepted the mail of `m1`."""
    world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, resends=0)
    world.posts = [MortalPost(world.clock, url) for url in urls or ALL]
    scene = Scene(world)
    world.deliver(delivery(value=value))
    scene.steps = 0
    return scene


@pytest.fixture
def scene(catalogue: Catalogue) -> Scene:
    return begin(catalogue)


def attempt_of(scene: Scene, message_id: str = "m1") -> str:
    return scene.world.record(message_id).owner


def rows(scene: Scene, message_id: str = "m1") -> list[str | None]:
    item = scene.world.item(f"message#{message_id}") or {}
    return [row["M"].get("reason_code", {}).get("S") for row in item["timeline"]["L"]]


def test_the_next_provider_sends_it_at_once_as_another_message(scene: Scene) -> None:
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    assert scene.world.state() is State.REFUSED
    assert _item(scene.queue[0]).message_id == "m1-2"
    scene.world.deliver(_item(scene.queue[0]))
    assert scene.taken == [1, 1, 0]
    first, second = scene.world.record("m1"), scene.world.record("m1-2")
    assert (first.successor, first.never_tried) == ("m1-2", first.owner)
    assert (second.state, second.instead_of, second.providers) == (State.SENT, "m1", frozenset({SENDGRID, SES}))
    assert rows(scene)[-2:] == ["never_tried", "sent_elsewhere"]


def test_it_goes_once_down_the_list(scene: Scene) -> None:
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    scene.work_off()
    scene.hear(SENDGRID, make_sendgrid_report(DROPPED, attempt_of(scene, "m1-2"), "m1-2"))
    scene.work_off()
    assert scene.taken == [1, 1, 1]
    scene.hear(SES, make_resend_report("email.failed", attempt_of(scene, "m1-3"), "m1-3"))
    scene.work_off()
    assert scene.taken == [1, 1, 1]
    assert scene.world.dead.letters == []


@pytest.mark.parametrize("again", [1, 2])
def test_a_report_that_comes_again_makes_no_second_mail(scene: Scene, again: int) -> None:
    report = make_resend_report("email.failed", attempt_of(scene))
    for _ in range(1 + again):
        scene.hear(RESEND, report)
    scene.work_off()
    scene.hear(RESEND, report)
    scene.work_off()
    assert scene.taken == [1, 1, 0]


@pytest.mark.parametrize(
    "report",
    [
        pytest.param({"failed": {"reason": "invalid recipient"}}, id="another reason"),
        pytest.param({"tags": {"message_id": "m1"}}, id="no attempt"),
        pytest.param({"tags": {"message_id": "m1", "attempt": "another"}}, id="another attempt"),
    ],
)
def test_what_does_not_prove_that_nothing_was_tried_sends_nothing(scene: Scene, report: dict[str, Any]) -> None:
    said = make_resend_report("email.failed", attempt_of(scene))
    scene.hear(RESEND, said | {"data": said["data"] | report})
    scene.work_off()
    assert scene.taken == [1, 0, 0]


@pytest.mark.parametrize("urls", [(RESEND,), (SES, RESEND)])
def test_it_stays_refused_where_nobody_comes_after(catalogue: Catalogue, urls: tuple[str, ...]) -> None:
    scene = begin(catalogue, *urls)
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    assert (scene.world.state(), scene.queue) == (State.REFUSED, [])


def test_a_release_whose_list_has_nobody_after_it_leaves_it_alone(scene: Scene) -> None:
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    scene.world.posts = scene.world.posts[1:]
    scene.work_off()
    assert [len(post.taken) for post in scene.world.posts] == [0, 0]
    assert (scene.world.state(), scene.world.ledger.read("m1-2")) == (State.REFUSED, None)


def test_what_another_attempt_may_have_sent_waits_for_a_person(catalogue: Catalogue) -> None:
    """The first attempt's answer was lost, a person said yes to the second, and only of that one is it known."""
    world = InMemoryHerald(MemoryTable("herald-ledger"), catalogue, resends=0)
    world.posts = [MortalPost(world.clock, url) for url in ALL]
    world.post.accept_then(OutcomeUnknown("lost"))
    world.deliver(delivery())
    world.clock.forward(3600)
    world.deliver(delivery(letter=world.record().owner, confirmed=True))
    scene = Scene(world)
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    scene.work_off()
    assert scene.taken == [2, 0, 0]


@pytest.mark.parametrize("late", ["email.delivered", "email.bounced", "email.complained", "email.delivery_delayed"])
def test_a_provider_that_tried_after_all_is_heard_in_time_or_shown_as_a_second_mail(
    catalogue: Catalogue, late: str
) -> None:
    scene = begin(catalogue)
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    scene.hear(RESEND, make_resend_report(late, attempt_of(scene)))
    scene.work_off()
    assert (scene.taken, scene.twice) == ([1, 0, 0], False)
    scene = begin(catalogue)
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    scene.work_off()
    for _ in range(2):
        scene.hear(RESEND, make_resend_report(late, attempt_of(scene)))
    assert (scene.taken, scene.twice) == ([1, 1, 0], True)
    assert rows(scene).count("sent_twice") == 1


#: What may come between the look at the first message and the claim of the second.
MEANWHILE = {
    "it was delivered": "SET #state = :delivered",
    "another attempt has it": "SET #owner = :another",
    "another attempt may have sent it": "SET #at_risk = :two",
    "another attempt was accepted": "ADD #sent_by :others",
    "it was sent again": "SET #successor = :another",
    "it was cancelled": "SET #cancelled_by = :another",
}
VALUES = {"delivered": {"S": "delivered"}, "another": {"S": "x"}, "two": {"N": "2"}, "others": {"SS": ["x"]}}


@pytest.mark.parametrize("happened", MEANWHILE)
@pytest.mark.parametrize("when", ["before the look", "between look and claim"])
def test_what_happened_meanwhile_keeps_it_from_the_next_provider(scene: Scene, happened: str, when: str) -> None:
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    happening = iter([MEANWHILE[happened]])

    def happen(moment: str = "before", operation: str = "TransactWriteItems", _: object = None) -> None:
        if (moment, operation) == ("before", "TransactWriteItems") and (expression := next(happening, None)):
            scene.world.client.update_item(**_change_first(expression))

    if when == "before the look":
        happen()
    else:
        scene.world.client.fault = happen
    scene.work_off()
    assert scene.taken == [1, 0, 0]
    assert scene.world.ledger.read("m1-2") is None


def _change_first(expression: str) -> dict[str, Any]:
    return {
        "TableName": "herald-ledger",
        "Key": {"pk": {"S": "message#m1"}},
        "UpdateExpression": expression,
        "ExpressionAttributeNames": {name: name[1:] for name in re.findall(r"#\w+", expression)},
        "ExpressionAttributeValues": {f":{name}": VALUES[name] for name in re.findall(r":(\w+)", expression)},
    }


def test_what_is_too_old_by_then_is_told_to_a_person(catalogue: Catalogue) -> None:
    scene = begin(catalogue, value=event(type_="user.welcome", data=_welcome()))
    scene.world.clock.forward(40 * 86_400)
    scene.hear(RESEND, make_resend_report("email.failed", attempt_of(scene)))
    scene.work_off()
    assert scene.taken == [1, 0, 0]
    assert [letter.attributes["reason_code"] for letter in scene.world.dead.letters] == ["event_expired"]


def _welcome() -> dict[str, Any]:
    folder = Path(__file__).parents[2] / "function/notifications/user.welcome/examples"
    value: dict[str, Any] = json.loads(next(iter(sorted(folder.glob("*.json")))).read_text())
    return value


#: What the second provider does with the mail that it is given.
ANSWERS: dict[str, list[BaseException]] = {
    "accepts": [],
    "is not reached": [ProviderUnavailable("away")],
    "is not reached, nor is the third": [ProviderUnavailable("away"), ProviderUnavailable("away")],
    "takes it, and its answer is lost": [OutcomeUnknown("lost")],
}


@pytest.mark.parametrize(
    ("answer", "order"), [*((answer, "report first") for answer in ANSWERS), ("accepts", "sent first")]
)
def test_wherever_a_process_dies_one_mail_goes_or_a_person_is_asked(
    catalogue: Catalogue, answer: str, order: str
) -> None:
    ends: dict[str, int] = {"one mail": 0, "waits for a person": 0}
    last = 0
    for dies_at in range(100):
        scene = begin(catalogue)
        scene.dies_at = dies_at
        for post, said in zip(scene.world.posts[1:], ANSWERS[answer], strict=False):
            if isinstance(said, OutcomeUnknown):
                post.accept_then(said)
            else:
                post.answers.append(said)
        reports = [
            make_resend_report("email.failed", attempt_of(scene)),
            make_resend_report("email.sent", attempt_of(scene)),
        ]
        for report in reports if order == "report first" else reversed(reports):
            scene.hear(RESEND, report)
        scene.work_off()
        ends[_judge(scene, f"{answer}, {order}, dies at {dies_at}")] += 1
        if scene.steps < dies_at:
            break
        last = dies_at
    assert last >= 12, "two processes, their writes, the queue and the send"
    assert ends["one mail"] > 0 or answer.endswith("lost")


def _judge(scene: Scene, cell: str) -> str:
    assert scene.taken[0] == 1, cell
    assert sum(scene.taken[1:]) <= 1, f"{cell}: a second mail"
    first, second = scene.world.record("m1"), scene.world.ledger.read("m1-2")
    assert first.state is State.REFUSED, cell
    assert second is not None, f"{cell}: nobody sent it elsewhere"
    if second.state is State.SENT:
        assert sum(scene.taken[1:]) == 1, cell
        return "one mail"
    assert second.state in IN_DOUBT, cell
    assert second.parked == second.owner, f"{cell}: nobody is asked"
    assert scene.world.dead.letters, cell
    return "waits for a person"
