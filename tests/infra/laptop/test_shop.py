"""`examples/shop` as its README has it: a team's repository with Herald's archive unpacked in it, and no checkout."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from herald.terraform.check import build_offline_environment
from herald.terraform.runner import Terraform, stage
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.environment import build_client_settings
from laptop.state import ROOT
from package import build
from package.build import BUILD
from package.dist import write_dist
from tests.waiting import LIMIT, eventually


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The repository, and Herald's archive unpacked in it."""
    folder = Path(shutil.copytree(ROOT / "examples" / "shop", tmp_path / "shop"))
    with tarfile.open(write_dist(tmp_path)) as archive:
        archive.extractall(folder, filter="data")
    next(folder.glob("herald-*")).rename(folder / "herald")
    return folder


@pytest.fixture
def empty(worker: str) -> Iterator[LaptopCloud]:
    """A laptop cloud in which nothing has been made."""
    with run_cloud(Options(ROOT / "build" / "tests" / f"shop-{worker}", scale=0.02, bare=True)) as cloud:
        yield cloud


def herald(shop: Path, *arguments: str) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": str(shop / "herald"),
        "HERALD_NOTIFICATIONS": str(shop / "notifications"),
    }
    command = [sys.executable, "-m", "herald", *arguments]
    done = subprocess.run(
        command, cwd=shop, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _send_from_another_address(shop: Path) -> None:
    """As docs/adding-a-notification.md has it: the notification names the sender, and the deployment allows it."""
    path = shop / "notifications" / "order.shipped" / "notification.json"
    sender = {"from": "Paper & Ink deliveries <deliveries@shop.example>"}
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | sender), "utf-8")
    main, before = shop / "main.tf", "  publishers         = var.publishers\n"
    allowed = before + '  senders            = ["deliveries@shop.example"]\n'
    main.write_text(main.read_text("utf-8").replace(before, allowed), "utf-8")


def _example(shop: Path, type_: str) -> dict[str, Any]:
    path = shop / "notifications" / type_ / "examples" / "typical.json"
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data


def _publish(cloud: LaptopCloud, topic: str, type_: str, data: dict[str, Any]) -> None:
    event = {
        "specversion": "1.0",
        "id": f"{type_} of 4711",
        "source": "urn:example:shop",
        "type": type_,
        "time": datetime.now(UTC).isoformat(),
        "data": data,
    }
    attributes: Any = {"type": {"DataType": "String", "StringValue": type_}}
    cloud.clients.sns.publish(TopicArn=topic, Message=json.dumps(event), MessageAttributes=attributes)


def _check_the_invoice(shop: Path, cloud: LaptopCloud, topic: str, inbox: httpx.Client) -> None:
    """The event comes before its PDF, and is one mail with it and with the entry for a calendar."""
    pdf = b"%PDF-1.7 of order 4711"
    data = _example(shop, "invoice.ready")
    data["recipient"]["email"] = "grace@example.com"
    data["attachments"][0]["sha256"] = hashlib.sha256(pdf).hexdigest()
    s3 = cloud.clients.make_client("s3")
    s3.create_bucket(Bucket="shop-invoices")
    _publish(cloud, topic, "invoice.ready", data)
    s3.put_object(Bucket="shop-invoices", Key="2026/117.pdf", Body=pdf)
    to = {"to": "grace@example.com"}
    mail = eventually(lambda: inbox.get("/messages", params=to).json(), lambda found: len(found) == 1)[0]
    assert mail["subject"] == "Invoice 4711: €37.30, due on 5 Dec 2026"
    assert "Total: €37.30" in mail["text"]
    assert [(one["name"], one["type"]) for one in mail["attachments"]] == [
        ("invoice-2026-117.pdf", "application/pdf"),
        ("invite.ics", "application/ics"),
    ]
    first, invite = (inbox.get(f"/messages/{mail['id']}/attachments/{number}").content for number in (0, 1))
    assert first == pdf
    invite = invite.replace(b"\r\n ", b"")
    assert b"SUMMARY:Pay invoice 4711\r\n" in invite
    assert b"DTSTART;VALUE=DATE:20261205\r\n" in invite
    assert b'ORGANIZER;CN="Paper & Ink":mailto:orders@shop.example\r\n' in invite
    assert b"mailto:grace@example.com" in invite


def test_a_shop_builds_applies_and_mails(shop: Path, empty: LaptopCloud) -> None:
    _send_from_another_address(shop)
    build("laptop")
    packages = shop / "herald" / "build" / "package"
    packages.mkdir(parents=True)
    (packages / "dependencies").symlink_to(BUILD / "dependencies")  # which take long to install
    assert herald(shop, "lint") == "invoice.ready, order.paid, order.shipped: nothing is wrong\n"
    function = packages / "laptop" / "function.zip"
    assert str(function) in herald(shop, "package", "--target", "laptop")

    ends = empty.descriptor.endpoints
    staged = stage(f"shop-{shop.parent.name}", build_offline_environment(), source=None).environment
    terraform = Terraform(shop, {**staged, **build_client_settings(ends), "TF_DATA_DIR": str(shop / ".terraform")})
    terraform.init()
    terraform.read("fmt", "-check", "-no-color")
    variables = [f"-var=package={function}", '-var=publishers=["arn:aws:iam::000000000000:role/shop"]']
    terraform.read("apply", "-auto-approve", "-input=false", "-no-color", *variables)
    topic = terraform.json("output", "-json")["topic_arn"]["value"]

    _publish(empty, topic, "order.shipped", _example(shop, "order.shipped"))
    with httpx.Client(base_url=ends["inbox"], trust_env=False, timeout=LIMIT) as inbox:
        to = {"to": "ada@example.com"}
        mail = eventually(lambda: inbox.get("/messages", params=to).json(), lambda found: len(found) == 1)[0]
        _check_the_invoice(shop, empty, topic, inbox)
    assert mail["subject"] == "Your order 4711 is on its way"
    assert mail["from"] == "Paper & Ink deliveries <deliveries@shop.example>"
    assert mail["configuration_set"] == "shop"
    assert "Paper & Ink wrote to ada@example.com" in mail["text"]
