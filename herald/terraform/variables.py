"""Reads, by Terraform itself, the values of Terraform variables that have to be known before a plan.

https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from herald.terraform.runner import INFRA, stage
from operations.errors import UserError

__all__ = ["Variables", "read_variables"]

_DEFAULTS = {"name": "herald", "region": None, "architecture": "arm64", "second_region": None}


@dataclass(frozen=True, slots=True)
class Variables:
    """The prefix of every name, the region if one is named, the processor that the functions run on, and the second
    region if there is one."""

    name: str
    region: str | None
    architecture: str
    second_region: str | None = None


def read_variables(environment: Mapping[str, str], arguments: Sequence[str], where: str) -> Variables:
    """Evaluate the variables from `infra/*.tfvars`, `TF_VAR_…` and the `-var=…` and `-var-file=…` arguments.

    `where` names the stage. Raises `UserError` with Terraform's error message if a file cannot be read.
    """
    declared = {"variable": {name: {"type": "string", "default": default} for name, default in _DEFAULTS.items()}}
    terraform = stage(f"{where}-variables", environment, source=None)
    (terraform.folder / "variables.tf.json").write_text(json.dumps(declared))
    for link in terraform.folder.glob("*.tfvars"):
        link.unlink()
    for file in INFRA.glob("*.tfvars"):
        (terraform.folder / file.name).symlink_to(os.path.relpath(file, terraform.folder))
    known = [one for one in arguments if not one.startswith("-var=") or one[5:].partition("=")[0] in _DEFAULTS]
    fields = ", ".join(f"{name} = var.{name}" for name in _DEFAULTS)
    output = terraform.read("console", *known, stdin=f"jsonencode({{{fields}}})")
    values = json.loads(json.loads(output.strip().splitlines()[-1]))
    if values["architecture"] not in ("arm64", "x86_64"):
        raise UserError(f"architecture is arm64 or x86_64, and the Terraform variables say {values['architecture']!r}")
    return Variables(**values)
