"""Events that apps post over HTTP: what is wrong is told at once, what is right becomes one mail."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import quote

import pytest

from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.canary.smoke_mails import build_unsigned_request
from function.event.http_binding import encode
from tests.events_api_gateway import SCOPES, STRUCTURED, EventsApiGateway

BATCHED = "application/cloudevents-batch+json"


@pytest.fixture
def gateway(world: InMemoryHerald) -> EventsApiGateway:
    return EventsApiGateway(world)


def binary(attributes: dict[str, Any]) -> dict[str, str]:
    """The headers of the binary mode, percent-encoded as the binding says."""
    safe = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '%"')
    named = {name: value for name, value in attributes.items() if name not in ("data", "datacontenttype")}
    return {f"ce-{name}": quote(value, safe=safe) for name, value in named.items()}


# -- the three modes -------------------------------------------------------------------------------------------------


def test_the_same_event_in_each_mode_is_one_mail(gateway: EventsApiGateway) -> None:
    one = event(subject="Bücher/ “1”", partnerid="a%20b")
    for status, answer in (
        gateway.post(json.dumps(one)),
        gateway.post(json.dumps(one["data"]), "application/json", **binary(one)),
        gateway.post(json.dumps([one]), BATCHED),
    ):
        assert status == 202
        said = answer[0] if isinstance(answer, list) else answer
        assert said == {"source": one["source"], "id": one["id"], "message_id": "told-0"}
    assert [{k: v for k, v in told.items() if k != "attribute"} for told in gateway.topic.told] == [one] * 3
    assert {told["attribute"]["StringValue"] for told in gateway.topic.told} == {"book.created"}
    gateway.deliver()
    assert gateway.world.mails == 1


def test_a_client_may_not_say_which_provider_sends(gateway: EventsApiGateway) -> None:
    """That is for the operator's smoke test, which publishes to the topic itself."""
    status, problem = gateway.post(json.dumps(event(heraldprovider="resend://")))
    assert (status, gateway.topic.told) == (422, [])
    assert "/heraldprovider" in json.dumps(problem)


def test_an_older_publishers_quoted_header_is_understood(gateway: EventsApiGateway) -> None:
    headers = binary(event()) | {"ce-subject": r'"a \"b\" c%25"'}
    assert gateway.post(json.dumps(example()), "application/json; charset=UTF-8", **headers)[0] == 202
    assert gateway.topic.told[0]["subject"] == 'a "b" c%'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"ce-subject": "%C0%A0"}, 400),  # overlong, as the binding says
        ({"ce-subject": "%zz"}, 400),
        ({"ce-subject": "%ff"}, 400),
        ({"ce-datacontenttype": "application/json"}, 400),
        ({"ce-data": "{}"}, 400),
        ({"ce-parTner": "x"}, 202),  # names of headers have no case
        ({"ce-par-tner": "x"}, 400),
        ({"ce-specversion": "0.3"}, 422),
    ],
)
def test_headers_that_the_binding_forbids_are_refused(
    gateway: EventsApiGateway, headers: dict[str, str], status: int
) -> None:
    assert gateway.post(json.dumps(example()), "application/json", **binary(event()) | headers)[0] == status
    assert len(gateway.topic.told) == (status == 202)


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/x-www-form-urlencoded", "application/cloudevents+avro", "",
     "application/cloudevents", "application/cloudevents+json; charset=latin1", "application/cloudevents-batch+xml"],
)  # fmt: skip
def test_what_does_not_say_that_it_is_a_cloudevent_is_415(gateway: EventsApiGateway, media_type: str) -> None:
    status, problem = gateway.post(json.dumps(event()), media_type)
    assert (status, problem["status"]) == (415, 415)
    assert not gateway.topic.told


def test_data_that_is_no_json_is_415_in_the_binary_mode(gateway: EventsApiGateway) -> None:
    assert gateway.post("<a/>", "application/xml", **binary(event()))[0] == 415


def test_an_empty_batch_is_taken(gateway: EventsApiGateway) -> None:
    assert gateway.post("[]", BATCHED) == (202, [])
    assert not gateway.topic.calls


def test_a_batch_keeps_its_order_whatever_sns_says_first(gateway: EventsApiGateway) -> None:
    events = [event(f"e{number}") for number in range(25)]
    status, answer = gateway.post(json.dumps(events), BATCHED)
    assert status == 202
    assert [one["id"] for one in answer] == [one["id"] for one in events]
    assert [one["message_id"] for one in answer] == [f"told-{number % 10}" for number in range(25)]
    gateway.deliver()
    assert gateway.world.mails == 25


