"""Checks that need no cloud: formatting, validity, and Terraform's own tests with mocked providers."""

from __future__ import annotations

import os
from collections.abc import Callable

from herald.terraform.runner import INFRA, Terraform, stage
from laptop.environment import is_foreign

__all__ = ["build_offline_environment", "check"]

EXAMPLE = INFRA / "examples" / "notifier-alone"


def check(say: Callable[[str], None]) -> None:
    """Run the checks. Raises `UserError` at the first that fails."""
    environment = build_offline_environment()
    root = stage("check", environment, {"local": {}})
    root.read("fmt", "-check", "-recursive", "-no-color", str(INFRA))
    say("Formatting is Terraform's own.")
    for terraform in (root, stage_example(environment)):
        terraform.init()
        terraform.read("validate", "-no-color")
    say("The root and the example are valid.")
    root.run("test")


def stage_example(environment: dict[str, str]) -> Terraform:
    """Stage the example of the notifier alone, as deep under `build/` as it is under `infra/`."""
    return stage("check/examples/notifier-alone", environment, source=EXAMPLE)


def build_offline_environment() -> dict[str, str]:
    """The caller's environment without its AWS settings."""
    return {name: value for name, value in os.environ.items() if not is_foreign(name)}
