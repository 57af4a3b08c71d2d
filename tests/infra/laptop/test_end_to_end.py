"""One event from end to end over what Terraform made, with IAM enforced: from the web app to the mail and its feedback,
and on to the example of a second service, applied beside Herald, that hears of both."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fakes.ledger_stream import STREAM_FILTER
from function.ledger.attributes import deserialize_item
from herald.terraform.runner import Terraform, stage
from laptop.clients import LaptopClients
from laptop.environment import build_client_settings
from laptop.state import ROOT
from package import build
from tests.broken_server import Server
from tests.infra.laptop.applied import Applied
from tests.infra.laptop.conftest import WEBHOOK_SECRET
from tests.infra.laptop.emulator import publish_meanwhile
from tests.integration.function.test_mail_webhook import verify
from tests.waiting import eventually

EXAMPLE = ROOT / "examples" / "activity"


@pytest.fixture(scope="module")
def activity(applied: Applied, initialised: Terraform, worker: str) -> Iterator[str]:
    """The table of the service, while it is there."""
    environment = {**initialised.environment, **build_client_settings(applied.endpoints)}
    terraform = stage(f"activity-{worker}", environment, {"local": {}}, EXAMPLE)
    archive = build("laptop").function.copy_to(terraform.folder)
    with zipfile.ZipFile(archive, "a") as opened:
        opened.write(EXAMPLE / "activity.py", "activity.py")
    topics = [applied.outputs["notifier"]["topic_arn"], applied.outputs["mail_events_topic_arn"]]
    (terraform.folder / "test.tfvars.json").write_text(json.dumps({"package": archive.name, "topics": topics}))
    terraform.init()
    common = ("-auto-approve", "-no-color", "-input=false", "-var-file=test.tfvars.json")
    terraform.read("apply", *common)
    yield terraform.json("output", "-json")["table"]["value"]
    terraform.read("destroy", *common)


def test_a_book_becomes_one_mail_and_its_feedback_comes_home(
    applied: Applied, ada: dict[str, Any], inbox: httpx.Client
) -> None:
    with publish_meanwhile(applied.clients), applied.web(ada["token"]) as web:
        answer = web.post("/v1/books", json={"title": "Notes", "author": "Ada Lovelace"})
        assert answer.status_code == 201, answer.text
        to = {"to": ada["email"]}
        mails = eventually(lambda: inbox.get("/messages", params=to).json(), lambda found: len(found) >= 1)
        timeline = answer.json()["links"]["notifications"]
        eventually(lambda: web.get(timeline).text, lambda text: "delivered" in text)
    assert [mail["subject"] for mail in inbox.get("/messages", params=to).json()] == [mails[0]["subject"]]
    assert mails[0]["configuration_set"] == "herald"


def test_a_book_and_what_became_of_its_mail_are_one_line_each(
    applied: Applied, clients: LaptopClients, ada: dict[str, Any], activity: str
) -> None:
    with publish_meanwhile(clients), applied.web(ada["token"]) as web:
        answer = web.post("/v1/books", json={"title": "Heard", "author": "Ada Lovelace"})
        assert answer.status_code == 201, answer.text
        key = {"pk": {"S": f"activity#books/{answer.json()['id']}"}}

        def lines() -> list[str]:
            item = clients.dynamodb.get_item(TableName=activity, Key=key).get("Item", {})
            return [line["type"] for line in deserialize_item(item).get("lines", [])]

        eventually(lines, lambda found: {"book.created", "mail.sent", "mail.delivered"} <= {*found})
    assert sorted(lines()) == ["book.created", "mail.delivered", "mail.sent"]


def test_what_became_of_a_mail_is_posted_to_the_webhook_and_signed(
    applied: Applied, clients: LaptopClients, ada: dict[str, Any], receiver: Server
) -> None:
    began = int(time.time())
    with publish_meanwhile(clients), applied.web(ada["token"]) as web:
        answer = web.post("/v1/books", json={"title": "Posted", "author": "Ada Lovelace"})
        assert answer.status_code == 201, answer.text
        subject = f"books/{answer.json()['id']}"

        def posts() -> dict[str, str]:
            """The types by their ids."""
            found = [(json.loads(request[2]), request) for request in list(receiver.requests)]
            mine = [(event, request) for event, request in found if event.get("subject") == subject]
            for event, request in mine:
                signed_at = int(request[1]["webhook-timestamp"])
                assert signed_at >= began, "signed when it was posted"
                assert verify(request, WEBHOOK_SECRET, signed_at) == event["id"]
            return {event["id"]: event["type"] for event, _ in mine}

        found = eventually(posts, lambda found: {"mail.sent", "mail.delivered"} <= {*found.values()})
    assert sorted(found.values()) == ["mail.delivered", "mail.sent"], "each under one id, however often it came"
    assert not [request for request in receiver.requests if b"@" in request[2]]


def test_lambda_hands_over_only_what_the_function_tells(clients: LaptopClients) -> None:
    mappings = clients.functions.list_event_source_mappings(FunctionName="herald-mail-events")["EventSourceMappings"]
    assert [json.loads(one["FilterCriteria"]["Filters"][0]["Pattern"]) for one in mappings] == [STREAM_FILTER]