# -- what is wrong is the publisher's, now ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"data": example() | {"recipient": {"email": "nobody", "name": "A", "locale": "en"}}},
         "/data/recipient/email", "event_invalid"),
        ({"data": {}}, "/data", "event_invalid"),
        ({"data": None}, "", "event_invalid"),
        ({"time": "yesterday"}, "/time", "event_invalid"),
        ({"time": "2020-01-01T00:00:00Z"}, "/time", "event_expired"),
        ({"type": "none.such"}, "/type", "type_unknown"),
        ({"id": ""}, "/id", "event_invalid"),
        ({"sendat": "2026-11-30T08:00:00Z"}, "/sendat", "scheduling_off"),
        ({"sendat": "2036-11-30T08:00:00Z"}, "/sendat", "event_invalid"),
    ],
)  # fmt: skip
def test_a_wrong_event_is_422_with_its_place(
    gateway: EventsApiGateway, changes: dict[str, Any], pointer: str, code: str
) -> None:
    wrong = event(**changes)
    status, problem = gateway.post(json.dumps(wrong))
    assert status == 422
    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert "nobody" not in json.dumps(problem), "an answer may be logged, and values are personal"
    assert not gateway.topic.told
    # notify comes to the same verdict, later and as a dead letter
    gateway.world.deliver(delivery("m1", {name: value for name, value in wrong.items() if value is not None}))
    assert [letter.attributes["reason_code"] for letter in gateway.world.dead.letters] == [code]


def test_one_wrong_event_holds_back_the_whole_batch_and_each_is_named(gateway: EventsApiGateway) -> None:
    wrong = event("wrong", data={})
    status, problem = gateway.post(json.dumps([event("a"), wrong, event("b"), "no event"]), BATCHED)
    assert status == 422
    assert [error["pointer"] for error in problem["errors"]] == ["/1/data", "/3"]
    assert "2 of 4 events are at fault, none was published" in problem["detail"]
    assert not gateway.topic.told


@pytest.mark.parametrize("body", ["", "{", "[1", '{"id": 1, "id": 2}', b"\xff", "[" * 500, '{"data": NaN}'], ids=repr)
@pytest.mark.parametrize("media_type", [STRUCTURED, BATCHED])
def test_what_is_no_json_is_400(gateway: EventsApiGateway, body: str | bytes, media_type: str) -> None:
    assert gateway.post(body, media_type)[0] == 400
    assert not gateway.topic.told


def test_a_batch_that_is_no_list_is_400(gateway: EventsApiGateway) -> None:
    assert gateway.post(json.dumps(event()), BATCHED)[0] == 400


def test_a_structured_event_that_is_a_list_is_422(gateway: EventsApiGateway) -> None:
    assert gateway.post(json.dumps([event()]))[0] == 422


def test_too_large_is_413_for_an_event_a_batch_and_a_request(gateway: EventsApiGateway) -> None:
    large = event(note="x" * 65_536)
    assert gateway.post(json.dumps(large))[0] == 413
    status, problem = gateway.post(json.dumps([event("a"), large]), BATCHED)
    assert (status, problem["errors"][0]["pointer"]) == (413, "/1")
    assert gateway.post(json.dumps([event()] * 101), BATCHED)[0] == 413
    assert gateway.post("[" + " " * 1_000_000 + "]", BATCHED)[0] == 413
    assert not gateway.topic.told


def test_a_body_that_is_not_whole_is_400(gateway: EventsApiGateway) -> None:
    answer = gateway.ask(
        {
            "headers": {"content-type": STRUCTURED},
            "requestContext": {"authorizer": {"jwt": {"claims": {"scope": SCOPES}}}},
            "body": "a",
            "isBase64Encoded": True,
        }
    )
    assert answer["statusCode"] == 400


@pytest.mark.parametrize("character", ["\ud800", "\ufffe", "\uffff", "\x7f", "\x00", "😀", "\u2028"])
def test_what_goes_to_the_topic_is_text_that_any_queue_takes_and_says_the_same(character: str) -> None:
    text = encode({"data": character})
    assert json.loads(text) == {"data": character}
    assert all(code >= 0x20 and not 0x7F <= code < 0xA0 and code not in (0xFFFE, 0xFFFF) for code in map(ord, text))
    text.encode()


# -- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["", "book.created", "other/book.created", "herald/book.deleted", "herald/book"])
def test_a_token_publishes_only_the_types_of_its_scopes(gateway: EventsApiGateway, scope: str) -> None:
    status, problem = gateway.post(json.dumps(event()), scope=scope)
    assert status == 403
    assert "herald/book.created" in problem["detail"]
    assert not gateway.topic.told


def test_one_type_of_another_holds_back_the_whole_batch(gateway: EventsApiGateway) -> None:
    deleted = event("d", "book.deleted")
    status, problem = gateway.post(json.dumps([event(), deleted, event("x", data={})]), BATCHED)
    assert status == 403
    assert [error["pointer"] for error in problem["errors"]] == ["/1/type", "/2/data"]
    assert not gateway.topic.told


@pytest.mark.parametrize("context", [None, {}, {"authorizer": {}}, {"authorizer": {"jwt": {}}},
                                     {"authorizer": {"lambda": {"scope": SCOPES}}}])  # fmt: skip
