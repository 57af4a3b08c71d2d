"""Dead letters, and sending them again: one mail, whoever redrives, how often, and wherever it ends."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, cast

import pytest

from fakes.example_events import SECRET, event
from fakes.in_memory_herald import delivery
from function.delivery.outcome import OutcomeKind
from function.errors import OutcomeUnknown, ProviderUnavailable
from function.ledger.attributes import serialize_item
from function.ledger.keys import address_key
from function.ledger.states import Action, State
from function.reason_codes import ReasonCode
from operations.erasure import erase, find_personal_data
from operations.errors import UserError
from operations.redrive.dead_letters import group_by_reason
from operations.redrive.letter_filter import LetterFilter
from operations.redrive.plan import RedriveDecision
from operations.redrive.plan_from_ledger import plan_from_records
from operations.redrive.queue import peek
from operations.redrive.send import RedriveResult, redrive_letters, send_copies
from tests.integration.redrive.conftest import Office
from tests.integration.redrive.letters import HOLD, in_doubt, plan_of, redrive, refuse


class Interrupting:
    """SQS, until a call of one kind: there the person presses Ctrl-C, before the call or after it."""

    def __init__(self, sqs: Any, call: str, after: bool) -> None:
        self._sqs, self._call, self._after = sqs, call, after

    def __getattr__(self, name: str) -> Any:
        def interrupt(**request: Any) -> None:
            if self._after:
                getattr(self._sqs, name)(**request)
            raise KeyboardInterrupt

        return interrupt if name == self._call else getattr(self._sqs, name)


class Repeating:
    """SQS, where every letter comes twice, and only the handle of its last receipt counts, as documented."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self._last: dict[str, str] = {}
        self._repeated: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqs, name)

    def receive_message(self, **request: Any) -> Any:
        answer = self._sqs.receive_message(**request)
        for message in answer.get("Messages", []):
            self._last[message["MessageId"]] = message["ReceiptHandle"]
            if message["MessageId"] not in self._repeated:
                self._repeated.add(message["MessageId"])
                self._show(request["QueueUrl"], message["ReceiptHandle"])
        return answer

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:
        if ReceiptHandle in self._last.values():
            self._sqs.delete_message(QueueUrl=QueueUrl, ReceiptHandle=ReceiptHandle)

    def change_message_visibility_batch(self, QueueUrl: str, Entries: list[Any]) -> None:
        for entry in Entries:
            if entry["ReceiptHandle"] in self._last.values():
                self._show(QueueUrl, entry["ReceiptHandle"])

    def _show(self, queue: str, handle: str) -> None:
        self._sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)


def test_letters_are_listed_and_stay(office: Office) -> None:
    for number in range(12):
        refuse(office, f"m{number}")
    for _ in range(2):
        letters = peek(office.installation.sqs, office.installation.dead)
        assert sorted(letter.message_id for letter in letters) == sorted(f"m{number}" for number in range(12))
    assert office.count(office.installation.dead) == 12
    assert {(letter.reason, letter.release, letter.attempts) for letter in letters} == {("content rejected", "r1", 1)}


def test_a_letter_that_sqs_shows_twice_is_listed_once_and_stays_visible(office: Office) -> None:
    refuse(office)
    twice = replace(office.installation, sqs=cast("Any", Repeating(office.installation.sqs)))
    assert [letter.message_id for letter in peek(twice.sqs, twice.dead)] == ["m1"]
    assert office.count(office.installation.dead) == 1


def test_a_letter_that_sqs_shows_twice_is_redriven_once(office: Office) -> None:
    refuse(office, "m1")
    refuse(office, "m2")
    plan = plan_of(office)
    plan.letters = [letter for letter in plan.letters if letter.message_id == "m1"]
    twice = replace(office.installation, sqs=cast("Any", Repeating(office.installation.sqs)))
    redrive_letters(twice, plan, lambda _: None, RedriveResult())
    assert [letter.message_id for letter in peek(office.installation.sqs, office.installation.dead)] == ["m2"]
    assert office.count(office.installation.retry) == 1


def test_letters_are_grouped_by_what_went_wrong_not_by_how_often_it_was_tried(office: Office) -> None:
    for message_id, times in (("m1", 1), ("m2", 2)):
        office.world.post.answers = [ProviderUnavailable("down")] * (times + 1)
        for wait in [0] * times + [86_401]:
            office.world.clock.forward(wait)
            office.deliver(delivery(message_id, event(event_id=message_id)))
    groups = group_by_reason(peek(office.installation.sqs, office.installation.dead))
    assert {reason: len(those) for reason, those in groups.items()} == {"retries_exhausted": 2}


def test_a_redriven_letter_becomes_its_mail(office: Office) -> None:
    refuse(office)
    assert redrive(office) == RedriveResult(sent=1)
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]
    assert office.world.mails == 1
    assert office.count(office.installation.dead) == 0


