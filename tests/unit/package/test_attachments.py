"""What a schema says of attachments, what is refused, and what only then is packed."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from package import PackageError, build
from package.notifications.catalogue import compile_catalogue, read_examples
from tests.attachments import SCHEMA, add_attachments, reference

pytestmark = pytest.mark.timeout(600)

TYPE = "book.created"


def with_schema(source: Path, attachments: Any) -> Path:
    path = source / TYPE / "schema.json"
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"]["attachments"] = attachments
    path.write_text(json.dumps(schema, indent=2), "utf-8")
    return path


def with_example(source: Path, *files: Any) -> Path:
    path = source / TYPE / "examples" / "typical.json"
    path.write_text(json.dumps(read_examples(TYPE, source)["typical"] | {"attachments": files}, indent=2), "utf-8")
    return path


def fault(source: Path, out: Path) -> str:
    with pytest.raises(PackageError) as refused:
        compile_catalogue(out, source)
    return str(refused.value)


def items(**changes: Any) -> dict[str, Any]:
    return SCHEMA | {"items": SCHEMA["items"] | changes}


def test_a_schema_that_has_attachments_is_all_that_a_notification_needs(source: Path, out: Path) -> None:
    add_attachments(source)
    with_example(source, reference("a.pdf", b"1"))
    catalogue = compile_catalogue(out, source)
    assert catalogue.with_attachments == {TYPE}
    assert not compile_catalogue(out).with_attachments


def test_a_list_of_another_kind_is_plain_data(source: Path, out: Path) -> None:
    with_schema(source, items(required=[], properties={"name": SCHEMA["items"]["properties"]["name"]}))
    assert not compile_catalogue(out, source).with_attachments


@pytest.mark.parametrize(
    "attachments",
    [
        SCHEMA | {"maxItems": 11},
        items(required=["url", "sha256", "name"]),
        items(properties=SCHEMA["items"]["properties"] | {"name": {"type": "integer", "description": "x"}}),
    ],
    ids=["eleven", "a-type-that-may-be-left-out", "a-name-that-is-a-number"],
)
def test_attachments_of_another_shape_are_refused_with_their_line(source: Path, out: Path, attachments: Any) -> None:
    path = with_schema(source, attachments)
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if '"attachments"' in text)
    assert fault(source, out).startswith(f"{path}:{line}: attachments are an array with maxItems up to 10")


def test_a_type_that_may_not_be_attached_is_refused_in_the_schema(source: Path, out: Path) -> None:
    properties = SCHEMA["items"]["properties"]
    enum = {"type": {"type": "string", "description": "x", "enum": ["application/pdf", "text/html"]}}
    path = with_schema(source, items(properties=properties | enum))
    assert f"{path}:" in (told := fault(source, out))
    assert "text/html is no type that may be attached: take of application/pdf, " in told


def test_what_notify_would_refuse_of_an_example_is_told_with_its_line(source: Path, out: Path) -> None:
    add_attachments(source)
    path = with_example(source, reference("a.pdf", b"1"), reference("a.exe", b"1"))
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "a.exe" in text and "name" in text)
    assert f"{path}:{line}: an attachment's name must be a plain file name that ends with .pdf" in fault(source, out)


def test_a_digest_has_no_attachments(source: Path, out: Path) -> None:
    add_attachments(source)
    path = source / TYPE / "notification.json"
    digest = {"digest": {"every": "hour"}}
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | digest), "utf-8")
    assert f"{source / TYPE}: a digest has no attachments" in fault(source, out)


_READ = """
import json, sys
sys.path.insert(0, sys.argv[1])
from function.bootstrap import Clients
from function.delivery.attachments import Attachments
client = Clients().s3()
print(client.meta.endpoint_url, client.meta.service_model.operation_names)
"""


@pytest.mark.slow
def test_s3_is_packed_only_where_a_notification_has_attachments(source: Path, tmp_path: Path) -> None:
    def names(path: Path) -> set[str]:
        with zipfile.ZipFile(path) as opened:
            return set(opened.namelist())

    plain = build("laptop").function_zip
    assert not any("/s3/" in name for name in names(plain))
    add_attachments(source)
    package = build("laptop", out=tmp_path / "package", notifications=source)
    assert {name for name in names(package.function_zip) if "/s3/" in name} == {
        "botocore/data/s3/2006-03-01/endpoint-rule-set-1.json",
        "botocore/data/s3/2006-03-01/service-2.json",
    }
    assert not any("data/s3/" in name for name in names(package.webapp_zip))
    with zipfile.ZipFile(package.function_zip) as opened:
        opened.extractall(tmp_path / "unpacked")
    environment = {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    command = [sys.executable, "-I", "-S", "-c", _READ, str(tmp_path / "unpacked")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.split(" ", 1) == ["https://s3.eu-west-1.amazonaws.com", "['GetObject']\n"], done.stderr[-2000:]
