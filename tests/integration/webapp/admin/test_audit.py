"""The record of what operators did is true in every order of failure, and nothing in it is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from operations.audit import Audit
from operations.errors import UserError
from tests.integration.webapp.admin.conftest import bury
from tests.integration.webapp.conftest import Browser, Clock, Cloud
from webapp import log
from webapp.auth.identity import Identity
from webapp.composition import Services

GRACE = Identity("grace-1906", "grace@example.com", "Grace", "en", operator=True)
NOBODY_KNOWS = "begun; nobody knows how it ended"


class Failing:
    """DynamoDB that refuses the writes of these numbers, counted from 1."""

    def __init__(self, cloud: Cloud, *refused: int) -> None:
        self._dynamodb = cloud.dynamodb
        self._refused = refused
        self.writes = 0

    def put_item(self, **arguments: Any) -> Any:
        self.writes += 1
        if self.writes in self._refused:
            raise throttle()
        return self._dynamodb.put_item(**arguments)


class Forgetful:
    """DynamoDB whose answer to the first write of each item is lost, so that botocore repeats it."""

    def __init__(self, cloud: Cloud) -> None:
        self._dynamodb = cloud.dynamodb

    def put_item(self, **arguments: Any) -> Any:
        self._dynamodb.put_item(**arguments)
        return self._dynamodb.put_item(**arguments)


def throttle() -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException", "Message": "role arn:aws:iam::1:role/x"}}, "PutItem")


def audit_of(dynamodb: Any, clock: Clock) -> Audit:
    ids = iter(f"01KAJ8V3Q0S5T2M9Z6E1B4C7D{number}" for number in range(9))
    return Audit(dynamodb, "herald-books", clock, lambda: next(ids), log)


def list_audit(cloud: Cloud, clock: Clock) -> list[tuple[str, str]]:
    return [(entry.action, entry.outcome) for entry in audit_of(cloud.dynamodb, clock).list_latest()]


def test_what_was_done_is_told_with_its_outcome(cloud: Cloud, clock: Clock) -> None:
    audit_of(cloud.dynamodb, clock).record(GRACE.email, GRACE.sub, "pause", "all mail", lambda: "paused")
    assert list_audit(cloud, clock) == [("pause", "paused")]


def test_nothing_is_done_whose_intent_is_not_on_record(cloud: Cloud, clock: Clock) -> None:
    done: list[str] = []

    def pause() -> str:
        done.append("pause")
        return "paused"

    with pytest.raises(ClientError):
        audit_of(Failing(cloud, 1), clock).record(GRACE.email, GRACE.sub, "pause", "all mail", pause)
    assert not done
    assert list_audit(cloud, clock) == []


def test_an_outcome_that_is_not_on_record_makes_no_failure_of_what_was_done(cloud: Cloud, clock: Clock) -> None:
    audit_of(Failing(cloud, 2), clock).record(GRACE.email, GRACE.sub, "pause", "all mail", lambda: "paused")
    assert list_audit(cloud, clock) == [("pause", NOBODY_KNOWS)]


@pytest.mark.parametrize("refused", [(), (2,)])
def test_what_broke_half_way_is_told_as_that(cloud: Cloud, clock: Clock, refused: tuple[int, ...]) -> None:
    def break_off() -> str:
        raise throttle()

    with pytest.raises(ClientError):
        audit_of(Failing(cloud, *refused), clock).record(GRACE.email, GRACE.sub, "send again", "m-1", break_off)
    expected = NOBODY_KNOWS if refused else "failed: AWS answered ThrottlingException; some of it may have been done"
    assert list_audit(cloud, clock) == [("send again", expected)]


def test_what_was_refused_before_anything_was_done_is_told_in_its_own_words(cloud: Cloud, clock: Clock) -> None:
    def refuse() -> str:
        raise UserError("nothing lies in dead")

    with pytest.raises(UserError):
        audit_of(cloud.dynamodb, clock).record(GRACE.email, GRACE.sub, "send again", "m-1", refuse)
    assert list_audit(cloud, clock) == [("send again", "failed: nothing lies in dead")]


def test_a_process_that_dies_leaves_an_action_without_an_outcome(cloud: Cloud, clock: Clock) -> None:
    def die() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit_of(cloud.dynamodb, clock).record(GRACE.email, GRACE.sub, "pause", "all mail", die)
    assert list_audit(cloud, clock) == [("pause", NOBODY_KNOWS)]


def test_an_entry_is_never_written_over(cloud: Cloud, clock: Clock) -> None:
    audit_of(cloud.dynamodb, clock).record(GRACE.email, GRACE.sub, "pause", "all mail", lambda: "paused")
    with pytest.raises(ClientError):
        audit_of(cloud.dynamodb, clock).record(GRACE.email, GRACE.sub, "resume", "all mail", lambda: "resumed")
    assert list_audit(cloud, clock) == [("pause", "paused")]


def test_what_is_written_and_whose_answer_is_lost_is_written_once(cloud: Cloud, clock: Clock) -> None:
    audit_of(Forgetful(cloud), clock).record(GRACE.email, GRACE.sub, "pause", "all mail", lambda: "paused")
    assert list_audit(cloud, clock) == [("pause", "paused")]


def test_the_newest_are_told_first(cloud: Cloud, clock: Clock) -> None:
    audit = audit_of(cloud.dynamodb, clock)
    for action in ("pause", "resume", "search"):
        audit.record(GRACE.email, GRACE.sub, action, "-", lambda: "done")
    assert [entry.action for entry in audit.list_latest(2)] == ["search", "resume"]


@pytest.mark.parametrize("confirmed", ["no", "maybe", ""])
def test_only_a_yes_is_told_as_a_yes(operator: Browser, cloud: Cloud, confirmed: str) -> None:
    bury(cloud, "m-1", state="rejected")
    operator.submit("/operations/redrive", message="m-1", confirmed=confirmed)
    assert [row["action"]["S"] for row in cloud.rows("audit") if "action" in row] == ["send again"]


@pytest.mark.parametrize(
    ("wanted", "about"),
    [
        ("m-1", "m-1"),
        ("Ada <ada@example.com>", "something that is no id"),
        ("ada@example.com, bob@example.com", "something that is no id"),
    ],
)
def test_a_search_is_on_record(operator: Browser, cloud: Cloud, wanted: str, about: str) -> None:
    assert operator.submit("/operations/search", wanted=wanted).status_code == 200
    intent, outcome = cloud.rows("audit")
    assert (intent["action"]["S"], intent["about"]["S"], outcome["outcome"]["S"]) == ("search", about, "0 found")


def test_a_search_for_an_address_is_on_record_by_its_hash(operator: Browser, services: Services, cloud: Cloud) -> None:
    operator.submit("/operations/search", wanted="ada@example.com")
    assert cloud.rows("audit")[0]["about"]["S"] in services.notifier.installation.address_keys("ada@example.com")
    assert "ada@example.com" not in json.dumps(cloud.rows("audit"))
