"""An invitation that goes with a mail, read by other rules than it was written by: RFC 5545's grammar, by hand."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.example_events import event, example
from fakes.in_memory_herald import InMemoryHerald, delivery
from function.delivery.outcome import OutcomeKind
from function.errors import InvalidEvent
from function.event.cloudevent import parse
from function.message.catalogue import Catalogue
from function.message.delivery_mode import DeliveryMode
from function.message.invitation import write_invitation
from package import PackageError
from package.notifications.catalogue import NOTIFICATIONS, compile_catalogue

_TEXT = {"type": "string", "maxLength": 2000}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "an entry in the reader's calendar",
    "required": ["start", "end", "summary"],
    "properties": {name: {**_TEXT, "description": name} for name in ("start", "end", "summary", "location")},
}
MEETING = {
    "start": "2026-12-01T09:00:00+01:00",
    "end": "2026-12-01T10:30:00+01:00",
    "summary": "Ada; reads, aloud",
    "location": "Café \\ 雪 " * 20,
}
#: As the grammar has it: a name, parameters, a value. https://www.rfc-editor.org/rfc/rfc5545#section-3.1
_LINE = re.compile(r'([A-Z-]+)((?:;[A-Z-]+=(?:"[^"\x00-\x08\x0a-\x1f]*"|[^";:,]*))*):([^\x00-\x08\x0a-\x1f]*)')


def read(text: str) -> dict[str, tuple[str, str]]:
    """Parameters and value of each property."""
    physical = text.encode().split(b"\r\n")
    assert physical.pop() == b""
    assert max(map(len, physical)) <= 75
    logical: list[bytes] = []
    for line in physical:
        line.decode()  # no character is parted
        if line.startswith(b" "):
            logical[-1] += line[1:]
        else:
            logical.append(line)
    found = [_LINE.fullmatch(line.decode()) for line in logical]
    assert all(found), [line for line, one in zip(logical, found, strict=True) if one is None]
    names = [one[1] for one in found if one]
    assert names[:2] == ["BEGIN", "VERSION"]
    assert [(one[1], one[3]) for one in found if one and one[1] in ("BEGIN", "END")] == [
        ("BEGIN", "VCALENDAR"),
        ("BEGIN", "VEVENT"),
        ("END", "VEVENT"),
        ("END", "VCALENDAR"),
    ]
    assert len({name for name in names if name not in ("BEGIN", "END")}) == len(names) - 4, "each stands once"
    return {one[1]: (one[2], one[3]) for one in found if one}


def unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text)


def render_invitation(
    invitation: Any, sender: str = "Shop <orders@shop.example>", **changes: Any
) -> dict[str, tuple[str, str]]:
    value = event(data=example() | {"invitation": invitation}, **changes)
    made = write_invitation(invitation, parse(value, lambda _: None), sender, "ada@example.com")
    return read(made.content)


@pytest.fixture(scope="session")
def with_invitation(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("invitations")
    source = Path(shutil.copytree(NOTIFICATIONS, folder / "notifications"))
    path = source / "book.created" / "schema.json"
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"]["invitation"] = SCHEMA
    path.write_text(json.dumps(schema), "utf-8")
    return compile_catalogue(folder / "compiled", source)


@pytest.fixture
def world(table: Any, with_invitation: Catalogue) -> InMemoryHerald:
    return InMemoryHerald(table, with_invitation)


def test_an_event_with_an_invitation_is_a_mail_with_one_and_the_same_again(world: InMemoryHerald) -> None:
    invited = event(data=example() | {"invitation": MEETING})
    assert world.deliver(delivery("m1", invited)).kind is OutcomeKind.SENT
    world.deliver(delivery("m2", event("e2")))
    (_, first), (_, second) = world.post.taken
    assert second.invitation is None
    assert first.invitation is not None
    assert first.invitation.method == "REQUEST"
    found = read(first.invitation.content)
    assert found["METHOD"] == ("", "REQUEST")
    assert found["DTSTART"] == ("", "20261201T080000Z")
    assert found["DTEND"] == ("", "20261201T093000Z")
    assert unescape(found["SUMMARY"][1]) == MEETING["summary"]
    assert unescape(found["LOCATION"][1]) == MEETING["location"]
    assert found["ORGANIZER"][1] == "mailto:nobody@herald.invalid"
    assert found["ATTENDEE"][1] == "mailto:ada@example.com"
    assert found["DTSTAMP"] == ("", "20261121T080000Z"), "of the event: a repetition has the same bytes"


def test_a_copy_that_mails_one_address_invites_nobody_else(world: InMemoryHerald) -> None:
    world.delivery_mode = DeliveryMode(redirect_to="me@example.com")
    world.deliver(delivery("m1", event(data=example() | {"invitation": MEETING})))
    invitation = world.post.taken[0][1].invitation
    assert invitation is not None
    assert "ada@example.com" not in invitation.content
    assert read(invitation.content)["ATTENDEE"][1] == "mailto:me@example.com"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"start": "2026-12-01T09:00:00"}, "start"),
        ({"start": "tomorrow"}, "start"),
        ({"start": "2026-13-01"}, "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
        ({"end": "2026-12-01T09:00:00+01:00"}, "end"),
        ({"end": "2026-12-02"}, "end"),
        ({"summary": " "}, "summary"),
        ({"uid": 5}, "uid"),
        ({"sequence": -1}, "sequence"),
    ],
)
def test_what_no_calendar_takes_is_rejected_at_once(
    world: InMemoryHerald, change: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidEvent) as refused:
        render_invitation(MEETING | change)
    assert refused.value.pointer == f"/data/invitation/{pointer}"
    if pointer in SCHEMA["properties"]:
        invited = event(data=example() | {"invitation": MEETING | change})
        assert world.deliver(delivery("m1", invited)).kind is OutcomeKind.REJECTED
        assert world.dead.letters[0].attributes["reason_code"] == "event_invalid"


def test_a_later_event_of_the_same_subject_changes_the_entry_and_another_cancels_it() -> None:
    first = render_invitation(MEETING, id="1")
    moved = render_invitation(MEETING | {"start": "2026-12-01T08:00:00Z"}, id="2", time="2026-11-22T08:00:00Z")
    cancelled = render_invitation(MEETING | {"cancelled": True}, id="3", time="2026-11-23T08:00:00Z")
    assert first["UID"] == moved["UID"] == cancelled["UID"]
    assert int(first["SEQUENCE"][1]) < int(moved["SEQUENCE"][1]) < int(cancelled["SEQUENCE"][1]) < 2**31
    assert (cancelled["METHOD"][1], cancelled["STATUS"][1]) == ("CANCEL", "CANCELLED")
    assert render_invitation(MEETING, subject="books/other")["UID"] != first["UID"]
    assert render_invitation(MEETING, source="urn:other")["UID"] != first["UID"]
    assert (
        render_invitation(MEETING | {"uid": "a"}, subject="x")["UID"]
        == render_invitation(MEETING | {"uid": "a"}, subject="y")["UID"]
    )
    assert render_invitation(MEETING | {"sequence": 7})["SEQUENCE"] == ("", "7")


def test_a_day_is_a_day_in_every_zone() -> None:
    found = render_invitation({"start": "2026-12-01", "end": "2026-12-02", "summary": "due"})
    assert found["DTSTART"] == (";VALUE=DATE", "20261201")
    assert found["DTEND"] == (";VALUE=DATE", "20261202")


@pytest.mark.parametrize("sender", ['"B;u:c,h" <b@shop.example>', "=?utf-8?q?B=C3=BCcher?= <b@shop.example>"])
def test_a_senders_name_of_any_signs_is_a_parameter(sender: str) -> None:
    about, value = render_invitation(MEETING, sender)["ORGANIZER"]
    assert about in (';CN="B;u:c,h"', ';CN="Bücher"')
    assert value == "mailto:b@shop.example"


@given(st.text(min_size=1, max_size=300).filter(str.strip), st.datetimes(timezones=st.just(UTC)))
def test_whatever_a_publisher_writes_stays_in_its_own_property(text: str, start: datetime) -> None:
    if start.year in (1, 9999):
        return
    invitation = {"start": start.isoformat(), "end": "9999-12-31T00:00:00Z", "summary": "x", "description": text}
    found = render_invitation(invitation)
    assert found["SUMMARY"] == ("", "x")
    printable = re.sub(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]",
        "",
        text.replace("\r\n", "\n").replace("\r", "\n"),
    )
    assert unescape(found.get("DESCRIPTION", ("", ""))[1]) == printable


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (SCHEMA | {"required": ["start", "end"]}, "an invitation requires the texts start, end, summary"),
        (SCHEMA, "an invitation's start must be a day, or a time with its offset"),
    ],
)
def test_the_build_says_what_is_wrong_with_its_line(tmp_path: Path, schema: Any, said: str) -> None:
    source = Path(shutil.copytree(NOTIFICATIONS, tmp_path / "notifications"))
    path = source / "book.created" / "schema.json"
    whole = json.loads(path.read_text("utf-8"))
    whole["properties"]["invitation"] = schema
    path.write_text(json.dumps(whole, indent=2), "utf-8")
    typical = source / "book.created" / "examples" / "typical.json"
    wrong = {"invitation": MEETING | {"start": "2026-12-01T09:00"}}
    typical.write_text(json.dumps(json.loads(typical.read_text("utf-8")) | wrong, indent=2), "utf-8")
    with pytest.raises(PackageError) as refused:
        compile_catalogue(tmp_path / "out", source)
    assert re.search(rf"(schema|typical)\.json:[0-9]+: {re.escape(said)}", str(refused.value))
