"""The same source makes the same bytes: whoever builds it, wherever, with whatever settings."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from package import PackageError, build, bundles
from package import dependencies as installer
from package.archive import write_archive
from package.bundles import BUNDLES
from package.dependencies import install_dependencies
from package.target import choose_laptop
from tests.package_builds import Packages, link_dependencies

ROOT = Path(__file__).parents[3]
BUILD_AGAIN = """
import os, pathlib, sys
os.umask(int(sys.argv[2], 8))
from package import build
package = build(*sys.argv[3:], out=pathlib.Path(sys.argv[1]))
print(package.function.sha256, package.webapp.sha256)
"""


def copy_bundles(source: Path, to: Path, moment: int) -> Path:
    """The bundles of `source` in another folder, every file as old as `moment` says."""
    for name in ("function", "operations", "package", "webapp"):
        shutil.copytree(source / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in to.rglob("*"):
        os.utime(path, (moment, moment))
    return to


def build_both(checkout: Path, out: Path, umask: str, what: Sequence[str], **settings: str) -> list[str]:
    """The hashes of both zips, built by a process of its own; the dependencies are those of the real build."""
    out.mkdir()
    command = [settings.pop("python", sys.executable), "-c", BUILD_AGAIN, str(link_dependencies(out)), umask, *what]
    environment = {**os.environ, "PYTHONPATH": str(checkout), **settings}
    done = subprocess.run(command, cwd=out, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.split()


@pytest.mark.parametrize("what", [("laptop",), ("cloud", "arm64")], ids="-".join)
def test_the_bytes_depend_on_the_source_only(packages: Packages, tmp_path: Path, what: Sequence[str]) -> None:
    """The checkout's own build beside one of a copy elsewhere, which differs in all that should not matter; what is for
    Lambda also in the Python that builds it, where another one is set up (make PYTHON=python3.13 setup)."""
    package = build("laptop") if what == ("laptop",) else packages("arm64")
    first = [package.function.sha256, package.webapp.sha256]
    source = copy_bundles(ROOT, tmp_path / "far" / "away", 1_000_000_000)
    for left_behind in ("function/.notify.py.swp", "webapp/.DS_Store", "function/notify.py~"):
        (source / left_behind).write_text("no source")
    others = {"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "1"}
    for python in (what[0] == "cloud" and find_other_pythons()) or [sys.executable]:
        out = tmp_path / Path(python).parts[-3]
        assert build_both(source, out, "077", what, python=python, **others) == first
    assert len(set(first)) == 2
    print(*what, *first)  # noqa: T201 - pytest -rP shows them: what a reader compares with another machine's


def find_other_pythons() -> list[str]:
    """Those of other environments of this checkout that can build."""
    others = [path for path in ROOT.glob("build/venv/3.*/bin/python") if path.parent.parent != Path(sys.prefix)]
    return [str(path) for path in others if can_build(path)]


def can_build(python: Path) -> bool:
    command = [str(python), "-c", "import package.contents"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_dependencies_installed_twice_are_the_same(tmp_path: Path) -> None:
    function = BUNDLES[0]
    digests = []
    for name, umask in (("one", 0o077), ("the-other", 0o002)):
        before = os.umask(umask)
        try:
            folder = install_dependencies(function, choose_laptop(), tmp_path / name, "recipe")
        finally:
            os.umask(before)
        digests.append(
            {p.relative_to(folder): hashlib.sha256(p.read_bytes()).digest() for p in folder.rglob("*") if p.is_file()}
        )
    assert digests[0] == digests[1]


def test_an_archive_sorts_what_it_is_given(tmp_path: Path) -> None:
    write_archive(tmp_path / "a.zip", {"b": b"2", "a": b"1"})
    write_archive(tmp_path / "b.zip", {"a": b"1", "b": b"2"})
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_what_pip_cannot_install_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(PackageError, match=r"dependencies for .* were not installed") as error:
        install_dependencies(BUNDLES[0], replace(choose_laptop(), architecture="nowhere"), tmp_path / "store", "recipe")
    assert len(str(error.value).splitlines()) == 1
    assert not list((tmp_path / "store").iterdir()), "nothing half-made is left"


def test_a_dependency_with_another_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = re.search(r"^typing-extensions==\S+", BUNDLES[1].lock.read_text("utf-8"), re.MULTILINE)
    assert line
    monkeypatch.setattr(bundles, "_ROOT", tmp_path)
    BUNDLES[1].lock.parent.mkdir()
    BUNDLES[1].lock.write_text(f"{line[0]} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackageError, match="DO NOT MATCH THE HASHES"):
        install_dependencies(BUNDLES[1], choose_laptop(), tmp_path / "store", "recipe")


@pytest.mark.parametrize("marker", ["python_version < '3.13'", "sys_platform == 'win32'"])
def test_a_lock_that_depends_on_who_builds_is_refused(marker: str) -> None:
    lock = f"six==1.17.0 ; {marker} \\\n    --hash=sha256:00\n"
    with pytest.raises(PackageError, match="depends on who builds it"):
        installer.refuse_markers(lock, BUNDLES[0])


def test_the_markers_of_the_locks_are_harmless() -> None:
    for bundle in BUNDLES:
        installer.refuse_markers(bundle.lock.read_text("utf-8"), bundle)