def test_only_what_is_wanted_goes(office: Office) -> None:
    refuse(office, "m1", "content rejected")
    refuse(office, "m2", "bad address")
    refuse(office, "m3", "bad address")
    assert redrive(
        office, plan_of(office, LetterFilter(frozenset({"m2"}), ReasonCode.PROVIDER_REFUSED))
    ) == RedriveResult(sent=1)
    assert [outcome.message_id for outcome in office.work_off()] == ["m2"]
    assert sorted(one.message_id for one in peek(office.installation.sqs, office.installation.dead)) == ["m1", "m3"]


def test_letters_of_another_reason_stay_whatever_their_sentence(office: Office) -> None:
    refuse(office, "m1", "bad address")
    assert redrive(office, plan_of(office, LetterFilter(reason_code=ReasonCode.RETRIES_EXHAUSTED))).total == 0
    assert redrive(office, plan_of(office, LetterFilter(reason_code=ReasonCode.PROVIDER_REFUSED))).total == 1


def test_two_redrives_at_once_send_one_mail(office: Office) -> None:
    refuse(office)
    first, second = plan_of(office), plan_of(office)
    for plan in (first, second):  # SQS may show the letter to both before either deletes it
        send_copies(office.installation, plan, lambda _: None, RedriveResult())
    assert sorted(outcome.kind.name for outcome in office.work_off()) == ["DUPLICATE", "SENT"]
    assert office.world.mails == 1


@pytest.mark.parametrize(
    ("call", "after"),
    [("send_message", False), ("send_message", True), ("delete_message", False), ("delete_message", True)],
)
def test_a_redrive_that_is_interrupted_anywhere_and_run_again_sends_one_mail(
    office: Office, call: str, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.redrive.queue._VISIBILITY_TIMEOUT", 0)  # as if the minute had passed
    refuse(office)
    sqs: Any = Interrupting(office.installation.sqs, call, after)
    with pytest.raises(KeyboardInterrupt):
        redrive_letters(replace(office.installation, sqs=sqs), plan_of(office), lambda _: None, RedriveResult())
    redrive(office)
    office.work_off()
    assert office.world.mails == 1
    assert office.world.state() is State.SENT
    assert redrive(office).sent == 0
    assert office.count(office.installation.dead) == 0


def test_the_button_of_the_console_works_too(office: Office) -> None:
    refuse(office)
    letters = office.messages(office.installation.dead)
    assert office.console_redrive() == 0, "a letter that somebody reads is out of sight"
    for letter in letters:
        office.installation.sqs.change_message_visibility(
            QueueUrl=office.installation.dead, ReceiptHandle=letter["ReceiptHandle"], VisibilityTimeout=0
        )
    assert office.console_redrive() == 1
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]
    assert office.world.mails == 1


@pytest.mark.slow
def test_two_redrives_share_the_letters_and_lose_none(office: Office) -> None:
    for number in range(25):
        refuse(office, f"m{number}")
    plans = [plan_of(office), plan_of(office)]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda plan: redrive(office, plan), plans))
    assert sum(one.sent for one in done) >= 25 - office.count(office.installation.dead)
    redrive(office)
    office.work_off()
    assert office.world.mails == 25
    assert office.count(office.installation.dead) == 0


def test_what_may_have_gone_needs_a_yes_and_goes_with_it(office: Office) -> None:
    in_doubt(office)
    plan = plan_of(office)
    assert list(plan.decisions.values()) == [RedriveDecision.ASK]
    redrive(office, plan)
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]
    assert office.world.mails == 2, "the person accepted a second mail"


def test_without_the_yes_the_consoles_button_brings_it_back(office: Office) -> None:
    in_doubt(office)
    assert office.console_redrive() == 1
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.PARKED]
    assert office.world.mails == 1
    assert office.count(office.installation.dead) == 1


def test_a_yes_twice_sends_no_third_mail(office: Office) -> None:
    in_doubt(office)
    plan = plan_of(office)
    for _ in range(2):
        send_copies(office.installation, plan, lambda _: None, RedriveResult())
    office.work_off()
    assert office.world.mails == 2


def test_a_letter_whose_mail_has_gone_since_is_discarded(office: Office) -> None:
    in_doubt(office)
    office.world.apply_feedback(Action.FEEDBACK_SENT, State.SENT)
    plan = plan_of(office)
    assert list(plan.decisions.values()) == [RedriveDecision.DISCARD]
    assert redrive(office, plan) == RedriveResult(discarded=1)
    assert (office.count(office.installation.dead), office.count(office.installation.retry)) == (0, 0)


def test_a_letter_that_sqs_moved_goes_as_the_attempt_that_its_record_is_at(office: Office) -> None:
    office.world.resends = 0
    office.world.post.accept_then(OutcomeUnknown("lost"))
    office.deliver(delivery())
    office.world.clock.forward(HOLD)
    body = json.dumps({"Type": "Notification", "MessageId": "m1", "Message": delivery().body})
    office.installation.sqs.send_message(QueueUrl=office.installation.dead, MessageBody=body)
    plan = plan_of(office)
    assert list(plan.decisions.values()) == [RedriveDecision.ASK]
    assert "SQS moved it" in plan.letters[0].reason
    redrive(office, plan)
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]


