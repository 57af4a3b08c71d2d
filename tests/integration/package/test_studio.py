"""What the studio's page asks of the machine, and what other pages may not."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from starlette.testclient import TestClient
from typer.testing import CliRunner

from herald.cli import app, main
from herald.studio.app import make_studio
from herald.studio.live_catalogue import LiveCatalogue
from laptop.state import ROOT
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, read_examples
from tests.attachments import add_attachments, reference
from tests.waiting import LIMIT, eventually

NO_ADDRESSES = ["", "nobody", "a@example.com,b@example.com", " a@example.com", "a@example.com\n", None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES / "security", tmp_path / "notifications" / "security")).parent


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def page(folder: Path, tmp_path: Path, sent: list[str]) -> Iterator[TestClient]:
    def send(_content: Any, type_: str, _data: Any, to: str) -> str:
        sent.append(f"{type_} to {to}")
        return "sent"

    ways = {"laptop": send, "deployment": send}
    pages = make_studio(LiveCatalogue(folder), folder, ways, "Send {} to {}?".format)
    with TestClient(pages, base_url="http://127.0.0.1:8025") as client:
        yield client


def make_request(folder: Path, **more: Any) -> dict[str, Any]:
    return {"type": "security", "locale": "fr", "data": read_examples("security", folder)["typical"], **more}


def test_a_mail_is_written_with_its_headers_and_size(page: TestClient, folder: Path) -> None:
    told = page.get("/notifications").json()
    assert told["notifications"]["security"]["locales"] == ["ar", "de", "en", "es", "fr"]
    assert told["faults"] == []
    mail = page.post("/render", json=make_request(folder)).json()
    assert mail["headers"] == {"To": "ada@example.com", "Subject": "Nouvelle connexion à votre compte"}
    frame = page.get(f"/mail/{mail['id']}")
    assert mail["sizes"]["html"] == len(frame.content)
    assert "sandbox" in frame.headers["Content-Security-Policy"]


def test_the_files_of_a_mail_are_named_beside_its_headers(folder: Path, tmp_path: Path) -> None:
    add_attachments(folder, "security")
    pages = make_studio(LiveCatalogue(folder), folder, {}, "Send {} to {}?".format)
    files = [reference("a.pdf", b"1"), reference("b.pdf", b"2", name="Größe.pdf")]
    with TestClient(pages, base_url="http://127.0.0.1:8025") as page:
        data = read_examples("security", folder)["typical"] | {"attachments": files}
        told = page.post("/render", json=make_request(folder, data=data)).json()
        assert told["headers"]["Attachments"] == "a.pdf (application/pdf), Größe.pdf (application/pdf)"
        data["attachments"] = [files[0] | {"name": "a.exe"}]
        assert "must be a plain file name" in page.post("/render", json=make_request(folder, data=data)).json()["error"]


def test_a_real_mail_wants_a_confirmation(page: TestClient, folder: Path, sent: list[str]) -> None:
    unasked = page.post("/send", json=make_request(folder, to="me@example.com", way="deployment"))
    assert (unasked.json(), sent) == ({"question": "Send security to me@example.com?"}, [])
    page.post(
        "/send", json=make_request(folder, to="me@example.com", way="deployment", confirmed=True)
    ).raise_for_status()
    page.post("/send", json=make_request(folder, to="me@example.com", way="laptop")).raise_for_status()
    assert sent == ["security to me@example.com"] * 2


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (
            ClientError(
                {"Error": {"Code": "MessageRejected", "Message": "Email address is not verified."}}, "SendEmail"
            ),
            "AWS refused: An error occurred (MessageRejected) when calling the SendEmail operation: Email address is",
        ),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), "AWS did not answer: Could not connect"),
    ],
)
def test_what_aws_refuses_is_told_on_the_page(folder: Path, tmp_path: Path, problem: Exception, reason: str) -> None:
    def send(*_: Any) -> str:
        raise problem

    pages = make_studio(LiveCatalogue(folder), folder, {"laptop": send}, "{} {}".format)
    with TestClient(pages, base_url="http://127.0.0.1:8025") as client:
        answer = client.post("/send", json=make_request(folder, to="me@example.com", way="laptop"))
    assert answer.status_code == 502
    assert answer.json()["error"].startswith(reason)


@pytest.mark.parametrize("way", ["laptop", "deployment"])
@pytest.mark.parametrize("to", NO_ADDRESSES)
def test_a_mail_to_nobody_is_refused_and_the_examples_own_recipient_gets_none(
    page: TestClient, folder: Path, sent: list[str], way: str, to: str | None
) -> None:
    refused = page.post("/send", json=make_request(folder, to=to, way=way, confirmed=True))
    assert (refused.status_code, sent) == (422, [])
    assert refused.json()["error"] == f"nothing was sent: {to!r} is no address: name one like you@example.com"


@pytest.mark.parametrize("to", NO_ADDRESSES[:-1])
def test_publish_refuses_what_is_no_address_before_it_looks_for_a_deployment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], to: str
) -> None:
    words = ["herald", "publish", "security", "--notifications", str(folder), "--to", to, "--yes"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert f"nothing was sent: {to!r} is no address" in told.err


@pytest.mark.parametrize("path", ["/send", "/save", "/render"])
def test_another_sites_page_orders_nothing(page: TestClient, folder: Path, sent: list[str], path: str) -> None:
    body = make_request(folder, to="me@example.com", way="laptop", example="typical")
    assert page.post(path, json=body, headers={"Origin": "https://evil.example"}).status_code == 403
    assert page.post(path, json=body, headers={"Host": "evil.example"}).status_code == 400
    assert sent == []


@pytest.mark.parametrize(
    ("type_", "example"), [("security", "../../x"), ("../security", "typical"), ("lost", "typical")]
)
def test_only_an_example_that_is_there_is_saved(page: TestClient, folder: Path, type_: str, example: str) -> None:
    before = sorted(path for path in folder.parent.rglob("*.json"))
    assert page.post("/save", json=make_request(folder) | {"type": type_, "example": example}).status_code == 422
    assert sorted(path for path in folder.parent.rglob("*.json")) == before


def test_data_that_the_schema_refuses_is_told_and_not_saved(page: TestClient, folder: Path) -> None:
    spoilt = make_request(folder, example="typical")
    spoilt["data"]["notice"]["what"] = "burned"
    for path in ("/render", "/save"):
        answer = page.post(path, json=spoilt)
        assert answer.status_code == 422
        assert "data.notice.what must be one of signed-in" in answer.json()["error"]
    assert read_examples("security", folder)["typical"]["notice"]["what"] == "signed-in"


def test_what_cannot_be_written_leaves_the_example_as_it_was(
    page: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    examples = folder / "security" / "examples"
    before = {path.name: path.read_bytes() for path in examples.iterdir()}
    spoilt = make_request(folder, example="typical")
    spoilt["data"]["remark"] = "\ud83d"  # the schema asks for nothing here
    half = json.dumps(spoilt)
    answer = page.post("/save", content=half, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "half of a character" in answer.json()["error"]
    assert {path.name: path.read_bytes() for path in examples.iterdir()} == before

    def fill_the_disk(draft: Path, _content: bytes) -> None:
        draft.touch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", fill_the_disk)
    with pytest.raises(OSError, match="No space left"):
        page.post("/save", json=make_request(folder, example="typical"))
    assert {path.name: path.read_bytes() for path in examples.iterdir()} == before


def test_any_error_is_told_and_the_folder_is_followed_on(
    page: TestClient, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a file goes away while it is read."""
    body = folder / "security" / "en" / "body.txt"

    def lose(_work: Path, _notifications: Path) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", "body.txt")

    def look() -> Any:
        body.write_bytes(body.read_bytes())  # each time, because the watching may not have begun at the first
        return page.get("/notifications").json()

    with monkeypatch.context() as patched:
        patched.setattr("herald.studio.live_catalogue.compile_catalogue", lose)
        told = eventually(look, lambda told: bool(told["faults"]), every=1)
        assert told["faults"] == [
            f"{folder} could not be read: FileNotFoundError: [Errno 2] No such file or directory: 'body.txt'"
        ]
        assert page.post("/render", json=make_request(folder)).is_success
    eventually(look, lambda told: not told["faults"], every=1)


