"""A digest with the real processes: two events collected, closed by the scheduler, one mail, in one trace."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from function.ledger.keys import message_key
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.state import ROOT
from package import build
from package.build import BUILD
from tests.stack.conftest import HASTE, Inbox, settle
from tests.stack.events import new_address, new_event
from tests.waiting import LIMIT, eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

#: How many minutes ahead windows end: the first is taken that is open for a while yet when the cloud stands.
_AHEAD = (3, 6, 12, 24, 40)
_OPEN = timedelta(minutes=1)
_ZONE = "Etc/UTC"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Herald's own notifications, and digests of which the windows end soon."""
    folder: Path = tmp_path_factory.mktemp("digests")
    shutil.copytree(ROOT / "function" / "notifications", folder / "notifications")
    for minutes in _AHEAD:
        add_digest(folder / "notifications" / f"comments.{minutes}", datetime.now(UTC) + timedelta(minutes=minutes))
    build("laptop")
    (folder / "package").mkdir()
    (folder / "package" / "dependencies").symlink_to(BUILD / "dependencies")  # which take long to install
    return folder


def add_digest(folder: Path, end: datetime) -> None:
    """A notification of its own, of which a reader's digest ends then, each day."""
    shutil.copytree(ROOT / "examples" / "mails" / "comments", folder)
    edit(folder / "schema.json", {"$id": f"urn:herald:{folder.name}", "title": folder.name})
    edit(folder / "notification.json", {"digest": {"every": "day", "at": f"{end:%H:%M}"}})


def edit(path: Path, changes: dict[str, Any]) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


@pytest.fixture(scope="module")
def cloud(mails: Path) -> Iterator[LaptopCloud]:
    """A laptop cloud with that digest, where every mail is traced."""
    packages = partial(build, out=mails / "package", notifications=mails / "notifications")
    state = ROOT / "build" / "tests" / f"digests-{os.getpid()}"
    with run_cloud(Options(state, scale=HASTE, tracing=True, build=packages)) as started:
        yield started


@pytest.fixture
def inbox(cloud: LaptopCloud) -> Iterator[Inbox]:
    with httpx.Client(base_url=cloud.descriptor.endpoints["inbox"], trust_env=False, timeout=LIMIT) as http:
        yield Inbox(http, lambda: settle(cloud))


@pytest.fixture
def digest(mails: Path, cloud: LaptopCloud) -> tuple[str, datetime]:
    """The type whose window ends first of those that are open for a while yet, and when it does."""
    found = []
    for minutes in _AHEAD:
        settings = json.loads(
            (mails / "notifications" / f"comments.{minutes}" / "notification.json").read_text("utf-8")
        )
        hour, minute = map(int, settings["digest"]["at"].split(":"))
        now = datetime.now(UTC)
        end = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        left = (end - now) % timedelta(days=1)
        found += [(now + left, f"comments.{minutes}")] if left > _OPEN else []
    end, type_ = min(found)
    return type_, end


def publish(cloud: LaptopCloud, type_: str, to: str, author: str) -> str:
    """Publish one comment; its MessageId."""
    data = {
        "recipient": {"email": to, "name": "Ada", "locale": "en", "timezone": _ZONE},
        "comment": {"author": author, "on": "Notes", "words": "Good.", "url": f"https://notes.example/{author}"},
    }
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    event = new_event(to, type=type_, data=data, traceparent=parent)
    topic = cloud.descriptor.topics["events"]
    return cloud.clients.sns.publish(TopicArn=topic, Message=json.dumps(event))["MessageId"]


def record(cloud: LaptopCloud, message_id: str) -> dict[str, Any]:
    """What the ledger has of a message, its texts alone; empty: nothing."""
    key = {"pk": {"S": message_key(message_id)}}
    table = cloud.descriptor.tables["ledger"]
    item = cloud.clients.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    return {name: value["S"] for name, value in item.items() if "S" in value}


def state(cloud: LaptopCloud, message_id: str) -> str | None:
    """The state of a record."""
    return record(cloud, message_id).get("state")


def test_two_events_of_a_window_are_one_mail_with_a_way_out_in_a_trace_of_its_own(
    cloud: LaptopCloud, inbox: Inbox, digest: tuple[str, datetime]
) -> None:
    (type_, end), to = digest, new_address()
    collected = [publish(cloud, type_, to, author) for author in ("Babbage", "Menabrea")]
    for message_id in collected:
        eventually(partial(state, cloud, message_id), lambda found: found == "collected")
    windows = {record(cloud, message_id)["window"] for message_id in collected}
    assert len(windows) == 1, "both are in one digest"
    [window] = windows
    assert record(cloud, window)["state"] == "collecting"
    assert inbox.mails(to) == []

    while datetime.now(UTC) < end:
        time.sleep(1)
    eventually(partial(state, cloud, window), lambda found: found == "delivered")
    (mail,) = inbox.exactly(to, 1)
    assert all(author in mail["text"] for author in ("Babbage", "Menabrea"))
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/unsubscribe" in mail["headers"]["List-Unsubscribe"]
    assert [record(cloud, message_id)["state"] for message_id in collected] == ["collected"] * 2

    trace = record(cloud, window)["trace"]
    eventually(
        lambda: inbox.http.get(f"/traces/{trace}.json").json(),
        lambda found: {f"process {type_}", "send ses", "delivered"} <= {span["name"] for span in found},
    )
