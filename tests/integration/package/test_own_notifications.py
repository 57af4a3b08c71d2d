"""A team's own notifications, in a folder of its own: `herald new`, `lint`, `preview` and `package`."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from function.message.catalogue import Catalogue
from package.build import BUILD, build
from package.notifications.catalogue import NOTIFICATIONS, compile_catalogue, read_examples
from tests.integration.package.own_mails import edit, herald


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    return tmp_path / "our mails"


@pytest.mark.slow
@pytest.mark.parametrize("like", ["book.created", "account", "comments", "receipt", "shipment", "security"])
def test_a_new_notification_is_complete_and_sound(mails: Path, like: str) -> None:
    made = herald("new", "order.shipped", "--like", like, "--notifications", mails)
    assert made.exit_code == 0, made.output
    files = [Path(line) for line in made.stdout.splitlines()]
    assert {path.relative_to(mails).parts[0] for path in files} == {"order.shipped"}
    assert all(path.is_file() for path in files)
    schema = json.loads((mails / "order.shipped" / "schema.json").read_text("utf-8"))
    assert (schema["$id"], schema["title"]) == ("urn:herald:order.shipped", "order.shipped")
    assert (mails / "brand.json").is_file()
    checked = herald("lint", "--notifications", mails)
    assert (checked.exit_code, checked.stdout) == (0, "order.shipped: nothing is wrong\n"), checked.output


@pytest.mark.parametrize(("language", "direction"), [("he", "rtl"), ("ur", "rtl"), ("fa-af", "rtl"), ("ja", "ltr")])
def test_a_language_is_laid_out_as_it_is_read_by_the_name_of_its_folder_alone(
    mails: Path, tmp_path: Path, language: str, direction: str
) -> None:
    herald("new", "order.shipped", "--notifications", mails)
    shutil.copytree(mails / "order.shipped" / "en", mails / "order.shipped" / language)
    catalogue = compile_catalogue(tmp_path / "compiled", mails)
    data = read_examples("order.shipped", mails)["typical"]
    html = catalogue.get("order.shipped").render(data, language).html
    assert f'<html lang="{language}" dir="{direction}"' in html
    body = re.sub(r'align="center"[^>]*', "", html.partition("<body")[2])
    assert ("direction:rtl" in body, "direction:ltr" in body) == (direction == "rtl", direction == "ltr")


def test_everything_that_is_wrong_is_told_at_once_with_file_line_and_remedy(mails: Path) -> None:
    herald("new", "order.shipped", "--notifications", mails)
    herald("new", "order.lost", "--notifications", mails)
    shipped, lost = mails / "order.shipped", mails / "order.lost"
    edit(shipped / "en" / "body.mjml", "book.url | link", "book.url")
    edit(shipped / "de" / "body.txt", "{{ book.title }}", "{{ book.title }")
    edit(shipped / "schema.json", '"maxLength"', '"maxlength"')
    edit(lost / "notification.json", '"category"', '"kind"')
    (lost / "examples" / "typical.json").write_text("{", "utf-8")
    edit(mails / "brand.json", "#43474e", "#999999")
    told = herald("lint", "--notifications", mails)
    assert told.exit_code == 1
    lines = told.stdout.splitlines()
    for file, what in (
        ("brand.json", "light.text #999999 on light.card #ffffff has a contrast of 2.84"),
        ("order.lost/notification.json", 'must say {"category": "books"'),
        ("order.lost/examples/typical.json", "is not JSON"),
        ("order.shipped/schema.json", "the keyword 'maxlength' is not on the list"),
        ("order.shipped/en/body.mjml:16", "needs the filter link"),
        ("order.shipped/de/body.txt:5", "the template is not sound"),
    ):
        assert any(line.startswith(f"{mails / file}") and what in line for line in lines), (file, lines)
    packaged = herald("package", "--target", "laptop", "--notifications", mails)
    assert packaged.exit_code == 1
    assert str(packaged.exception).splitlines() == lines, "packaging says the same"


def test_what_only_a_rendered_example_shows_is_told_with_the_line_that_asks(mails: Path) -> None:
    herald("new", "order.shipped", "--notifications", mails)
    herald("new", "order.lost", "--notifications", mails)
    shipped = mails / "order.shipped"
    edit(shipped / "en" / "body.mjml", "Open the book", "Open {{ book.price }}")
    edit(shipped / "de" / "subject.txt", "shorten(90)", "shout")
    edit(mails / "order.lost" / "de" / "body.txt", "{{ book.author }}", "")
    edit(mails / "order.lost" / "en" / "body.txt", "{{ book.url }}", "{{ book.title }}")
    told = json.loads(herald("lint", "--json", "--notifications", mails).stdout)
    assert told["notifications"] == ["order.lost", "order.shipped"]
    assert told["faults"] == [
        f"{mails}/order.lost/en, with examples/no-isbn-markup.json: the HTML links to "
        f"{_url(mails, 'order.lost')}, and the text does not: both say the same",
        f"{shipped}/de/subject.txt:1: filter shout is unknown in examples/no-isbn-markup.json",
        f"{shipped}/en/body.mjml:16: `book.price` is undefined in examples/no-isbn-markup.json: "
        "book.price is not in the schema: write it as there, or add it there",
    ]


def _url(mails: Path, type_: str) -> str:
    data = json.loads((mails / type_ / "examples" / "no-isbn-markup.json").read_text("utf-8"))
    return str(data["book"]["url"])


def test_a_language_that_leaves_something_out_is_named(mails: Path) -> None:
    herald("new", "order.shipped", "--notifications", mails)
    folder = mails / "order.shipped"
    edit(folder / "de" / "body.txt", "{{ book.author }}\n", "")
    told = herald("lint", "--notifications", mails).stdout
    there = f"{folder}/en/body.txt:6"
    assert told == f"{folder}/de/body.txt says nothing of book.author, as {there} does: all languages say the same\n"


@pytest.mark.slow
def test_a_package_holds_a_teams_own_mails_and_no_others(mails: Path, tmp_path: Path) -> None:
    herald("new", "order.shipped", "--notifications", mails)
    edit(mails / "brand.json", '"Herald"', '"Shop"')
    build("laptop")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "dependencies").symlink_to(BUILD / "dependencies")  # which take long to install
    package = build("laptop", notifications=mails, out=tmp_path / "out")
    with zipfile.ZipFile(package.function_zip) as archive:
        archive.extractall(tmp_path / "unpacked")
    catalogue = Catalogue.load(tmp_path / "unpacked" / "function" / "compiled")
    assert catalogue.types == {"order.shipped"}
    data = json.loads((mails / "order.shipped" / "examples" / "no-isbn-markup.json").read_text("utf-8"))
    assert "Shop wrote to" in catalogue.get("order.shipped").render(data, "en").text
    before = package.function.release
    edit(mails / "brand.json", '"Shop"', '"Store"')
    assert build("laptop", notifications=mails, out=tmp_path / "out").function.release != before


def test_the_environment_names_the_folder_for_every_command(mails: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    herald("new", "order.shipped", "--notifications", mails)
    monkeypatch.setenv("HERALD_NOTIFICATIONS", str(mails))
    assert herald("lint").stdout == "order.shipped: nothing is wrong\n"
    monkeypatch.setenv("PATH", str(mails))  # no browser: it takes long
    written = [Path(line) for line in herald("preview").stdout.splitlines()]
    assert written
    assert {path.parent.name for path in written} == {"order.shipped"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["new", "Order Shipped"], "is no type of event"),
        (["new", "../outside"], "is no type of event"),
        (["new", "book.created"], "is there already"),
        (["new", "order.shipped", "--like", "order.packed"], "there is no notification 'order.packed' to copy"),
        (["lint", "--notifications", "/nowhere/at all"], "is no folder"),
        (["preview", "order.packed"], "there is no notification 'order.packed'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_and_changes_nothing(
    mails: Path, arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails.mkdir()
    for name in ("book.created", "_partials"):
        (mails / name).symlink_to(NOTIFICATIONS / name)
    monkeypatch.setenv("HERALD_NOTIFICATIONS", str(mails))
    shutil.copyfile(NOTIFICATIONS / "brand.json", mails / "brand.json")
    before = sorted(mails.iterdir())
    done = herald(*arguments)
    assert done.exit_code != 0
    assert told in str(done.exception) + done.output
    assert sorted(mails.iterdir()) == before


def test_what_nobody_would_ever_see_is_refused(mails: Path) -> None:
    """Each would pass every rendering: the slip stands behind a guard, or one contract would hide the other."""
    herald("new", "order.paid", "--like", "receipt", "--notifications", mails)
    herald("new", "order-paid", "--like", "receipt", "--notifications", mails)
    told = herald("lint", "--notifications", mails)
    assert (
        told.stdout
        == f"{mails}: order-paid and order.paid are one name but for dots and hyphens: give one of them another\n"
    )
    shutil.rmtree(mails / "order-paid")
    folder = mails / "order.paid"
    edit(
        folder / "de" / "body.txt",
        "{{ order.payment }}",
        "{{ order.payment }}{% if order.paymnt is defined %}!{% endif %}",
    )
    for example in (folder / "examples").glob("*.json"):
        data = json.loads(example.read_text("utf-8"))
        data["order"].pop("tax", None)
        example.write_text(json.dumps(data), "utf-8")
    lines = herald("lint", "--notifications", mails).stdout.splitlines()
    assert f"{folder}/de/body.txt:17: order.paymnt is not in the schema: write it as there, or add it there" in lines
    assert any("order.tax is in no example, so nobody has seen it" in line for line in lines)
    assert {line.partition("order.paid/")[2].partition(":")[0] for line in lines} == {
        f"{locale}/{part}" for locale in ("ar", "de", "en", "es", "fr") for part in ("body.mjml", "body.txt")
    }


def test_what_was_renamed_in_the_schema_is_told_once_a_file(mails: Path) -> None:
    herald("new", "invoice.ready", "--like", "receipt", "--notifications", mails)
    folder = mails / "invoice.ready"
    for path in (folder / "schema.json", *(folder / "examples").iterdir()):
        edit(path, '"order"', '"invoice"')
    lines = herald("lint", "--notifications", mails).stdout.splitlines()
    assert len(lines) == 15, "three files in each of five languages"
    assert any(line.startswith(f"{folder}/en/body.txt:4: ") for line in lines), "not where the prose says it"
    assert all("order is not in the schema: write it as there, or add it there" in line for line in lines)


def test_each_fault_of_a_document_has_its_line(mails: Path) -> None:
    herald("new", "order.paid", "--like", "receipt", "--notifications", mails)
    folder = mails / "order.paid"
    edit(folder / "schema.json", '"maximum": 100000\n', '"maximum": 0\n')
    edit(mails / "brand.json", "#43474e", "#999999")
    (folder / "examples" / "minimal-markup.json").write_text('{\n  "order": {},\n  "order": {}\n}\n', "utf-8")
    (folder / "examples" / "rtl-emoji.json").write_text('{\n  "order"\n}\n', "utf-8")
    (folder / "fr" / "body.txt").write_bytes(b"\xe9")
    edit(folder / "es" / "body.txt", "_partials/es/footer.txt", "../../secrets.txt")
    lines = herald("lint", "--notifications", mails).stdout.splitlines()
    schema = (folder / "schema.json").read_text("utf-8").splitlines()
    at = next(number for number, line in enumerate(schema, 1) if '"quantity": {' in line)
    brand = next(
        n for n, line in enumerate((mails / "brand.json").read_text("utf-8").splitlines(), 1) if "#999999" in line
    )
    for told in (
        f"{mails}/brand.json:{brand}: light.text #999999 on light.card #ffffff has a contrast of 2.84",
        f"{folder}/schema.json:{at} at /order/lines/*/quantity: minimum is more than maximum, so nothing fits",
        f"{folder}/examples/minimal-markup.json is not JSON: the name 'order' stands twice in one object",
        f"{folder}/examples/rtl-emoji.json:3 is not JSON: Expecting ':' delimiter",
        f"{folder}/fr/body.txt is not UTF-8: save it as that",
        f"a partial lies below {mails}: ../../secrets.txt does not",
    ):
        assert any(line.startswith(told) for line in lines), (told, lines)


def test_an_example_that_its_schema_refuses_is_told_with_its_line(mails: Path) -> None:
    herald("new", "order.paid", "--like", "receipt", "--notifications", mails)
    example = mails / "order.paid" / "examples" / "typical.json"
    edit(example, '"quantity": 12', '"quantity": "twelve"')
    line = next(n for n, text in enumerate(example.read_text("utf-8").splitlines(), 1) if "twelve" in text)
    assert herald("lint", "--notifications", mails).stdout.startswith(
        f"{example}:{line}: data.order.lines[1].quantity must be how many: 1 to 100000"
    )


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("brand.support | shorten(20)", "the filter shorten was given nothing and a number, which it does not take"),
        ("recipient.name | shorten", "the filter shorten was given a text, which it does not take"),
        ("recipient.name | link", "a link starts with https:// or http://"),
        ('recipient | date("long")', "a date of RFC 3339 was expected"),
    ],
)
def test_a_filter_that_is_given_what_it_does_not_take_is_told_with_its_line(
    mails: Path, expression: str, told: str
) -> None:
    herald("new", "order.shipped", "--notifications", mails)
    for template in sorted(mails.glob("order.shipped/*/body.txt")):
        edit(template, "{{ book.author }}", f"{{{{ book.author }}}} {{{{ {expression} }}}}")
    lines = herald("lint", "--notifications", mails).stdout.splitlines()
    english = mails / "order.shipped" / "en" / "body.txt"
    line = next(n for n, text in enumerate(english.read_text("utf-8").splitlines(), 1) if expression in text)
    [filter_] = re.findall(r"\| (\w+)", expression)
    assert lines[1] == (
        f"{english}:{line}: {told} in examples/no-isbn-markup.json: "
        f"guard what may be missing, {{% if … %}}, or give {filter_} what it takes"
    )