def test_without_a_verified_token_nothing_is_read(gateway: EventsApiGateway, context: Any) -> None:
    answer = gateway.ask({"headers": {"content-type": STRUCTURED}, "requestContext": context, "body": "{"})
    assert (answer["statusCode"], answer["headers"]["www-authenticate"]) == (401, "Bearer")


def test_a_release_tries_it_with_a_request_that_it_turns_away(gateway: EventsApiGateway) -> None:
    assert gateway.ask(json.loads(build_unsigned_request()))["statusCode"] == 401


_ALLOWED = {"authorizer": {"jwt": {"claims": {"scope": SCOPES}}}}


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"requestContext": _ALLOWED},
        {"requestContext": _ALLOWED, "headers": None, "body": None},
        {"requestContext": _ALLOWED, "headers": {"content-type": STRUCTURED}, "body": None},
        {"requestContext": _ALLOWED, "headers": {"content-type": STRUCTURED}, "body": "\ud800"},
        {"requestContext": _ALLOWED, "headers": {"content-type": STRUCTURED}, "body": "é", "isBase64Encoded": True},
        {"requestContext": _ALLOWED, "headers": {"content-type": BATCHED}, "body": '[null, 1, "a", [], {}]'},
        {"requestContext": _ALLOWED, "headers": {"content-type": STRUCTURED}, "body": '{"source": "\\ud800"}'},
        {"requestContext": {"authorizer": {"jwt": {"claims": {"scope": None}}}},
         "headers": {"content-type": STRUCTURED}, "body": json.dumps(event())},
        {"requestContext": {"authorizer": {"jwt": {"claims": {"scope": ["herald/book.created"]}}}},
         "headers": {"content-type": STRUCTURED}, "body": json.dumps(event())},
        {"requestContext": _ALLOWED, "headers": {"content-type": "text/json", "ce-specversion": ""}, "body": "{}"},
    ],
)  # fmt: skip
def test_whatever_comes_is_answered_and_nothing_is_published(
    gateway: EventsApiGateway, request_: dict[str, Any]
) -> None:
    answer = gateway.ask(request_)
    assert answer["statusCode"] in (400, 401, 403, 415, 422)
    assert json.loads(answer["body"])["detail"]
    assert not gateway.topic.told


# -- what SNS says ----------------------------------------------------------------------------------------------------


def test_a_lost_answer_is_503_and_the_same_again_is_one_mail(gateway: EventsApiGateway) -> None:
    answers = []
    for seed in range(12):
        gateway.topic.draw, gateway.topic.faulty = random.Random(seed), 5
        answers.append(gateway.post(json.dumps(event()))[0])
    assert set(answers) == {202, 503}
    assert len(gateway.topic.told) > answers.count(202), "some came through without an answer"
    gateway.deliver()
    assert gateway.world.mails == 1
    assert not gateway.world.dead.letters


def test_a_batch_of_which_a_part_was_taken_is_503_and_the_same_again_is_one_mail_each(
    gateway: EventsApiGateway,
) -> None:
    batch = json.dumps([event(f"e{number}") for number in range(12)])
    gateway.topic.draw, gateway.topic.faulty = random.Random(1), 5
    answers = [gateway.post(batch, BATCHED)[0] for _ in range(6)]
    assert set(answers) == {202, 503}
    gateway.deliver()
    assert gateway.world.mails == 12


# -- later, and not at all --------------------------------------------------------------------------------------------


def test_with_scheduling_events_for_later_and_cancellations_are_taken(gateway: EventsApiGateway) -> None:
    gateway.scheduling = True
    assert gateway.post(json.dumps(event(sendat="2026-11-30T08:00:00Z")))[0] == 202
    named = {"source": "urn:herald:webapp", "id": "x"}
    assert gateway.post(json.dumps(event("c", "mail.cancel", data=named)))[0] == 202
    status, problem = gateway.post(json.dumps(event("c", "mail.cancel", data={"source": "urn:herald:webapp"})))
    assert (status, problem["errors"][0]["pointer"]) == (422, "/data/id")


def test_without_scheduling_a_cancellation_is_of_no_known_type(gateway: EventsApiGateway) -> None:
    status, problem = gateway.post(json.dumps(event("c", "mail.cancel", data={"source": "a", "id": "b"})))
    assert (status, problem["errors"][0]["code"]) == (422, "type_unknown")


# -- what is written down ----------------------------------------------------------------------------------------------


def test_the_log_says_who_published_what_and_nothing_personal(gateway: EventsApiGateway) -> None:
    gateway.post(json.dumps(event()))
    gateway.post(json.dumps(event(data={})))
    lines = [json.loads(line) for line in gateway.log.getvalue().splitlines()]
    assert [line.get("client") for line in lines] == [None, "shop", "shop"]
    assert lines[1]["message_ids"] == ["told-0"]
    assert (lines[2]["status"], lines[2]["codes"]) == (422, "event_invalid")
    assert "@" not in gateway.log.getvalue()
    assert "Ada" not in gateway.log.getvalue()
