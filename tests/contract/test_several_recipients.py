"""What publishers are told of a notification whose events may name several recipients."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from function.errors import InvalidEvent
from function.message.addressing.recipients import MOST
from package import PackageError
from package.notifications.catalogue import EXAMPLES, compile_catalogue, read_examples
from package.notifications.publishing.asyncapi import build_asyncapi
from package.notifications.publishing.publishers import write_python_publisher, write_typescript_publisher
from tests.waiting import LIMIT

_DATA: dict[str, Any] = read_examples("account", EXAMPLES)["typical"]


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    """One notification, which takes several."""
    shutil.copytree(EXAMPLES / "account", tmp_path / "mails" / "account")
    change(tmp_path / "mails" / "account" / "notification.json", recipients=True)
    return tmp_path / "mails"


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | values), "utf-8")


def several(count: int) -> dict[str, Any]:
    rest = {name: value for name, value in _DATA.items() if name != "recipient"}
    return {**rest, "recipients": [_DATA["recipient"]] * count}


def test_the_document_takes_one_recipient_or_up_to_fifty(mails: Path) -> None:
    document = build_asyncapi(mails, "1")
    message = document["components"]["messages"]["account"]
    validator = Draft202012Validator({**message["payload"], "components": document["components"]})
    assert [example["name"] for example in message["examples"]][-1] == "several-recipients"
    for example in message["examples"]:
        validator.validate(example["payload"])
    typical = message["examples"][0]["payload"]
    for data, fits in (
        (_DATA, True),
        (several(1), True),
        (several(MOST), True),
        (several(MOST + 1), False),
        (several(0), False),
        ({**several(1), "recipient": _DATA["recipient"]}, False),
        ({name: value for name, value in _DATA.items() if name != "recipient"}, False),
    ):
        assert validator.is_valid({**typical, "data": data}) == fits


def test_one_that_does_not_say_so_is_told_as_before() -> None:
    message = build_asyncapi(EXAMPLES, "1")["components"]["messages"]["account"]
    assert "recipients" not in json.dumps(message)


def test_mypy_holds_a_publisher_to_either(mails: Path, tmp_path: Path) -> None:
    (tmp_path / "herald_events.py").write_text(write_python_publisher(mails), "utf-8")
    written = {"one": _DATA, "several": several(2), "wrong": {**several(1), "recipients": [{"email": 7}]}}
    for name, data in written.items():
        code = f"from herald_events import account_event\n\naccount_event('a', 'b', 'c', {data!r})\n"
        (tmp_path / f"{name}.py").write_text(code, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir=mypy", *(f"{name}.py" for name in written)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert {line.partition(":")[0] for line in done.stdout.splitlines()[:-1]} == {"wrong.py"}, done.stdout


def test_the_publisher_for_typescript_has_both(mails: Path) -> None:
    module = write_typescript_publisher(mails)
    assert "  recipient?: AccountDataRecipient;" in module
    assert "  recipients?: Array<AccountDataRecipients>;" in module


def test_the_catalogue_says_who_takes_several(mails: Path, tmp_path: Path) -> None:
    catalogue = compile_catalogue(tmp_path / "out", mails)
    assert catalogue.has_recipients
    notification = catalogue.get("account")
    assert notification.recipients
    notification.validate(_DATA)
    with pytest.raises(InvalidEvent):
        notification.validate(several(2))  # which is for each of its parts to fit


def test_a_schema_that_names_them_itself_is_refused(mails: Path, tmp_path: Path) -> None:
    path = mails / "account" / "schema.json"
    schema = json.loads(path.read_text("utf-8"))
    part = {"type": "array", "description": "readers", "maxItems": 2, "items": schema["properties"]["recipient"]}
    change(path, properties={**schema["properties"], "recipients": part})
    with pytest.raises(PackageError, match="at /recipients: these are as many as recipient"):
        compile_catalogue(tmp_path / "out", mails)


def test_whether_it_takes_several_is_a_yes_or_a_no(mails: Path, tmp_path: Path) -> None:
    change(mails / "account" / "notification.json", recipients=50)
    with pytest.raises(PackageError, match='"recipients": true'):
        compile_catalogue(tmp_path / "out", mails)
