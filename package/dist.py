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
_EXECUTABLE = 0o111


def write_dist(out: Path = DIST) -> Path:
    """Write `herald-VERSION.tar.gz` with all files that git tracks of these parts, and its sha256 beside it.

    Sorted, with one fixed moment, no owner, and two modes. Raises `PackageError` outside a checkout of git.
    """
    version = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    name = f"herald-{version}"
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for inside in _tracked():
            _add(archive, f"{name}/{inside}", _ROOT / inside)
    packed = gzip.compress(content.getvalue(), mtime=0)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.tar.gz"
    path.write_bytes(packed)
    path.with_name(f"{path.name}.sha256").write_text(f"{hashlib.sha256(packed).hexdigest()}  {path.name}\n")
    return path


def _tracked() -> list[str]:
    command = ["git", "ls-files", "-z", "--", *_PARTS]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, check=False)
    if done.returncode:
        raise PackageError("an archive is made of what git tracks, and this is no checkout of git")
    names = sorted(filter(None, done.stdout.decode().split("\0")))
    return [name for name in names if (_ROOT / name).exists()]


def _add(archive: tarfile.TarFile, name: str, source: Path) -> None:
    entry = tarfile.TarInfo(name)
    if source.is_symlink():
        entry.type, entry.linkname = tarfile.SYMTYPE, str(source.readlink())
        archive.addfile(entry)
        return
    content = source.read_bytes()
    entry.mode = 0o755 if source.stat().st_mode & _EXECUTABLE else 0o644
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
