"""Finds where Terraform gets its provider from: the folder that is named, a usual one for mirrors, or the registry.

https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from operations.errors import UserError

__all__ = ["VARIABLE", "find_mirror", "write_cli_config"]

VARIABLE = "TERRAFORM_PROVIDER_MIRROR"
REGISTRY = "registry.terraform.io"

#: Where a mirror is looked for if none is named; at most two folders deep.
_FOLDERS = ("/opt", "/srv", "/usr/share", "/usr/local/share", "/usr/local/lib", "/usr/lib", "~/.terraform.d")


def find_mirror(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder for `filesystem_mirror`, or None if providers must come from the registry.

    `TERRAFORM_PROVIDER_MIRROR` names that folder, or the folder `registry.terraform.io` in it. Raises `UserError` if it
    names something else.
    """
    named = environment.get(VARIABLE, "").strip()
    if not named:
        return next(_search(_FOLDERS), None)
    path = Path(named).expanduser()
    mirror = path.parent if path.name == REGISTRY else path
    if not (mirror / REGISTRY).is_dir():
        raise UserError(f"{VARIABLE} is {named}, but there is no folder {REGISTRY} in it")
    return mirror.resolve()


def write_cli_config(mirror: Path | None) -> str:
    """Terraform's CLI configuration: the mirror if there is one, and nothing from the user's own file."""
    if mirror is None:
        return "# Providers come from their registries.\n"
    return f"provider_installation {{\n  filesystem_mirror {{\n    path = {json.dumps(str(mirror))}\n  }}\n}}\n"


def _search(folders: Iterable[str]) -> Iterator[Path]:
    for folder in folders:
        for pattern in (REGISTRY, f"*/{REGISTRY}", f"*/*/{REGISTRY}"):
            yield from (path.parent for path in sorted(Path(folder).expanduser().glob(pattern)) if path.is_dir())
