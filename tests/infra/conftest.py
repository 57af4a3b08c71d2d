"""What tests of the Terraform need: Terraform itself, and its provider without the internet."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from herald.terraform import target
from herald.terraform.check import build_offline_environment
from herald.terraform.mirror import VARIABLE, find_mirror
from herald.terraform.runner import Terraform, stage
from herald.terraform.target import AwsTarget
from tests.skip_or_fail import skip_or_fail


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups, even if this folder was named to it
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker runs all tests that share the one apply."""
    for item in items:
        if {"applied", "bare"}.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("terraform"))


@pytest.fixture(scope="session")
def worker() -> str:
    """A name for what this test process writes."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def initialised(worker: str) -> Terraform:
    """The real root, ready to run."""
    if shutil.which("terraform") is None:
        skip_or_fail("terraform is not installed")
    terraform = stage(f"test-{worker}", build_offline_environment(), {"local": {}})
    if find_mirror() is None and os.environ.get("CI") != "true":
        try:
            terraform.init()
        except Exception as problem:
            skip_or_fail(f"there is neither a provider mirror ({VARIABLE} names none) nor a registry: {problem}")
    else:
        terraform.init()
    return terraform


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A profile that names a region of its own, and somebody who is signed in."""
    config = tmp_path / "config"
    config.write_text("[profile ada]\nregion = eu-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "ada")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        target, "_identify", lambda _, region, env, local: AwsTarget("111122223333", "ada", region, env, local)
    )
