"""The AsyncAPI document and the typed publishers that `herald contracts` writes."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import typing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from function.event.cloudevent import decode, parse
from function.ledger.mail_event import TYPES
from function.message.catalogue import Catalogue
from herald.cli import app
from laptop.state import ROOT
from package.notifications.catalogue import EXAMPLES, NOTIFICATIONS, compile_catalogue, read_examples
from package.notifications.publishing.publishers import write_python_publisher, write_typescript_publisher
from tests.npm import install
from tests.waiting import LIMIT

SOURCES = Path(__file__).parent / "typescript"
SPECTRAL = ROOT / "tests" / "integration" / "webapp" / "api" / "spectral"
CALL = ("arn:aws:sns:us-east-1:111122223333:shop", "urn:example:shop", "order-4711")
_TYPESCRIPT = """
import {{ receiptEvent, type ReceiptData }} from "./herald_events.js";
const data: ReceiptData = {data};
const event = {{ topicArn: "{0}", source: "{1}", id: "{2}", time: new Date("2026-11-21T08:00:00Z") }};
console.log(JSON.stringify([receiptEvent(event, data), receiptEvent({{ ...event, tenant: "acme" }}, data)]));
"""

#: Descriptions that would end a comment or a text, and go on as code.
_HOSTILE = (
    r"ends *\/ globalThis.broken = true; /*",
    "ends */ globalThis.broken = true; /*",
    r"ends **\\// globalThis.broken = true; /*",
    "ends *\\\u0085/ globalThis.broken = true;\u2028globalThis.broken = true; /*",
    'ends """\nraise SystemExit\n"""',
    'ends """"""; raise SystemExit #\\',
    "ends\rraise SystemExit",
    '"',
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of the example mails, whose schemas use every keyword."""
    out = tmp_path_factory.mktemp("contracts")
    done = CliRunner().invoke(app, ["contracts", "--out", str(out), "--notifications", str(EXAMPLES)])
    assert done.exit_code == 0, done.output
    assert sorted(done.stdout.split()) == sorted(map(str, out.iterdir()))
    return out


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return compile_catalogue(tmp_path_factory.mktemp("compiled"), EXAMPLES)


def receipt() -> dict[str, Any]:
    data: dict[str, Any] = read_examples("receipt", EXAMPLES)["typical"]
    return data


def check(published: Any, catalogue: Catalogue, tenant: str | None = None) -> None:
    """Hold what a publisher gives to SNS to what the function takes; without a tenant the event names none."""
    assert published["TopicArn"] == CALL[0]
    assert published["MessageAttributes"] == {"type": {"DataType": "String", "StringValue": "receipt"}}
    event = parse(decode(published["Message"]), catalogue.validate_envelope)
    assert (event.source, event.id, event.type, event.data) == (*CALL[1:], "receipt", receipt())
    assert (event.tenant, "tenant" in json.loads(published["Message"])) == (tenant, tenant is not None)
    catalogue.get("receipt").validate(event.data)


def test_the_document_in_docs_is_that_of_heralds_own_notifications(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["contracts", "--out", str(tmp_path), "--notifications", str(NOTIFICATIONS)])
    assert done.exit_code == 0, done.output
    for name in ("asyncapi.yaml", "events.md"):
        told = f"run herald contracts, and copy build/contracts/{name} to docs"
        assert (tmp_path / name).read_text("utf-8") == (ROOT / "docs" / name).read_text("utf-8"), told


@pytest.mark.slow
def test_asyncapis_own_parser_reads_both_documents(written: Path) -> None:
    for path in (written / "asyncapi.yaml", ROOT / "docs" / "asyncapi.yaml"):
        text = path.read_text("utf-8")
        read = parse_by_asyncapi(text)
        assert read["diagnostics"] == []
        channels = yaml.safe_load(text)["channels"]
        assert read["messages"] == {name: [*channel["messages"]] for name, channel in channels.items()}


@pytest.mark.slow
def test_asyncapis_own_parser_tells_what_is_wrong() -> None:
    text = (ROOT / "docs" / "asyncapi.yaml").read_text("utf-8").replace("action: receive", "action: reserve", 1)
    assert any(line.startswith("operations.mail.action: ") for line in parse_by_asyncapi(text)["diagnostics"])


