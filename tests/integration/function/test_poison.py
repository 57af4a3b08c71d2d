"""Poison: generated events and envelopes that are none. Never a mail, never an exception, every one kept.

There are 1,500 of them; four times as many with `--hypothesis-profile=wide`, forty times with `thorough`.

Whether an event is bad is judged by the `jsonschema` library on the schemas as they are written, not by what is
compiled from them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import function
from fakes.dynamodb.table import MemoryTable
from fakes.envelopes import on_failure, sns, sns_notification, sqs_event
from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald
from function.event.envelope import Delivery, from_queue
from function.ledger.states import State
from function.message.catalogue import Catalogue
from function.queues.dead_letter import Letter
from package.notifications.schemas import read_data_schema
from tests.sandbox import Sandbox

_FUNCTION = Path(function.__path__[0])
_ENVELOPE = jsonschema.Draft202012Validator(json.loads((_FUNCTION / "contracts/event.schema.json").read_text()))
_DATA = {
    path.parent.name: jsonschema.Draft202012Validator(read_data_schema(path))
    for path in (_FUNCTION / "notifications").glob("*/schema.json")
}
_QUIET = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)
_EXAMPLES = settings().max_examples
#: Generated values in one example of hypothesis, whose own work for each example is greater than Herald's.
_AT_ONCE = 20

# -- what is bad ----------------------------------------------------------------------------------------------------

_DEEP = json.loads("[" * 400 + "]" * 400)
_HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 10**30, "", " ", [], {}, [[]], [None], {"": ""}, _DEEP),
    *("x" * 5_000, "x" * 70_000, "ü" * 40_000, "\U0001f600" * 20_000),
    *("\x00", "\n", "\r\nBcc: all@example.com", "\x7f", "\x85", "\u2028", "\ufeff", "\ud800", "\udfff", "a\ud83d"),
    *("ada@example.com, bob@example.com", "ada@example.com;bob@example.com", "Ada <ada@example.com>", "ada@", "@b.c"),
    *("ada@example.com\r\nBcc: all@example.com", "ada@example.com\x00", "ünal@exämple.com", "ada@localhost", "a@@b.c"),
    *(
        "javascript:alert(1)",
        "http://evil.example/",
        "//evil.example",
        "https://",
        "https://a b/",
        "file:///etc/passwd",
    ),
    *(
        'https://a.example/"><script>',
        "https://a.example/\n",
        "data:text/html,x",
        "ftp://a.example/",
        "https://ü.example",
    ),
    *("{{ 7*7 }}", "{% raw %}", "${jndi:ldap://a}", "'; DROP TABLE books; --", "../../etc/passwd", "%00", "1.1", "0.3"),
    *("2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-21", "0000-00-00T00:00:00Z", "yesterday", "1795248000"),
    *("2001-01-01T00:00:00Z", "book.burnt", "book.created ", "BOOK.CREATED", "text/xml", "en_US", "-", "zz-" * 20),
]
_PATHS: list[tuple[str, ...]] = [
    *((name,) for name in ("specversion", "id", "source", "type", "time", "subject", "datacontenttype", "data")),
    *(("data", name) for name in ("recipient", "book")),
    *(("data", "recipient", name) for name in ("email", "name", "locale")),
    *(("data", "book", name) for name in ("id", "title", "author", "isbn", "url")),
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(categories=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
_TEXT = st.text(st.characters(categories=None), max_size=60)


def change(whole: Any, path: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    """A copy of `whole` in which `change` was made at the end of the path."""
    copy = json.loads(json.dumps(whole))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    change(inner, path[-1])
    return copy


def replace(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    return change(whole, path, lambda inner, name: inner.__setitem__(name, value))


def drop_member(whole: Any, path: tuple[Any, ...]) -> Any:
    return change(whole, path, lambda inner, name: inner.__delitem__(name))


def damage(text: str, at: int, put: str, drop: int) -> str:
    """Text with some of it dropped and something else in its place."""
    at %= len(text) + 1
    return text[:at] + put + text[at + drop :]


_VALUES = st.sampled_from(_HOSTILE) | _JSON
_EVENTS = (
    st.builds(replace, st.just(event()), st.sampled_from(_PATHS), _VALUES).map(json.dumps)
    | st.builds(drop_member, st.just(event()), st.sampled_from(_PATHS)).map(json.dumps)
    | st.builds(damage, st.just(json.dumps(event())), st.integers(0, 2_000), _TEXT, st.integers(0, 40))
    | st.builds(
        lambda name, value: '{"' + f'{name}": {json.dumps(value)}, {json.dumps(event())[1:]}',
        st.sampled_from([path[0] for path in _PATHS]),
        st.sampled_from(_HOSTILE),
    )
    | st.builds(
        lambda opening, depth: opening * depth, st.sampled_from(["[", '{"a":', '{"data":']), st.integers(1, 5_000)
    )
    | _JSON.map(json.dumps)
    | _TEXT
)


def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def constant(name: str) -> None:
    raise AssertionError(name)


def is_good(body: str, road: str = "sns") -> bool:
    """Whether the text is an event that should become a mail; by a letter, which a person sends, at any age."""
    try:
        size = len(body.encode("utf-8", "surrogatepass"))
        value = json.loads(body.removeprefix("\ufeff"), object_pairs_hook=refuse_duplicates, parse_constant=constant)
    except (ValueError, AssertionError, RecursionError):
        return False
    if isinstance(value, dict):  # a null attribute is one that is not given
        value = {name: given for name, given in value.items() if given is not None}
    if size > 65_536 or not _ENVELOPE.is_valid(value) or value["type"] not in _DATA:
        return False
    in_time = road == "letter" or value["time"].startswith("2026-11-2")
    return in_time and _DATA[value["type"]].is_valid(value["data"])


# -- what becomes of it ---------------------------------------------------------------------------------------------

_ROADS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "sns": sns,
    "queue": lambda notification: {"Records": [sqs_event(notification)]},
    "on-failure": lambda notification: {"Records": [sqs_event(on_failure(sns(notification)))]},
    "letter": lambda notification: {"Records": [sqs_event(notification, marks={"attempt": "r/1", "confirmed": "yes"})]},
}


def make_sandbox(catalogue: Catalogue) -> Sandbox:
    return Sandbox(InMemoryHerald(MemoryTable("herald-ledger"), catalogue))


def recover(world: InMemoryHerald, letter: Letter) -> str:
    """What the letter is about, as it is read when somebody redrives it."""
    assert letter.body.isascii()
    assert letter.attributes["reason"].isascii()
    assert letter.attributes["reason"].strip()
    assert len(letter.body) + sum(map(len, letter.attributes.values())) < 256 * 1024
    (found,) = from_queue(sqs_event(letter.body, marks=letter.attributes))
    assert isinstance(found, Delivery)
    return str(world.ledger.read_event(found.message_id)) if found.in_ledger else found.body


def poison(sandbox: Sandbox, handed: Any) -> list[str]:
    """Hand it over; what the letters hold that come of it."""
    assert sandbox(handed) in ({}, {"batchItemFailures": []})
    world = sandbox.world
    assert world.mails == 0
    assert sandbox.sqs.sent == []
    for item in world.client.scan(TableName="herald-ledger")["Items"]:
        assert len(str(item).encode()) < 400_000, "DynamoDB takes no larger item, nor half a character"
    for letter in world.dead.letters:
        record = world.record(json.loads(letter.body)["MessageId"])
        assert record.state is State.REJECTED
        assert record.reason
        assert record.expires_at == world.clock() // 1000 + 60 * 86_400
    for line in sandbox.lines:
        names = line.pop("letter", "") + line["detail"].partition("events of type")[2]
        assert "@" not in json.dumps(line) or "@" in names, "only a name that somebody made up may look like an address"
    return [recover(world, letter) for letter in world.dead.letters]


def test_no_bad_event_is_mailed_or_lost(catalogue: Catalogue) -> None:
    kept = 0

    @settings(_QUIET, max_examples=2 * _EXAMPLES)
    @given(st.lists(st.tuples(_EVENTS, st.sampled_from(sorted(_ROADS))), min_size=_AT_ONCE, max_size=_AT_ONCE))
    def each(batch: list[tuple[str, str]]) -> None:
        nonlocal kept
        for body, road in batch:
            if not is_good(body, road):
                assert poison(make_sandbox(catalogue), _ROADS[road](sns_notification(body))) == [body]
                kept += 1

    each()
    assert kept >= 1.75 * _EXAMPLES * _AT_ONCE


@pytest.mark.parametrize("path", _PATHS, ids=".".join)
def test_every_hostile_value_in_every_place_is_kept(catalogue: Catalogue, path: tuple[str, ...]) -> None:
    for value in _HOSTILE:
        body = json.dumps(replace(event(), path, value))
        if not is_good(body):
            assert poison(make_sandbox(catalogue), sns(sns_notification(body))) == [body]


# -- envelopes that are none ----------------------------------------------------------------------------------------

_BODY = "this is no event"
_SHAPES: dict[str, tuple[dict[str, Any], list[tuple[Any, ...]]]] = {
    "sns": (
        sns(sns_notification(_BODY)),
        [
            ("Records",),
            ("Records", 0),
            *(("Records", 0, name) for name in ("EventSource", "Sns")),
            *(("Records", 0, "Sns", name) for name in ("MessageId", "Message", "TopicArn", "Timestamp", "Type")),
        ],
    ),
    "queue": (
        {"Records": [sqs_event(sns_notification(_BODY), marks={"attempt": "r/1"})]},
        [
            ("Records",),
            ("Records", 0),
            *(("Records", 0, name) for name in sqs_event("")),
            ("Records", 0, "attributes", "ApproximateReceiveCount"),
            *(("Records", 0, "messageAttributes", "attempt", *name) for name in ((), ("stringValue",))),
        ],
    ),
}
_INSIDE = on_failure(sns(sns_notification(_BODY)))
_INSIDE_PATHS: list[tuple[Any, ...]] = [
    ("requestPayload",),
    ("requestPayload", "Records"),
    ("requestPayload", "Records", 0),
    *(("requestPayload", "Records", 0, "Sns", *name) for name in ((), ("Message",), ("MessageId",), ("TopicArn",))),
]


def places() -> st.SearchStrategy[Any]:
    """Envelopes in which one place is replaced or missing."""
    all_places = [(whole, path) for whole, paths in _SHAPES.values() for path in paths]
    outside = st.sampled_from(all_places)
    inside = st.sampled_from(_INSIDE_PATHS)
    return (
        st.builds(lambda place, value: replace(place[0], place[1], value), outside, _VALUES)
        | outside.map(lambda place: drop_member(place[0], place[1]))
        | st.builds(lambda path, value: in_queue(replace(_INSIDE, path, value)), inside, _VALUES)
        | inside.map(lambda path: in_queue(drop_member(_INSIDE, path)))
        | st.builds(
            lambda *how: in_queue(damage(json.dumps(_INSIDE), *how)), st.integers(0, 2_000), _TEXT, st.integers(0, 9)
        )
        | _JSON
        | st.lists(_JSON, max_size=4).map(lambda records: {"Records": records})
        | _TEXT.map(in_queue)
        | _JSON.map(in_queue)
    )


def in_queue(body: object) -> dict[str, Any]:
    return {"Records": [sqs_event(body)]}


def originals(handed: Any) -> list[Any]:
    """Everything in what was handed over that a letter about it may hold: the whole, a record, a body, a message."""
    found = [handed]
    records = handed.get("Records") if isinstance(handed, dict) else None
    for record in records if isinstance(records, list) else []:
        found.append(record)
        if isinstance(record, dict):
            found.append(record.get("body"))
            found += messages(record.get("Sns"))
            found += inner(record.get("body"))
    return found


def inner(body: object) -> list[Any]:
    try:
        value = json.loads(body) if isinstance(body, str) else None
    except (ValueError, RecursionError):
        return []
    if isinstance(value, dict) and "requestPayload" in value:
        return originals(value["requestPayload"])
    return messages(value)


def messages(notification: object) -> list[Any]:
    return [notification.get("Message")] if isinstance(notification, dict) else []


def is_kept(text: str, handed: Any) -> bool:
    known = originals(handed)
    if text in (one for one in known if isinstance(one, str)):
        return True
    value = json.loads(text)
    return any(json.dumps(one) == json.dumps(value) for one in known)


def test_no_bad_envelope_is_mailed_or_lost(catalogue: Catalogue) -> None:
    kept = 0

    @settings(_QUIET, max_examples=_EXAMPLES)
    @given(st.lists(places(), min_size=_AT_ONCE, max_size=_AT_ONCE))
    def each(batch: list[Any]) -> None:
        nonlocal kept
        for handed in batch:
            letters = poison(make_sandbox(catalogue), handed)
            assert letters
            assert all(is_kept(text, handed) for text in letters)
            kept += 1

    each()
    assert kept == _EXAMPLES * _AT_ONCE


def test_the_judge_knows_a_good_event_when_it_sees_one(catalogue: Catalogue) -> None:
    assert is_good(json.dumps(event(data=example())))
    sandbox = make_sandbox(catalogue)
    sandbox(sns(sns_notification(json.dumps(event()))))
    assert sandbox.world.mails == 1
