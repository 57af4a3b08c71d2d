"""A digest with the real processes: two events collected, closed by the scheduler, one mail, in one trace."""

from __future__ import annotations

import json
import os
import shutil
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

pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]

#: Until the window ends: longer than a cloud takes to start on a busy machine.
_AHEAD = timedelta(minutes=4)
_ZONE = "Etc/UTC"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Herald's own notifications and a digest, of which the window ends soon."""
    folder: Path = tmp_path_factory.mktemp("digests")
    shutil.copytree(ROOT / "function" / "notifications", folder / "notifications")
    comments = Path(shutil.copytree(ROOT / "examples" / "mails" / "comments", folder / "notifications" / "comments"))
    settings = json.loads((comments / "notification.json").read_text("utf-8"))
    settings["digest"] |= {"at": f"{datetime.now(UTC) + _AHEAD:%H:%M}"}
    (comments / "notification.json").write_text(json.dumps(settings), "utf-8")
    build("laptop")
    (folder / "package").mkdir()
    (folder / "package" / "dependencies").symlink_to(BUILD / "dependencies")  # which take long to install
    return folder


@pytest.fixture(scope="module")
def cloud(mails: Path) -> Iterator[LaptopCloud]:
    """A laptop cloud with that digest, where every mail is traced."""
    packages = partial(build, out=mails / "package", notifications=mails / "notifications")
    state = ROOT / "build" / "tests" / f"digests-{os.getpid()}"
    with run_cloud(Options(state, scale=HASTE, tracing=True, build=packages)) as started:
        yield started


@pytest.fixture
def inbox(cloud: LaptopCloud) -> Iterator[Inbox]:
    with httpx.Client(base_url=cloud.description.endpoints["inbox"], trust_env=False, timeout=LIMIT) as http:
        yield Inbox(http, lambda: settle(cloud))


def publish(cloud: LaptopCloud, to: str, author: str) -> str:
    """Publish one comment; its MessageId."""
    data = {
        "recipient": {"email": to, "name": "Ada", "locale": "en", "timezone": _ZONE},
        "comment": {"author": author, "on": "Notes", "words": "Good.", "url": f"https://notes.example/{author}"},
    }
    parent = f"00-{TRACE}-00f067aa0ba902b7-01"
    event = new_event(to, type="comments", data=data, traceparent=parent)
    topic = cloud.description.topics["events"]
    return cloud.clients.sns.publish(TopicArn=topic, Message=json.dumps(event))["MessageId"]


def record(cloud: LaptopCloud, message_id: str) -> dict[str, Any]:
    """What the ledger has of a message, its texts alone; empty: nothing."""
    key = {"pk": {"S": message_key(message_id)}}
    table = cloud.description.tables["ledger"]
    item = cloud.clients.dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    return {name: value["S"] for name, value in item.items() if "S" in value}


def state(cloud: LaptopCloud, message_id: str) -> str | None:
    """The state of a record."""
    return record(cloud, message_id).get("state")


def test_two_events_of_a_window_are_one_mail_with_a_way_out_in_a_trace_of_its_own(
    cloud: LaptopCloud, inbox: Inbox
) -> None:
    to = new_address()
    collected = [publish(cloud, to, author) for author in ("Babbage", "Menabrea")]
    for message_id in collected:
        eventually(partial(state, cloud, message_id), lambda found: found == "collected")
    windows = {record(cloud, message_id)["window"] for message_id in collected}
    assert len(windows) == 1, "both are in one digest"
    [window] = windows
    assert record(cloud, window)["state"] == "collecting"
    assert inbox.mails(to) == []

    end = datetime.now(UTC) + _AHEAD + timedelta(minutes=3)
    while datetime.now(UTC) < end and record(cloud, window)["state"] == "collecting":
        settle(cloud)
    eventually(partial(state, cloud, window), lambda found: found == "delivered")
    (mail,) = inbox.exactly(to, 1)
    assert all(author in mail["text"] for author in ("Babbage", "Menabrea"))
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/unsubscribe" in mail["headers"]["List-Unsubscribe"]
    assert [record(cloud, message_id)["state"] for message_id in collected] == ["collected"] * 2

    trace = record(cloud, window)["trace"]
    spans = eventually(
        lambda: inbox.http.get(f"/traces/{trace}.json").json(),
        lambda found: "delivered" in {span["name"] for span in found},
    )
    assert {"process comments", "send ses", "delivered"} <= {span["name"] for span in spans}
