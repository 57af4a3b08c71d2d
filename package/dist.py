"""`make dist`: one reproducible archive with what a team that depends on Herald needs.

It has the Terraform modules, the package builder, the command and the laptop cloud; not Herald's tests and benchmarks.
https://reproducible-builds.org/docs/archives/
"""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tarfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from package.errors import PackageError

__all__ = ["DIST", "write_dist"]

_ROOT = Path(__file__).parents[1]
DIST = _ROOT / "build" / "dist"
#: The files and folders of the checkout that are included.
_PARTS = (
    *("CHANGELOG.md", "LICENSE", "Makefile", "README.md", "SECURITY.md", "appspec.yml", "pyproject.toml"),
    *("docs", "doctor", "examples", "function", "herald", "infra", "laptop", "operations", "package", "release"),
    "webapp",
)
#: Git's modes of an executable, and of a symbolic link, whose content is its target.
_EXECUTABLE, _LINK = "100755", "120000"


def write_dist(out: Path = DIST) -> Path:
    """Write `herald-VERSION.tar.gz` with all files of these parts in git's HEAD, and its sha256 beside it.

    Entries are sorted, with one fixed timestamp, no owner, and one of two modes. Raises `PackageError` outside a git
    checkout.
    """
    files = {name: (mode, content) for name, mode, content in _list_committed_files()}
    if "pyproject.toml" not in files:
        raise PackageError("an archive is made of what git has, and this is no checkout of git with a commit")
    version = tomllib.loads(files["pyproject.toml"][1].decode())["project"]["version"]
    name = f"herald-{version}"
    packed = io.BytesIO()
    # This header has no name, time or system; the header of `gzip.compress` differs between Python 3.11 and 3.13.
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for inside, (mode, content) in sorted(files.items()):
            _add(archive, f"{name}/{inside}", mode, content)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.tar.gz"
    path.write_bytes(packed.getvalue())
    sha256 = hashlib.sha256(packed.getvalue()).hexdigest()
    path.with_name(f"{path.name}.sha256").write_text(f"{sha256}  {path.name}\n")
    return path


def _list_committed_files() -> Iterator[tuple[str, str, bytes]]:
    """The name, git mode and content of each file."""
    entries = [
        entry.split("\t", 1)
        for entry in _run_git("ls-tree", "-r", "-z", "HEAD", "--", *_PARTS).decode().split("\0")[:-1]
    ]
    objects = "".join(f"{header.split()[2]}\n" for header, _ in entries)
    contents = io.BytesIO(_run_git("cat-file", "--batch", given=objects.encode()))
    for header, name in entries:
        size = int(contents.readline().split()[2])
        yield name, header.split()[0], contents.read(size)
        contents.readline()


def _run_git(*arguments: str, given: bytes = b"") -> bytes:
    """The output of a git command in the checkout; empty if git fails."""
    return subprocess.run(["git", *arguments], cwd=_ROOT, input=given, capture_output=True, check=False).stdout


def _add(archive: tarfile.TarFile, name: str, mode: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    if mode == _LINK:
        entry.type, entry.linkname = tarfile.SYMTYPE, content.decode()
        archive.addfile(entry)
        return
    entry.mode = 0o755 if mode == _EXECUTABLE else 0o644
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
