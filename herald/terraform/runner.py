"""Runs Terraform on a staged configuration: links to `infra/`, and beside them the files that Terraform writes.

So lock file, providers, plans and the states of trials stay under `build/`, and several states can exist side by side.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from herald.terraform.mirror import find_mirror, write_cli_config
from operations.errors import UserError

__all__ = ["INFRA", "ROOT", "STAGES", "Terraform", "stage"]

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
STAGES = ROOT / "build" / "terraform"

#: Arguments of TF_CLI_ARGS that change neither what is planned nor where its state is.
_HARMLESS = re.compile(r"(\s*--?(lock-timeout=\w+|parallelism=\d+|no-color|compact-warnings)(?!\S))*\s*")


@dataclass(frozen=True, slots=True)
class Terraform:
    """Terraform in one staged configuration; `environment` is the whole environment of its processes."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> None:
        """Run a command and show its output; raise `UserError` if it fails."""
        command, *rest = arguments
        plain = [] if sys.stdout.isatty() else ["-no-color"]
        code = self._start([command, *plain, *rest], capture=False).returncode
        if code:
            raise UserError(f"terraform {arguments[0]} failed: see above")

    def read(self, *arguments: str, good: Sequence[int] = (0,), stdin: str | None = None) -> str:
        """Run a command quietly and return what it prints; raise `UserError` with its error message if it fails."""
        done = self._start(arguments, capture=True, stdin=stdin)
        if done.returncode not in good:
            raise UserError(f"terraform {arguments[0]} failed:\n{done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def json(self, *arguments: str) -> Any:
        """Run a command and parse the JSON that it prints."""
        return json.loads(self.read(*arguments))

    def init(self, *arguments: str) -> None:
        """Run `terraform init`."""
        self.read("init", "-input=false", "-no-color", "-reconfigure", *arguments)

    def _start(
        self, arguments: Sequence[str], capture: bool, stdin: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                ["terraform", *arguments],
                cwd=self.folder,
                env=dict(self.environment),
                check=False,
                encoding="utf-8",
                errors="replace",
                input=stdin,
                capture_output=capture,
            )
        except FileNotFoundError:
            raise UserError("terraform is not installed: get version 1.11 or newer") from None


def stage(
    name: str, environment: Mapping[str, str], backend: Mapping[str, Any] | None = None, source: Path | None = INFRA
) -> Terraform:
    """Stage a configuration as `build/terraform/<name>`; `backend` replaces the one that it declares.

    Without a `source` the caller writes the configuration. Raises `UserError` if TF_CLI_ARGS has unsafe arguments.
    """
    _refuse_arguments(environment)
    folder = STAGES / name
    folder.mkdir(parents=True, exist_ok=True)
    if source is not None:
        _link(source, folder)
    override = folder / "backend_override.tf.json"
    override.unlink(missing_ok=True)
    if backend is not None:
        override.write_text(json.dumps({"terraform": {"backend": dict(backend)}}))
    config = folder.with_suffix(".tfrc")
    config.write_text(write_cli_config(find_mirror(environment)))
    own = {
        "TF_CLI_CONFIG_FILE": str(config),
        "TF_DATA_DIR": str(folder / ".terraform"),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "PATH": environment.get("PATH", os.defpath),
    }
    return Terraform(folder, {**environment, **own})


def _refuse_arguments(environment: Mapping[str, str]) -> None:
    """Raise `UserError` if TF_CLI_ARGS could add a variable, another state or other resources to a command.

    https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_cli_args-and-tf_cli_args_name
    """
    for name, value in environment.items():
        if name.startswith("TF_CLI_ARGS") and not _HARMLESS.fullmatch(value):
            raise UserError(
                f"{name} adds {value.strip()!r} to what Terraform is told, and could name another region or state: "
                "unset it, and give variables with --var (-lock-timeout and -parallelism may stay)"
            )


def _link(source: Path, folder: Path) -> None:
    """Link every entry of the source that belongs to the configuration; remove all older links."""
    for link in folder.iterdir():
        if link.is_symlink():
            link.unlink()
    for entry in source.iterdir():
        if entry.suffix in {".tf", ".tfvars"} or entry.name in {"modules", "tests"}:
            (folder / entry.name).symlink_to(os.path.relpath(entry, folder))