def parse_by_asyncapi(document: str) -> dict[str, Any]:
    """What the parser has against a document, and the messages of each channel that it reads in it."""
    folder = install(SOURCES.parent / "asyncapi", "asyncapi")
    program = folder / "validate.mjs"
    program.write_bytes((SOURCES.parent / "asyncapi" / program.name).read_bytes())  # where Node.js finds the parser
    done = subprocess.run(
        ["node", program], input=document, capture_output=True, encoding="utf-8", timeout=LIMIT, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_page_tells_of_every_event_and_of_every_field_of_its_data(written: Path, catalogue: Catalogue) -> None:
    page = (written / "events.md").read_text("utf-8")
    sections = dict(part.split("\n", 1) for part in page.split("\n### ")[1:])
    assert sections.keys() == {"account", "comments", "receipt", "shipment", "security", *TYPES.values()}
    for field in ("recipient.email", "order.lines[].amount", "order.currency"):
        [row] = [line for line in sections["receipt"].splitlines() if line.startswith(f"| `{field}` |")]
        assert " | yes | " in row
    shown = json.loads(sections["receipt"].partition("```json")[2].partition("```")[0])
    catalogue.get("receipt").validate(shown["data"])
    assert "`delivered`" in sections["mail.delivered"]


@pytest.mark.slow
def test_spectral_has_nothing_against_either_document(written: Path) -> None:
    """The specification's own schema, and all that Spectral recommends."""
    program = install(SPECTRAL, "spectral") / "node_modules" / ".bin" / "spectral"
    paths = [str(written / "asyncapi.yaml"), str(ROOT / "docs" / "asyncapi.yaml")]
    command = [
        str(program),
        "lint",
        "--quiet",
        "-F",
        "hint",
        "-r",
        str(SOURCES / ".spectral.yaml"),
        "-f",
        "json",
        *paths,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, json.loads(done.stdout or "[]")) == (0, []), done.stdout + done.stderr


def test_every_example_fits_the_payload_that_is_told(written: Path) -> None:
    document = yaml.safe_load((written / "asyncapi.yaml").read_text("utf-8"))
    mails, told = ({*document["channels"][name]["messages"]} for name in ("events", "mail-events"))
    assert mails == {"account", "comments", "receipt", "shipment", "security"}
    assert told == {*TYPES.values()}
    assert {*document["components"]["messages"]} == mails | told
    for type_, message in document["components"]["messages"].items():
        schema = {**message["payload"], "components": document["components"]}
        validator = Draft202012Validator(schema)
        assert len(message["examples"]) == (1 if type_ in told else len(read_examples(type_, EXAMPLES)))
        for example in message["examples"]:
            validator.validate(example["payload"])
        other = {**message["examples"][0]["payload"], "type": "order.lost"}
        assert not validator.is_valid(other)
        assert not validator.is_valid({**other, "type": type_, "data": {}})


def test_the_publisher_for_python_gives_what_the_function_takes(written: Path, catalogue: Catalogue) -> None:
    spec = importlib.util.spec_from_file_location("herald_events", written / "herald_events.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    call = (*CALL, receipt(), datetime(2026, 11, 21, 8, tzinfo=UTC))
    check(module.receipt_event(*call), catalogue)
    check(module.receipt_event(*call, tenant="acme"), catalogue, "acme")


def test_mypy_holds_a_publisher_to_the_schema(written: Path, tmp_path: Path) -> None:
    (tmp_path / "herald_events.py").write_text((written / "herald_events.py").read_text("utf-8"), "utf-8")
    data = repr(receipt())
    spoilt = {"good": data, "text": data.replace("42.25", "'42'"), "name": data.replace("'total'", "'totals'")}
    for name, literal in spoilt.items():
        code = f"from herald_events import receipt_event\n\nreceipt_event('a', 'b', 'c', {literal})\n"
        (tmp_path / f"{name}.py").write_text(code, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir=mypy", *(f"{name}.py" for name in spoilt)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert {line.partition(":")[0] for line in done.stdout.splitlines()[:-1]} == {"text.py", "name.py"}, done.stdout


@pytest.mark.parametrize("description", _HOSTILE)
def test_a_description_becomes_no_code_in_either_language(tmp_path: Path, description: str) -> None:
    """Compiled without any comment, the modules are those of a description in plain words."""
    modules = []
    for name, text in (("hostile", description), ("plain", "what a reader gets")):
        folder = tmp_path / name / "receipt"
        folder.mkdir(parents=True)
        schema = json.loads((EXAMPLES / "receipt" / "schema.json").read_text("utf-8"))
        schema["description"] = schema["properties"]["order"]["description"] = text
        (folder / "schema.json").write_text(json.dumps(schema), "utf-8")
        shutil.copy(EXAMPLES / "receipt" / "notification.json", folder)
        modules.append((write_python_publisher(folder.parent), write_typescript_publisher(folder.parent)))
    (python, typescript), (plain_python, plain_typescript) = modules
    assert shape_of(python) == shape_of(plain_python)
    assert code_of(typescript) == code_of(plain_typescript)


def test_names_that_differ_in_hyphens_alone_and_any_sign_keep_their_own_type(tmp_path: Path) -> None:
    """Two properties, two types, and a type and another's property that one name in code would stand for."""
    for type_, inner in (("a1b", {}), ("a.1b", {}), ("order", {"lines_data": "n"}), ("order.data.lines", {})):
        write_schema(tmp_path / type_, {"order_line": "\U0001f600", "orderLine": '"\\\u2028', **inner})
    python, typescript = write_python_publisher(tmp_path), write_typescript_publisher(tmp_path)
    assigned = [node.targets[0] for node in ast.parse(python).body if isinstance(node, ast.Assign)]
    names = [node.id for node in assigned if isinstance(node, ast.Name)]
    assert len(names) == len(set(names)) == 4 * 4 + 1
    assert sorted(re.findall(r"^export interface (\w+Data\w*)", typescript, re.MULTILINE)) == sorted(names)
    functions = re.findall(r"^export function (\w+)", typescript, re.MULTILINE)
    assert len(functions) == len(set(functions)) == 4
    module: dict[str, Any] = {}
    exec(compile(python, "herald_events.py", "exec"), module)
    data = typing.get_type_hints(module["A1bData"], module)
    kinds = [typing.get_type_hints(data[name], module)["kind"] for name in ("order_line", "orderLine")]
    assert kinds == [Literal["\U0001f600"], Literal['"\\\u2028']]
    assert '"\\ud83d\\ude00"' in typescript, "as ECMAScript reads what is beyond 16 bits"


def write_schema(folder: Path, kinds: dict[str, str]) -> None:
    """A schema with an object for each of `kinds`, whose member `kind` is always that text."""
    text = {"type": "string", "description": "a text"}
    recipient = {"email": {**text, "format": "email"}, "locale": text}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **make_object(recipient=make_object(**recipient)),
    }
    for name, kind in kinds.items():
        schema["properties"][name] = make_object(kind={**text, "enum": [kind]})
    folder.mkdir()
    (folder / "schema.json").write_text(json.dumps(schema), "utf-8")
    shutil.copy(EXAMPLES / "receipt" / "notification.json", folder)


def make_object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "description": "an object", "required": [*properties], "properties": properties}


@pytest.mark.parametrize(("name", "told"), [('x"); print("x', "a type is words in small letters"), ("sec.urity", None)])
def test_contracts_are_written_of_sound_notifications_alone(tmp_path: Path, name: str, told: str | None) -> None:
    folder, out = tmp_path / "notifications", tmp_path / "out"
    shutil.copytree(EXAMPLES / "security", folder / name)
    done = CliRunner().invoke(app, ["contracts", "--out", str(out), "--notifications", str(folder)])
    assert (done.exit_code != 0, out.exists()) == (bool(told), not told)
    assert (told or "") in str(done.exception or "")


def shape_of(module: str) -> str:
    """A module of Python as it is parsed, without what is said of its functions."""
    tree = ast.parse(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body.pop(0)
    return ast.dump(tree)


def code_of(module: str) -> str:
    """A module of TypeScript without its comments, which end where ECMAScript says (no text here holds `/*`).

    https://tc39.es/ecma262/#sec-comments
    """
    return re.sub(r"/\*[\s\S]*?\*/|//[^\n\r\u2028\u2029]*", "", module)


@pytest.mark.slow
def test_the_publisher_for_typescript_compiles_strictly_and_gives_the_same(
    written: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    folder = install(SOURCES, "typescript")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "herald_events.ts").write_text((written / "herald_events.ts").read_text("utf-8"), "utf-8")
    data = json.dumps(receipt(), ensure_ascii=False)
    (tmp_path / "shop.ts").write_text(_TYPESCRIPT.format(*CALL, data=data), "utf-8")
    (tmp_path / "wrong.ts").write_text(_TYPESCRIPT.format(*CALL, data=data.replace('"total"', '"totals"')), "utf-8")
    options = ["--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"]
    compiler = ["node", str(folder / "node_modules" / "typescript" / "bin" / "tsc"), *options]
    good = subprocess.run(
        [*compiler, "shop.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert good.returncode == 0, good.stdout
    ran = subprocess.run(["node", "shop.js"], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT, check=True)
    for published, tenant in zip(json.loads(ran.stdout), (None, "acme"), strict=True):
        check(published, catalogue, tenant)
    bad = subprocess.run(
        [*compiler, "--noEmit", "wrong.ts"], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert bad.returncode != 0
    assert "totals" in bad.stdout
