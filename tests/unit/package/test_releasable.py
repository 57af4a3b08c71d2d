"""Which zips may go to Lambda."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.package import PackageError
from ops.package.archive import write_archive
from ops.package.releasable import require_releasable

GOOD = {"target": "cloud", "python": "3.13.4", "architecture": "arm64", "bytecode": True, "release": "ab"}


def zipped(folder: Path, **changes: object) -> Path:
    path = folder / "function.zip"
    write_archive(path, {"manifest.json": json.dumps({**GOOD, **changes}).encode()})
    return path


def test_a_package_for_lambda_may_go(tmp_path: Path) -> None:
    assert require_releasable(zipped(tmp_path), "arm64")["release"] == "ab"


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
        require_releasable(zipped(tmp_path, **changes), "arm64")
    assert "run make package" in str(error.value)


@pytest.mark.parametrize("content", [None, b"", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_package_may_not(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "function.zip"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PackageError, match="is no package"):
        require_releasable(path, "arm64")
