"""Two versions at once, the new one with a renamed handler: each goes on with what the other wrote, one mail each."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from function.ledger.attributes import deserialize
from function.ledger.keys import message_key
from laptop.cloud import LaptopCloud
from laptop.rehearsal.counting import count
from laptop.rehearsal.load import Load
from operations.installation import Installation
from operations.redrive.plan import plan_redrive
from operations.redrive.queue import peek
from operations.redrive.send import RedriveResult, redrive_letters
from release.lambda_versions.companions import list_companions, move_companions, publish_companions
from release.lambda_versions.publish import Artifact, publish
from release.lambda_versions.versions import list_versions
from release.release_context import ALIAS
from tests.stack.events import new_address, new_event
from tests.stack.release.conftest import ReleaseHarness, make_harness
from tests.waiting import LIMIT, eventually

#: What a later release may do: write more into its records, their timelines and its letters than this one knows.
OF_LATER = """

import json as _json

import function.queues.dead_letter as _letter
from function.ledger.record import TimelineRow as _Row
from function.ledger.ledger import Writes as _Writes

_body, _as_dict, _message = _letter._build_body, _Row.as_dict, _Writes.update_message


def _more(self, *arguments, **named):
    request = _message(self, *arguments, **named)
    request["UpdateExpression"] = request["UpdateExpression"].replace("SET ", "SET #of_later = :of_later, ", 1)
    request["ExpressionAttributeNames"]["#of_later"] = "of_later"
    request["ExpressionAttributeValues"][":of_later"] = {"S": "a later release's"}
    return request


_Writes.update_message = _more
_Row.as_dict = lambda row: {**_as_dict(row), "of_later": 2}
_letter._build_body = lambda *of: _json.dumps({**_json.loads(_body(*of)), "OfLater": {"schema": 2}})
"""


def rename_handler(made: Artifact, folder: Path) -> Artifact:
    """The package with `function.post` in place of `function.notify`, which is gone."""
    out = folder / "renamed.zip"
    with zipfile.ZipFile(made.path) as source, zipfile.ZipFile(out, "w") as copy:
        for name in source.namelist():
            copy.writestr(name.replace("function/notify.py", "function/post.py"), source.read(name))
    return Artifact(out, made.release)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two published versions of notify, and the release that each says it is."""

    harness: ReleaseHarness
    old: str
    new: str
    releases: dict[str, str]
    #: The version of feedback of each version of notify.
    feedback: dict[str, str]

    def feed(self, version: str) -> None:
        """Have the feedback of one version take what SES reports."""
        move_companions(
            self.harness.context, dict.fromkeys(list_companions(self.harness.context), self.feedback[version])
        )

    def live(self, version: str, share_of_new: float = 0.0) -> None:
        """Send everything to one version, or a share to the new one."""
        weights = {self.new: share_of_new} if share_of_new else {}
        self.harness.context.functions.update_alias(
            FunctionName=self.harness.context.names.notify,
            Name=ALIAS,
            FunctionVersion=version,
            RoutingConfig={"AdditionalVersionWeights": weights},
        )

    def publish(self, address: str) -> str:
        """Publish one event; its message id."""
        described = self.harness.cloud.descriptor
        answer = self.harness.cloud.clients.sns.publish(
            TopicArn=described.topics["events"],
            Message=json.dumps(new_event(address)),
            MessageAttributes={"type": {"DataType": "String", "StringValue": "book.created"}},
        )
        return answer["MessageId"]

    def record(self, message_id: str) -> dict[str, Any]:
        """The ledger's item of a message, as DynamoDB has it."""
        item: Any = self.harness.cloud.clients.dynamodb.get_item(
            TableName=self.harness.cloud.descriptor.tables["ledger"],
            Key={"pk": {"S": message_key(message_id)}},
            ConsistentRead=True,
        )
        return dict(item.get("Item", {}))

    def timeline(self, message_id: str) -> list[dict[str, Any]]:
        """What the ledger tells of a message."""
        item = self.record(message_id)
        rows: list[dict[str, Any]] = deserialize(item["timeline"]) if "timeline" in item else []
        return rows

    def states(self, message_id: str, version: str) -> set[str]:
        """What this version has written into a timeline."""
        return {row["state"] for row in self.timeline(message_id) if row["release"] == self.releases[version]}

    def redrive(self) -> None:
        """Redrive every letter in `dead`, as `make redrive` does."""
        clients, described = self.harness.cloud.clients, self.harness.cloud.descriptor
        dead, retry, feedback = (described.queues[name] for name in ("dead", "retry", "feedback"))
        installation = Installation(clients.sqs, clients.dynamodb, dead, retry, feedback, described.tables["ledger"])
        redrive_letters(
            installation,
            plan_redrive(peek(installation.sqs, installation.dead), installation.record),
            lambda _: None,
            RedriveResult(),
        )