def test_an_on_failure_record_of_lambda_says_why_and_becomes_its_mail(office: Office) -> None:
    sns = {"Records": [{"EventSource": "aws:sns", "Sns": {"MessageId": "m1", "Message": delivery().body}}]}
    record = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": sns}
    office.installation.sqs.send_message(QueueUrl=office.installation.dead, MessageBody=json.dumps(record))
    plan = plan_of(office, LetterFilter(frozenset({"m1"})))
    assert plan.letters[0].reason == "Lambda gave up: RetriesExhausted"
    redrive(office, plan)
    assert [outcome.kind for outcome in office.work_off()] == [OutcomeKind.SENT]


def test_feedback_that_could_not_be_written_goes_back_to_its_own_queue(office: Office) -> None:
    said = {"eventType": "Delivery", "mail": {"tags": {"message_id": ["m1"]}}, "delivery": {}}
    body = json.dumps({"Type": "Notification", "MessageId": "x", "Message": json.dumps(said)})
    office.installation.sqs.send_message(QueueUrl=office.installation.dead, MessageBody=body)
    assert redrive(office) == RedriveResult(sent=1)
    assert (office.count(office.installation.feedback), office.count(office.installation.retry)) == (1, 0)


def test_a_letter_whose_event_was_erased_meanwhile_changes_nothing(office: Office) -> None:
    refuse(office)
    send_copies(office.installation, plan_from_records(office.installation, ["m1"]), lambda _: None, RedriveResult())
    erase(office.installation, "ada@example.com", find_personal_data(office.installation, "ada@example.com"))
    before = office.world.record("m1")
    office.work_off()
    assert office.world.record("m1") == before
    assert office.world.mails == 0


def test_a_letter_whose_event_was_too_long_to_be_kept_stays_and_says_so(office: Office) -> None:
    office.deliver(delivery("m1", random.Random(7).randbytes(400_000).hex()))
    [letter] = plan_of(office).letters_to(RedriveDecision.REFUSED)
    assert "too long to be kept" in plan_of(office).refusals[letter.id]
    [copy] = office.installation.sqs.receive_message(QueueUrl=office.installation.dead)["Messages"]
    office.installation.sqs.send_message(QueueUrl=office.installation.retry, MessageBody=copy["Body"])
    before = office.world.record("m1")
    assert [outcome.detail for outcome in office.work_off()] == ["its event is not kept any more"]
    assert office.world.record("m1") == before, "the reason that was given first stays"


def test_an_address_that_is_listed_under_a_newer_key_than_the_record_s_is_said_before(office: Office) -> None:
    refuse(office)
    newer = b"n" * 32
    installation = replace(office.installation, secrets=lambda: (newer, SECRET))
    listed = {"pk": address_key(newer, "ada@example.com"), "since": 1, "reason": "bounced", "message_id": "m9"}
    office.installation.dynamodb.put_item(TableName=office.installation.ledger, Item=serialize_item(listed))
    with pytest.raises(UserError, match="take that off the list first"):
        plan_from_records(installation, ["m1"])


def test_who_may_not_read_the_address_key_may_redrive(office: Office) -> None:
    def deny() -> list[bytes]:
        raise UserError("no right to read the parameter")

    refuse(office)
    plan = plan_from_records(replace(office.installation, secrets=deny), ["m1"])
    assert list(plan.decisions.values()) == [RedriveDecision.SEND]


@pytest.mark.parametrize("way", ["corrected to another address", "too long to be kept"])
def test_to_forget_takes_the_hash_out_of_records_without_their_event_too(office: Office, way: str) -> None:
    data = event()["data"]
    if way == "too long to be kept":
        data["more"] = random.Random(7).randbytes(5_000).hex()
    else:
        office.world.post.answers = [ProviderUnavailable("down")]
    office.deliver(delivery("m1", event(data=data)))
    office.deliver(delivery("m2", event(data=data | {"recipient": data["recipient"] | {"email": "eve@example.com"}})))
    assert office.world.record("m1").address == address_key(SECRET, "ada@example.com")
    found = find_personal_data(office.installation, "Ada@example.com")
    assert (found.events, found.records) == ((), ("m1",))
    assert erase(office.installation, "Ada@example.com", found).hashes == 1
    assert office.world.record("m1").address is None
    assert not find_personal_data(office.installation, "ada@example.com")


def test_a_letter_of_a_replaced_record_is_discarded(office: Office) -> None:
    refuse(office)
    office.deliver(delivery("m2", event(event_id="event-of-m1", data={**event()["data"], "more": "corrected"})))
    assert office.world.state("m1") is State.REPLACED
    assert list(plan_of(office).decisions.values()) == [RedriveDecision.DISCARD]
    with pytest.raises(UserError, match="m2 has its event"):
        plan_from_records(office.installation, ["m1"])
