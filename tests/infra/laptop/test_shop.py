"""`examples/shop` as its README has it: a team's repository with Herald's archive unpacked in it, and no checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from herald.terraform.check import offline
from herald.terraform.runner import Terraform, stage
from laptop.cloud import LaptopCloud, Options, run_cloud
from laptop.environment import client_settings
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
    main, before = shop / "main.tf", "  publishers  = var.publishers\n"
    allowed = before + '  senders     = ["deliveries@shop.example"]\n'
    main.write_text(main.read_text("utf-8").replace(before, allowed), "utf-8")


@pytest.mark.long
def test_a_shop_builds_applies_and_mails(shop: Path, empty: LaptopCloud) -> None:
    _send_from_another_address(shop)
    build("laptop")
    packages = shop / "herald" / "build" / "package"
    packages.mkdir(parents=True)
    (packages / "dependencies").symlink_to(BUILD / "dependencies")  # which take long to install
    assert herald(shop, "lint") == "order.paid, order.shipped: nothing is wrong\n"
    function = packages / "laptop" / "function.zip"
    assert str(function) in herald(shop, "package", "--target", "laptop")

    ends = empty.description.endpoints
    staged = stage(f"shop-{shop.parent.name}", offline(), source=None).environment
    terraform = Terraform(shop, {**staged, **client_settings(ends), "TF_DATA_DIR": str(shop / ".terraform")})
    terraform.init()
    terraform.read("fmt", "-check", "-no-color")
    variables = [f"-var=package={function}", '-var=publishers=["arn:aws:iam::000000000000:role/shop"]']
    terraform.read("apply", "-auto-approve", "-input=false", "-no-color", *variables)
    topic = terraform.json("output", "-json")["topic_arn"]["value"]

    data = json.loads((shop / "notifications" / "order.shipped" / "examples" / "typical.json").read_text("utf-8"))
    event = {
        "specversion": "1.0",
        "id": "order-4711-shipped",
        "source": "urn:example:shop",
        "type": "order.shipped",
        "time": datetime.now(UTC).isoformat(),
        "data": data,
    }
    empty.clients.sns.publish(
        TopicArn=topic,
        Message=json.dumps(event),
        MessageAttributes={"type": {"DataType": "String", "StringValue": "order.shipped"}},
    )
    with httpx.Client(base_url=ends["inbox"], trust_env=False, timeout=LIMIT) as inbox:
        to = {"to": "ada@example.com"}
        mail = eventually(lambda: inbox.get("/messages", params=to).json(), lambda found: len(found) == 1)[0]
    assert mail["subject"] == "Your order 4711 is on its way"
    assert mail["from"] == "Paper & Ink deliveries <deliveries@shop.example>"
    assert mail["configuration_set"] == "shop"
    assert "Paper & Ink wrote to ada@example.com" in mail["text"]
