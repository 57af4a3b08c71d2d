"""Which zips may go to Lambda."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from package import PackageError, build
from package.archive import compute_digests, require_releasable, write_archive
from package.target import Architecture
from tests.package_builds import Packages

ARM_FIRST: tuple[Architecture, Architecture] = ("arm64", "x86_64")
CODE = {"function/notify.py": b"1", "botocore/client.py": b"2"}
GOOD = {
    "target": "cloud",
    "python": "3.13.4",
    "architecture": "arm64",
    "bytecode": True,
    "release": "ab",
    "digests": compute_digests(CODE),
}


def write_zip(folder: Path, more: Mapping[str, bytes] | None = None, **changes: object) -> Path:
    path = folder / "function.zip"
    write_archive(path, {**CODE, **(more or {}), "manifest.json": json.dumps({**GOOD, **changes}).encode()})
    return path


def test_a_package_for_lambda_may_go(tmp_path: Path) -> None:
    assert require_releasable(write_zip(tmp_path), "arm64")["release"] == "ab"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"target": "laptop"}, "for the laptop"),
        ({"python": "3.12.1"}, r"for Python 3\.12\.1"),
        ({"python": "3.130.1"}, r"for Python 3\.130\.1"),
        ({"architecture": "x86_64"}, "for x86_64, and the function runs on arm64"),
        ({"bytecode": False}, "no bytecode"),
    ],
)
def test_a_package_for_something_else_may_not(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(PackageError, match=reason) as error:
        require_releasable(write_zip(tmp_path, None, **changes), "arm64")
    assert "run make package" in str(error.value)


@pytest.mark.parametrize(
    "more", [{"function/notify.py": b"mended by hand"}, {"function/more.py": b""}, {"six.py": b""}]
)
def test_a_package_that_was_changed_after_it_was_built_may_not(tmp_path: Path, more: dict[str, bytes]) -> None:
    with pytest.raises(PackageError, match="was changed after it was built"):
        require_releasable(write_zip(tmp_path, more), "arm64")


def test_what_was_really_built_goes_where_it_was_built_for_and_nowhere_else(packages: Packages) -> None:
    for architecture, other in (ARM_FIRST, ARM_FIRST[::-1]):
        package = packages(architecture)
        if not package.bytecode:
            pytest.skip("there is no Python of Lambda's here")
        for write_zip in (package.function_zip, package.webapp_zip):
            assert require_releasable(write_zip, architecture)["python"] == package.python
            with pytest.raises(PackageError, match="and the function runs on"):
                require_releasable(write_zip, other)
    with pytest.raises(PackageError, match="for the laptop"):
        require_releasable(build("laptop").function_zip, "arm64")


@pytest.mark.parametrize("content", [None, b"", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_package_may_not(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "function.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PackageError, match="is no package"):
        require_releasable(path, "arm64")
