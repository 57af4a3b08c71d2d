"""What may be released where: a package that Lambda could not run is refused before anything is changed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from operations.errors import UserError
from package.archive import compute_digests
from release.lambda_versions.artifacts import find_artifact, read_artifact
from release.release_context import Names, ReleaseContext

FOR_LAMBDA = {"target": "cloud", "python": "3.13.4", "architecture": "arm64", "bytecode": True, "release": "0123"}


def pack(folder: Path, **changes: object) -> Path:
    files = {"function/notify.py": b"handler = None\n"}
    manifest = {**FOR_LAMBDA, "digests": compute_digests(files), **changes}
    with zipfile.ZipFile(folder / "function.zip", "w") as archive:
        for name, content in {**files, "manifest.json": json.dumps(manifest).encode()}.items():
            archive.writestr(name, content)
    return folder / "function.zip"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> ReleaseContext:
    """A Herald in AWS whose functions run on arm64, and which nothing may be asked but that."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    functions: Any = boto3.client("lambda", region_name="eu-west-1")
    stubber = Stubber(functions)
    stubber.add_response("get_function_configuration", {"Architectures": ["arm64"]}, {"FunctionName": "herald-notify"})
    stubber.activate()
    nothing: Any = None
    return ReleaseContext(functions, nothing, nothing, Names(), "1", "eu-west-1")


def ignore(_: str) -> None:
    """Nobody listens."""


def test_a_package_for_lambda_may_go(aws: ReleaseContext, tmp_path: Path) -> None:
    assert find_artifact(aws, pack(tmp_path), ignore).release == "0123"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"python": "3.12.1"}, r"built for Python 3\.12\.1, and Lambda's is 3\.13"),
        ({"architecture": "x86_64"}, "built for x86_64, and the function runs on arm64"),
        ({"target": "laptop"}, "built for the laptop"),
        ({"bytecode": False}, "no bytecode"),
    ],
)
def test_a_package_for_another_python_or_platform_is_refused(
    aws: ReleaseContext, tmp_path: Path, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        find_artifact(aws, pack(tmp_path, **changes), ignore)


@pytest.mark.parametrize("content", [None, b"no zip"], ids=["missing", "no zip"])
def test_what_is_no_package_is_told_in_a_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "function.zip"
    if content:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"is no package: make package builds one$"):
        read_artifact(path)
