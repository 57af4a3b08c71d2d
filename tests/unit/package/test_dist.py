"""`make dist`: the archive for teams that depend on Herald."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from herald.cli import app
from laptop.state import ROOT
from package.dist import write_dist
from package.errors import PackageError


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dist(tmp_path_factory.mktemp("dist"))


def test_it_is_the_same_bytes_twice_and_says_which(archive: Path, tmp_path: Path) -> None:
    again = write_dist(tmp_path)
    assert again.name == archive.name
    assert again.read_bytes() == archive.read_bytes()
    told = again.with_name(f"{again.name}.sha256").read_text()
    assert told == f"{hashlib.sha256(again.read_bytes()).hexdigest()}  {again.name}\n"


def test_its_header_names_no_system_and_no_moment(archive: Path) -> None:
    """So that it is the same on every Python: https://www.rfc-editor.org/rfc/rfc1952#section-2.3."""
    assert archive.read_bytes()[:10] == bytes.fromhex("1f8b0800 00000000 02ff")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of another project, with one commit."""
    made = tmp_path / "checkout"
    (made / "herald").mkdir(parents=True)
    (made / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (made / "herald" / "run").write_text("#!/bin/sh\n")
    (made / "docs").symlink_to("herald")
    monkeypatch.setattr("package.dist._ROOT", made)
    git(made, "init", "-q")
    commit(made)
    return made


def git(checkout: Path, *words: str) -> None:
    own = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *own, *words], cwd=checkout, check=True)


def commit(checkout: Path) -> None:
    git(checkout, "add", "-A")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "change")


def test_it_is_the_same_bytes_whatever_umask_the_checkout_was_made_with(checkout: Path, tmp_path: Path) -> None:
    written = []
    for mode in (0o600, 0o664, 0o755):
        (checkout / "herald" / "run").chmod(mode)
        commit(checkout)
        written.append(write_dist(tmp_path / str(mode)).read_bytes())
    assert written[0] == written[1]
    assert written[1] != written[2], "what may be run may be run there"


def test_what_is_not_committed_is_not_in_it(checkout: Path, tmp_path: Path) -> None:
    clean = write_dist(tmp_path / "clean")
    (checkout / "herald" / "run").write_text("#!/bin/sh\nexit 1\n")
    (checkout / "herald" / "new").touch()
    (checkout / "docs").unlink()
    (checkout / "pyproject.toml").write_text('[project]\nversion = "2"\n')
    git(checkout, "add", "herald/new")
    dirty = write_dist(tmp_path / "dirty")
    assert (dirty.name, dirty.read_bytes()) == (clean.name, clean.read_bytes())
    with tarfile.open(dirty) as opened:
        told = {member.name: (member.mode, member.linkname) for member in opened}
    assert told == {
        "herald-1.2.3/docs": (0o644, "herald"),
        "herald-1.2.3/herald/run": (0o644, ""),
        "herald-1.2.3/pyproject.toml": (0o644, ""),
    }


def test_outside_a_checkout_and_in_a_folder_of_anothers_none_is_written(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "vendored" / "herald").mkdir(parents=True)
    for root in (tmp_path, checkout / "vendored"):
        monkeypatch.setattr("package.dist._ROOT", root)
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        with pytest.raises(PackageError, match="no checkout of git"):
            write_dist(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_it_holds_modules_builder_and_command_and_no_tests(archive: Path) -> None:
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
    root = archive.name.removesuffix(".tar.gz")
    names = [member.name.removeprefix(f"{root}/") for member in members]
    assert {"infra/modules/notifier/main.tf", "package/build.py", "herald/cli.py", "Makefile", "LICENSE"} <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "bench/", "fakes/", "build/", ".", "/"))]
    assert names == sorted(names)
    assert {(member.mtime, member.uid, member.gid, member.uname) for member in members} == {(0, 0, 0, "")}


def test_the_command_runs_from_it_alone(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    unpacked = next(tmp_path.iterdir())
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "PATH": str(tmp_path)}  # without npm, which takes long
    code = "from package.build import BUILD; import herald.cli; print(BUILD); herald.cli.app(['lint'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.splitlines() == [
        str(unpacked / "build" / "package"),
        "book.created, book.deleted, user.welcome: nothing is wrong",
    ], done.stderr


def test_the_command_says_where_it_lies_and_what_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("herald.commands.deployment.package.write_dist", lambda: write_dist(tmp_path))
    path, sha256 = CliRunner().invoke(app, ["dist"]).stdout.split()
    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == sha256


def test_the_workflow_of_the_example_is_one() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    workflows = sorted((ROOT / "examples" / "shop" / ".github" / "workflows").iterdir())
    done = subprocess.run([*command, *workflows], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("said", "code", "ends"),
    [
        ("released", 0, 0),
        ("error: version 4 (release 1f2e3d) is live already, as after a first apply of the same commit", 1, 0),
        ("error: another deployment runs", 1, 1),
        ("version 3 is live already again: rolled back", 3, 3),
    ],
)
def test_the_workflow_of_the_example_releases_the_package_after_it_has_applied(
    tmp_path: Path, said: str, code: int, ends: int
) -> None:
    """Terraform ignores every package but the first; releasing what is live already is no failure."""
    shop = ROOT / "examples" / "shop"
    steps = yaml.safe_load((shop / ".github" / "workflows" / "mails.yml").read_text("utf-8"))["jobs"]["mails"]["steps"]
    names = [step.get("name") for step in steps]
    release = steps[names.index("Release")]
    assert names.index("Apply") < names.index("Release")
    assert release["if"] == steps[names.index("Apply")]["if"]
    [prefix] = re.findall(r'^  name += "(.*)"$', (shop / "main.tf").read_text("utf-8"), re.MULTILINE)
    command = tmp_path / "herald" / "build" / "venv" / "3.13" / "bin" / "herald"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\necho "$@" > asked\necho "{said}" >&2\nexit {code}\n')
    command.chmod(0o755)
    # As GitHub runs `shell: bash`.
    script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", release["run"]]
    done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (ends, f"{said}\n")
    asked = (tmp_path / "asked").read_text()
    assert asked == f"release --yes --prefix {prefix} --package herald/build/package/cloud/function.zip\n"