@pytest.fixture(scope="module")
def pair(release_cloud: LaptopCloud, quick_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The live version and a later one, published and shipped as a release does, with no traffic yet."""
    harness = make_harness(release_cloud, tmp_path_factory.mktemp("pair"), quick_package)
    names, functions, old = harness.context.names, harness.context.functions, harness.version
    later = rename_handler(harness.artifact("function/notify.py", OF_LATER), harness.folder)
    before = functions.get_function_configuration(FunctionName=names.notify)["Handler"]
    functions.update_function_configuration(FunctionName=names.notify, Handler="function.post.handler")
    (feedback,) = publish_companions(harness.context, later)
    new = publish(harness.context, names.notify, later)
    described = {one.number: one.release for one in list_versions(harness.context)}
    releases = {old: described[old], new: later.release}
    made = Pair(harness, old, new, releases, {old: feedback.before, new: feedback.after})
    yield made
    made.live(old)
    made.feed(old)
    functions.update_function_configuration(FunctionName=names.notify, Handler=before)


def test_both_at_once_send_one_mail_for_every_event(pair: Pair) -> None:
    described, clients = pair.harness.cloud.descriptor, pair.harness.cloud.clients
    pair.live(pair.old, 0.5)
    with Load(clients.sns, described.topics["events"], 30, 15) as load:
        pass
    releases = {*pair.releases.values()}
    counted = count(
        described.endpoints["inbox"], clients.dynamodb, described.tables["ledger"], load.published, releases, LIMIT
    )
    assert [*counted.violations()] == []
    assert counted.senders.keys() == releases, "30 mails by one of two, each as likely: once in half a billion"


@pytest.mark.parametrize("writer", ["old", "new"])
def test_what_one_notify_wrote_the_other_s_feedback_goes_on_with(pair: Pair, writer: str) -> None:
    """As while a canary runs, and as after a rollback of one of the two."""
    sends, reports = (pair.old, pair.new) if writer == "old" else (pair.new, pair.old)
    pair.live(sends)
    pair.feed(reports)
    message = pair.publish(new_address())
    eventually(lambda: pair.states(message, reports), lambda states: "delivered" in states)
    assert "sent" in pair.states(message, sends)
    assert pair.record(message)["state"] == {"S": "delivered"}


ROADS: dict[str, tuple[dict[str, Any], str]] = {
    "a letter that waits in retry": ({"fault": "throttle", "times": None}, "released"),
    "a dead letter": ({"fault": "refuse"}, "rejected"),
}


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("writer", ["old", "new"])
def test_what_one_wrote_the_other_goes_on_with(pair: Pair, writer: str, road: str) -> None:
    fault, left = ROADS[road]
    writes, reads = (pair.old, pair.new) if writer == "old" else (pair.new, pair.old)
    inbox = pair.harness.cloud.descriptor.endpoints["inbox"]
    address = new_address()
    with httpx.Client(base_url=inbox, trust_env=False, timeout=LIMIT) as ses:
        ses.post("/faults", json={**fault, "recipient": address}).raise_for_status()
        pair.live(writes)
        message = pair.publish(address)
        eventually(lambda: pair.states(message, writes), lambda states: left in states)
        pair.live(reads)
        if left == "released":  # once the other has tried it, too, the first is at it no more
            eventually(lambda: pair.states(message, reads), lambda states: left in states)
        ses.delete("/faults").raise_for_status()

        def look() -> list[dict[str, Any]]:
            if left == "rejected":
                pair.redrive()  # again, where a letter was in other hands for a while
            return pair.timeline(message)

        rows = eventually(look, lambda rows: any(row["state"] == "sent" for row in rows), every=1)
        # A second claim has no row, and feedback that is faster than the sender's own record names its own release.
        senders = {row["release"] for row in rows if row["state"] == "sent" and "://" in row.get("provider", "")}
        assert senders <= {pair.releases[reads]}
        mails = ses.get("/messages", params={"to": address}).json()
    assert len(mails) == 1
    assert "of_later" in pair.record(message), "the control: the new one wrote more than the old one knows"
