"""What a package is built for, and what is said when the means are missing."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from herald.commands.deployment import package
from package import Archive, Package, target
from package.target import Architecture, TargetName


def test_the_laptop_runs_what_runs_this() -> None:
    chosen = target.choose_laptop()
    assert (chosen.python, chosen.platforms) == (platform.python_version(), ())


@pytest.mark.parametrize(("architecture", "machine"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_wheels_are_chosen_for_lambda(architecture: Architecture, machine: str) -> None:
    chosen = target.choose_cloud(architecture)
    assert chosen.platforms[0] == f"manylinux_2_34_{machine}", "the newest that Amazon Linux 2023 runs comes first"
    assert f"manylinux2014_{machine}" in chosen.platforms
    assert all(tag.endswith(machine) for tag in chosen.platforms)


def hide_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platform, "python_version", lambda: "3.11.7")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))


def test_without_lambdas_python_there_is_no_bytecode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hide_python(monkeypatch, tmp_path)
    chosen = target.choose_cloud("arm64")
    assert (chosen.python, chosen.interpreter) == ("3.13", None)


@pytest.mark.parametrize("answer", ["echo 3.12.9 /bin/python", "exit 1", "echo no such version", "echo 3.13.0"])
def test_an_interpreter_that_is_not_lambdas_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: str
) -> None:
    hide_python(monkeypatch, tmp_path)
    script = tmp_path / "python3.13"
    script.write_text(f"#!/bin/sh\n{answer}\n")
    script.chmod(0o755)
    assert target.choose_cloud("arm64").interpreter is None


def test_a_shim_is_followed_to_the_interpreter_that_it_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hide_python(monkeypatch, tmp_path)
    script = tmp_path / "python3.13"
    script.write_text('#!/bin/sh\ntest "$SHIM_VERSION" && echo "$SHIM_VERSION" /opt/real/bin/python3.13\n')
    script.chmod(0o755)
    assert target.choose_cloud("arm64").interpreter is None, "the shim leads nowhere"
    monkeypatch.setenv("SHIM_VERSION", "3.13.7")
    chosen = target.choose_cloud("arm64")
    assert (chosen.python, chosen.interpreter) == ("3.13.7", "/opt/real/bin/python3.13")


@pytest.mark.parametrize("bytecode", [True, False])
def test_the_command_says_in_one_line_that_bytecode_is_missing(monkeypatch: pytest.MonkeyPatch, bytecode: bool) -> None:
    archive = Archive(Path("function.zip"), "0123456789ab", "ff" * 32, 3_400_000)

    def build(name: TargetName, architecture: Architecture, **_: object) -> Package:
        return Package(name, "3.13", architecture, bytecode, archive, archive)

    monkeypatch.setattr(package, "build", build)
    app = typer.Typer()
    app.command()(package.package)
    said = CliRunner().invoke(app, ["--target", "cloud", "--architecture", "x86_64"])
    assert said.exit_code == 0
    assert "For Python 3.13 on x86_64:" in said.output
    assert ("Without bytecode, because there is no Python 3.13 here" in said.output) is not bytecode
