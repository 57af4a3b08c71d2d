"""`herald test`: what it finds in a team's mails that no example shows, and its snapshots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from function.errors import InvalidEvent
from function.message.catalogue import Notification
from laptop.state import ROOT
from package.bundles import is_ignored
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS
from tests.integration.package.own_mails import edit, herald

_SHOP = ROOT / "examples" / "shop" / "notifications"


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    folder = tmp_path / "our mails"
    assert herald("new", "order.paid", "--like", "security", "--notifications", folder).exit_code == 0
    return folder


@pytest.mark.parametrize("folder", [NOTIFICATIONS, EXAMPLES, _SHOP], ids=["own", "to copy", "shop"])
def test_nothing_is_wrong_with_any_mail_that_herald_has(folder: Path) -> None:
    done = herald("test", "--json", "--notifications", folder)
    told = json.loads(done.stdout)
    assert (done.exit_code, told["faults"], told["changes"]) == (0, [], []), done.stdout
    assert set(told["notifications"]) == {path.parent.name for path in folder.glob("*/schema.json")}
    assert all(count["mails"] >= 6 and count["generated"] > 100 for count in told["notifications"].values())


def test_what_a_template_does_not_guard_is_told_though_every_example_has_it(mails: Path) -> None:
    folder = mails / "order.paid"
    template = (folder / "en" / "body.txt").read_text("utf-8")
    schema = json.loads((folder / "schema.json").read_text("utf-8"))
    assert "place" not in schema["properties"]["notice"]["required"]
    for example in (folder / "examples").glob("*.json"):
        data = json.loads(example.read_text("utf-8"))
        data["notice"].setdefault("place", "Berlin")
        example.write_text(json.dumps(data), "utf-8")
    edit(folder / "en" / "body.txt", "if notice.place is defined", "if notice.place")
    assert herald("lint", "--json", "--notifications", mails).exit_code == 0
    done = herald("test", "--notifications", mails)
    line = next(n for n, text in enumerate(template.splitlines(), 1) if "notice.place" in text)
    assert (done.exit_code, done.stdout) == (
        1,
        f"{folder}/en/body.txt:{line}: `notice.place` is undefined in data that leave out /notice/place: "
        "guard what is optional with 'is defined'\n",
    )


def test_data_that_the_mail_cannot_take_and_the_schema_does_are_told(mails: Path) -> None:
    schema = mails / "order.paid" / "schema.json"
    document = json.loads(schema.read_text("utf-8"))
    place = document["properties"]["notice"]["properties"]["url"]
    assert place.pop("format") == "uri"
    schema.write_text(json.dumps(document), "utf-8")
    lines = herald("test", "--notifications", mails).stdout.splitlines()
    assert any("data whose /notice/url" in line and "starts with https://" in line for line in lines), lines


def test_a_validator_that_says_other_than_json_schema_is_told_with_the_line(
    mails: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def validate(_: Notification, data: object) -> None:
        if not isinstance(data, dict) or "notice" not in data:
            raise InvalidEvent("no")

    monkeypatch.setattr(Notification, "validate", validate)
    [line, *_] = herald("test", "--notifications", mails).stdout.splitlines()
    schema = mails / "order.paid" / "schema.json"
    number = next(n for n, text in enumerate(schema.read_text("utf-8").splitlines(), 1) if '"recipient": {' in text)
    assert line == (
        f"{schema}:{number}: the validator in the package takes data that leave out /recipient, "
        "and JSON Schema does not: tell Herald's maintainers"
    )


@pytest.mark.parametrize(
    ("part", "more", "told"),
    [
        ("subject.txt", "x" * 131, "subject.txt: the subject has "),
        ("body.txt", "}}", "body.txt: }} is left over, as readers see it"),
    ],
)
def test_what_a_person_would_see_who_opened_it_is_told(mails: Path, part: str, more: str, told: str) -> None:
    path = mails / "order.paid" / "en" / part
    path.write_text(f"{path.read_text('utf-8').rstrip()}{more}\n", "utf-8")
    done = herald("test", "--notifications", mails)
    assert done.exit_code == 1
    assert all(line.startswith(f"{path.parent}/{told}") for line in done.stdout.splitlines()), done.stdout


def test_a_mail_that_does_not_follow_its_reader_into_the_dark_is_told(mails: Path) -> None:
    paths = sorted(mails.glob("*/*/body.mjml"))
    for path in paths:
        edit(path, '{% include "_partials/head.mjml" %}', "")
    lines = herald("test", "--notifications", mails).stdout.splitlines()
    told = {line.partition(": put ")[0] for line in lines}
    assert told == {f"{path}: it does not follow its reader into the dark" for path in paths}


def test_what_does_not_compile_is_told_as_lint_tells_it_and_nothing_is_written(mails: Path) -> None:
    edit(mails / "order.paid" / "en" / "subject.txt", "{% endif %}", "")
    edit(mails / "brand.json", "#43474e", "#999999")
    done, linted = herald("test", "--update", "--notifications", mails), herald("lint", "--notifications", mails)
    assert done.exit_code == linted.exit_code == 1
    assert done.stdout == linted.stdout
    assert not (mails / "_snapshots").exists()


def test_a_mail_that_changed_since_its_snapshot_is_shown(mails: Path) -> None:
    kept = mails / "_snapshots" / "order.paid"
    first = herald("test", "--notifications", mails)
    assert (first.exit_code, "herald test --update writes" in first.stderr) == (0, True)
    written = herald("test", "--update", "--notifications", mails).stdout.splitlines()
    assert f"{kept}/typical.en.txt" in written
    assert (kept / "typical.en.txt").read_text("utf-8").startswith("To: ada@example.com\nSubject: ")
    assert (kept / "typical.ar.html").read_text("utf-8").startswith("<!doctype html>\n<html")
    same = herald("test", "--notifications", mails)
    assert (same.exit_code, same.stderr) == (0, "")
    before = (mails / "order.paid" / "en" / "body.txt").read_text("utf-8").splitlines()[0]
    edit(mails / "order.paid" / "en" / "body.txt", before, f"{before}!")
    (kept / "old.en.txt").write_text("an example that was deleted\n", "utf-8")
    (kept / "typical.de.html").unlink()
    done = herald("test", "--notifications", mails)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    heads = [line for line in lines if line.startswith(str(kept))]
    changed = [f"{kept}/{path.stem}.en.txt has changed" for path in sorted((mails / "order.paid/examples").iterdir())]
    gone = [f"{kept}/old.en.txt is of no mail any more", f"{kept}/typical.de.html has no snapshot"]
    assert heads == sorted([*changed, *gone])
    assert [line[:9] for line in lines if "Hello" in line][:2] == ["  -Hello ", "  +Hello "]
    assert not herald("test", "--update", "--notifications", mails).exit_code
    assert herald("test", "--notifications", mails).exit_code == 0
    assert not (kept / "old.en.txt").exists()


def test_a_mail_under_a_tenants_brand_is_looked_at_and_held_to_a_snapshot_of_its_own(mails: Path) -> None:
    brand = json.loads((mails / "brand.json").read_text("utf-8"))
    acme = mails / "brands" / "acme.json"
    acme.parent.mkdir()
    acme.write_text(json.dumps(brand | {"name": "Acme"}), "utf-8")
    assert herald("test", "--update", "--notifications", mails).exit_code == 0
    kept = mails / "_snapshots" / "brands" / "acme" / "order.paid"
    assert "Acme" in (kept / "typical.en.html").read_text("utf-8")
    assert "Acme" not in (mails / "_snapshots" / "order.paid" / "typical.en.html").read_text("utf-8")
    acme.write_text(json.dumps(brand | {"name": "Acme Books"}), "utf-8")
    done = herald("test", "--json", "--notifications", mails)
    changed = {change["path"] for change in json.loads(done.stdout)["changes"]}
    assert done.exit_code == 1
    assert changed == set(map(str, kept.iterdir()))
    long = "{% if brand.name == 'Acme Books' %}" + "x" * 131 + "{% endif %}"
    for subject in (mails / "order.paid").glob("*/subject.txt"):
        subject.write_text(f"{subject.read_text('utf-8').rstrip()}{long}\n", "utf-8")
    lines = herald("test", "--notifications", mails).stdout.splitlines()
    found = [line for line in lines if "the subject has" in line]
    assert found, lines
    assert all(line.endswith(".json, under brands/acme.json") for line in found)
    acme.unlink()
    assert herald("test", "--update", "--notifications", mails).exit_code == 0
    assert not any(kept.iterdir())


def test_as_json_each_change_has_its_difference(mails: Path) -> None:
    herald("test", "--update", "--notifications", mails)
    edit(mails / "brand.json", '"name": "Herald"', '"name": "Shop"')
    done = herald("test", "--json", "--notifications", mails)
    told = json.loads(done.stdout)
    assert (done.exit_code, told["faults"], told["written"]) == (1, [], [])
    assert {change["what"] for change in told["changes"]} == {"has changed"}
    assert all(any(line.startswith("+") for line in change["difference"]) for change in told["changes"])


def test_snapshots_are_no_source_of_a_package(mails: Path) -> None:
    herald("test", "--update", "--notifications", mails)
    assert is_ignored(Path("_snapshots/order.paid/typical.en.txt"))
    assert herald("lint", "--notifications", mails).stdout == "order.paid: nothing is wrong\n"
