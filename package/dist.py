"""`make dist`: what a team needs that depends on Herald, in one archive, the same bytes every time.

The Terraform modules, the package builder, the command and the laptop cloud; not Herald's own tests and measurements.
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
#: Files and folders of the checkout that go in.
_PARTS = (
    *("CHANGELOG.md", "LICENSE", "Makefile", "README.md", "SECURITY.md", "appspec.yml", "pyproject.toml"),
    *("docs", "doctor", "examples", "function", "herald", "infra", "laptop", "operations", "package", "release"),
    "webapp",
)
#: Modes of git: what is run, and a link, whose content is where it leads.
_EXECUTABLE, _LINK = "100755", "120000"


def write_dist(out: Path = DIST) -> Path:
    """Write `herald-VERSION.tar.gz` with all files of these parts as git has them in HEAD, and its sha256 beside it.

    Sorted, with one fixed moment, no owner, and two modes; what is not committed is not in it. Raises `PackageError`
    outside a checkout of git.
    """
    files = {name: (mode, content) for name, mode, content in _list_committed_files()}
    if "pyproject.toml" not in files:
        raise PackageError("an archive is made of what git has, and this is no checkout of git with a commit")
    version = tomllib.loads(files["pyproject.toml"][1].decode())["project"]["version"]
    name = f"herald-{version}"
    packed = io.BytesIO()
    # Its header has no name, no time and no system; that of `gzip.compress` is another on Python 3.11 than on 3.13.
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
    """Name, git's mode and content of each file."""
    entries = [
        entry.split("\t", 1)
        for entry in _run_git("ls-tree", "-r", "-z", "HEAD", "--", *_PARTS).decode().split("\0")[:-1]
    ]
    objects = "".join(f"{told.split()[2]}\n" for told, _ in entries)
    contents = io.BytesIO(_run_git("cat-file", "--batch", given=objects.encode()))
    for told, name in entries:
        size = int(contents.readline().split()[2])
        yield name, told.split()[0], contents.read(size)
        contents.readline()


def _run_git(*arguments: str, given: bytes = b"") -> bytes:
    """What git answers in the checkout; nothing where there is none."""
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
