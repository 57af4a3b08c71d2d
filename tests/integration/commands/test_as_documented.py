"""Commands as the pages print them; Terraform, AWS and the builder of the packages are stand-ins with memory."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from herald.account import AwsAccount
from herald.cli import app
from herald.terraform.runner import Terraform
from herald.terraform.target import AwsTarget
from herald.terraform.variables import Variables
from laptop.model_validation import hold_to_model
from operations.errors import UserError


def run(*words: str) -> Any:
    """What a person types."""
    return CliRunner().invoke(app, words)


@pytest.fixture
def terraform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What Terraform is told to do, in a checkout with a backend configuration, where nothing is in the account yet."""
    told: list[str] = []

    class Recorded(Terraform):
        def init(self, *arguments: str) -> None:
            told.append(" ".join(["init", *arguments]))

        def run(self, *arguments: str) -> None:
            told.append(" ".join(word for word in arguments if not word.startswith("-var=")))

        def read(self, *_: Any, **__: Any) -> str:
            return ""

        def json(self, *arguments: str) -> Any:
            return {}

    class Target(AwsTarget):
        def client(self, service: str, region: str | None = None) -> Any:
            return SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: []))

    where = Target("111122223333", "ada", "eu-west-1", os.environ, local=False)
    copied = SimpleNamespace(copy_to=lambda folder: folder / "a.zip")
    packages = SimpleNamespace(function=copied, webapp=copied)
    monkeypatch.setattr("herald.commands.deployment.terraform.targets.find_aws", lambda: where)
    monkeypatch.setattr("herald.commands.deployment.terraform.confirm", lambda _: True)
    monkeypatch.setattr("herald.terraform.apply.read_variables", lambda *_: Variables("herald", None, "arm64"))
    monkeypatch.setattr("herald.terraform.apply.build", lambda *_, **__: packages)
    monkeypatch.setattr("herald.terraform.apply.stage", lambda *_: Recorded(tmp_path, {}))
    monkeypatch.chdir(tmp_path)
    Path("infra").mkdir()
    Path("infra/backend.hcl").touch()
    return told


def test_plan_apply_and_destroy_keep_the_state_where_the_backend_says(terraform: list[str], tmp_path: Path) -> None:
    backend = f"init -backend-config={tmp_path}/infra/backend.hcl"
    saved = "plan -input=false -out=saved.tfplan"
    assert run("infra", "plan", "--backend", "infra/backend.hcl").exit_code == 0
    assert terraform == [backend, saved]
    assert run("infra", "apply", "--backend", "infra/backend.hcl").exit_code == 0
    assert terraform[2:] == [backend, saved, "apply -input=false saved.tfplan"]
    assert run("infra", "destroy", "--backend", "infra/backend.hcl").exit_code == 0
    assert terraform[5:] == [backend, f"{saved} -destroy", "apply -input=false saved.tfplan"]


def test_without_a_backend_each_says_what_is_missing_and_changes_nothing(terraform: list[str]) -> None:
    for result in (run("infra", "plan"), run("infra", "apply"), run("infra", "destroy")):
        assert isinstance(result.exception, UserError)
        assert "no backend is named" in str(result.exception)
    assert terraform == []


def test_leave_plan_says_that_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = hold_to_model("sesv2", "GetAccount", {"PricingAttributes": {"CurrentPlan": "NONE", "NextPlan": "NONE"}})
    ses = SimpleNamespace(get_account=lambda: answer)
    monkeypatch.setattr(AwsAccount, "choose", lambda *_: SimpleNamespace(client=lambda _: ses))
    result = run("leave-plan")
    assert (result.exit_code, result.output.strip()) == (0, "The account has no plan.")


def test_package_says_what_it_built(monkeypatch: pytest.MonkeyPatch) -> None:
    archive = SimpleNamespace(path="build/package/cloud/function.zip", size=3_400_000, release="r1", sha256="5e55")
    asked: list[Any] = []

    def build(*arguments: Any, notifications: Any, say: Any) -> Any:
        asked.append((*arguments, notifications))
        return SimpleNamespace(python="3.13", architecture="arm64", function=archive, webapp=archive, bytecode=True)

    monkeypatch.setattr("herald.commands.deployment.package.build", build)
    result = run("package", "--target", "cloud")
    assert result.exit_code == 0
    assert "function.zip  3.4 MB  release r1  sha256 5e55" in result.output
    assert asked == [("cloud", "arm64", None)]