def test_studios_that_run_at_once_compile_apart(folder: Path) -> None:
    begin = (
        "import pathlib, sys\nfrom herald.studio.live_catalogue import *\nit = LiveCatalogue(pathlib.Path(sys.argv[1]))"
    )
    again = "it.reload(); assert it.faults == [], it.faults"
    code = "\n".join([begin, *[again] * 12])
    studios = [subprocess.Popen([sys.executable, "-c", code, folder], cwd=ROOT) for _ in range(3)]
    assert [studio.wait(LIMIT) for studio in studios] == [0, 0, 0]


def test_the_command_shows_mails_under_a_tenants_brand(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, Any] = {}
    monkeypatch.setattr(
        "herald.commands.mails.studio.uvicorn.run", lambda served_app, **_: served.update(app=served_app)
    )
    shutil.copytree(NOTIFICATIONS / "brands", folder / "brands")
    done = CliRunner().invoke(app, ["studio", "--tenant", "acme", "--notifications", str(folder)])
    assert done.exit_code == 0, done.output
    with TestClient(served["app"], base_url="http://127.0.0.1:8025") as client:
        mail = client.post("/render", json=make_request(folder)).json()
        assert mail["headers"]["Reply-To"] == "help@acme.example"
        assert "Acme Books" in client.get(f"/mail/{mail['id']}").text


def test_the_command_serves_the_folder_on_this_machine_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, Any] = {}
    monkeypatch.setattr(
        "herald.commands.mails.studio.uvicorn.run", lambda served_app, **how: served.update(app=served_app, **how)
    )
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    words = ["studio", "--notifications", str(folder), "--port", "28026", "--prefix", "shop"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("http://127.0.0.1:28026/ shows ")
    assert (served["host"], served["port"]) == ("127.0.0.1", 28026)
    with TestClient(served["app"], base_url="http://127.0.0.1:28026") as client:
        assert set(client.get("/notifications").json()["notifications"]) == {"security"}
        mail = make_request(folder, to="me@example.com", way="deployment")
        assert client.post("/send", json=mail).json() == {
            "question": "Send security to me@example.com by shop in eu-west-1?"
        }
        monkeypatch.delenv("AWS_REGION")
        monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "none"))
        refused = client.post("/send", json=mail)
        assert (refused.status_code, "no AWS region is set" in refused.json()["error"]) == (422, True)
